//! Every edit as the lines of the golden dump that it changes.

use formats::arsc::{Error, Table, dump};
use formats::limits::Limits;

use crate::builder::*;

/// Edits a table and shows what changed, after a second reading agrees.
fn edited(bytes: &[u8], edit: impl FnOnce(&mut Table<'_>)) -> String {
    let mut table = parse(bytes);
    edit(&mut table);
    let written = table.to_bytes().into_owned();
    let again = dump(&parse(&written));
    assert_eq!(again, dump(&table), "what is written says what is in memory");
    difference(&dump(&parse(bytes)), &again)
}

#[test]
fn a_file_is_added_to_a_type() {
    for form in FORMS {
        let bytes = sample(form);
        let shown = edited(&bytes, |table| {
            assert_eq!(table.add_file("xml", "added", "res/xml/added.xml"), Ok(0x7f03_0001));
            assert_eq!(table.find("xml", "added"), Some(0x7f03_0001));
        });
        insta::allow_duplicates! { insta::assert_snapshot!(shown, @r#"
        - strings: UTF-8, 6 strings, 0 styles
        + strings: UTF-8, 7 strings, 0 styles
        -   entry names: UTF-8, 5 strings, 0 styles
        +   entry names: UTF-8, 6 strings, 0 styles
        -   type 0x03 xml: 1 entries
        +   type 0x03 xml: 2 entries
        +       0x7f030001 added: "res/xml/added.xml"
        "#); }
    }
}

#[test]
fn a_missing_type_is_created() {
    let names = pool(Encoding::Utf8, &["main"]);
    let types = pool(Encoding::Utf16, &["layout"]);
    let rest = [
        spec(1, &[0]),
        values(1, Form::Dense, &config(0), &[Some(simple(0, STRING, 0))]),
        chunk(0x0204, &[], &words(&[0])),
    ];
    let bytes =
        table(1, &[pool(Encoding::Utf8, &["res/layout/main.xml"]), package(0x7f, "app", &types, &names, &rest)]);
    let shown = edited(&bytes, |table| assert_eq!(table.add_file("xml", "main", "res/xml/main.xml"), Ok(0x7f02_0000)));
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 1 strings, 0 styles
    + strings: UTF-8, 2 strings, 0 styles
    -   type names: UTF-16, 1 strings, 0 styles
    +   type names: UTF-16, 2 strings, 0 styles
    +   type 0x02 xml: 1 entries
    +     0x02 default
    +       0x7f020000 main: "res/xml/main.xml"
    "#);
}

#[test]
fn a_type_is_created_behind_ids_whose_names_are_missing() {
    let (types, names) = (pool(Encoding::Utf8, &[]), pool(Encoding::Utf8, &["a"]));
    let bytes =
        table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &types, &names, &[spec(1, &[]), spec(2, &[])])]);
    let shown = edited(&bytes, |table| assert_eq!(table.add_file("xml", "a", "res/a"), Ok(0x7f03_0000)));
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 0 strings, 0 styles
    + strings: UTF-8, 1 strings, 0 styles
    -   type names: UTF-8, 0 strings, 0 styles
    +   type names: UTF-8, 3 strings, 0 styles
    +   type 0x03 xml: 1 entries
    +     0x03 default
    +       0x7f030000 a: "res/a"
    "#);
}

#[test]
fn a_table_without_packages_gets_one() {
    let bytes = table(0, &[pool(Encoding::Utf8, &[])]);
    let shown = edited(&bytes, |table| {
        let error = table.add_file("xml", "a", "res/a.xml").unwrap_err();
        assert_eq!(error, Error::Missing { what: "package of the app" });
        table.ensure_package("com.example.app").unwrap();
        assert_eq!(table.add_file("xml", "a", "res/a.xml"), Ok(0x7f01_0000));
    });
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 0 strings, 0 styles
    + strings: UTF-8, 1 strings, 0 styles
    + package 0x7f com.example.app
    +   type names: UTF-8, 1 strings, 0 styles
    +   entry names: UTF-8, 1 strings, 0 styles
    +   type 0x01 xml: 1 entries
    +     0x01 default
    +       0x7f010000 a: "res/a.xml"
    "#);
    let mut table = Table::empty(&Limits::default());
    assert!(table.ensure_package(&"n".repeat(128)).is_err(), "a name has at most 127 characters");
}

