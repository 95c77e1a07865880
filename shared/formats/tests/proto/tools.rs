//! bundletool as the judge of edited bundles.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use formats::axml::Value;
use formats::limits::Limits;
use formats::proto::{NewNames, Table, xml};
use formats::zip::{Archive, Attributes, Method, Writer};

use crate::bundles::sample;

/// Output of bundletool; an error where it refuses.
fn bundletool(arguments: &[&str]) -> Option<String> {
    let Some(jar) = sample("bundletool.jar") else {
        eprintln!("SKIPPED: bundletool is not there");
        return None;
    };
    let output = Command::new("java").arg("-jar").arg(jar).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The bundle with new names for every resource and path, another `debuggable`, and one file more.
fn edited(bundle: &Path, into: &Path) {
    let bytes = fs::read(bundle).unwrap();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let limits = Limits::default();
    let table = archive.read_entry("base/resources.pb", 1 << 26).unwrap();
    let mut table = Table::parse(&table, &limits).unwrap();
    let id = table.add_file("xml", "added_by_test", "res/xml/added_by_test.xml").unwrap();
    // Whoever shows a watch face finds some of its resources by name, as bundletool does.
    let is_watch_face = |name: &str| name.contains("watch");
    let paths: HashMap<String, String> = table
        .file_paths()
        .into_iter()
        .filter(|path| !is_watch_face(path))
        .zip(0..)
        .map(|(path, place)| {
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            (path.clone(), format!("res/r{place}.{extension}"))
        })
        .collect();
    let renamed = table.rename(|_, name| (!is_watch_face(name)).then(|| format!("n_{name}")), &paths).unwrap();
    let names: NewNames = renamed.iter().flat_map(|row| row.ids.iter().map(|id| (*id, row.after.clone()))).collect();
    table.rename_references(&names).unwrap();

    let mut writer = Writer::new(fs::File::create(into).unwrap());
    let mut add = |name: &str, content: &[u8]| {
        writer.add(name, Method::Deflated, Attributes::default(), content).unwrap();
    };
    for entry in archive.entries().iter().filter(|entry| !entry.name.starts_with("META-INF/")) {
        let content = archive.read_entry(&entry.name, 1 << 26).unwrap();
        let is_document =
            entry.name.starts_with("base/res/") && entry.name.ends_with(".xml") && !entry.name.contains("/raw/");
        match entry.name.as_str() {
            "base/resources.pb" => add(&entry.name, &table.to_bytes()),
            "base/manifest/AndroidManifest.xml" => add(&entry.name, &manifest(&content, id)),
            name => {
                let renamed = is_document.then(|| xml::rename_references(&content, &names, &limits).unwrap()).flatten();
                let path = name.strip_prefix("base/").and_then(|path| paths.get(path));
                let name = path.map_or(name.to_owned(), |path| format!("base/{path}"));
                add(&name, &renamed.unwrap_or(content));
            }
        }
    }
    let added = xml::write(&formats::axml::tree::Element::new("added")).unwrap();
    add(&format!("base/{}", paths["res/xml/added_by_test.xml"]), &added);
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
}

fn manifest(bytes: &[u8], id: u32) -> Vec<u8> {
    let mut root = xml::read(bytes, &Limits::default()).unwrap();
    let application = root.elements_mut().find(|child| child.name == "application").unwrap();
    let mut config = application.attributes[0].clone();
    (config.name, config.resource_id) = ("networkSecurityConfig".to_owned(), Some(0x0101_0527));
    config.value = Value::Reference(id);
    application.attributes.push(config);
    xml::rewrite(bytes, &root, &Limits::default()).unwrap()
}

#[test]
fn edited_bundles_are_valid_and_say_what_was_edited() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    for name in ["install-time-permanent-modules.aab", "watch-face-from-tool.aab"] {
        let (bundle, out): (PathBuf, PathBuf) = (samples.join(name), folder.path().join(name));
        if !bundle.exists() {
            eprintln!("SKIPPED: {name} is not there");
            return;
        }
        edited(&bundle, &out);
        let option = format!("--bundle={}", out.display());
        let Some(_) = bundletool(&["validate", &option]) else { return };
        let manifest = bundletool(&["dump", "manifest", &option]).unwrap();
        assert!(manifest.contains("android:networkSecurityConfig=\"0x7f"), "{manifest}");
        let resources = bundletool(&["dump", "resources", &option]).unwrap();
        assert!(resources.contains("xml/n_added_by_test"), "{resources}");
    }
}
