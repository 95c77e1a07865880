//! What stays and what changes, for everything that can ask for a resource by its name.

use formats::arsc::{Table, dump};
use formats::axml::Document;
use formats::axml::Value;
use formats::axml::tree::Element;
use formats::limits::Limits;
use proptest::prelude::*;

use super::Lookups;
use super::index::Index;
use super::index::Scan;
use super::{Mapping, PathMapping, Renaming};
use crate::resources::Resources;

const ENTRIES: [(&str, &str, &str); 9] = [
    ("drawable", "flag_de", "res/drawable/flag_de.png"),
    ("drawable", "frame", "res/drawable/frame.9.png"),
    ("drawable", "tab_home", "res/drawable/tab_home.xml"),
    ("drawable", "tab_home_pressed", "res/drawable/tab_home_pressed.xml"),
    ("raw", "beep", "res/raw/beep.mp3"),
    ("raw", "data", "res/raw/data"),
    ("xml", "frame", "res/xml/frame.xml"),
    ("color", "tint", "res/color-v23/tint.xml"),
    ("layout", "missing", "res/layout/missing.xml"),
];

fn table() -> Table<'static> {
    let mut table = Table::empty(&Limits::default());
    table.ensure_package("com.example.app").unwrap();
    for (type_name, name, path) in ENTRIES {
        table.add_file(type_name, name, path).unwrap();
    }
    table
}

fn start(table: &Table<'_>) -> Lookups {
    Lookups::new(&[&Resources::Compiled(table.clone())]).unwrap()
}

/// The table that the renaming makes, and the mapping.
fn applied<'t>(renaming: &Renaming, table: &Table<'t>) -> (Table<'t>, Mapping) {
    let mut resources = Resources::Compiled(table.clone());
    let renamed = renaming.apply(&mut resources).unwrap();
    let path = |(before, after): (&str, &str)| PathMapping { before: before.to_owned(), after: after.to_owned() };
    let package = table.own_package_name().unwrap();
    let Resources::Compiled(table) = resources else { panic!("another table") };
    (table, Mapping::new(package, renamed, renaming.paths().map(path).collect()))
}

/// All files but that of the last entry.
fn entries() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|(_, _, path)| *path).take(ENTRIES.len() - 1).chain(["classes.dex", "res/unknown"])
}

fn decide(see: impl FnOnce(&mut Lookups)) -> Renaming {
    let mut lookups = start(&table());
    see(&mut lookups);
    lookups.decide(b"com.example.app", entries(), |_, _| true)
}

/// The names that stay although the app asks for names, and the paths.
fn kept(see: impl FnOnce(&mut Lookups)) -> String {
    let renaming = decide(|lookups| {
        lookups.see_method("getIdentifier");
        see(lookups);
    });
    let (_, mapping) = applied(&renaming, &table());
    let changed =
        |type_name: &str, name: &str| mapping.names.iter().any(|it| it.type_name == type_name && it.before == name);
    let names = ENTRIES.iter().filter(|(type_name, name, _)| !changed(type_name, name));
    let names = names.map(|(type_name, name, _)| format!("{type_name}/{name}"));
    let paths =
        ENTRIES.iter().map(|(_, _, path)| *path).filter(|path| !mapping.paths.iter().any(|it| it.before == *path));
    names.chain(paths.map(str::to_owned)).collect::<Vec<_>>().join(" ")
}

