//! Stripped programs and libraries still run.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use formats::source::FileSource;

use crate::builder::{apply, strip_and_compare};

/// The output of a program, or `None` where it is not installed.
fn run(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: {} cannot be started: {error}", command.get_program().display());
            None
        }
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_stripped_library_is_loaded_and_called() {
    let folder = tempfile::tempdir().unwrap();
    let (code, library) = (folder.path().join("code.c"), folder.path().join("code.so"));
    std::fs::write(
        &code,
        "static int counter = 7; static int *pointer = &counter; _Thread_local int each = 30;
         int add(int x) { *pointer += x; each += 1; return *pointer + each; }",
    )
    .unwrap();
    let Some(built) = run(Command::new("cc").args(["-shared", "-fPIC", "-g", "-o"]).args([&library, &code])) else {
        return;
    };
    assert!(built.status.success(), "{}", text(&built));
    let after = strip_and_compare(&std::fs::read(&library).unwrap()).unwrap().expect("it has symbols");
    std::fs::write(&library, after).unwrap();
    let call = format!("import ctypes; print(ctypes.CDLL('{}').add(4))", library.display());
    let Some(called) = run(Command::new("python3").args(["-c", &call])) else { return };
    assert_eq!(text(&called), "42\n");
}

/// The largest real file at hand, with debug information of a compiler that is not C's: this test itself.
#[test]
fn this_test_stripped_lists_its_tests() {
    let this = std::env::current_exe().unwrap();
    let source = FileSource::new(std::fs::File::open(&this).unwrap()).unwrap();
    let stripped = formats::elf::strip(&source, &formats::limits::Limits::default()).unwrap().expect("it has symbols");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stripped");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&apply(&source, &stripped)).unwrap();
    file.set_permissions(Permissions::from_mode(0o755)).unwrap();
    drop(file);
    let listed = run(Command::new(&path).arg("--list")).expect("it is there");
    assert!(listed.status.success(), "{}", text(&listed));
    assert!(text(&listed).contains("running::this_test_stripped_lists_its_tests: test"));
}

#[test]
fn a_stripped_static_program_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (code, program) = (folder.path().join("code.c"), folder.path().join("program"));
    std::fs::write(&code, "#include <string.h>\nint main(int n, char **a) { return (int)strlen(a[0]) > 0 ? 7 : 8; }")
        .unwrap();
    let Some(built) = run(Command::new("cc").args(["-static", "-g", "-o"]).args([&program, &code])) else { return };
    if !built.status.success() {
        eprintln!("skipped: no static libraries here: {}", text(&built));
        return;
    }
    let after = strip_and_compare(&std::fs::read(&program).unwrap()).unwrap().expect("it has symbols");
    std::fs::write(&program, after).unwrap();
    assert_eq!(Command::new(&program).status().unwrap().code(), Some(7));
}
