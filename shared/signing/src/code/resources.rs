//! `_CodeSignature/CodeResources`: the list of a bundle's files with their digests, which the signature of its executable seals.
//!
//! It has two parts, `files` with SHA-1 for old systems and `files2` with SHA-256, and the rules by which each was made: those
//! that `codesign` takes for bundles without a `Resources` folder, as all bundles of iOS are (`BundleDiskRep::defaultResourceRules`
//! in `libsecurity_codesigning`). Bundles within the bundle are signed before it, and their files are files like all others.

mod check;
mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use check::{Content, Defect, Mismatch, check};

use self::rules::{Effect, RULES, RULES2, Rule};
use super::error::Error;
use crate::message::excerpt;

/// What the signature consists of, or a store adds later: neither list has these, nor anything in a folder so named.
const NEVER_LISTED: [&str; 3] = ["_CodeSignature", "CodeResources", "_MASReceipt"];

/// The list of one bundle's files in the making.
#[derive(Debug, Clone)]
pub struct CodeResources {
    executable: String,
    files: BTreeMap<String, Seal>,
}

#[derive(Debug, Clone)]
enum Seal {
    File { sha1: [u8; 20], sha256: [u8; 32] },
    Link { target: String },
}

impl CodeResources {
    /// An empty list for a bundle with this main executable, a path within the bundle, which has a signature of its own.
    pub fn new(executable: &str) -> Self {
        Self { executable: executable.to_owned(), files: BTreeMap::new() }
    }

    /// Whether neither part of the list has the file at this path, so that its digests are of no use.
    pub fn leaves_out(&self, path: &str) -> bool {
        path == self.executable
            || is_never_listed(path)
            || [&RULES[..], &RULES2[..]].iter().all(|rules| rules::effect(rules, path) == Effect::Omit)
    }

    /// Adds a file: its path within the bundle, from the bundle's folder on and with `/` between folders, and its digests. One that
    /// [is left out](Self::leaves_out) changes nothing. Folders are not listed.
    ///
    /// # Errors
    /// When the path has characters in it that a property list cannot express.
    pub fn add(&mut self, path: &str, sha1: [u8; 20], sha256: [u8; 32]) -> Result<(), Error> {
        self.seal(path, Seal::File { sha1, sha256 })
    }

    /// Adds a symbolic link, which is sealed by what it points at.
    ///
    /// # Errors
    /// As [`add`](Self::add), also for the target.
    pub fn add_link(&mut self, path: &str, target: &str) -> Result<(), Error> {
        expressible(target)?;
        self.seal(path, Seal::Link { target: target.to_owned() })
    }

    fn seal(&mut self, path: &str, seal: Seal) -> Result<(), Error> {
        if !self.leaves_out(path) {
            expressible(path)?;
            self.files.insert(path.to_owned(), seal);
        }
        Ok(())
    }

    /// The file: a property list in XML as `codesign` writes it, entries in the order of their paths.
    pub fn to_xml(&self) -> Vec<u8> {
        let mut xml = XmlWriter::new();
        xml.dictionary("files", |xml| self.write_files(xml));
        xml.dictionary("files2", |xml| self.write_files2(xml));
        xml.dictionary("rules", |xml| RULES.iter().for_each(|rule| write_rule(xml, rule)));
        xml.dictionary("rules2", |xml| RULES2.iter().for_each(|rule| write_rule(xml, rule)));
        xml.finish()
    }

    /// The old form knows no links.
    fn write_files(&self, xml: &mut XmlWriter) {
        for (path, seal) in &self.files {
            let Seal::File { sha1, .. } = seal else { continue };
            match rules::effect(&RULES, path) {
                Effect::Omit => {}
                Effect::Seal => xml.data(path, sha1),
                Effect::Optional => xml.dictionary(path, |xml| {
                    xml.data("hash", sha1);
                    xml.truth("optional");
                }),
            }
        }
    }

    fn write_files2(&self, xml: &mut XmlWriter) {
        for (path, seal) in &self.files {
            let effect = rules::effect(&RULES2, path);
            if effect == Effect::Omit {
                continue;
            }
            xml.dictionary(path, |xml| {
                if let Seal::File { sha256, .. } = seal {
                    xml.data("hash2", sha256);
                }
                if effect == Effect::Optional {
                    xml.truth("optional");
                }
                if let Seal::Link { target } = seal {
                    xml.text("symlink", target);
                }
            });
        }
    }
}

/// Whether the path is one of what no list has, or within it.
fn is_never_listed(path: &str) -> bool {
    let first = path.split_once('/').map_or(path, |(first, _)| first);
    NEVER_LISTED.contains(&first)
}

/// XML has no way to write most control characters.
fn expressible(text: &str) -> Result<(), Error> {
    let broken = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.is_empty() || text.contains(broken) {
        return Err(Error::Path(excerpt(text)));
    }
    Ok(())
}

fn write_rule(xml: &mut XmlWriter, rule: &Rule) {
    if rule.weight == 1 {
        return xml.truth(rule.pattern);
    }
    xml.dictionary(rule.pattern, |xml| {
        match rule.effect {
            Effect::Seal => {}
            Effect::Omit => xml.truth("omit"),
            Effect::Optional => xml.truth("optional"),
        }
        xml.real("weight", rule.weight);
    });
}

/// A property list as it grows. There may be tens of thousands of files, too many for a tree of values.
struct XmlWriter {
    xml: String,
    depth: usize,
}

impl XmlWriter {
    fn new() -> Self {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
                    <plist version=\"1.0\">\n<dict>\n";
        Self { xml: head.to_owned(), depth: 1 }
    }

    fn finish(mut self) -> Vec<u8> {
        self.xml.push_str("</dict>\n</plist>\n");
        self.xml.into_bytes()
    }

    fn dictionary(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.line("<dict>");
        self.depth = self.depth.saturating_add(1);
        write(self);
        self.depth = self.depth.saturating_sub(1);
        self.line("</dict>");
    }

    fn data(&mut self, key: &str, data: &[u8]) {
        self.key(key);
        self.line("<data>");
        self.line(&STANDARD.encode(data));
        self.line("</data>");
    }

    fn truth(&mut self, key: &str) {
        self.key(key);
        self.line("<true/>");
    }

    fn real(&mut self, key: &str, number: u32) {
        self.key(key);
        self.line(&format!("<real>{number}</real>"));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.line(&format!("<string>{}</string>", escaped(text)));
    }

    fn key(&mut self, key: &str) {
        self.line(&format!("<key>{}</key>", escaped(key)));
    }

    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.xml, "{:\t<1$}{line}", "", self.depth);
    }
}

/// A carriage return that is not written by its number is read as a line feed.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('\r', "&#13;")
}
