//! What compilers and linkers write for iOS and its simulator, judged by LLVM's tools. A tool that is not installed is skipped, and
//! said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use formats::macho::{Binary, FileKind, Platform, is_macho};

use crate::support::{judge, llvm, rewrite, run};

const CODE: &str = r#"
extern int puts(const char *);
extern int external_data;
static int counter = 7;
__attribute__((visibility("hidden"))) int hidden_name(int x) { return x * 3; }
__attribute__((weak)) int united(int x) { return x + 1; }
static __attribute__((noinline)) int local_name(int x) { return x + counter; }
int *pointer = &counter;
int zeroed[4000];
int exported(int x) {
  counter += hidden_name(x);
  puts("text");
  return local_name(counter) + zeroed[x & 7] + *pointer + external_data + united(x);
}
int main(void) { return exported(1); }
"#;

const SYSTEM: &str = "--- !tapi-tbd
tbd-version:     4
targets:         [ arm64-ios, x86_64-ios-simulator, arm64-ios-simulator ]
install-name:    '/usr/lib/libSystem.B.dylib'
exports:
  - targets:         [ arm64-ios, x86_64-ios-simulator, arm64-ios-simulator ]
    symbols:         [ dyld_stub_binder, _puts, _external_data ]
...
";

/// Target of the compiler, processor and platform of the linker.
const TARGETS: [(&str, &str, &str, Platform); 3] = [
    ("arm64-apple-ios14", "arm64", "ios", Platform::Ios),
    ("arm64-apple-ios14-simulator", "arm64", "ios-simulator", Platform::IosSimulator),
    ("x86_64-apple-ios14-simulator", "x86_64", "ios-simulator", Platform::IosSimulator),
];

/// Arguments of which each makes other tables or another layout.
const VARIANTS: [&[&str]; 6] = [
    &[],
    &["-fixup_chains", "-init_offsets"],
    &["-no_adhoc_codesign", "-no_function_starts"],
    &["-adhoc_codesign", "-flat_namespace"],
    &["-no_adhoc_codesign", "-fixup_chains", "--icf=all"],
    &["-no_adhoc_codesign", "-headerpad", "0x400", "-S"],
];

const KINDS: [(&[&str], FileKind); 3] = [
    (&["-execute"], FileKind::Executable),
    (&["-dylib", "-install_name", "@rpath/A.framework/A"], FileKind::Dylib),
    (&["-bundle"], FileKind::Bundle),
];

/// Compiles and links `CODE`; `None` where a tool is missing or cannot.
fn link(target: (&str, &str, &str, Platform), arguments: &[&str], folder: &Path) -> Option<Vec<u8>> {
    let (triple, processor, platform, _) = target;
    std::fs::write(folder.join("code.c"), CODE).unwrap();
    std::fs::write(folder.join("libSystem.tbd"), SYSTEM).unwrap();
    let target = format!("--target={triple}");
    let compiled = Command::new("clang")
        .current_dir(folder)
        .args([target.as_str(), "-g", "-O1", "-c", "code.c", "-o", "code.o"])
        .output();
    let Ok(compiled) = compiled else {
        eprintln!("SKIPPED: clang cannot be started");
        return None;
    };
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let common = ["-arch", processor, "-platform_version", platform, "14.0", "15.2", "-o", "linked", "code.o"];
    let file = folder.join("linked");
    let _ = std::fs::remove_file(&file);
    run("ld64.lld", folder, &[&common, arguments, &["libSystem.tbd"]].concat())?;
    Some(std::fs::read(file).unwrap())
}

