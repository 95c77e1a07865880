//! Scheme v1, JAR signing: digests of all entries in META-INF, signed with CMS. Devices below Android 7.0 read nothing else.
//!
//! The rules are those of <https://docs.oracle.com/en/java/javase/17/docs/specs/jar/jar.html#signed-jar-file>, narrowed to
//! what Android's package parsers accept: digests of entries in MANIFEST.MF, digests of its sections in CERT.SF, and a
//! signature over CERT.SF in CERT.RSA or CERT.EC.

mod block;
mod check;
mod expected;
mod file;
mod manifest;
mod sections;
mod sign;
mod signed_data;

pub use check::claimed_certificates;
pub(super) use check::{Cover, check, is_signed};
pub use sign::{digest_kind, is_digested, is_signature_file, sign};

/// The platform version for which app bundles are signed, which no device reads: the first with neither old algorithms nor old rules.
pub const BUNDLE_SDK: u32 = 24;
/// Entry with the digests of all others.
const MANIFEST: &str = "META-INF/MANIFEST.MF";
/// Folder of what signatures are made of.
const FOLDER: &str = "META-INF/";
/// Attribute of a signature file that names the higher schemes, so that nobody can take them away unnoticed.
const APK_SIGNED: &str = "X-Android-APK-Signed";
