//! Other names and paths, as golden dumps, and what must not be renamed.

use std::collections::HashMap;

use formats::arsc::{Error, RenamedName, dump};

use crate::builder::*;

fn paths(paths: &[(&str, &str)]) -> HashMap<String, String> {
    paths.iter().map(|(before, after)| ((*before).to_owned(), (*after).to_owned())).collect()
}

#[test]
fn names_and_paths_are_exchanged_where_they_stand() {
    for form in FORMS {
        let bytes = sample(form);
        let mut table = parse(&bytes);
        let name = |_: &str, name: &str| Some(format!("{}_", name.chars().next().unwrap()));
        let all = [
            (STRINGS[0], "res/a.xml"),
            (STRINGS[1], "res/b.xml"),
            (STRINGS[3], "res/c.xml"),
            (STRINGS[4], "res/d.9.png"),
        ];
        let renamed = table.rename(name, &paths(&all)).unwrap();
        let written = table.to_bytes().into_owned();
        insta::allow_duplicates! { insta::assert_snapshot!(difference(&dump(&parse(&bytes)), &dump(&parse(&written))), @r#"
        -       0x7f010000 main: "res/layout/main.xml"
        +       0x7f010000 m_: "res/a.xml"
        -       0x7f010000 main: "res/layout-v21/main.xml"
        +       0x7f010000 m_: "res/b.xml"
        -       0x7f020001 hello: "Hello" (compact)
        -       0x7f020002 first: "text"
        +       0x7f020001 h_: "Hello" (compact)
        +       0x7f020002 f_: "text"
        -       0x7f030000 first: "res/xml/first.xml"
        +       0x7f030000 f_: "res/c.xml"
        -       0x7f040000 icon: "res/drawable/icon.9.png"
        -       0x7f040001 main: @0x7f040000
        +       0x7f040000 i_: "res/d.9.png"
        +       0x7f040001 m_: @0x7f040000
        -       0x7f050000 list: 2 items
        +       0x7f050000 l_: 2 items
        "#); }
        let main = |type_name: &str, id| RenamedName {
            type_name: type_name.to_owned(),
            before: "main".to_owned(),
            after: "m_".to_owned(),
            ids: vec![id],
        };
        assert!(renamed.contains(&main("layout", 0x7f01_0000)) && renamed.contains(&main("drawable", 0x7f04_0001)));
        for old in KEYS.iter().chain(all.iter().map(|(before, _)| before)) {
            assert!(!written.windows(old.len()).any(|window| window == old.as_bytes()), "{old} is gone");
        }
        assert!(written.len() < bytes.len());
    }
}

#[test]
fn a_name_can_change_for_one_type_and_stay_for_another() {
    let bytes = sample(Form::Dense);
    let mut table = parse(&bytes);
    let name = |type_name: &str, _: &str| match type_name {
        "drawable" => Some("d_".to_owned()),
        "string" => Some("s_".to_owned()),
        _ => None,
    };
    let error = table.rename(name, &HashMap::new()).unwrap_err();
    assert_eq!(error.to_string(), "resource table: more than one name would become \"s_\"");
    let name = |type_name: &str, name: &str| name_for(type_name, name);
    table.rename(name, &HashMap::new()).unwrap();
    let written = table.to_bytes().into_owned();
    insta::assert_snapshot!(difference(&dump(&parse(&bytes)), &dump(&parse(&written))), @r#"
    -   entry names: UTF-8, 5 strings, 0 styles
    +   entry names: UTF-8, 7 strings, 0 styles
    -       0x7f020001 hello: "Hello" (compact)
    -       0x7f020002 first: "text"
    +       0x7f020001 s_hello: "Hello" (compact)
    +       0x7f020002 s_first: "text"
    -       0x7f040000 icon: "res/drawable/icon.9.png"
    -       0x7f040001 main: @0x7f040000
    +       0x7f040000 d_icon: "res/drawable/icon.9.png"
    +       0x7f040001 d_main: @0x7f040000
    "#);
    assert_eq!(parse(&written).find("drawable", "d_main"), Some(0x7f04_0001));
    assert_eq!(parse(&written).find("layout", "main"), Some(0x7f01_0000));
}

fn name_for(type_name: &str, name: &str) -> Option<String> {
    (type_name == "drawable" || type_name == "string").then(|| format!("{}_{name}", &type_name[..1]))
}

#[test]
fn names_that_no_entry_has_are_emptied() {
    let (types, keys) = (pool(Encoding::Utf8, &["xml"]), pool(Encoding::Utf16, &["used", "left behind"]));
    let rest = [spec(1, &[0]), values(1, Form::Dense, &config(0), &[Some(simple(0, INT, 1))])];
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &types, &keys, &rest)]);
    let mut table = parse(&bytes);
    table.rename(|_, _| Some("new".to_owned()), &HashMap::new()).unwrap();
    let written = table.to_bytes().into_owned();
    let old: Vec<u8> = "behind".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!written.windows(old.len()).any(|window| window == old));
    assert_eq!(parse(&written).find("xml", "new"), Some(0x7f01_0000));
}

