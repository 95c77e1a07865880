//! The documentation's own shell example, with curl and jq.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tests::harness::{Bench, root};
use tests::packages::small_apk;
use tokio::process::Command;

use crate::samples;

const SCRIPT: &str = "tests/shell/single-part.sh";

#[test]
fn the_example_is_the_documented_one_but_for_the_address() {
    let Some(page) = samples::shared("seeds/000_0a76d798dba98a72.txt") else { return };
    let page = String::from_utf8(page).unwrap();
    let (_, documented) = page.split_once("Example: Single-Part Workflow").unwrap();
    let documented = &documented[documented.find("set -euo pipefail").unwrap()..];
    let ours = std::fs::read_to_string(root().join(SCRIPT)).unwrap();
    let differing: Vec<_> = documented.lines().zip(ours.lines()).filter(|(theirs, ours)| theirs != ours).collect();
    assert_eq!(differing, [("API_URL=\"https://api.apptego.com\"", "API_URL=\"${API_URL:?}\"")]);
    assert_eq!(documented.lines().count(), ours.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_single_part_workflow_protects_an_app() {
    let bench = Bench::start().await;
    let (_server, address) = bench.serve().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app-release.apk"), small_apk()).unwrap();

    let (success, text) = run_example(folder.path(), &address, &bench.key.expose()).await;
    assert!(success, "{text}");
    assert_eq!(text, "Build complete\n");
    let output = std::fs::read(folder.path().join("app-release-protected.apk")).unwrap();
    let archive = formats::zip::Archive::read(&output, &formats::limits::Limits::default()).unwrap();
    assert!(archive.entry("AndroidManifest.xml").is_some() && output != small_apk());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_workflow_prints_why_a_build_failed_and_ends_with_1() {
    let bench = Bench::start().await;
    let (_server, address) = bench.serve().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app-release.apk"), b"not an app").unwrap();

    let (success, text) = run_example(folder.path(), &address, &bench.key.expose()).await;
    assert!(!success);
    assert_eq!(
        text,
        "The package is not a sound archive: not a ZIP archive: no end of central directory record in the last 10 of 10 bytes. \
         Build it again and upload it unchanged.\n"
    );
}

/// Runs the example in `folder`; its pause of 15 seconds is shortened, which is all that is done to it.
async fn run_example(folder: &Path, address: &str, key: &str) -> (bool, String) {
    let programs = folder.join("programs");
    std::fs::create_dir(&programs).unwrap();
    let sleep = programs.join("sleep");
    std::fs::write(&sleep, "#!/bin/sh\nPATH=/usr/bin:/bin exec sleep 0.2\n").unwrap();
    std::fs::set_permissions(&sleep, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), tests::harness::variable("PATH").unwrap());
    let mut command = Command::new("bash");
    command.arg(root().join(SCRIPT)).current_dir(folder).kill_on_drop(true);
    command.env("PATH", path).env("API_URL", address).env("APPTEGO_API_KEY", key);
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}
