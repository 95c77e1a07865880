//! Any bytes as an archive: read it, unpack it, rewrite it. What is accepted must survive the rewrite.
#![no_main]

use formats::limits::Limits;
use formats::zip::{Archive, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let Ok(archive) = Archive::read(&bytes, &limits) else { return };
    let sound = archive.check_contents(1, &|_| true).is_ok();
    let mut writer = Writer::new(Vec::new());
    for entry in archive.entries() {
        writer.copy(&archive, entry).expect("an accepted entry can be copied");
    }
    let (mut out, tail) = writer.finish(archive.comment()).expect("an accepted archive can be ended");
    tail.write(&mut out).expect("memory takes everything");

    let again = Archive::read(&out, &Limits::default()).expect("our own output is accepted");
    assert!(again.gaps().is_empty());
    assert_eq!(again.entries().len(), archive.entries().len());
    assert_eq!(again.check_contents(1, &|_| true).is_ok(), sound);
});
