//! Documents of a tenant: the standard ones of its plan, and its own (page 003, "Tenant Documents").

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::uuid_id;
use crate::plan::Plan;
use crate::text::is_unseen;

/// Seconds for which a URL downloads a document of a tenant's own (page 003).
pub const URL_SECONDS: u32 = 300;

/// Documents of a tenant's own.
const MOST: usize = 50;
/// Characters of a name.
const NAME_CHARACTERS: usize = 200;
/// Bytes of a file name.
const FILENAME_BYTES: usize = 255;
/// Characters of a description.
const DESCRIPTION_CHARACTERS: usize = 500;
/// How a PDF file begins (ISO 32000-2, 7.5.2).
const PDF: &[u8] = b"%PDF-";

uuid_id!(
    /// Names the stored file of a document.
    DocumentId,
    "document_id",
    "Invalid document ID"
);

/// A document that only one tenant has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantDocument {
    /// For people.
    pub name: String,
    /// Names it in a download.
    pub filename: String,
    /// What it says, for people.
    pub description: String,
    /// Its file, which no other document ever has; `None` of one that was listed before files were stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
}

/// A document as operators list it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFields {
    /// For people: one line of 1 to 200 characters.
    pub name: String,
    /// The PDF file, beside the list: one path component of at most 255 bytes.
    pub filename: String,
    /// What it says, for people: one line of up to 500 characters.
    pub description: String,
}

/// All documents that a tenant is to have of its own, each with its file: they were checked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSet(Vec<(DocumentFields, Vec<u8>)>);

impl DocumentSet {
    /// Reads a list, each with the content of its file.
    pub fn new(documents: Vec<(DocumentFields, Vec<u8>)>) -> Result<Self, Error> {
        check_list(documents.iter().map(|(fields, _)| fields))?;
        for (fields, content) in &documents {
            if !content.starts_with(PDF) {
                return Err(Error::invalid("filename", format!("filename: {} is no PDF file", fields.filename)));
            }
        }
        Ok(Self(documents))
    }

    /// The documents.
    pub fn into_documents(self) -> Vec<(DocumentFields, Vec<u8>)> {
        self.0
    }
}

/// Refuses a list whose fields people could not read or tell apart, or whose file names lead elsewhere.
pub fn check_list<'f>(documents: impl IntoIterator<Item = &'f DocumentFields>) -> Result<(), Error> {
    let (mut names, mut filenames) = (HashSet::new(), HashSet::new());
    for (number, fields) in (1..).zip(documents) {
        if number > MOST {
            return Err(Error::invalid("documents", format!("A tenant can have up to {MOST} documents of its own")));
        }
        fields.check(number)?;
        if !names.insert(fields.name.to_lowercase()) {
            return Err(refused("name", number, "is there twice"));
        }
        if !filenames.insert(fields.filename.to_lowercase()) {
            return Err(refused("filename", number, "is there twice"));
        }
    }
    Ok(())
}

impl DocumentFields {
    fn check(&self, number: usize) -> Result<(), Error> {
        if !is_line(&self.name, NAME_CHARACTERS) || self.name.is_empty() {
            let message =
                "must be one line of 1 to 200 characters, without control characters and white space around it";
            return Err(refused("name", number, message));
        }
        if !is_line(&self.description, DESCRIPTION_CHARACTERS) {
            let message =
                "must be one line of up to 500 characters, without control characters and white space around it";
            return Err(refused("description", number, message));
        }
        let plain = |c: char| !is_unseen(c) && !matches!(c, '/' | '\\' | '"');
        let is_pdf = self.filename.to_ascii_lowercase().ends_with(".pdf");
        let stands = self.filename.len() <= FILENAME_BYTES && !self.filename.starts_with('.');
        if is_pdf && stands && self.filename.trim() == self.filename && self.filename.chars().all(plain) {
            return Ok(());
        }
        let message = "must be at most 255 bytes that end in .pdf, without slashes, quotes and control characters and no dot first";
        Err(refused("filename", number, message))
    }
}

/// Whether it is one line, which looks like what it is, of at most so many characters.
fn is_line(text: &str, most: usize) -> bool {
    text.trim() == text && text.chars().count() <= most && !text.chars().any(is_unseen)
}

fn refused(field: &'static str, number: usize, why: &str) -> Error {
    Error::invalid(field, format!("{field} of document {number} {why}"))
}

/// A legal document that every tenant of a plan has. The file of it stands below [`base_url`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardDocument {
    /// For people.
    pub name: &'static str,
    /// The file.
    pub filename: &'static str,
    /// What it says, for people.
    pub description: &'static str,
}

