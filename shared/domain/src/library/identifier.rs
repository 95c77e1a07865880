//! The app identifier that a library is made for (page 003, "Set App Identifier").

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;
use crate::text::shown;

/// Characters of an identifier at most.
const MAX_LENGTH: usize = 255;
/// Characters of a segment at most.
const MAX_SEGMENT: usize = 63;
/// Segments at least.
const MIN_SEGMENTS: usize = 3;

/// Identifiers that begin with these segments are nobody's app: placeholders (RFC 2606, and those of the project templates), and what
/// the platforms, their languages and this product have for themselves.
const RESERVED: [&str; 22] = [
    "android",
    "androidx",
    "apptego",
    "com.android",
    "com.apple",
    "com.apptego",
    "com.example",
    "com.google",
    "com.sun",
    "dalvik",
    "example",
    "invalid",
    "java",
    "javax",
    "jdk",
    "kotlin",
    "kotlinx",
    "localhost",
    "net.example",
    "org.example",
    "sun",
    "test",
];

/// A reverse-DNS name of at least three segments: an application ID of Android, which may have underscores, or a bundle identifier of
/// iOS, which may have hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppIdentifier(String);

impl AppIdentifier {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses one that is nobody's to set. Those that were set before a word was reserved stay readable.
    pub fn check_free(&self) -> Result<(), Error> {
        let segments: Vec<&str> = self.0.split('.').collect();
        match RESERVED.into_iter().find(|reserved| begins_with(&segments, reserved)) {
            Some(reserved) => Err(wrong(format!("App identifiers that begin with {reserved} are reserved"))),
            None => Ok(()),
        }
    }
}

impl FromStr for AppIdentifier {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.chars().count() > MAX_LENGTH {
            return Err(wrong(format!("App identifier must be up to {MAX_LENGTH} characters")));
        }
        let segments: Vec<&str> = text.split('.').collect();
        if segments.len() < MIN_SEGMENTS {
            let message =
                "App identifier must have at least three segments with dots between them, such as com.company.app";
            return Err(wrong(message.to_owned()));
        }
        for (place, segment) in (1..).zip(&segments) {
            check_segment(place, segment)?;
        }
        Ok(Self(text.to_owned()))
    }
}

string_conversions!(AppIdentifier);

fn check_segment(place: u32, segment: &str) -> Result<(), Error> {
    let segment_is =
        |rule: &str| Err(wrong(format!("Segment {place} of the app identifier ({}) {rule}", shown(segment))));
    let Some(first) = segment.chars().next() else {
        return Err(wrong(format!("Segment {place} of the app identifier is empty")));
    };
    if segment.chars().count() > MAX_SEGMENT {
        return segment_is("has more than 63 characters");
    }
    if !first.is_ascii_alphabetic() {
        return segment_is("must start with a letter");
    }
    if segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        return Ok(());
    }
    segment_is("may have letters, digits, hyphens and underscores only")
}

fn begins_with(segments: &[&str], reserved: &str) -> bool {
    let mut segments = segments.iter();
    reserved.split('.').all(|word| segments.next().is_some_and(|segment| segment.eq_ignore_ascii_case(word)))
}

fn wrong(message: String) -> Error {
    Error::invalid("app_identifier", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        match text.parse::<AppIdentifier>() {
            Err(Error::Invalid { field: "app_identifier", message }) => message.into_owned(),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Why an identifier, which can be read, cannot be set.
    fn taken(text: &str) -> String {
        match text.parse::<AppIdentifier>().unwrap().check_free() {
            Err(Error::Invalid { field: "app_identifier", message }) => message.into_owned(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn identifiers_of_apps_are_taken_up_to_their_limits() {
        let segment = "a".repeat(63);
        for text in [
            "com.company.app",
            "com.com-pany.app",
            "com.company.my_app",
            "de.bank.mobile.production.v2",
            "A.b.C",
            "com.examples.app",
            "com.exam.ple.app",
            "javascript.company.app",
            "com.googles.app",
            "company.example.app",
            &format!("{segment}.{segment}.{segment}"),
            &format!("{segment}.{segment}.{segment}.{segment}"),
        ] {
            let identifier: AppIdentifier = text.parse().unwrap();
            identifier.check_free().unwrap();
            assert_eq!(identifier.as_str(), text);
        }
    }

    #[test]
    fn a_refusal_names_the_rule_and_the_segment() {
        let long = "a".repeat(64);
        for (text, message) in [
            ("", "at least three segments"),
            ("com.company", "at least three segments"),
            ("com..app", "Segment 2 of the app identifier is empty"),
            ("com.company.app.", "Segment 4 of the app identifier is empty"),
            (".company.app", "Segment 1 of the app identifier is empty"),
            ("com.company.1app", "Segment 3 of the app identifier (1app) must start with a letter"),
            ("com._company.app", "Segment 2 of the app identifier (_company) must start with a letter"),
            ("com.company.-app", "Segment 3 of the app identifier (-app) must start with a letter"),
            ("com.company.app ", "(app) may have letters, digits, hyphens and underscores only"),
            ("com.company.äpp", "(äpp) must start with a letter"),
            (
                "com.company.a/../b",
                "Segment 3 of the app identifier (a/) may have letters, digits, hyphens and underscores only",
            ),
            (&format!("com.{long}.app"), "has more than 63 characters"),
            (&format!("com.company.{}", "é".repeat(300)), "up to 255 characters"),
            (&format!("a.{}.app", vec!["b".repeat(63); 4].join(".")), "up to 255 characters"),
        ] {
            let refused = refusal(text);
            assert!(refused.contains(message), "{text}: {refused}");
        }
    }

    #[test]
    fn whole_segments_are_reserved_in_any_case() {
        for reserved in RESERVED {
            for text in [format!("{reserved}.company.app"), format!("{}.company.app", reserved.to_uppercase())] {
                assert_eq!(taken(&text), format!("App identifiers that begin with {reserved} are reserved"));
            }
            format!("{reserved}s.company.app").parse::<AppIdentifier>().unwrap().check_free().unwrap();
        }
        assert_eq!(taken("com.example.production.app"), "App identifiers that begin with com.example are reserved");
    }

    proptest! {
        #[test]
        fn what_is_read_is_a_path_and_a_name_everywhere(text in "\\PC{0,40}|[a-zA-Z0-9._-]{0,300}") {
            if let Ok(identifier) = text.parse::<AppIdentifier>() {
                let read = identifier.as_str();
                prop_assert!(read.len() <= 255 && read.split('.').count() >= 3);
                prop_assert!(read.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) && !read.contains(".."));
            }
        }
    }
}