#[test]
fn a_path_that_is_text_as_well_stays() {
    let names = pool(Encoding::Utf8, &["raw", "string"]);
    let types = pool(Encoding::Utf8, &["raw", "string"]);
    let path = "res/raw/a";
    for text in [simple(1, STRING, 0), simple(1, STRING, 1), complex(1, 0, &[(1, STRING, 0)])] {
        let rest = [
            spec(1, &[0]),
            values(1, Form::Dense, &config(0), &[Some(simple(0, STRING, 0))]),
            spec(2, &[0]),
            values(2, Form::Dense, &config(0), &[Some(text)]),
        ];
        let bytes = table(1, &[pool(Encoding::Utf8, &[path, path]), package(0x7f, "app", &types, &names, &rest)]);
        let mut table = parse(&bytes);
        assert!(table.file_paths().unwrap().is_empty());
        let error = table.rename(|_, _| None, &paths(&[(path, "res/b")])).unwrap_err();
        assert_eq!(error, Error::NotOnlyAPath { path: path.to_owned() });
        assert!(!table.is_edited());
    }
}

#[test]
fn entries_that_overlays_replace_keep_their_names() {
    let names = pool(Encoding::Utf8, &["string", "a", "b"]);
    let policy = chunk(0x0205, &words(&[1, 1]), &words(&[0x7f01_0001]));
    let overlayable = chunk(0x0204, &vec![0; 1024], &policy);
    let entries = [Some(simple(1, INT, 1)), Some(simple(2, INT, 1))];
    let rest = [spec(1, &[0, 0]), values(1, Form::Dense, &config(0), &entries), overlayable];
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &names, &names, &rest)]);
    let mut table = parse(&bytes);
    let renamed = table.rename(|_, name| Some(format!("{name}_new")), &HashMap::new()).unwrap();
    assert_eq!(renamed.iter().map(|it| it.before.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(table.find("string", "b"), Some(0x7f01_0001));
}

#[test]
fn a_new_name_is_nobody_else_s() {
    let bytes = sample(Form::Dense);
    let mut table = parse(&bytes);
    let name = |_: &str, name: &str| (name == "hello").then(|| "main".to_owned());
    assert_eq!(table.rename(name, &HashMap::new()), Err(Error::Collision { name: "main".to_owned() }));
    assert!(!table.is_edited());
    let all = |_: &str, _: &str| Some("same".to_owned());
    assert_eq!(table.rename(all, &HashMap::new()), Err(Error::Collision { name: "same".to_owned() }));
}

#[test]
fn names_that_were_collapsed_change_together() {
    let (types, keys) = (pool(Encoding::Utf8, &["id"]), pool(Encoding::Utf8, &["collapsed"]));
    let shared = raw_type(1, 0, 3, &config(0), &words(&[0, 0, 16]), &[simple(0, INT, 0), simple(0, INT, 1)].concat());
    let bytes =
        table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &types, &keys, &[spec(1, &[0, 0, 0]), shared])]);
    let mut table = parse(&bytes);
    let renamed = table.rename(|_, _| Some("x".to_owned()), &HashMap::new()).unwrap();
    assert_eq!(renamed[0].ids, [0x7f01_0000, 0x7f01_0001, 0x7f01_0002]);
    let written = table.to_bytes().into_owned();
    insta::assert_snapshot!(dump(&parse(&written)), @r"
    strings: UTF-8, 0 strings, 0 styles
    package 0x7f app
      type names: UTF-8, 1 strings, 0 styles
      entry names: UTF-8, 1 strings, 0 styles
      type 0x01 id: 3 entries
        0x01 default
          0x7f010000 x: 0
          0x7f010001 x: shares its entry with one above
          0x7f010002 x: 1
    ");
}
