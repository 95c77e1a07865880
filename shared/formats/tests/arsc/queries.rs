//! Finding entries and reading their values.

use formats::arsc::{Content, EntryName, PackageName, Table, Value};
use formats::limits::Limits;

use crate::builder::*;

#[test]
fn an_entry_has_a_value_for_each_configuration() {
    for form in FORMS {
        let bytes = sample(form);
        let table = parse(&bytes);
        let main = table.resource(0x7f01_0000).unwrap();
        assert_eq!((main.type_name.as_str(), main.name.as_str()), ("layout", "main"));
        let files: Vec<_> = main.files().map(|file| (file.config.sdk(), file.path)).collect();
        assert_eq!(files, [(0, STRINGS[0].to_owned()), (21, STRINGS[1].to_owned())]);
        assert!(main.variants[0].config.is_default() && !main.variants[1].config.is_default());

        let list = table.resource(0x7f05_0000).unwrap();
        let items = vec![(0x0100_0001, Value::Int(7)), (0x0100_0002, Value::String("Hello".to_owned()))];
        assert_eq!(list.variants[0].content, Content::Complex { parent: 0, items });
        let hello = table.resource(0x7f02_0001).unwrap();
        assert_eq!(hello.variants[0].content, Content::Simple(Value::String("Hello".to_owned())));
        for absent in [0x7f02_0000, 0x7f02_0003, 0x7f06_0000, 0x7f00_0000, 0x0101_0000, 0] {
            assert_eq!(table.resource(absent), None, "{absent:#x}");
        }
    }
}

#[test]
fn single_values_are_read_one_by_one() {
    for form in FORMS {
        let bytes = sample(form);
        let table = parse(&bytes);
        let paths = |most| {
            let values = table.values_of(0x7f01_0000);
            values.map(|(config, value)| (config.sdk(), table.text(value, most).unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(paths(100), [(0, STRINGS[0].to_owned()), (21, STRINGS[1].to_owned())]);
        assert_eq!(paths(10), [(0, STRINGS[0][..10].to_owned()), (21, STRINGS[1][..10].to_owned())]);

        let (_, reference) = table.values_of(0x7f04_0001).next().unwrap();
        assert_eq!((reference.plain(), table.text(reference, 10)), (Some(Value::Reference(0x7f04_0000)), None));
        let (_, hello) = table.values_of(0x7f02_0001).next().unwrap();
        assert_eq!((hello.plain(), table.text(hello, 10)), (None, Some("Hello".to_owned())));
        for none in [0x7f05_0000, 0x7f02_0000, 0x7f06_0000, 0] {
            assert_eq!(table.values_of(none).count(), 0, "{none:#x}");
        }
    }
}

#[test]
fn entries_are_found_by_type_and_name() {
    let bytes = sample(Form::Sparse);
    let table = parse(&bytes);
    assert_eq!(table.find("xml", "first"), Some(0x7f03_0000));
    assert_eq!(table.find("string", "first"), Some(0x7f02_0002));
    assert_eq!(table.find("string", "main"), None);
    assert_eq!(table.find("integer", "main"), None);
}

#[test]
fn names_and_texts() {
    let bytes = sample(Form::Dense);
    let table = parse(&bytes);
    let name = |name: &str, types: &[&str]| EntryName {
        name: name.to_owned(),
        types: types.iter().map(|it| (*it).to_owned()).collect(),
        is_shared: false,
    };
    let expected = [
        name("main", &["layout", "drawable"]),
        name("hello", &["string"]),
        name("first", &["string", "xml"]),
        name("icon", &["drawable"]),
        name("list", &["array"]),
    ];
    assert_eq!(table.entry_names().unwrap(), expected);
    let paths: Vec<_> = table.file_paths().unwrap().into_iter().collect();
    assert_eq!(paths, [STRINGS[4], STRINGS[1], STRINGS[0], STRINGS[3]]);
    let mut texts = Vec::new();
    table.visit_texts(|text| texts.push(text.to_owned())).unwrap();
    assert_eq!(texts, ["Hello", "text"]);
}

#[test]
fn a_name_that_several_entries_of_a_type_have_is_told() {
    let (names, collapsed) = (pool(Encoding::Utf8, &["id"]), pool(Encoding::Utf8, &["0_resource_name_obfuscated"]));
    let entries = [Some(simple(0, INT, 0)), Some(simple(0, INT, 0))];
    let rest = [spec(1, &[0, 0]), values(1, Form::Dense, &config(0), &entries)];
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &names, &collapsed, &rest)]);
    assert!(parse(&bytes).entry_names().unwrap()[0].is_shared);
}

