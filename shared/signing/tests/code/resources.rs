//! Lists of a bundle's files: what is in them, and what a check of them sees.

use std::collections::BTreeMap;

use signing::code::resources::{Content, check};
use signing::code::{CodeResources, Error};

use crate::sample::{dictionary, digests};

const EXECUTABLE: &str = "App";

fn bundle() -> BTreeMap<String, Content> {
    let files = [
        "App",
        "Info.plist",
        "PkgInfo",
        "version.plist",
        "embedded.mobileprovision",
        ".DS_Store",
        "a & b < c.txt",
        "größe.txt",
        "line\rbreak.txt",
        "Assets/.DS_Store",
        "Assets/Info.plist",
        "Base.lproj/Main.storyboardc/Info.plist",
        "Base.lproj/locversion.plist",
        "de.lproj/Localizable.strings",
        "de.lproj/locversion.plist",
        "Sub.bundle/Base.lproj/a.nib",
        "App.app.dSYM/Contents/Info.plist",
        "CodeResources",
        "CodeResources.txt",
        "_CodeSignature/CodeResources",
        "_MASReceipt/receipt",
        "Frameworks/F.framework/F",
        "Frameworks/F.framework/Info.plist",
        "Frameworks/F.framework/_CodeSignature/CodeResources",
        "PlugIns/P.appex/App",
    ];
    let file = |path: &str| {
        let (sha1, sha256) = digests(path.as_bytes());
        (path.to_owned(), Content::File { sha1, sha256 })
    };
    let mut bundle: BTreeMap<_, _> = files.map(file).into();
    bundle.insert("Frameworks/F.framework/Current".to_owned(), Content::Link("../F & G".to_owned()));
    bundle.insert("de.lproj/Link".to_owned(), Content::Link("Localizable.strings".to_owned()));
    bundle
}

fn listed(bundle: &BTreeMap<String, Content>) -> CodeResources {
    let mut list = CodeResources::new(EXECUTABLE);
    for (path, content) in bundle {
        match content {
            Content::File { sha1, sha256 } => list.add(path, *sha1, *sha256).expect("a path"),
            Content::Link(target) => list.add_link(path, target).expect("a path"),
        }
    }
    list
}

