//! Tables: read as aapt2 reads them, and edits that change what they say they change.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use formats::arsc::{self, Content};
use formats::axml::Value;
use formats::limits::Limits;
use formats::proto::{NewNames, Table, same_document, same_values, xml};

use crate::bundles::{Module, TABLE, converted, linked, modules};
use crate::documents::{documents, read};

pub(crate) fn parse(bytes: &[u8]) -> Table<'_> {
    Table::parse(bytes, &Limits::default()).unwrap()
}

fn device_table(bytes: &[u8]) -> arsc::Table<'_> {
    arsc::Table::parse(bytes, &Limits::default()).unwrap()
}

#[test]
fn names_values_and_configurations_are_those_of_the_converted_table() {
    for (name, module) in modules() {
        let table = parse(&module[TABLE]);
        let Some(binary) = converted(&module) else { return };
        let device = device_table(&binary["resources.arsc"]);
        let names = |names: Vec<arsc::EntryName>| {
            let pairs = names.into_iter().flat_map(|it| it.types.into_iter().map(move |kind| (kind, it.name.clone())));
            // Styleables are lists for the compiler, which no device gets.
            pairs.filter(|(kind, _)| kind != "styleable").collect::<BTreeSet<_>>()
        };
        let known = names(table.entry_names());
        assert_eq!(known, names(device.entry_names().unwrap()), "{name}");
        let mut values = 0;
        for (kind, entry) in &known {
            let id = device.find(kind, entry).unwrap();
            assert_eq!(table.find(kind, entry), Some(id), "{name} {kind}/{entry}");
            let mut expected: Vec<(String, Value)> = Vec::new();
            for variant in device.resource(id).unwrap().variants {
                if let Content::Simple(value) = variant.content {
                    expected.push((variant.config.to_string(), value));
                }
            }
            let mut found: Vec<_> =
                table.values_of(id).map(|(config, value)| (config.to_string(), plain(value))).collect();
            expected.sort_by(|one, two| one.0.cmp(&two.0));
            found.sort_by(|one, two| one.0.cmp(&two.0));
            assert_eq!(found, expected, "{name} {kind}/{entry}");
            values += found.len();
        }
        assert!(values > 0 || name.ends_with("assets"), "{name}");
        let mut texts = BTreeSet::new();
        table.visit_texts(|text| {
            texts.insert(text.to_owned());
        });
        device.visit_texts(|text| assert!(texts.contains(text), "{name}: {text:?}")).unwrap();
        assert!(device.file_paths().unwrap().is_superset(&table.file_paths()), "{name}");
    }
}

/// Kinds of the same meaning are one where a table of a device is asked.
fn plain(value: Value) -> Value {
    match value {
        Value::Other { kind: 0x07, data } => Value::Reference(data),
        Value::Other { kind: 0x11, data } => Value::Int(data.cast_signed()),
        other => other,
    }
}

#[test]
fn a_text_that_is_also_the_path_of_a_file_is_no_path() {
    let Some(module) = linked() else { return };
    let paths = parse(&module[TABLE]).file_paths();
    assert!(paths.contains("res/xml/first.xml") && !paths.contains("res/raw/blob.bin"), "{paths:?}");
}

#[test]
fn an_added_file_is_one_that_aapt2_finds_and_nothing_else_changes() {
    let document = xml::write(&formats::axml::tree::Element::new("added")).unwrap();
    for (name, mut module) in modules() {
        let before = module[TABLE].clone();
        let mut table = parse(&before);
        table.ensure_package("com.example.added").unwrap();
        let id = table.add_file("xml", "added_by_test", "res/xml/added_by_test.xml").unwrap();
        let exists = table.add_file("xml", "added_by_test", "res/other.xml").unwrap_err();
        assert!(exists.to_string().contains("is there already"), "{exists}");
        assert_eq!(table.files(id), ["res/xml/added_by_test.xml"]);
        let after = table.to_bytes().into_owned();
        let same = same_values(&parse(&before), &parse(&after)).unwrap();
        let added: Vec<_> = same.table.added.iter().map(|added| (added.id, added.name.as_str())).collect();
        assert_eq!((added, same.table.renamed, same.table.paths.len()), (vec![(id, "added_by_test")], 0, 0), "{name}");
        module.insert(TABLE.to_owned(), after);
        module.insert("res/xml/added_by_test.xml".to_owned(), document.clone());
        let Some(binary) = converted(&module) else { return };
        let device = device_table(&binary["resources.arsc"]);
        assert_eq!(device.find("xml", "added_by_test"), Some(id), "{name}");
        let files: Vec<_> = device.resource(id).unwrap().files().map(|file| file.path).collect();
        assert_eq!(files, ["res/xml/added_by_test.xml"]);
        // The file is converted as well: its reference says that it is protobuf XML.
        assert_eq!(binary["res/xml/added_by_test.xml"].get(..2), Some(&[3, 0][..]));
    }
}

