//! What compilers and linkers write for each Android ABI, judged by binutils. A tool that is not installed is skipped, and said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::path::Path;
use std::process::Command;

use formats::elf::dump;
use formats::limits::Limits;

use crate::builder::strip_and_compare;

const CODE: &str = "
__attribute__((visibility(\"hidden\"))) int hidden_name(int x) { return x * 3; }
static int counter = 7;
int zeroed[4000];
int *pointer = &counter;
int exported(int x) { counter += hidden_name(x); return counter + zeroed[x & 7] + *pointer; }
";

const TARGETS: [&str; 5] = [
    "aarch64-linux-android24",
    "armv7a-linux-androideabi24",
    "i686-linux-android24",
    "x86_64-linux-android24",
    "riscv64-linux-android35",
];

/// Arguments of which each makes sections or layouts of another kind.
const VARIANTS: [&[&str]; 7] = [
    &["-g"],
    &["-g0"],
    &["-g", "-gz=zlib"],
    &["-g", "-Wl,--emit-relocs"],
    &["-g", "-Wl,--build-id,-z,max-page-size=16384,-z,separate-loadable-segments"],
    &["-g", "-Wl,--hash-style=gnu,--gc-sections,-z,norelro,--icf=all"],
    &["-g", "-fdata-sections", "-ffunction-sections", "-Wl,--no-rosegment,-z,max-page-size=65536"],
];

/// Compiles `CODE` as a shared library; `None` where that compiler is missing or cannot.
fn compile(compiler: &str, arguments: &[&str], folder: &Path) -> Option<Vec<u8>> {
    let (code, library) = (folder.join("code.c"), folder.join("code.so"));
    std::fs::write(&code, CODE).unwrap();
    let common = ["-shared", "-fPIC", "-nostdlib", "-O1", "-o"];
    let result = Command::new(compiler).args(arguments).args(common).arg(&library).arg(&code).output();
    match result {
        Ok(output) if output.status.success() => Some(std::fs::read(&library).unwrap()),
        Ok(output) => {
            eprintln!("skipped: {compiler} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            eprintln!("skipped: {compiler} cannot be started: {error}");
            None
        }
    }
}

/// What `readelf` says of a library; it must have nothing to complain about.
fn readelf(bytes: &[u8], folder: &Path) -> Option<String> {
    let path = folder.join("read.so");
    std::fs::write(&path, bytes).unwrap();
    let output = match Command::new("readelf").args(["--wide", "--all", "--lint"]).arg(&path).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: readelf cannot be started: {error}");
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    Some(text)
}

fn check(before: &[u8], folder: &Path) {
    let after = strip_and_compare(before).unwrap().expect("there are symbols at least");
    assert!(after.len() < before.len());
    let has = |bytes: &[u8], name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    assert!(has(before, b"hidden_name") && !has(&after, b"hidden_name"));
    assert!(has(&after, b"exported"));
    for name in [".symtab", ".debug_", ".strtab"] {
        let text = dump(&after, &Limits::default()).unwrap();
        assert!(!text.contains(&format!("\"{name}")), "{text}");
    }
    let (Some(old), Some(new)) = (readelf(before, folder), readelf(&after, folder)) else { return };
    for table in ["Program Headers:", "Dynamic section", "Relocation section '.rel", "Symbol table '.dynsym'"] {
        assert_eq!(part(&old, table), part(&new, table));
    }
}

/// The lines from the one that begins so up to the table's end.
fn part(text: &str, start: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(start));
    lines.take_while(|line| !line.is_empty() && !line.starts_with("No ")).map(str::to_owned).collect()
}

#[test]
fn clang_and_lld_for_each_abi() {
    let folder = tempfile::tempdir().unwrap();
    for target in TARGETS {
        for variant in VARIANTS {
            let target = format!("--target={target}");
            let arguments = [&[target.as_str(), "-fuse-ld=lld"], variant].concat();
            if let Some(library) = compile("clang", &arguments, folder.path()) {
                check(&library, folder.path());
            }
        }
    }
}

#[test]
fn gcc_with_every_linker_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    for linker in ["bfd", "gold", "lld", "mold"] {
        for variant in [&["-g"][..], &["-g", "-gz=zlib"], &["-g", "-Wl,--emit-relocs"], &["-g3", "-gdwarf-4"]] {
            let linker = format!("-fuse-ld={linker}");
            let arguments = [&[linker.as_str()], variant].concat();
            if let Some(library) = compile("gcc", &arguments, folder.path()) {
                check(&library, folder.path());
            }
        }
    }
}
