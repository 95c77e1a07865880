//! Outside tools that judge an output. None of them knows this project.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::harness::{installed, python_tools, root, variable};

/// An entry as Python's ZIP reader sees it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) stored: bool,
    /// Where its bytes begin.
    pub(crate) offset: u64,
    pub(crate) crc: u64,
}

/// Whether the tools that tests/tools/install brings are there. Says so when not; where CI is set, they must be.
pub(crate) fn are_installed() -> bool {
    let missing: Vec<_> =
        ["apksigner", "apktool", "zipalign", "aapt2", "dexdump"].into_iter().filter(|tool| !is_on_path(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(variable("CI").is_none(), "not installed: {missing:?}; run tests/tools/install");
    skip(&format!("not installed: {missing:?}; run tests/tools/install"));
    false
}

/// Says that something is not tested.
#[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
}

fn is_on_path(tool: &str) -> bool {
    variable("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

/// Runs a tool; whether it succeeded, and all that it wrote.
pub(crate) fn run<A: AsRef<OsStr>>(tool: &str, arguments: impl IntoIterator<Item = A>) -> (bool, String) {
    let output = Command::new(tool).args(arguments).output().unwrap_or_else(|error| panic!("{tool}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn succeed(tool: &str, arguments: &[&OsStr]) -> String {
    let (success, text) = run(tool, arguments);
    assert!(success, "{tool} {arguments:?}: {text}");
    text
}

/// apksigner accepts schemes v2 and v3 and names this one certificate and kind of key.
pub(crate) fn signed_by(apk: &Path, certificate_sha256: &str, algorithm: &str) {
    let options = ["verify", "--verbose", "--print-certs", "--min-sdk-version", "24"].map(OsStr::new);
    let text = succeed("apksigner", &[&options[..], &[apk.as_os_str()]].concat());
    for line in [
        "Verified using v2 scheme (APK Signature Scheme v2): true",
        "Verified using v3 scheme (APK Signature Scheme v3): true",
        "Number of signers: 1",
        &format!("Signer #1 certificate SHA-256 digest: {certificate_sha256}"),
        &format!("Signer #1 key algorithm: {algorithm}"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is missing in {text}");
    }
}

/// apksigner accepts the package for devices from Android 7.0 on.
pub(crate) fn signed(apk: &Path) {
    let options = ["verify", "--min-sdk-version", "24"].map(OsStr::new);
    succeed("apksigner", &[&options[..], &[apk.as_os_str()]].concat());
}

/// apksigner finds no signature.
pub(crate) fn unsigned(apk: &Path) {
    let options = ["verify", "--min-sdk-version", "24"].map(OsStr::new);
    let (success, text) = run("apksigner", [&options[..], &[apk.as_os_str()]].concat());
    assert!(!success && text.starts_with("DOES NOT VERIFY"), "{text}");
}

/// zipalign finds every stored entry where devices want it.
pub(crate) fn aligned(apk: &Path) {
    succeed("zipalign", &[OsStr::new("-c"), OsStr::new("-p"), OsStr::new("4"), apk.as_os_str()]);
}

/// What aapt2 says of the app: package, versions, permissions, labels.
pub(crate) fn badging(apk: &Path) -> String {
    succeed("aapt2", &[OsStr::new("dump"), OsStr::new("badging"), apk.as_os_str()])
}

/// The manifest as aapt2 prints it.
pub(crate) fn manifest(apk: &Path) -> String {
    let options = ["dump", "xmltree", "--file", "AndroidManifest.xml"].map(OsStr::new);
    succeed("aapt2", &[&options[..], &[apk.as_os_str()]].concat())
}

/// Every entry by name, all of them unpacked once and their checksums compared; DEX files are left in `folder`.
pub(crate) fn entries(apk: &Path, folder: &Path) -> BTreeMap<String, Entry> {
    let script = root().join("tests/tools/entries.py");
    let text = succeed("python3", &[script.as_os_str(), apk.as_os_str(), folder.as_os_str()]);
    let listed: Vec<Value> = serde_json::from_str(&text).unwrap();
    let count = listed.len();
    let number = |entry: &Value, field: &str| entry[field].as_u64().unwrap();
    let entry = |entry: Value| {
        let (offset, crc) = (number(&entry, "offset"), number(&entry, "crc"));
        let stored = entry["stored"].as_bool().unwrap();
        (entry["name"].as_str().unwrap().to_owned(), Entry { stored, offset, crc })
    };
    let entries: BTreeMap<_, _> = listed.into_iter().map(entry).collect();
    assert_eq!(entries.len(), count, "a name occurs twice");
    entries
}

/// apksigner accepts each of these packages on every device from its lowest API level on. All of them in one virtual machine.
pub(crate) fn verified(folder: &Path, packages: &[(u32, PathBuf)]) {
    let cases: Vec<String> =
        packages.iter().map(|(min_sdk, path)| format!("{min_sdk}\t{}\t", path.display())).collect();
    let list = folder.join("cases");
    std::fs::write(&list, cases.join("\n")).unwrap();
    let judge = root().join("shared/signing/tests/agreement/Judge.java");
    let text =
        succeed("java", &[OsStr::new("-cp"), apksigner_library().as_os_str(), judge.as_os_str(), list.as_os_str()]);
    assert_eq!(text.lines().count(), packages.len(), "{text}");
    assert!(text.lines().all(|verdict| verdict.starts_with("true\t")), "{cases:?}: {text}");
}

/// The library that apksigner is made of: beside Debian's other ones, or inside the tool of Google's SDK.
fn apksigner_library() -> PathBuf {
    let path = variable("PATH").unwrap_or_default();
    let tools = std::env::split_paths(&path).map(|folder| folder.join("apksigner"));
    let folders = tools.filter_map(|tool| Some(std::fs::canonicalize(tool).ok()?.parent()?.to_owned()));
    let jars = folders.flat_map(|folder| ["lib/apksigner.jar", "apksigner.jar"].map(|jar| folder.join(jar)));
    let mut jars = std::iter::once(PathBuf::from("/usr/share/java/apksig.jar")).chain(jars);
    jars.find(|jar| jar.is_file()).expect("apksigner's library")
}

/// The resources as aapt2 prints them; nothing for an app without a table.
pub(crate) fn resources(apk: &Path) -> String {
    run("aapt2", [OsStr::new("dump"), OsStr::new("resources"), apk.as_os_str()]).1
}

/// An XML file of the package as aapt2 prints it.
pub(crate) fn xml_tree(apk: &Path, name: &str) -> String {
    succeed(
        "aapt2",
        &[OsStr::new("dump"), OsStr::new("xmltree"), OsStr::new("--file"), OsStr::new(name), apk.as_os_str()],
    )
}

/// apktool decodes the whole package.
pub(crate) fn decoded(apk: &Path, folder: &Path) {
    succeed("apktool", &[OsStr::new("d"), OsStr::new("-f"), OsStr::new("-o"), folder.as_os_str(), apk.as_os_str()]);
}

/// dexdump reads every DEX file in `folder`; returns how many there are. `debug_info` says whether they may have any.
pub(crate) fn dex_files(folder: &Path, debug_info: Option<bool>) -> usize {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for file in &files {
        let text = succeed("dexdump", &[OsStr::new("-f"), file.as_os_str()]);
        if debug_info == Some(false) {
            let lines = text.lines().filter(|line| line.contains(" line=") || line.contains(" reg="));
            assert_eq!(lines.count(), 0, "{}", file.display());
        }
    }
    files.len()
}

/// Where tests/tools/install puts rcodesign.
fn rcodesign() -> Option<PathBuf> {
    installed(python_tools().with_file_name("rcodesign").join("bin/rcodesign"))
}

/// Unpacks an app into a new folder.
fn unpacked(app: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    succeed(
        "unzip",
        &["-q", "-d"]
            .map(OsStr::new)
            .into_iter()
            .chain([folder.path().as_os_str(), app.as_os_str()])
            .collect::<Vec<_>>(),
    );
    folder
}

/// rcodesign accepts every signature of an app whose executables are called `Code`, and OpenSSL finds each made by this certificate.
pub(crate) fn ios_signed_by(app: &Path, root: &str, certificate_sha256: &str) {
    let Some(rcodesign) = rcodesign() else { return };
    let folder = unpacked(app);
    let tool = rcodesign.to_str().unwrap();
    let mut executables = 0;
    for path in files_below(&folder.path().join(root)) {
        if path.file_name() != Some(OsStr::new("Code")) {
            continue;
        }
        executables += 1;
        succeed(tool, &[OsStr::new("verify"), path.as_os_str()]);
        assert_eq!(signer_of_code(&rcodesign, &path, folder.path()), certificate_sha256, "{}", path.display());
    }
    assert_eq!(executables, 7, "each bundle");
}

/// SHA-256 of the certificate whose key signed the code directory, as OpenSSL finds it.
fn signer_of_code(rcodesign: &Path, code: &Path, folder: &Path) -> String {
    let [cms, directory, signer] = ["cms", "directory", "signer"].map(|name| folder.join(name));
    for (what, file) in [("cms-raw", &cms), ("code-directory-raw", &directory)] {
        let output = Command::new(rcodesign).args(["extract", what]).arg(code).output().unwrap();
        std::fs::write(file, output.stdout).unwrap();
    }
    let words =
        ["cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-out", "/dev/null", "-in"].map(OsStr::new);
    let files =
        [cms.as_os_str(), OsStr::new("-content"), directory.as_os_str(), OsStr::new("-signer"), signer.as_os_str()];
    succeed("openssl", &[&words[..], &files].concat());
    let words = ["x509", "-noout", "-fingerprint", "-sha256", "-in"].map(OsStr::new);
    let text = succeed("openssl", &[&words[..], &[signer.as_os_str()]].concat());
    text.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase()
}

/// rcodesign reads every signature of an app, none of which is anybody's.
pub(crate) fn ios_reads(app: &Path) {
    let Some(rcodesign) = rcodesign() else { return };
    let folder = unpacked(app);
    let mut seen = 0;
    for path in files_below(folder.path()) {
        let head = std::fs::read(&path).unwrap();
        if ![b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe"].iter().any(|magic| head.starts_with(*magic)) {
            continue;
        }
        let text = succeed(rcodesign.to_str().unwrap(), &[OsStr::new("print-signature-info"), path.as_os_str()]);
        assert!(text.contains("ADHOC") && !text.contains("signature: null"), "{}: {text}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// bundletool takes the bundle, and jarsigner its signature.
pub(crate) fn bundle(bundle: &Path) {
    let samples = variable("APPTEGO_SAMPLES").map_or_else(|| root().join(".local/samples"), PathBuf::from);
    let bundletool = samples.join("bundletool.jar");
    if !bundletool.is_file() {
        assert!(variable("CI").is_none(), "{} is missing; run tests/samples/fetch", bundletool.display());
        return skip(&format!("{} is missing; run tests/samples/fetch", bundletool.display()));
    }
    let named = format!("--bundle={}", bundle.display());
    succeed("java", &[OsStr::new("-jar"), bundletool.as_os_str(), OsStr::new("validate"), OsStr::new(&named)]);
    let text = succeed("jarsigner", &[OsStr::new("-verify"), bundle.as_os_str()]);
    assert!(text.contains("jar verified."), "{text}");
}
