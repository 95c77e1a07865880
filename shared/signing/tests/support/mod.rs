//! What the tests share: tiny packages, keys, and the outside tools that judge them.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "each test file is a crate of its own and uses its part of this module"
)]

pub(crate) mod rotation;

use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use formats::limits::Limits;
use formats::source::Source;
use formats::zip::Archive;
use signing::Signer;
use signing::apk::{
    ContentDigester, ContentDigests, DigestKind, Lineage, Platforms, Schemes, SignatureError, Signatures, sign_block,
    signing_block_range, v1, verify_apk,
};
use signing::generate::{NewKey, self_signed_pkcs12};

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const NOW: i64 = 1_760_000_000;

/// A ZIP of stored entries: everything in front of the central directory, the directory, the end record.
pub(crate) struct TinyZip {
    pub(crate) entries: Vec<u8>,
    pub(crate) directory: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl TinyZip {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let (mut entries, mut directory) = (Vec::new(), Vec::new());
        for (name, data) in files {
            let offset = (entries.len() as u32).to_le_bytes();
            // The flag says that names are UTF-8, the rest is version, method and date.
            let mut common = vec![10, 0, 0, 8, 0, 0, 0, 0, 0x21, 0x54];
            common.extend(crc32fast::hash(data).to_le_bytes());
            common.extend((data.len() as u32).to_le_bytes().repeat(2));
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0, 0]);
            entries.extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), data].concat());
            directory.extend([b"PK\x01\x02\x0a\x00", common.as_slice(), &[0; 10], &offset, name.as_bytes()].concat());
        }
        let count = (files.len() as u16).to_le_bytes();
        let size = (directory.len() as u32).to_le_bytes();
        let offset = (entries.len() as u32).to_le_bytes();
        let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &offset, &[0, 0]].concat();
        Self { entries, directory, end }
    }

    /// Small, but with an entry of more than two chunks, so that chunk boundaries count.
    pub(crate) fn sample() -> Self {
        let long: Vec<u8> = (0..2_500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        Self::new(&[
            ("AndroidManifest.xml", b"<manifest/>"),
            ("assets/long.bin", &long),
            ("classes.dex", b"dex\n035\0"),
        ])
    }

    pub(crate) fn small() -> Self {
        Self::new(&[("a.txt", b"alpha"), ("classes.dex", b"dex\n035\0")])
    }

    pub(crate) fn unsigned(&self) -> Vec<u8> {
        [self.entries.as_slice(), &self.directory, &self.end].concat()
    }

    /// The package as the engine writes it: entries, block, directory, end record, the first fed in odd portions.
    pub(crate) fn signed(&self, signer: &Signer, schemes: Schemes) -> Vec<u8> {
        self.with_block(&sign_block(&self.digests(signer), signer, schemes, 28, None).expect("a block"))
    }

    fn digests(&self, signer: &Signer) -> ContentDigests {
        let mut digester = ContentDigester::for_signer(signer);
        self.entries.chunks(77_777).for_each(|portion| digester.update(portion));
        digester.finish(&self.directory, &self.end).expect("digests")
    }

    /// Signed with the newest key of a lineage, which is carried on.
    pub(crate) fn signed_on(&self, signer: &Signer, lineage: &Lineage) -> Vec<u8> {
        let schemes = lineage.schemes(signer, 28).expect("the newest key");
        self.with_block(&sign_block(&self.digests(signer), signer, schemes, 28, Some(lineage)).expect("a block"))
    }

    /// The package of these files, signed with scheme v1 and whatever else the schemes name.
    pub(crate) fn signed_v1(files: &[(&str, &[u8])], signer: &Signer, min_sdk: u32, schemes: Schemes) -> Vec<u8> {
        let kind = v1::digest_kind(signer, min_sdk).expect("a key for these devices");
        let digests: Vec<_> = files.iter().map(|(name, content)| (*name, digest(kind, content))).collect();
        let entries = digests.iter().map(|(name, digest)| (*name, digest.as_slice()));
        let signed = v1::sign(entries, signer, min_sdk, schemes).expect("a signature");
        let mut files = files.to_vec();
        files.extend(signed.iter().map(|(name, content)| (name.as_str(), content.as_slice())));
        let zip = Self::new(&files);
        if schemes.v2 || schemes.v3 { zip.signed(signer, schemes) } else { zip.unsigned() }
    }

    pub(crate) fn with_block(&self, block: &[u8]) -> Vec<u8> {
        let mut end = self.end.clone();
        end[16..20].copy_from_slice(&((self.entries.len() + block.len()) as u32).to_le_bytes());
        [self.entries.as_slice(), block, &self.directory, &end].concat()
    }
}

/// Where a package's parts stand.
pub(crate) struct Layout {
    pub(crate) signing_block: Range<u64>,
    pub(crate) central_directory: u64,
    pub(crate) end_record: u64,
}