/// The app's own package is the one with its id, wherever it stands, or the only one.
#[test]
fn of_several_packages_one_is_the_app_s() {
    let part = |id: u32, name: &str| {
        let names = pool(Encoding::Utf8, &["xml"]);
        let rest = [spec(1, &[0]), values(1, Form::Dense, &config(0), &[Some(simple(0, STRING, 0))])];
        package(id, name, &names, &names, &rest)
    };
    let of = |packages: &[Vec<u8>]| {
        let parts: Vec<_> = [pool(Encoding::Utf8, &["res/x.xml"])].iter().chain(packages).cloned().collect();
        table(u32::try_from(packages.len()).unwrap(), &parts)
    };
    let several = of(&[part(2, "lib"), part(0x7f, "app")]);
    let several = parse(&several);
    assert_eq!((several.find("xml", "xml"), several.own_package_name()), (Some(0x7f01_0000), Some("app".to_owned())));
    assert_eq!(several.resource(0x0201_0000).unwrap().name, "xml");
    let names = [(2, "lib"), (0x7f, "app")].map(|(id, name)| PackageName { id, name: name.to_owned() });
    assert_eq!(several.package_names(), names);
    let only = of(&[part(0, "shared.library")]);
    assert_eq!(parse(&only).find("xml", "xml"), Some(0x0001_0000));
    let none = of(&[part(2, "lib"), part(3, "other")]);
    assert_eq!(parse(&none).find("xml", "xml"), None);
}

#[test]
fn ids_of_types_begin_behind_the_package_s_offset() {
    let mut bytes = sample(Form::Dense);
    let offset = 12 + pool(Encoding::Utf8, &STRINGS).len() + 284;
    bytes[offset] = 0x10;
    let table = parse(&bytes);
    assert_eq!(table.find("xml", "first"), Some(0x7f13_0000));
    assert_eq!(table.resource(0x7f13_0000).unwrap().type_name, "xml");
    assert_eq!(table.resource(0x7f03_0000), None);
}

#[test]
fn a_package_header_of_old_tools_lacks_a_field() {
    let names = pool(Encoding::Utf16, &["xml"]);
    let mut units: Vec<u8> = halves(&"old".encode_utf16().collect::<Vec<_>>());
    units.resize(256, 0);
    let keys_start = 284 + u32::try_from(names.len()).unwrap();
    let header = [words(&[0x7f]), units, words(&[284, 1, keys_start, 1])].concat();
    let rest = [spec(1, &[0]), values(1, Form::Dense, &config(0)[..28], &[Some(simple(0, STRING, 0))])].concat();
    let package = chunk(0x0200, &header, &[names.clone(), names, rest].concat());
    let bytes = table(1, &[pool(Encoding::Utf16, &["res/x.xml"]), package]);
    let mut table = parse(&bytes);
    assert_eq!(*table.to_bytes(), bytes);
    assert_eq!(table.add_file("xml", "new", "res/new.xml"), Ok(0x7f01_0001));
    let written = table.to_bytes().into_owned();
    assert_eq!(parse(&written).find("xml", "new"), Some(0x7f01_0001));
}

#[test]
fn an_empty_table_has_nothing() {
    let table = Table::empty(&Limits::default());
    assert_eq!((table.package_names(), table.own_package_name(), table.find("xml", "a")), (vec![], None, None));
    assert_eq!(table.entry_names(), Ok(vec![]));
}