#[test]
fn without_anybody_who_asks_no_name_stays() {
    let renaming = decide(|lookups| lookups.see_code("beep"));
    let (renamed, mapping) = applied(&renaming, &table());
    insta::assert_snapshot!(dump(&renamed), @r#"
    strings: UTF-8, 9 strings, 0 styles
    package 0x7f com.example.app
      type names: UTF-8, 5 strings, 0 styles
      entry names: UTF-8, 8 strings, 0 styles
      type 0x01 drawable: 4 entries
        0x01 default
          0x7f010000 er8tdx: "res/rwfxkt.png"
          0x7f010001 i301c7: "res/k79lpr.9.png"
          0x7f010002 reshll: "res/ba9oob.xml"
          0x7f010003 z5gc71: "res/lx9qvo.xml"
      type 0x02 raw: 2 entries
        0x02 default
          0x7f020000 pwshcn: "res/zlyyq2.mp3"
          0x7f020001 wi09dj: "res/n829yu"
      type 0x03 xml: 1 entries
        0x03 default
          0x7f030000 i301c7: "res/yn3zkz.xml"
      type 0x04 color: 1 entries
        0x04 default
          0x7f040000 ipt626: "res/color-v23/tuicgg.xml"
      type 0x05 layout: 1 entries
        0x05 default
          0x7f050000 an1zyx: "res/layout/missing.xml"
    "#);
    insta::assert_snapshot!(serde_json::to_string(&mapping).unwrap(), @r#"{"format":1,"package":"com.example.app","names":[{"type":"color","before":"tint","after":"ipt626","ids":["0x7f040000"]},{"type":"drawable","before":"flag_de","after":"er8tdx","ids":["0x7f010000"]},{"type":"drawable","before":"frame","after":"i301c7","ids":["0x7f010001"]},{"type":"drawable","before":"tab_home","after":"reshll","ids":["0x7f010002"]},{"type":"drawable","before":"tab_home_pressed","after":"z5gc71","ids":["0x7f010003"]},{"type":"layout","before":"missing","after":"an1zyx","ids":["0x7f050000"]},{"type":"raw","before":"beep","after":"pwshcn","ids":["0x7f020000"]},{"type":"raw","before":"data","after":"wi09dj","ids":["0x7f020001"]},{"type":"xml","before":"frame","after":"i301c7","ids":["0x7f030000"]}],"paths":[{"before":"res/color-v23/tint.xml","after":"res/color-v23/tuicgg.xml"},{"before":"res/drawable/flag_de.png","after":"res/rwfxkt.png"},{"before":"res/drawable/frame.9.png","after":"res/k79lpr.9.png"},{"before":"res/drawable/tab_home.xml","after":"res/ba9oob.xml"},{"before":"res/drawable/tab_home_pressed.xml","after":"res/lx9qvo.xml"},{"before":"res/raw/beep.mp3","after":"res/zlyyq2.mp3"},{"before":"res/raw/data","after":"res/n829yu"},{"before":"res/xml/frame.xml","after":"res/yn3zkz.xml"}]}"#);
    insta::assert_snapshot!(renaming.warnings.join("\n"), @"");
    let bytes = renamed.to_bytes().into_owned();
    let text = String::from_utf8_lossy(&bytes);
    let old_names = ENTRIES.iter().map(|(_, name, _)| *name).filter(|name| *name != "missing");
    old_names.for_each(|name| assert!(!text.contains(name), "{name} is gone"));
}

#[test]
fn the_file_that_is_not_in_the_package_keeps_its_path() {
    assert_eq!(kept(|_| ()), "res/layout/missing.xml");
}

#[test]
fn whole_names_stay() {
    assert_eq!(kept(|lookups| lookups.see_code("frame")), "drawable/frame xml/frame res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("com.example:raw/beep")), "raw/beep res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_text("first, beep.mp3")), "raw/beep res/layout/missing.xml");
}

#[test]
fn names_that_are_put_together_stay() {
    assert_eq!(kept(|lookups| lookups.see_code("flag_")), "drawable/flag_de res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("flag_%s")), "drawable/flag_de res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("fl")), "res/layout/missing.xml");
    let pressed = "drawable/tab_home drawable/tab_home_pressed res/layout/missing.xml";
    assert_eq!(
        kept(|lookups| lookups.see_code("_pressed")),
        pressed,
        "the name that was read and extended stays as well"
    );
    assert_eq!(kept(|lookups| lookups.see_code("%1$s_pressed")), pressed);
    assert_eq!(kept(|lookups| lookups.see_text("flag_")), "res/layout/missing.xml", "a text is no part of a name");
}

#[test]
fn names_in_compiled_xml_stay() {
    let reference = Element::new("Barrier").with("constraint_referenced_ids", Value::String("tint,data".to_owned()));
    let layout =
        Document::of_tree(&Element::new("Layout").child(reference).child(Element::new("raw").text("beep"))).unwrap();
    let names = kept(|lookups| lookups.see_document(&layout).unwrap());
    assert_eq!(names, "raw/beep raw/data color/tint res/layout/missing.xml");
}

#[test]
fn names_in_other_files_stay() {
    let shown = |content: &[u8]| {
        kept(|lookups| {
            let mut scan = lookups.scan();
            scan.push(content);
            let found = scan.finish();
            lookups.see_file("assets/file", &found);
        })
    };
    assert_eq!(shown(b"\0\x04beepflag_de\0"), "drawable/flag_de raw/beep res/layout/missing.xml");
    assert_eq!(shown(b"res/raw/beep.mp3"), "raw/beep res/raw/beep.mp3 res/layout/missing.xml");
    let all = "drawable/flag_de drawable/frame drawable/tab_home drawable/tab_home_pressed raw/beep raw/data xml/frame color/tint \
               layout/missing res/layout/missing.xml";
    assert_eq!(shown(b"env->GetMethodID(\"getIdentifier\")"), all);
    assert_eq!(shown(b"<img src='file:///android_res/drawable/x.png'>"), all);
}

