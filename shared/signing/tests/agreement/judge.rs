//! apksigner's verdicts, all in one Java virtual machine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Case;
use crate::support::which;

/// What apksigner says.
pub(crate) struct Verdict {
    pub(crate) valid: bool,
    pub(crate) reason: String,
}

/// One verdict for each case.
pub(crate) fn verdicts(folder: &Path, cases: &[Case<'_>]) -> Vec<Verdict> {
    let mut lines = String::new();
    let mut written: Vec<(*const u8, PathBuf)> = Vec::new();
    for case in cases {
        let bytes = case.package.bytes.as_slice();
        let known = written.iter().find(|(start, _)| *start == bytes.as_ptr()).map(|(_, path)| path.clone());
        let path = known.unwrap_or_else(|| {
            let path = folder.join(format!("case-{}.apk", written.len()));
            fs::write(&path, bytes).expect("the package is written");
            written.push((bytes.as_ptr(), path.clone()));
            path
        });
        let edits = case.damage.as_ref().map(|damage| damage.edits()).unwrap_or_default();
        lines += &format!("{}\t{}\t{edits}\n", case.min_sdk, path.display());
    }
    let list = folder.join("cases");
    fs::write(&list, lines).expect("the list is written");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement/Judge.java");
    let output = Command::new("java").arg("-cp").arg(class_path()).args([source, list]).output().expect("java starts");
    let (text, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let verdicts: Vec<Verdict> = text.lines().map(read).collect();
    assert!(output.status.success() && verdicts.len() == cases.len(), "{complaint}\n{text}");
    verdicts
}

fn read(line: &str) -> Verdict {
    let (valid, reason) = line.split_once('\t').expect("two fields");
    Verdict { valid: valid == "true", reason: reason.chars().take(300).collect() }
}

/// The library that apksigner is made of: beside Debian's other ones, or inside the tool of Google's SDK.
fn class_path() -> OsString {
    let tool = which("apksigner").and_then(|tool| fs::canonicalize(tool).ok()).expect("apksigner's place");
    let beside = tool.parent().expect("a folder");
    let candidates =
        [PathBuf::from("/usr/share/java/apksig.jar"), beside.join("lib/apksigner.jar"), beside.join("apksigner.jar")];
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    found.expect("apksigner's library").into_os_string()
}
