//! Any bytes as a resource table in protobuf form: read it, write it, edit it. What is accepted must come back byte for byte, and survive
//! edits.
#![no_main]

use std::collections::HashMap;

use formats::limits::Limits;
use formats::proto::{NewNames, Table, same_values};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(mut table) = Table::parse(bytes, &limits) else { return };
    assert_eq!(*table.to_bytes(), *bytes);
    assert!(same_values(&table, &table).is_ok());
    let _ = table.values_of(0x7f01_0000).count();

    if table.ensure_package("com.example.fuzzed").is_ok()
        && let Ok(id) = table.add_file("xml", "added by fuzzing", "res/added.xml")
    {
        assert_eq!(table.find("xml", "added by fuzzing"), Some(id));
        assert!(table.files(id).contains(&"res/added.xml".to_owned()));
    }
    let paths: HashMap<_, _> =
        table.file_paths().into_iter().zip(0..).map(|(path, place)| (path, format!("res/{place}"))).collect();
    let Ok(renamed) = table.rename(|_, name| Some(format!("new {name}")), &paths) else { return };
    let names: NewNames = renamed.iter().flat_map(|row| row.ids.iter().map(|id| (*id, row.after.clone()))).collect();
    table.rename_references(&names).expect("a table that was read is renamed in");
    let written = table.to_bytes().into_owned();
    let before = Table::parse(bytes, &limits).expect("it was accepted");
    let after = Table::parse(&written, &limits).expect("our own output is accepted");
    same_values(&before, &after).expect("only names, paths and an entry are other ones");
});