#[test]
fn what_cannot_be_followed_keeps_names() {
    let images = "drawable/flag_de drawable/frame drawable/tab_home drawable/tab_home_pressed raw/beep raw/data res/layout/missing.xml";
    assert_eq!(kept(|lookups| lookups.see_entry("assets/index.android.bundle")), images);
    assert_eq!(kept(|lookups| lookups.see_entry("lib/arm64-v8a/libreactnative.so")), images);
    assert!(
        decide(|lookups| lookups.see_entry("lib/x86/libmonodroid.so")).warnings[0]
            .starts_with("all names of resources stay")
    );
    let mut icons = table();
    icons.add_file("xml", "appfilter", "res/xml/appfilter.xml").unwrap();
    let renaming = start(&icons).decide(b"", entries(), |_, _| true);
    insta::assert_snapshot!(renaming.warnings.join("\n"), @"all names of resources stay: launchers read the icons of an icon pack");
}

#[test]
fn files_that_can_hold_names_are_searched() {
    for path in
        ["assets/index.html", "lib/x86/liba.so", "res/raw/list.json", "res/raw-de/list.xml", "kotlin/a.b", "res/x.ttf"]
    {
        assert!(Lookups::needs_scan(path), "{path}");
    }
    for path in [
        "classes2.dex",
        "AndroidManifest.xml",
        "resources.arsc",
        "res/xml/a.xml",
        "res/aB.9.png",
        "META-INF/MANIFEST.MF",
    ] {
        assert!(!Lookups::needs_scan(path), "{path}");
    }
}

#[test]
fn paths_that_code_opens_stay() {
    assert_eq!(kept(|lookups| lookups.see_code("/res/raw/data")), "raw/data res/raw/data res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("res/raw/")), "res/raw/beep.mp3 res/raw/data res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("raw/data")), "raw/data res/raw/data res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("res/")), "res/layout/missing.xml");
    assert_eq!(kept(|lookups| lookups.see_code("/")), "res/layout/missing.xml");
}

#[test]
fn extensions_and_the_folders_of_colours_stay_and_no_path_comes_twice() {
    let renaming = decide(|_| ());
    let paths: Vec<_> = renaming.paths().collect();
    for (before, after) in &paths {
        let extension =
            |path: &str| path.rsplit('/').next().unwrap().split_once('.').map(|(_, extension)| extension.to_owned());
        assert_eq!(extension(before), extension(after));
        assert_eq!(before.starts_with("res/color"), after.starts_with("res/color-v23/"));
    }
    let taken = paths[0].1.to_uppercase();
    let again = start(&table()).decide(
        b"com.example.app",
        entries().map(str::to_owned).chain([taken]).collect::<Vec<_>>().iter().map(String::as_str),
        |_, _| true,
    );
    assert_ne!(again.paths().next().unwrap().1, paths[0].1, "also where only the case differs");
}

#[test]
fn the_same_name_becomes_the_same_in_the_next_version() {
    let new_name = |table: &Table<'_>| {
        let renaming = start(table).decide(b"com.example.app", std::iter::empty(), |_, _| true);
        let (_, mapping) = applied(&renaming, table);
        mapping.names.into_iter().find(|it| it.before == "beep").unwrap().after
    };
    let mut next = Table::empty(&Limits::default());
    next.ensure_package("com.example.app").unwrap();
    next.add_file("raw", "another", "res/raw/another").unwrap();
    next.add_file("raw", "beep", "res/raw/beep").unwrap();
    assert_eq!(new_name(&next), new_name(&table()));
}

fn found(index: &Index, content: &[u8], piece: usize) -> Vec<bool> {
    let mut scan = Scan::new(index);
    content.chunks(piece.max(1)).for_each(|piece| scan.push(piece));
    scan.finish().texts
}

proptest! {
    #[test]
    fn every_text_is_found_wherever_it_stands(
        texts in proptest::collection::btree_set("[ab]{4,9}", 1..20),
        content in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'\0')], 0..700),
        piece in 20_usize..700,
    ) {
        let index = Index::new(texts.iter().map(String::as_str));
        let found = found(&index, &content, piece);
        for text in &texts {
            let is_there = content.windows(text.len()).any(|window| window == text.as_bytes());
            prop_assert_eq!(found[index.place(text).unwrap()], is_there, "{}", text);
        }
    }
}

#[test]
fn texts_that_begin_with_each_other_without_end_are_bounded() {
    let texts: Vec<String> = (4..200).map(|length| "a".repeat(length)).collect();
    let index = Index::new(texts.iter().map(String::as_str));
    let places = texts.iter().filter(|text| index.place(text).is_some()).count();
    assert_eq!(places, 33, "the others count as found");
    assert!(found(&index, &[b'a'; 300], 7).iter().filter(|found| **found).count() >= 33);
}