/// Renames everything, and returns the new names by id.
fn renamed(module: &mut Module) -> (BTreeMap<u32, String>, HashMap<String, String>) {
    let bytes = module[TABLE].clone();
    let mut table = parse(&bytes);
    let paths: HashMap<_, _> =
        table.file_paths().into_iter().zip(0..).map(|(path, place)| (path, format!("res/r{place:x}.xml"))).collect();
    let mut numbers = HashMap::<String, usize>::new();
    let name = |_: &str, name: &str| {
        let next = numbers.len();
        Some(format!("n{}", numbers.entry(name.to_owned()).or_insert(next)))
    };
    let renamed = table.rename(name, &paths).unwrap();
    let names: NewNames = renamed.iter().flat_map(|row| row.ids.iter().map(|id| (*id, row.after.clone()))).collect();
    table.rename_references(&names).unwrap();
    module.insert(TABLE.to_owned(), table.to_bytes().into_owned());
    let changed: Vec<(String, Vec<u8>)> = documents(module)
        .filter_map(|(path, bytes)| {
            let renamed = xml::rename_references(bytes, &names, &Limits::default()).unwrap()?;
            assert_eq!(read(&renamed), read(bytes), "{path}");
            let same = same_document(bytes, &renamed).unwrap();
            assert!(same.references.iter().all(|(id, name)| name.ends_with(&names[id])));
            Some((path.clone(), renamed))
        })
        .collect();
    module.extend(changed);
    for (old, new) in &paths {
        if let Some(content) = module.remove(old) {
            module.insert(new.clone(), content);
        }
    }
    (names.into_iter().collect(), paths)
}

#[test]
fn new_names_and_paths_are_those_that_aapt2_finds_and_values_stay() {
    for (name, mut module) in modules() {
        let before = module.clone();
        let (names, paths) = renamed(&mut module);
        let (old, new) = (parse(&before[TABLE]), parse(&module[TABLE]));
        let same = same_values(&old, &new).unwrap();
        assert_eq!(same.table.renamed, names.len(), "{name}");
        assert!(same.references.iter().all(|(id, name)| name.ends_with(&names[id])), "{name}");
        for (from, to) in &same.table.paths {
            assert_eq!(paths.get(from), Some(to));
        }
        let (Some(one), Some(two)) = (converted(&before), converted(&module)) else { return };
        let (one, two) = (device_table(&one["resources.arsc"]), device_table(&two["resources.arsc"]));
        for (id, name) in &names {
            // A styleable is not there.
            assert_eq!(two.resource(*id).is_some(), one.resource(*id).is_some());
            assert!(two.resource(*id).is_none_or(|resource| resource.name == *name));
        }
        let same = arsc::same_values(&one, &two).unwrap();
        assert!(same.added.is_empty() && same.paths.iter().all(|(from, to)| paths.get(from) == Some(to)), "{name}");
    }
}

#[test]
fn no_old_name_is_left_in_a_table_or_document() {
    let Some(mut module) = linked() else { return };
    renamed(&mut module);
    for (path, bytes) in module.iter().filter(|(path, _)| path.ends_with(".xml") || *path == TABLE) {
        let text = String::from_utf8_lossy(bytes);
        let left = ["first_choice", "Base.Child", "string/app", "id/ident", "attr/mine", "app:mine"];
        assert_eq!(left.into_iter().find(|name| text.contains(name)), None, "{path}");
    }
}

#[test]
fn names_that_would_collide_and_paths_that_are_none_are_refused() {
    let Some(module) = linked() else { return };
    let bytes = &module[TABLE];
    let mut table = parse(bytes);
    let all = table.rename(|_, _| Some("same".to_owned()), &HashMap::new()).unwrap_err();
    assert_eq!(all.to_string(), "protobuf: more than one name would become \"same\"");
    let paths = HashMap::from([("res/raw/blob.bin".to_owned(), "res/a".to_owned())]);
    let text = table.rename(|_, _| None, &paths).unwrap_err();
    assert_eq!(text.to_string(), "protobuf: \"res/raw/blob.bin\" is not only the path of a file");
    assert_eq!(*table.to_bytes(), **bytes);
}

#[test]
fn any_other_change_of_a_table_is_a_difference() {
    let Some(module) = linked() else { return };
    let bytes = &module[TABLE];
    let before = parse(bytes);
    let mut found = 0;
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let Ok(after) = Table::parse(&changed, &Limits::default()) else { continue };
        match same_values(&before, &after) {
            Err(_) => found += 1,
            Ok(same) => assert!(
                same.table.renamed + same.table.paths.len() + same.references.len() > 0,
                "a change at {place} is not seen"
            ),
        }
    }
    assert!(found > 500, "{found}");
}