#[test]
fn each_file_is_listed_by_the_rules() {
    let bundle = bundle();
    let list = listed(&bundle);
    let xml = list.to_xml();
    let parts = dictionary(&xml);
    let has = |part: &str, path: &str| {
        let entry = parts.get(part).and_then(|part| part.as_dictionary()).and_then(|part| part.get(path));
        match entry.map(|entry| entry.as_dictionary().is_some_and(|entry| entry.contains_key("optional"))) {
            None => "-",
            Some(false) => "listed",
            Some(true) => "optional",
        }
    };
    let rows = bundle.keys().map(|path| {
        let left_out = if list.leaves_out(path) { ", left out" } else { "" };
        format!("{path:?}: {}, {}{left_out}", has("files", path), has("files2", path))
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @r#"
    ".DS_Store": listed, -
    "App": -, -, left out
    "App.app.dSYM/Contents/Info.plist": listed, listed
    "Assets/.DS_Store": listed, -
    "Assets/Info.plist": listed, listed
    "Base.lproj/Main.storyboardc/Info.plist": listed, listed
    "Base.lproj/locversion.plist": -, -, left out
    "CodeResources": -, -, left out
    "CodeResources.txt": listed, listed
    "Frameworks/F.framework/Current": -, listed
    "Frameworks/F.framework/F": listed, listed
    "Frameworks/F.framework/Info.plist": listed, listed
    "Frameworks/F.framework/_CodeSignature/CodeResources": listed, listed
    "Info.plist": listed, -
    "PkgInfo": listed, -
    "PlugIns/P.appex/App": listed, listed
    "Sub.bundle/Base.lproj/a.nib": optional, optional
    "_CodeSignature/CodeResources": -, -, left out
    "_MASReceipt/receipt": -, -, left out
    "a & b < c.txt": listed, listed
    "de.lproj/Link": -, optional
    "de.lproj/Localizable.strings": optional, optional
    "de.lproj/locversion.plist": -, -, left out
    "embedded.mobileprovision": listed, listed
    "größe.txt": listed, listed
    "line\rbreak.txt": listed, listed
    "version.plist": listed, listed
    "#);
    check(&xml, EXECUTABLE, &bundle).expect("what was listed is there");
    assert_eq!(listed(&bundle).to_xml(), xml);
}

/// The form of the file, rules and all.
#[test]
fn the_list_looks_as_apples_does() {
    let (sha1, sha256) = digests(b"");
    let mut list = CodeResources::new(EXECUTABLE);
    list.add("de.lproj/a.strings", sha1, sha256).expect("a path");
    list.add("Info.plist", sha1, sha256).expect("a path");
    list.add_link("link", "Info.plist").expect("a path");
    insta::assert_snapshot!(String::from_utf8(list.to_xml()).expect("text"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
    <plist version="1.0">
    <dict>
    	<key>files</key>
    	<dict>
    		<key>Info.plist</key>
    		<data>
    		2jmj7l5rSw0yVb/vlWAYkK/YBwk=
    		</data>
    		<key>de.lproj/a.strings</key>
    		<dict>
    			<key>hash</key>
    			<data>
    			2jmj7l5rSw0yVb/vlWAYkK/YBwk=
    			</data>
    			<key>optional</key>
    			<true/>
    		</dict>
    	</dict>
    	<key>files2</key>
    	<dict>
    		<key>de.lproj/a.strings</key>
    		<dict>
    			<key>hash2</key>
    			<data>
    			47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
    			</data>
    			<key>optional</key>
    			<true/>
    		</dict>
    		<key>link</key>
    		<dict>
    			<key>symlink</key>
    			<string>Info.plist</string>
    		</dict>
    	</dict>
    	<key>rules</key>
    	<dict>
    		<key>^.*</key>
    		<true/>
    		<key>^.*\.lproj/</key>
    		<dict>
    			<key>optional</key>
    			<true/>
    			<key>weight</key>
    			<real>1000</real>
    		</dict>
    		<key>^.*\.lproj/locversion.plist$</key>
    		<dict>
    			<key>omit</key>
    			<true/>
    			<key>weight</key>
    			<real>1100</real>
    		</dict>
    		<key>^Base\.lproj/</key>
    		<dict>
    			<key>weight</key>
    			<real>1010</real>
    		</dict>
    		<key>^version.plist$</key>
    		<true/>
    	</dict>
    	<key>rules2</key>
    	<dict>
    		<key>.*\.dSYM($|/)</key>
    		<dict>
    			<key>weight</key>
    			<real>11</real>
    		</dict>
    		<key>^(.*/)?\.DS_Store$</key>
    		<dict>
    			<key>omit</key>
    			<true/>
    			<key>weight</key>
    			<real>2000</real>
    		</dict>
    		<key>^.*</key>
    		<true/>
    		<key>^.*\.lproj/</key>
    		<dict>
    			<key>optional</key>
    			<true/>
    			<key>weight</key>
    			<real>1000</real>
    		</dict>
    		<key>^.*\.lproj/locversion.plist$</key>
    		<dict>
    			<key>omit</key>
    			<true/>
    			<key>weight</key>
    			<real>1100</real>
    		</dict>
    		<key>^Base\.lproj/</key>
    		<dict>
    			<key>weight</key>
    			<real>1010</real>
    		</dict>
    		<key>^Info\.plist$</key>
    		<dict>
    			<key>omit</key>
    			<true/>
    			<key>weight</key>
    			<real>20</real>
    		</dict>
    		<key>^PkgInfo$</key>
    		<dict>
    			<key>omit</key>
    			<true/>
    			<key>weight</key>
    			<real>20</real>
    		</dict>
    		<key>^embedded\.provisionprofile$</key>
    		<dict>
    			<key>weight</key>
    			<real>20</real>
    		</dict>
    		<key>^version\.plist$</key>
    		<dict>
    			<key>weight</key>
    			<real>20</real>
    		</dict>
    	</dict>
    </dict>
    </plist>
    "#);
}

#[test]
fn each_difference_is_named() {
    let bundle = bundle();
    let xml = listed(&bundle).to_xml();
    let other = Content::File { sha1: [1; 20], sha256: [2; 32] };
    let verdict = |change: &dyn Fn(&mut BTreeMap<String, Content>)| {
        let mut bundle = bundle.clone();
        change(&mut bundle);
        check(&xml, EXECUTABLE, &bundle).map_or_else(|error| error.to_string(), |()| "nothing".to_owned())
    };
    let changed = |path: &'static str| verdict(&|bundle| drop(bundle.insert(path.to_owned(), other.clone())));
    let missing = |path: &'static str| verdict(&|bundle| drop(bundle.remove(path).expect("a file")));
    let rows = [
        ("changed", changed("größe.txt")),
        ("changed, optional", changed("de.lproj/Localizable.strings")),
        ("changed, within a framework", changed("Frameworks/F.framework/F")),
        ("changed, known to the old list alone", changed("Info.plist")),
        ("changed, the executable", changed(EXECUTABLE)),
        ("a link instead", verdict(&|bundle| drop(bundle.insert("PkgInfo".to_owned(), Content::Link("x".to_owned()))))),
        ("a file instead of a link", changed("Frameworks/F.framework/Current")),
        (
            "another link",
            verdict(&|bundle| drop(bundle.insert("de.lproj/Link".to_owned(), Content::Link("x".to_owned())))),
        ),
        ("missing", missing("PlugIns/P.appex/App")),
        ("missing, optional", missing("de.lproj/Localizable.strings")),
        ("missing, a link", missing("Frameworks/F.framework/Current")),
        ("new", changed("new.txt")),
        ("new, a link", verdict(&|bundle| drop(bundle.insert("new".to_owned(), Content::Link("x".to_owned()))))),
        ("new, left out by the rules", changed("fr.lproj/locversion.plist")),
        ("new, left out of the new list", changed("Assets/de/.DS_Store")),
        ("new, in the signature's own folder", changed("_CodeSignature/CodeDirectory")),
    ];
    let rows = rows.map(|(what, verdict)| format!("{what}: {verdict}"));
    insta::assert_snapshot!(rows.join("\n"), @r#"
    changed: CodeResources: "größe.txt" was changed after it was signed
    changed, optional: CodeResources: "de.lproj/Localizable.strings" was changed after it was signed
    changed, within a framework: CodeResources: "Frameworks/F.framework/F" was changed after it was signed
    changed, known to the old list alone: CodeResources: "Info.plist" was changed after it was signed
    changed, the executable: nothing
    a link instead: CodeResources: "PkgInfo" was changed after it was signed
    a file instead of a link: CodeResources: "Frameworks/F.framework/Current" was changed after it was signed
    another link: CodeResources: "de.lproj/Link" was changed after it was signed
    missing: CodeResources: "PlugIns/P.appex/App" is listed and missing
    missing, optional: nothing
    missing, a link: CodeResources: "Frameworks/F.framework/Current" is listed and missing
    new: CodeResources: "new.txt" is there and not listed
    new, a link: CodeResources: "new" is there and not listed
    new, left out by the rules: nothing
    new, left out of the new list: CodeResources: "Assets/de/.DS_Store" is there and not listed
    new, in the signature's own folder: nothing
    "#);
}

#[test]
fn a_list_that_seals_nothing_is_refused() {
    let list = |entry: &str| {
        let xml = format!("<plist><dict><key>files2</key><dict><key>a</key>{entry}</dict></dict></plist>");
        let (sha1, sha256) = digests(b"a");
        let bundle = BTreeMap::from([("a".to_owned(), Content::File { sha1, sha256 })]);
        check(xml.as_bytes(), EXECUTABLE, &bundle).map_or_else(|error| error.to_string(), |()| "sound".to_owned())
    };
    let rows = [
        list("<dict><key>hash2</key><data>ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=</data></dict>"),
        list("<dict></dict>"),
        list("<dict><key>optional</key><true/></dict>"),
        list("<dict><key>cdhash</key><data>AAAA</data><key>requirement</key><string>x</string></dict>"),
        list("<dict><key>hash2</key><string>AAAA</string></dict>"),
        list("<dict><key>hash2</key><data>AAAA</data></dict>"),
        list("<string>a</string>"),
    ];
    insta::assert_snapshot!(rows.join("\n"), @r#"
    sound
    CodeResources: "a" is not listed with the digest of its content
    CodeResources: "a" is not listed with the digest of its content
    CodeResources: "a" is not listed with the digest of its content
    CodeResources: "a" is not listed with the digest of its content
    CodeResources: "a" was changed after it was signed
    CodeResources: "a" is not listed with the digest of its content
    "#);
    let broken = check(b"<plist><dict></dict></plist>", EXECUTABLE, &BTreeMap::new()).expect_err("no list");
    assert_eq!(broken.to_string(), "CodeResources: property list: files2 is missing");
}

#[test]
fn what_xml_cannot_say_is_refused() {
    let (sha1, sha256) = digests(b"");
    let mut list = CodeResources::new(EXECUTABLE);
    for path in ["a\u{1}b", "a\0", "", "\u{ffff}"] {
        assert!(matches!(list.add(path, sha1, sha256), Err(Error::Path(found)) if found == path));
        assert!(list.add_link("a", path).is_err());
    }
}
