//! Does what a signer does, with signatures of zeros; and asks LLVM's tools.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::path::Path;
use std::process::Command;

use formats::limits::Limits;
use formats::macho::{Binary, Error, Remade, Remake, remake, same_image};
use formats::piece::{Piece, copy_pieces};
use formats::source::Source;

/// Length of the signatures in these tests, bytes.
pub(crate) const SIGNATURE: u64 = 1000;

/// The binary with a signature of zeros for each slice, and what was removed.
pub(crate) fn rewrite(before: &dyn Source, strip: bool) -> Result<(Vec<u8>, Remade), Error> {
    let binary = Binary::read(before)?;
    let remade = remake(before, &binary, Remake { strip }, &Limits::default())?;
    let lengths = vec![SIGNATURE; remade.slices.len()];
    let layout = remade.layout(&lengths)?;
    let mut after = Vec::new();
    let mut read = 0;
    for (slice, placed) in remade.slices.iter().zip(&layout.slices) {
        copy_pieces(before, &placed.lead, &mut after).unwrap();
        let start = after.len() as u64;
        copy_pieces(before, &placed.code, &mut after).unwrap();
        assert_eq!(after.len() as u64 - start, slice.code_limit);
        assert_eq!(after.len() as u64, placed.signature.start);
        after.resize(after.len() + SIGNATURE as usize, 0);
        assert_eq!(after.len() as u64, placed.signature.end);
        for piece in placed.lead.iter().chain(&placed.code) {
            if let Piece::Copy(range) = piece {
                assert!(range.start >= read && range.end > range.start, "{range:?} after {read}");
                read = range.end;
            }
        }
    }
    assert_eq!(after.len() as u64, layout.len);
    same_image(before, &after, &Limits::default()).expect("the same binary");
    Ok((after, remade))
}

/// The version in the names that Debian gives LLVM's tools. Older ones know no chained fixups.
const VERSION: &str = "-19";

/// What an LLVM tool says of a file; it must have nothing to complain about. `None` where the tool is not installed.
pub(crate) fn llvm(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    run(tool, Path::new("/"), &[arguments, &[file.to_str().unwrap()]].concat())
}

/// Runs an LLVM tool in a folder.
pub(crate) fn run(tool: &str, folder: &Path, arguments: &[&str]) -> Option<String> {
    let name = format!("{tool}{VERSION}");
    let Ok(output) = Command::new(&name).current_dir(folder).args(arguments).output() else {
        eprintln!("SKIPPED: {name} is not installed; tests/tools/install brings it");
        return None;
    };
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && complaints.is_empty(), "{name} {arguments:?}: {complaints}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// All that LLVM's tools read of a binary; they complain about what is not right.
pub(crate) fn judge(bytes: &[u8], folder: &Path) {
    let file = folder.join("judged");
    std::fs::write(&file, bytes).unwrap();
    llvm("llvm-otool", &["-l"], &file);
    let dyld = ["--exports-trie", "--bind", "--lazy-bind", "--weak-bind", "--rebase", "--chained-fixups"];
    let tables = ["--macho", "--all-headers", "--indirect-symbols", "--function-starts", "--data-in-code"];
    llvm("llvm-objdump", &[&tables[..], &dyld].concat(), &file);
    llvm("llvm-nm", &["--debug-syms", "--no-sort"], &file);
}
