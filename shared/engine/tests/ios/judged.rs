//! Signatures as rcodesign judges them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use domain::policy::Policy;
use fixtures::bundle::run as must_run;
use fixtures::ios::{ROOT, app, bundle, identity};
use fixtures::macho::{Binary, Kind};

use crate::app::run;

/// rcodesign, on the path or where `tests/tools/install` puts it.
fn rcodesign() -> Command {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let tools = std::env::var_os("PYTHON_TOOLS").map(PathBuf::from);
    let installed = tools.map(|tools| tools.with_file_name("rcodesign").join("bin/rcodesign"));
    Command::new(installed.filter(|program| program.is_file()).unwrap_or_else(|| "rcodesign".into()))
}

#[test]
fn a_folder_of_resources_with_code_is_sealed_as_a_bundle() {
    let mut items = app();
    let library = Binary { kind: Kind::Dylib, ..Binary::default() };
    let loaded = format!("{ROOT}/Loaded.bundle");
    items.extend(bundle(&loaded, "com.example.loaded", &library));
    let output = run(&items, &Policy::default(), Some(&identity(&[]))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Code");
    fs::write(&path, output.content(&format!("{loaded}/Code"))).unwrap();
    if must_run(rcodesign().arg("verify").arg(&path)).is_none() {
        return;
    }
    let text = must_run(rcodesign().arg("print-signature-info").arg(&path)).unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("identifier: com.example.loaded"), "{text}");
    for file in ["Info.plist", "_CodeSignature/CodeResources"] {
        let content = output.content(&format!("{loaded}/{file}"));
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(text.contains(&digest), "{file}: {text}");
    }
}
