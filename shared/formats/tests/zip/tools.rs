//! Other people's readers as the judges of our writer. A tool that is not installed is skipped, and said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::io::Write;
use std::process::Command;

use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};

use crate::builder::{Item, build, deflated, stored};

fn written() -> tempfile::NamedTempFile {
    let descriptor = Item { descriptor: Some(false), ..deflated("classes.dex", &[5; 3000]) };
    let items = [stored("a", b"1"), descriptor, stored("lib/x86_64/libx.so", &[9; 100]), deflated("ü/ö", &[0xE4])];
    let source = build(&items).bytes;
    let archive = Archive::read(&source, &Limits::default()).unwrap();
    let mut writer = Writer::new(tempfile::NamedTempFile::new().unwrap());
    for entry in archive.entries() {
        writer.copy(&archive, entry).unwrap();
    }
    writer.add("new/file", Method::Deflated, Attributes::default(), &[3; 5000]).unwrap();
    writer.add("new/stored", Method::Stored, Attributes::default(), &[4; 50]).unwrap();
    let (mut file, tail) = writer.finish(b"comment").unwrap();
    tail.write(&mut file).unwrap();
    file.flush().unwrap();
    file
}

fn accepts(program: &str, arguments: &[&str]) {
    let file = written();
    match Command::new(program).args(arguments).arg(file.path()).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{program}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("skipped: {program} cannot be started: {error}"),
    }
}

#[test]
fn python_accepts_it() {
    accepts("python3", &["-m", "zipfile", "-t"]);
}

#[test]
fn unzip_accepts_it() {
    accepts("unzip", &["-t"]);
}

#[test]
fn zipalign_accepts_it() {
    accepts("zipalign", &["-c", "-p", "4"]);
}