/// Layout of a package that ends with an end record without a comment.
pub(crate) fn layout(package: &[u8]) -> Result<Layout, SignatureError> {
    let end = package.len() - 22;
    let directory = u64::from(u32::from_le_bytes(package[end + 16..end + 20].try_into().expect("four bytes")));
    let signing_block = signing_block_range(package, directory)?.ok_or(SignatureError::Unsigned)?;
    Ok(Layout { signing_block, central_directory: directory, end_record: end as u64 })
}

pub(crate) fn block_of(package: &[u8]) -> Vec<u8> {
    bytes_of(package, layout(package).expect("a layout").signing_block)
}

/// The id-value pairs of the block, without the padding.
pub(crate) fn pairs_of(package: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let block = block_of(package);
    let mut rest = &block[8..block.len() - 24];
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let size = u64::from_le_bytes(rest[..8].try_into().expect("eight bytes")) as usize;
        let id = u32::from_le_bytes(rest[8..12].try_into().expect("four bytes"));
        pairs.push((id, rest[12..8 + size].to_vec()));
        rest = &rest[8 + size..];
    }
    assert_eq!(pairs.pop().map(|(id, _)| id), Some(0x4272_6577));
    pairs
}

pub(crate) fn framed(pairs: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, value) in pairs {
        body.extend((value.len() as u64 + 4).to_le_bytes());
        body.extend(id.to_le_bytes());
        body.extend(value);
    }
    let size = (body.len() as u64 + 24).to_le_bytes();
    [size.as_slice(), &body, &size, b"APK Sig Block 42"].concat()
}

pub(crate) fn verify(package: &[u8]) -> Result<Signatures, SignatureError> {
    verify_from(package, 24)
}

/// The verdict for devices from this API level on.
pub(crate) fn verify_from(package: &[u8], min_sdk: u32) -> Result<Signatures, SignatureError> {
    let archive = Archive::read(&package, &Limits::default()).map_err(SignatureError::Content)?;
    verify_apk(&archive, Platforms { min_sdk, target_sdk: min_sdk }, &|_| true)
}

pub(crate) fn digest(kind: DigestKind, content: &[u8]) -> Vec<u8> {
    let mut hasher = kind.hasher();
    hasher.update(content);
    hasher.finish()
}

pub(crate) fn bytes_of(source: &[u8], range: std::ops::Range<u64>) -> Vec<u8> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    source.read_at(range.start, &mut bytes).expect("in range");
    bytes
}

pub(crate) fn signer(kind: NewKey) -> Signer {
    Signer::from_pkcs12(&keystore(kind), PASSWORD, None).expect("our own keystore opens")
}

pub(crate) fn keystore(kind: NewKey) -> Vec<u8> {
    self_signed_pkcs12("Release Key", PASSWORD, "release", kind, NOW, 30).expect("a keystore")
}

/// Packages of others: those of the samples folder beside the project, and of the folder that APPTEGO_SAMPLES names.
pub(crate) fn samples() -> Vec<PathBuf> {
    let found = sample_files("apk");
    if found.is_empty() {
        assert!(named_folder().is_none(), "no package in the folder that APPTEGO_SAMPLES names");
        skipped("APPTEGO_SAMPLES names no folder with packages");
    }
    found
}

/// The files of this kind in the samples folder beside the project, and in the folder that APPTEGO_SAMPLES names.
pub(crate) fn sample_files(extension: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let files =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> = [Some(beside), named_folder()].into_iter().flatten().flat_map(files).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found.sort();
    found
}

/// Says that a test, or a part of it, does not run.
#[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

fn named_folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from)
}

/// Whether all of the tools are installed. Says so when not, and fails where a full run is promised (`CI` is set).
pub(crate) fn installed(tools: &[&str]) -> bool {
    let missing: Vec<_> = tools.iter().filter(|tool| which(tool).is_none()).collect();
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let promised = std::env::var_os("CI").is_some();
    assert!(missing.is_empty() || !promised, "not installed: {missing:?}");
    if !missing.is_empty() {
        skipped(&format!("not installed: {missing:?}"));
    }
    missing.is_empty()
}

pub(crate) fn which(tool: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tools are looked for where a shell looks")]
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file())
}

/// Runs a tool and gives back whether it succeeded, and all that it wrote.
pub(crate) fn run<A: AsRef<OsStr>>(tool: &str, arguments: impl IntoIterator<Item = A>) -> (bool, String) {
    // Java reads its arguments by the locale.
    let output = Command::new(tool).env("LC_ALL", "C.UTF-8").args(arguments).output().expect("the tool starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Runs a tool that must succeed; its arguments are split at spaces, `@` stands for the folder.
pub(crate) fn must_run(folder: &Path, line: &str) -> String {
    let folder = folder.to_str().expect("a plain path");
    let mut words = line.split_whitespace().map(|word| word.replace('@', folder));
    let tool = words.next().expect("a tool");
    let (success, text) = run(&tool, words);
    assert!(success, "{line}: {text}");
    text
}

pub(crate) fn apksigner_verify(package: &Path) -> (bool, String) {
    let fixed = ["verify", "--verbose", "--print-certs", "--min-sdk-version", "24"].map(OsStr::new);
    run("apksigner", fixed.into_iter().chain([package.as_os_str()]))
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("the file is written");
    path
}