#[test]
fn a_type_for_some_devices_only_gets_values_for_all() {
    let names = pool(Encoding::Utf8, &["xml"]);
    let rest = [
        chunk(0x0202, &[vec![1, 0, 1, 0], words(&[1])].concat(), &words(&[0x400])),
        values(1, Form::Dense, &config(28), &[Some(simple(0, STRING, 0))]),
    ];
    let bytes = table(1, &[pool(Encoding::Utf8, &["res/xml-v28/a.xml"]), package(0x7f, "app", &names, &names, &rest)]);
    let shown = edited(&bytes, |table| assert_eq!(table.add_file("xml", "b", "res/b.xml"), Ok(0x7f01_0001)));
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 1 strings, 0 styles
    + strings: UTF-8, 2 strings, 0 styles
    -   entry names: UTF-8, 1 strings, 0 styles
    -   type 0x01 xml: 1 entries
    +   entry names: UTF-8, 2 strings, 0 styles
    +   type 0x01 xml: 2 entries
    +     0x01 default
    +       0x7f010001 b: "res/b.xml"
    "#);
    let mut table = parse(&bytes);
    table.add_file("xml", "b", "res/b.xml").unwrap();
    let written = table.to_bytes();
    let spec = written.windows(4).position(|window| window == [2, 2, 16, 0]).unwrap();
    assert_eq!(written[spec + 10], 2, "the specification counts its types");
}

/// Below Android 8 the platform reads no table where the counts of a type's configurations differ.
#[test]
fn all_configurations_of_a_type_have_the_same_count() {
    let bytes = sample(Form::Dense);
    let mut table = parse(&bytes);
    table.add_file("layout", "new", "res/layout/new.xml").unwrap();
    let written = table.to_bytes();
    let types = written.windows(5).enumerate().filter(|(_, window)| window[..4] == [1, 2, 84, 0]);
    let counts: Vec<_> = types.filter(|(at, _)| written[at + 8] == 1).map(|(at, _)| written[at + 12]).collect();
    assert_eq!(counts, [2, 2]);
}

#[test]
fn short_offsets_become_long_ones_where_they_no_longer_reach() {
    let names = pool(Encoding::Utf8, &["xml", "raw"]);
    let large: Vec<(u32, u8, u32)> = (0..21_845).map(|index| (index, INT, 0)).collect();
    for form in [Form::Sparse, Form::Offset16] {
        let entries = [Some(simple(1, STRING, 0)), None, Some(complex(0, 0, &large))];
        let rest = [spec(1, &[0, 0, 0]), values(1, form, &config(0), &entries)];
        let bytes = table(1, &[pool(Encoding::Utf8, &["res/a"]), package(0x7f, "app", &names, &names, &rest)]);
        let mut table = parse(&bytes);
        let before = dump(&table);
        assert_eq!(table.add_file("xml", "new", "res/new"), Ok(0x7f01_0003));
        let written = table.to_bytes().into_owned();
        let shown = difference(&before, &dump(&parse(&written)));
        assert!(shown.contains("+     0x01 default\n"), "{shown}");
        assert_eq!(parse(&written).find("xml", "raw"), Some(0x7f01_0000));
        assert_eq!(parse(&written).find("xml", "new"), Some(0x7f01_0003));
        assert!(parse(&written).resource(0x7f01_0001).is_none());
    }
}

#[test]
fn no_name_comes_twice() {
    let bytes = sample(Form::Dense);
    let mut table = parse(&bytes);
    let error = table.add_file("xml", "first", "res/xml/other.xml").unwrap_err();
    assert_eq!(error.to_string(), "resource table: xml/first is there already as 0x7f030000");
    assert!(!table.is_edited(), "what fails changes nothing");
}

#[test]
fn ids_run_out() {
    let names = pool(Encoding::Utf8, &["xml"]);
    let rest = [spec(1, &vec![0; 0xffff])];
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &names, &names, &rest)]);
    let mut full = parse(&bytes);
    let error = full.add_file("xml", "one", "res/one").unwrap_err();
    assert_eq!(error.to_string(), "resource table: no room for another entry of that type");
    assert!(!full.is_edited());
    let rest: Vec<_> = (1..=255).map(|id| spec(id, &[])).collect();
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package(0x7f, "app", &pool(Encoding::Utf8, &[]), &names, &rest)]);
    let error = parse(&bytes).add_file("xml", "one", "res/one").unwrap_err();
    assert_eq!(error.to_string(), "resource table: no room for another type");
}

