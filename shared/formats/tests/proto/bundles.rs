//! Modules of real bundles, of one that aapt2 links here, and packages of them that aapt2 converts.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};

/// The files of a module by their paths in a package: what stands in `manifest/` at the top.
pub(crate) type Module = BTreeMap<String, Vec<u8>>;

pub(crate) const MANIFEST: &str = "AndroidManifest.xml";
pub(crate) const TABLE: &str = "resources.pb";
/// The platform's resources, which attributes of the manifest come from.
const FRAMEWORK: &str = "/usr/share/android-framework-res/framework-res.apk";

/// Every module of every real bundle, and the one that is linked here.
pub(crate) fn modules() -> Vec<(String, Module)> {
    let mut modules = real();
    modules.extend(linked().map(|module| ("linked here".to_owned(), module)));
    if modules.is_empty() {
        eprintln!("SKIPPED: neither real bundles nor a newer aapt2 are there");
    }
    modules
}

/// Modules with a table, out of the real bundles.
pub(crate) fn real() -> Vec<(String, Module)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "aab"));
    files.sort();
    files.iter().flat_map(|path| modules_of(path)).collect()
}

fn modules_of(path: &Path) -> Vec<(String, Module)> {
    let bytes = fs::read(path).unwrap();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut modules = BTreeMap::<String, Module>::new();
    for entry in archive.entries().iter().filter(|entry| !entry.is_folder()) {
        let Some((module, file)) = entry.name.split_once('/') else { continue };
        let file = file.strip_prefix("manifest/").unwrap_or(file);
        let is_wanted = file == MANIFEST || file == TABLE || file.starts_with("res/");
        if is_wanted && !module.contains("META") {
            let content = archive.read_entry(&entry.name, 1 << 26).unwrap();
            modules.entry(module.to_owned()).or_default().insert(file.to_owned(), content);
        }
    }
    let bundle = path.file_name().unwrap().to_string_lossy();
    modules
        .into_iter()
        .filter(|(_, module)| module.contains_key(TABLE))
        .map(|(name, module)| (format!("{bundle} {name}"), module))
        .collect()
}

const VALUES: &str = r##"<resources>
    <string name="app">App</string><string name="styled">a <b>bold</b> word</string><string name="path_like">res/raw/blob.bin</string>
    <bool name="on">true</bool><integer name="number">-5</integer><dimen name="size">4dp</dimen><color name="red">#ff0000</color>
    <fraction name="part">20%</fraction><item type="dimen" name="float" format="float">1.5</item>
    <string-array name="list"><item>one</item><item>@string/app</item></string-array>
    <plurals name="many"><item quantity="one">x</item><item quantity="other">y 😀</item></plurals>
    <attr name="mine" format="string|reference"><enum name="first_choice" value="1"/></attr><item type="id" name="ident"/>
    <declare-styleable name="View"><attr name="mine"/><attr name="android:text"/></declare-styleable>
    <style name="Base"><item name="mine">v</item></style><style name="Base.Child"><item name="mine">@string/app</item></style>
    <drawable name="alias">@color/red</drawable>
</resources>"##;
const DOCUMENT: &str = r##"<View xmlns:android="http://schemas.android.com/apk/res/android" xmlns:app="http://schemas.android.com/apk/res-auto"
    android:text="@string/app" android:textColor="?app:mine" android:textSize="4.5sp" android:layout_width="match_parent"
    android:background="#80ff0000" android:visibility="gone" android:id="@+id/ident" app:mine="text" plain="true" other="@null"
    hex="0x10" color="#abc" float="1.5" class="C" style="@style/Base.Child">
    <child>text &lt; 😀</child> <empty/> tail
</View>"##;
const FILES: [(&str, &str); 8] = [
    (
        "AndroidManifest.xml",
        r#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.made" android:versionCode="7" android:versionName="1.2">
        <uses-sdk android:minSdkVersion="24" android:targetSdkVersion="35"/>
        <application android:debuggable="true" android:label="@string/app" android:hasCode="false"><activity android:name=".Main"/></application>
        </manifest>"#,
    ),
    ("res/values/values.xml", VALUES),
    ("res/values-de-rAT-v31/values.xml", "<resources><string name=\"app\">Anwendung</string></resources>"),
    ("res/values-sw600dp-land-night-xhdpi/values.xml", "<resources><bool name=\"on\">false</bool></resources>"),
    ("res/xml/first.xml", DOCUMENT),
    ("res/xml-v28/first.xml", "<a b=\"c\"><domain includeSubdomains=\"true\">example.com</domain></a>"),
    ("res/layout/first.xml", DOCUMENT),
    ("res/raw/blob.bin", "x"),
];

/// A module that the newer aapt2 links; `None` where that is not there.
pub(crate) fn linked() -> Option<Module> {
    let aapt2 = aapt2()?;
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let run = |arguments: &[&str]| {
        let output = Command::new(&aapt2).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["compile", "--dir", "res", "-o", "compiled.zip"]);
    let link = ["link", "--proto-format", "--auto-add-overlay", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml"];
    run(&[&link[..], &["-o", "module.apk", "compiled.zip"]].concat());
    Some(unpacked(&folder.path().join("module.apk")))
}

pub(crate) fn unpacked(package: &Path) -> Module {
    let bytes = fs::read(package).unwrap();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let files = archive.entries().iter().filter(|entry| !entry.is_folder());
    files.map(|entry| (entry.name.clone(), archive.read_entry(&entry.name, 1 << 26).unwrap())).collect()
}

/// The newer aapt2 among the samples: Debian's knows fewer kinds of values.
pub(crate) fn aapt2() -> Option<PathBuf> {
    sample("aapt2").filter(|_| Path::new(FRAMEWORK).exists())
}

pub(crate) fn sample(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let samples = std::env::var_os("APPTEGO_SAMPLES").map(|folder| PathBuf::from(folder).join(name));
    samples.filter(|program| program.exists())
}

/// The module as a binary package, converted as bundletool has it converted for devices.
pub(crate) fn converted(module: &Module) -> Option<Module> {
    let aapt2 = aapt2()?;
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(fs::File::create(folder.path().join("proto.apk")).unwrap());
    for (name, content) in module {
        writer.add(name, Method::Stored, Attributes::default(), content).unwrap();
    }
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
    let convert = ["convert", "--output-format", "binary", "-o", "binary.apk", "proto.apk"];
    let output = Command::new(aapt2).args(convert).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(unpacked(&folder.path().join("binary.apk")))
}
