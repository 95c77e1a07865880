//! Any sequence of edits reads back as what was written; any bytes are read or refused.

use std::collections::HashMap;

use formats::arsc::{Table, dump};
use formats::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::*;

#[derive(Clone, Debug)]
enum Edit {
    Add(String, String, String),
    Replace(u32, String, String),
    Rename(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = || "(main|first|icon|[a-z\u{e4}\u{1f600}]{0,6})";
    let path = || "(res/xml/first.xml|res/layout/main.xml|res/[a-z]{0,3})";
    let id = (1_u32..7, 0_u32..4).prop_map(|(kind, index)| 0x7f00_0000 | kind << 16 | index);
    prop_oneof![
        ("(xml|layout|raw|)", name(), path()).prop_map(|(kind, name, path)| Edit::Add(kind, name, path)),
        (id, path(), path()).prop_map(|(id, from, to)| Edit::Replace(id, from, to)),
        (0_usize..4).prop_map(Edit::Rename),
    ]
}

/// Makes the edit and checks at once that it did what it says and nothing else.
fn apply(table: &mut Table<'_>, edit: &Edit) {
    match edit {
        Edit::Add(kind, name, path) => {
            let known = table.find(kind, name);
            if let Ok(id) = table.add_file(kind, name, path) {
                assert_eq!(known, None);
                assert_eq!(table.find(kind, name), Some(id));
                let paths: Vec<_> = table.resource(id).unwrap().files().map(|file| file.path).collect();
                assert_eq!(paths, std::slice::from_ref(path));
            }
        }
        Edit::Replace(id, from, to) => {
            let before = table.resource(*id);
            let replaced = table.replace_file(*id, from, to).is_ok();
            let paths = |resource: Option<formats::arsc::Resource>| {
                resource
                    .into_iter()
                    .flat_map(|it| it.files().map(|file| file.path).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            let expected =
                paths(before).into_iter().map(|path| if replaced && path == *from { to.clone() } else { path });
            assert_eq!(paths(table.resource(*id)), expected.collect::<Vec<_>>());
        }
        Edit::Rename(skipped) => {
            let before = dump(table).lines().count();
            let mut count = 0;
            let paths: HashMap<_, _> = match table.file_paths() {
                Ok(paths) => paths.into_iter().zip(0..).map(|(path, place)| (path, format!("res/{place}"))).collect(),
                Err(_) => HashMap::new(),
            };
            let name = |_: &str, name: &str| {
                count += 1;
                (count != *skipped).then(|| format!("_{name}"))
            };
            if table.rename(name, &paths).is_ok() {
                assert_eq!(dump(table).lines().count(), before);
            }
        }
    }
}

fn form() -> impl Strategy<Value = Form> {
    prop::sample::select(FORMS.to_vec())
}

proptest! {
    #[test]
    fn edits_read_back_as_they_were_made(form in form(), edits in vec(edit(), 0..20)) {
        let bytes = sample(form);
        let mut table = parse(&bytes);
        for edit in &edits {
            apply(&mut table, edit);
        }
        let written = table.to_bytes().into_owned();
        let again = parse(&written);
        prop_assert_eq!(dump(&again), dump(&table));
        prop_assert_eq!(&*again.to_bytes(), &*written);
    }

    #[test]
    fn damaged_tables_are_refused_or_survive_edits(
        form in form(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        edits in vec(edit(), 0..4),
    ) {
        let mut bytes = sample(form);
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        if let Ok(mut table) = Table::parse(&bytes, &Limits::default()) {
            prop_assert_eq!(&*table.to_bytes(), &*bytes);
            for edit in &edits {
                // Whether the edit does what it says is not asked of what is damaged.
                match edit {
                    Edit::Add(kind, name, path) => drop(table.add_file(kind, name, path)),
                    Edit::Replace(id, from, to) => drop(table.replace_file(*id, from, to)),
                    Edit::Rename(_) => drop(table.rename(|_, name| Some(format!("_{name}")), &HashMap::new())),
                }
            }
            let written = table.to_bytes().into_owned();
            prop_assert_eq!(dump(&parse(&written)), dump(&table));
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Table::parse(&bytes, &Limits::default());
        let _ = Table::parse(&table(1, &[bytes]), &Limits::default());
    }
}