#[test]
fn a_table_stays_within_its_limit() {
    let bytes = sample(Form::Dense);
    let limits = Limits { table_bytes: u64::try_from(bytes.len()).unwrap(), ..Limits::default() };
    let mut table = Table::parse(&bytes, &limits).unwrap();
    assert_eq!(table.add_file("xml", "new", "res/new"), Err(Error::Full { what: "byte" }));
    assert!(!table.is_edited());
}

#[test]
fn one_pool_for_types_and_entries_is_the_types_as_on_devices() {
    let names = pool(Encoding::Utf8, &["xml"]);
    let mut package = package(0x7f, "app", &names, &[], &[spec(1, &[0])]);
    package[276..280].copy_from_slice(&288_u32.to_le_bytes());
    let bytes = table(1, &[pool(Encoding::Utf8, &[]), package]);
    let mut table = parse(&bytes);
    assert_eq!(table.add_file("xml", "a", "res/a"), Err(Error::Missing { what: "pool of entry names" }));
}

#[test]
fn a_file_is_replaced_in_every_configuration_that_has_it() {
    for form in FORMS {
        let bytes = sample(form);
        let shown = edited(&bytes, |table| {
            table.replace_file(0x7f01_0000, STRINGS[1], "res/other.xml").unwrap();
            let error = table.replace_file(0x7f01_0000, STRINGS[3], "res/other.xml").unwrap_err();
            assert_eq!(error.to_string(), "resource table: 0x7f010000 does not refer to \"res/xml/first.xml\"");
            assert!(table.replace_file(0x7f09_0000, STRINGS[1], "res/other.xml").is_err());
        });
        insta::allow_duplicates! { insta::assert_snapshot!(shown, @r#"
        - strings: UTF-8, 6 strings, 0 styles
        + strings: UTF-8, 7 strings, 0 styles
        -       0x7f010000 main: "res/layout-v21/main.xml"
        +       0x7f010000 main: "res/other.xml"
        "#); }
    }
}

/// Tools merge equal entries: what is replaced for one id must not change for another.
#[test]
fn an_entry_that_is_shared_is_not_changed_in_its_place() {
    let names = pool(Encoding::Utf8, &["xml", "0_resource_name_obfuscated"]);
    let shared = raw_type(1, 0, 2, &config(0), &words(&[0, 0]), &simple(1, STRING, 0));
    let bytes = table(
        1,
        &[pool(Encoding::Utf8, &["res/a"]), package(0x7f, "app", &names, &names, &[spec(1, &[0, 0]), shared])],
    );
    let shown = edited(&bytes, |table| table.replace_file(0x7f01_0001, "res/a", "res/b").unwrap());
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 1 strings, 0 styles
    + strings: UTF-8, 2 strings, 0 styles
    -       0x7f010001 0_resource_name_obfuscated: shares its entry with one above
    +       0x7f010001 0_resource_name_obfuscated: "res/b"
    "#);
}

#[test]
fn strings_with_styles_keep_their_place() {
    let styles = [1, 0, 3, u32::MAX, u32::MAX, u32::MAX];
    let strings = styled_pool(Encoding::Utf8, &["bold", "b"], &[0], &styles);
    let names = pool(Encoding::Utf8, &["string"]);
    let rest = [spec(1, &[0]), values(1, Form::Dense, &config(0), &[Some(simple(0, STRING, 0))])];
    let bytes = table(1, &[strings, package(0x7f, "app", &names, &names, &rest)]);
    let shown = edited(&bytes, |table| assert_eq!(table.add_file("xml", "bold", "bold"), Ok(0x7f02_0000)));
    insta::assert_snapshot!(shown, @r#"
    - strings: UTF-8, 2 strings, 1 styles
    + strings: UTF-8, 3 strings, 1 styles
    -   type names: UTF-8, 1 strings, 0 styles
    -   entry names: UTF-8, 1 strings, 0 styles
    +   type names: UTF-8, 2 strings, 0 styles
    +   entry names: UTF-8, 2 strings, 0 styles
    +   type 0x02 xml: 1 entries
    +     0x02 default
    +       0x7f020000 bold: "bold"
    "#);
}

/// Found by fuzzing: the key of the only entry stands behind the last name, which is where a new name goes.
#[test]
fn a_name_that_an_entry_without_one_would_bear_too_is_refused() {
    let mut table = parse(include_bytes!("../../../../fuzz/seeds/arsc/dangling-key.arsc"));
    let before = dump(&table);
    let refused = table.add_file("xml", "added by fuzzing", "res/added.xml");
    assert!(matches!(refused, Err(Error::Exists { id: 0x7f03_0000, .. })), "{refused:?}");
    assert_eq!(dump(&table), before, "nothing of it stays");
}