const TERMS: StandardDocument = StandardDocument {
    name: "Terms of Service",
    filename: "terms.pdf",
    description: "Terms and conditions for using AppTego.",
};
const PRIVACY: StandardDocument = StandardDocument {
    name: "Privacy Policy",
    filename: "privacy.pdf",
    description: "How AppTego handles personal data.",
};
const PROCESSING: StandardDocument = StandardDocument {
    name: "Data Processing Agreement",
    filename: "data-processing.pdf",
    description: "How AppTego processes personal data on behalf of a customer.",
};
const SERVICE_LEVEL: StandardDocument = StandardDocument {
    name: "Service Level Agreement",
    filename: "service-level.pdf",
    description: "Availability and support that Enterprise customers can count on.",
};

/// The standard documents of a plan.
pub const fn standard(plan: Plan) -> &'static [StandardDocument] {
    match plan {
        Plan::Free => &[TERMS, PRIVACY],
        Plan::Team => &[TERMS, PRIVACY, PROCESSING],
        Plan::Enterprise => &[TERMS, PRIVACY, PROCESSING, SERVICE_LEVEL],
    }
}

/// Where the standard documents of a plan stand, on the host of the portal.
pub const fn base_url(plan: Plan) -> &'static str {
    match plan {
        Plan::Free => "/documents/legal/free/",
        Plan::Team => "/documents/legal/team/",
        Plan::Enterprise => "/documents/legal/enterprise/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, filename: &str, description: &str) -> DocumentFields {
        DocumentFields { name: name.into(), filename: filename.into(), description: description.into() }
    }

    #[test]
    fn a_list_is_readable_and_its_names_are_told_apart() {
        let addendum = || fields("Security Addendum", "security-addendum.pdf", "");
        check_list(&[addendum(), fields("Größe", "Größe (1).PDF", "Ours.")]).unwrap();
        check_list(&[]).unwrap();
        let long = |count| "é".repeat(count);
        check_list(&[fields(&long(200), "a.pdf", &long(500))]).unwrap();
        for (field, other) in [
            ("name", fields("", "a.pdf", "")),
            ("name", fields(" ", "a.pdf", "")),
            ("name", fields("two\nlines", "a.pdf", "")),
            ("name", fields("two\u{2028}lines", "a.pdf", "")),
            ("name", fields("\u{202e}gnol", "a.pdf", "")),
            ("name", fields(&long(201), "a.pdf", "")),
            ("name", fields("security ADDENDUM", "a.pdf", "")),
            ("description", fields("Ours", "a.pdf", "two\nlines")),
            ("description", fields("Ours", "a.pdf", "\0")),
            ("description", fields("Ours", "a.pdf", &long(501))),
            ("filename", fields("Ours", "", "")),
            ("filename", fields("Ours", "a.exe", "")),
            ("filename", fields("Ours", ".pdf", "")),
            ("filename", fields("Ours", "../a.pdf", "")),
            ("filename", fields("Ours", "a\\b.pdf", "")),
            ("filename", fields("Ours", "a\"b.pdf", "")),
            ("filename", fields("Ours", " a.pdf", "")),
            ("filename", fields("Ours", "fdp.\u{202e}exe.pdf", "")),
            ("filename", fields("Ours", "Security-addendum.PDF", "")),
            ("filename", fields("Ours", &format!("{}.pdf", long(126)), "")),
        ] {
            let refused = check_list(&[addendum(), other.clone()]).unwrap_err();
            assert!(matches!(&refused, Error::Invalid { field: named, .. } if *named == field), "{other:?}: {refused}");
            assert!(refused.to_string().starts_with(&format!("{field} of document 2 ")), "{refused}");
        }
        let many: Vec<_> = (0..51).map(|number| fields(&number.to_string(), &format!("{number}.pdf"), "")).collect();
        check_list(&many[..50]).unwrap();
        assert!(matches!(check_list(&many), Err(Error::Invalid { field: "documents", .. })));
    }

    #[test]
    fn the_fields_of_a_list_are_those_that_are_known() {
        let read = |text: &str| serde_json::from_str::<DocumentFields>(text).map_err(|error| error.to_string());
        read(r#"{"name": "a", "filename": "a.pdf", "description": ""}"#).unwrap();
        for (text, said) in [
            (r#"{"name": "a", "filename": "a.pdf"}"#, "missing field `description`"),
            (
                r#"{"name": "a", "filename": "a.pdf", "description": "", "category": "legal"}"#,
                "unknown field `category`",
            ),
            (r#"{"name": "a", "name": "b", "filename": "a.pdf", "description": ""}"#, "duplicate field `name`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn files_are_pdf_files() {
        let document = |content: &[u8]| vec![(fields("Ours", "ours.pdf", ""), content.to_vec())];
        assert_eq!(DocumentSet::new(document(b"%PDF-1.7")).unwrap().into_documents().len(), 1);
        for content in [&b""[..], b"%PDF", b"<html>%PDF-1.7"] {
            assert_eq!(
                DocumentSet::new(document(content)).unwrap_err().to_string(),
                "filename: ours.pdf is no PDF file"
            );
        }
    }
}
