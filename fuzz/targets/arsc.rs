//! Any bytes as a resource table: read it, write it, edit it. What is accepted must come back byte for byte, and survive edits.
#![no_main]

use std::collections::HashMap;

use formats::arsc::{Table, dump};
use formats::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(mut table) = Table::parse(bytes, &limits) else { return };
    assert_eq!(*table.to_bytes(), *bytes);
    let _ = table.resource(0x7f01_0000);

    if table.ensure_package("com.example.fuzzed").is_ok()
        && let Ok(id) = table.add_file("xml", "added by fuzzing", "res/added.xml")
    {
        assert_eq!(table.find("xml", "added by fuzzing"), Some(id));
        let files: Vec<_> = table.resource(id).expect("an added entry is there").files().collect();
        assert!(files.iter().all(|file| file.path == "res/added.xml"));
        table.replace_file(id, "res/added.xml", "res/replaced.xml").expect("an added file can be replaced");
    }
    let paths = table.file_paths().unwrap_or_default();
    let paths: HashMap<_, _> = paths.into_iter().zip(0..).map(|(path, place)| (path, format!("res/{place}"))).collect();
    let _ = table.rename(|_, name| Some(format!("new {name}")), &paths);
    let written = table.to_bytes();
    let again = Table::parse(&written, &limits).expect("our own output is accepted");
    assert_eq!(dump(&again), dump(&table));
    assert_eq!(*again.to_bytes(), *written);
});