/// The names that LLVM's nm shows.
fn names(bytes: &[u8], folder: &Path) -> Option<BTreeSet<String>> {
    let file = folder.join("named");
    std::fs::write(&file, bytes).unwrap();
    let text = llvm("llvm-nm", &["--debug-syms", "--just-symbol-name"], &file)?;
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn each_target_kind_and_variant() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for target in TARGETS {
        for (kind_arguments, kind) in KINDS {
            for variant in VARIANTS {
                let Some(before) = link(target, &[kind_arguments, variant].concat(), folder) else { return };
                assert!(is_macho(&before));
                let binary = Binary::read(&before).unwrap();
                let [slice] = &binary.slices[..] else { panic!("one slice") };
                assert_eq!((slice.kind, slice.cpu.to_string().as_str()), (kind, target.1));
                assert_eq!((slice.builds[0].platform, slice.builds[0].sdk.to_string().as_str()), (target.3, "15.2"));
                let (unstripped, remade) = rewrite(&before, false).unwrap();
                assert_eq!(remade.removed, []);
                judge(&unstripped, folder);
                let (stripped, _) = rewrite(&before, true).unwrap();
                judge(&stripped, folder);
                let (Some(old), Some(new)) = (names(&before, folder), names(&stripped, folder)) else { return };
                check_names(kind, &old, &new);
                assert_eq!(rewrite(&stripped, true).unwrap().0, stripped);
            }
        }
    }
}

fn check_names(kind: FileKind, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    for name in ["_hidden_name", "_local_name", "_counter", "__dyld_private"] {
        assert!(!new.contains(name), "{name}");
    }
    for name in ["_puts", "_external_data", "_united"] {
        assert!(new.contains(name), "{name}");
    }
    let exported = kind != FileKind::Executable;
    for name in ["_exported", "_pointer", "_zeroed"] {
        assert_eq!((old.contains(name), new.contains(name)), (true, exported), "{name}");
    }
    assert_eq!(new.contains("__mh_execute_header"), !exported);
    assert!(new.iter().all(|name| old.contains(name) || name == "radr://5614542"), "{new:?}");
}

/// Another implementation leaves the same symbols in a shared library.
#[test]
fn llvm_strip_keeps_the_same_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for target in TARGETS {
        let Some(before) = link(target, &["-dylib", "-no_adhoc_codesign"], folder) else { return };
        std::fs::write(folder.join("reference"), &before).unwrap();
        if run("llvm-strip", folder, &["-x", "reference"]).is_none() {
            return;
        }
        let reference = std::fs::read(folder.join("reference")).unwrap();
        let (stripped, _) = rewrite(&before, true).unwrap();
        let mut ours = names(&stripped, folder).unwrap();
        assert!(ours.remove("radr://5614542"));
        assert_eq!(Some(ours), names(&reference, folder));
    }
}

/// Fat files keep the order and the alignments of their slices.
#[test]
fn fat_files() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (number, target) in [TARGETS[2], TARGETS[0]].into_iter().enumerate() {
        let Some(slice) = link(target, &["-execute"], folder) else { return };
        std::fs::write(folder.join(format!("slice{number}")), slice).unwrap();
    }
    for wide in [false, true] {
        let kind = if wide { "-fat64" } else { "" };
        let arguments = ["-create", "slice0", "slice1", "-output", "fat", kind];
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        if run("llvm-lipo", folder, &arguments).is_none() {
            return;
        }
        let before = std::fs::read(folder.join("fat")).unwrap();
        for strip in [false, true] {
            let (after, _) = rewrite(&before, strip).unwrap();
            judge(&after, folder);
            std::fs::write(folder.join("after"), &after).unwrap();
            let table = llvm("llvm-otool", &["-f"], &folder.join("after")).unwrap();
            let old = llvm("llvm-otool", &["-f"], &folder.join("fat")).unwrap();
            let kept = |text: &str| -> Vec<String> {
                let lines = text.lines().filter(|line| !line.contains("offset") && !line.contains("size"));
                lines.map(str::to_owned).collect()
            };
            assert_eq!(kept(&table), kept(&old));
        }
    }
}

/// A file that only a linker reads is described, but not rewritten.
#[test]
fn objects_are_described() {
    let folder = tempfile::tempdir().unwrap();
    if link(TARGETS[0], &["-dylib"], folder.path()).is_none() {
        return;
    }
    let object = std::fs::read(folder.path().join("code.o")).unwrap();
    assert_eq!(Binary::read(&object).unwrap().slices[0].kind, FileKind::Object);
    let error = rewrite(&object, false).unwrap_err();
    assert_eq!(error.to_string(), "Mach-O: a file of type object cannot be signed");
}
