//! Other people's readers as the judges: the platform's dexdump with its verifier, and baksmali. A tool that is not installed is
//! skipped, and said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::sample::{LARGE, SMALL};
use crate::strip::{parse, strip};

/// What a tool prints; `None` if it is not installed.
fn run(program: &str, arguments: &[&str], file: &Path) -> Option<Output> {
    match Command::new(program).args(arguments).arg(file).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("SKIPPED: {program} cannot be started: {error}");
            None
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn accepted(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let output = run(program, arguments, file)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} refuses {}: {errors}", file.display());
    Some(text(&output))
}

/// Disassembly and annotations by dexdump, which first verifies the file as the platform does.
fn dexdump(folder: &Path, name: &str, bytes: &[u8]) -> Option<String> {
    let file = folder.join(name);
    fs::write(&file, bytes).unwrap();
    accepted("dexdump", &["-a", "-d"], &file)
}

/// Without line tables, local variables and source files, and without indices and offsets, which stand before the instructions and
/// in their comments.
fn normalised(dump: &str) -> String {
    let mut out = String::new();
    let mut in_debug_information = false;
    for line in dump.lines() {
        let entry = line.starts_with("        0x");
        in_debug_information = line.starts_with("      positions  ")
            || line.starts_with("      locals  ")
            || (in_debug_information && entry);
        if in_debug_information
            || line.starts_with("  source_file_idx")
            || line.contains("Opened '")
            || line.contains("Processing '")
        {
            continue;
        }
        let line =
            line.split_once('|').filter(|(place, _)| place.get(6..7) == Some(":")).map_or(line, |(_, rest)| rest);
        let line = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, rest)| rest);
        let comment = ["// string@", "// type@", "// offset "].iter().find_map(|comment| line.rsplit_once(comment));
        out.push_str(
            comment
                .filter(|(_, index)| index.chars().all(|digit| digit.is_ascii_hexdigit()))
                .map_or(line, |(line, _)| line),
        );
        out.push('\n');
    }
    out
}

/// Files of a baksmali disassembly, without source files. Without debug information where there still is some.
fn baksmali(folder: &Path, name: &str, bytes: &[u8], debug: &str) -> Option<BTreeMap<String, String>> {
    let (file, out) = (folder.join(name), folder.join(format!("{name}.out")));
    fs::write(&file, bytes).unwrap();
    accepted("baksmali", &["disassemble", "--debug-info", debug, "--output", out.to_str().unwrap()], &file)?;
    let mut files = BTreeMap::new();
    collect(&out, &out, &mut files);
    fs::remove_dir_all(&out).unwrap();
    Some(files)
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let lines = fs::read_to_string(&path).unwrap();
            let lines = lines.lines().filter(|line| !line.starts_with(".source "));
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, lines.flat_map(|line| [line, "\n"]).collect());
        }
    }
}

/// Longest file that baksmali judges outside CI, in bytes: it takes half a minute for each of the large ones.
const QUICK: usize = 4 << 20;

/// Both tools find the same before and after, and the second finds nothing in the result that it can leave out.
pub(crate) fn judge(name: &str, before: &[u8], after: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if let (Some(before), Some(after)) = (dexdump(folder, "before", before), dexdump(folder, "after", after)) {
        assert!(!after.contains(" line=") && !after.contains(" reg="), "{name}: lines or local variables are left");
        same_lines(name, &normalised(&before), &normalised(&after));
    }
    #[expect(clippy::disallowed_methods, reason = "tests have no main of their own")]
    if before.len() > QUICK && std::env::var_os("CI").is_none() {
        eprintln!("SKIPPED: baksmali on {name}, which is large; with CI set it is run");
        return;
    }
    if let (Some(before), Some(after)) =
        (baksmali(folder, "before.dex", before, "false"), baksmali(folder, "after.dex", after, "true"))
    {
        assert!(before.keys().eq(after.keys()), "{name}: other classes");
        for (class, text) in &before {
            same_lines(&format!("{name} {class}"), text, &after[class]);
        }
    }
}

fn same_lines(name: &str, before: &str, after: &str) {
    if before != after {
        let first = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        panic!("{name}: {first:?}, {} and {} lines", before.lines().count(), after.lines().count());
    }
}

#[test]
fn the_sample_is_a_real_file() {
    for sample in [SMALL, LARGE] {
        let built = sample.build();
        let (out, _) = strip(&built.bytes);
        judge("sample", &built.bytes, &out);
    }
}

#[test]
fn what_is_written_anew_is_a_real_file() {
    let mut layout = LARGE.layout();
    layout.before(crate::builder::kind::CLASS_DATA, crate::builder::kind::CODE);
    let built = layout.build();
    judge("reordered", &built.bytes, &strip(&built.bytes).0);
    let folder = tempfile::tempdir().unwrap();
    dexdump(folder.path(), "anew", &parse(&built.bytes).to_bytes().unwrap());
}

/// The judge would notice: a wrong index is another line, a wrong checksum is refused.
#[test]
fn the_judge_notices() {
    let built = SMALL.build();
    let folder = tempfile::tempdir().unwrap();
    let Some(before) = dexdump(folder.path(), "before", &built.bytes) else { return };
    let place = built.place(crate::builder::kind::CODE, 1) + 18;
    let wrong = built.clone().patch(place, &[25]);
    let after = dexdump(folder.path(), "after", &wrong.bytes).unwrap();
    assert_ne!(normalised(&before), normalised(&after));
    let mut unsound = built.bytes.clone();
    unsound[place] = 25;
    let file = folder.path().join("unsound");
    fs::write(&file, unsound).unwrap();
    assert!(!run("dexdump", &["-d"], &file).unwrap().status.success());
}

/// What smali makes of sources with everything that is rare.
#[test]
fn what_smali_assembles() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dex/rare.smali");
    for (api, version) in [("19", "035"), ("26", "038"), ("29", "039")] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.dex");
        let arguments = ["assemble", "--api", api, "--output", out.to_str().unwrap()];
        let text = fs::read_to_string(&source).unwrap();
        // Each version takes the sections up to the line that names a later one.
        let text = text.split(&format!("# after {version}")).next().unwrap();
        let input = folder.path().join("rare.smali");
        fs::write(&input, text).unwrap();
        if accepted("smali", &arguments, &input).is_none() {
            return;
        }
        let bytes = fs::read(&out).unwrap();
        assert_eq!(std::str::from_utf8(&bytes[4..7]), Ok(version));
        let (stripped, counts) = strip(&bytes);
        assert!(counts.line_tables > 0 && counts.local_names > 0 && counts.types > 0, "{counts:?}");
        judge(version, &bytes, &stripped);
    }
}
