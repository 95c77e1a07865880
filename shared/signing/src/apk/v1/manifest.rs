//! The text format of manifests and signature files: attributes on lines of at most 72 bytes, sections between empty lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::apk::algorithm::DigestKind;

/// Bytes of a line without its end.
const LINE: usize = 70;
const END_OF_LINE: &[u8] = b"\r\n";
/// Java's reader on Android up to 1.6 fails on files whose length is a multiple of this.
const UNLUCKY_LENGTH: usize = 1024;

/// Text in the making.
#[derive(Debug, Default)]
pub(super) struct Text(Vec<u8>);

impl Text {
    /// The section of one entry.
    pub(super) fn section(name: &str, kind: DigestKind, digest: &[u8]) -> Self {
        let mut section = Self::default();
        section.attribute("Name", name);
        section.digest("", kind, digest);
        section.end_section();
        section
    }

    /// Writes one attribute. Neither part may hold line breaks.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        let line = format!("{name}: {value}");
        let mut rest = line.as_bytes();
        let mut room = LINE;
        loop {
            // Readers join the bytes before they decode them, so characters may be cut.
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.0.extend_from_slice(now);
            self.0.extend_from_slice(END_OF_LINE);
            if later.is_empty() {
                return;
            }
            self.0.push(b' ');
            rest = later;
            room = LINE.saturating_sub(1);
        }
    }

    /// Writes a digest under its attribute's name.
    pub(super) fn digest(&mut self, suffix: &str, kind: DigestKind, digest: &[u8]) {
        let prefix = match kind {
            DigestKind::Sha1 => "SHA1",
            DigestKind::Sha256 => "SHA-256",
            DigestKind::Sha512 => "SHA-512",
        };
        self.attribute(&format!("{prefix}-Digest{suffix}"), &STANDARD.encode(digest));
    }

    pub(super) fn end_section(&mut self) {
        self.0.extend_from_slice(END_OF_LINE);
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn into_signature_file(mut self) -> Vec<u8> {
        if self.0.len().is_multiple_of(UNLUCKY_LENGTH) {
            self.end_section();
        }
        self.0
    }
}
