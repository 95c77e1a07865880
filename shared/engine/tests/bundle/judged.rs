//! Bundles through the tools that packages are made with: bundletool, apksigner, aapt2, dexdump, jarsigner.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::control::ControlId;
use fixtures::bundle::{made, run as must_run, tool};
use formats::axml::{Document, Value};
use formats::limits::Limits;
use signing::Signer;
use signing::generate::{NewKey, self_signed_pkcs12};

use crate::support::{all, application, contents, policy, run, signer};

fn bundletool(arguments: &[&str]) -> Option<String> {
    let jar = tool("bundletool.jar")?;
    let output = must_run(Command::new("java").arg("-jar").arg(jar).args(arguments))?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// The package that bundletool makes for every device, out of a bundle that it finds valid.
fn universal(folder: &Path, bundle: &[u8]) -> Option<Vec<u8>> {
    let bundle = format!("--bundle={}", write(folder, "app.aab", bundle));
    bundletool(&["validate", &bundle])?;
    let keystore = self_signed_pkcs12("Test", "secret", "key", NewKey::Rsa2048, 1_700_000_000, 30).unwrap();
    let keystore = format!("--ks={}", write(folder, "key.p12", &keystore));
    let output = format!("--output={}", folder.join("app.apks").display());
    let arguments = ["build-apks", "--mode=universal", "--overwrite", "--ks-pass=pass:secret", "--ks-key-alias=key"];
    let aapt2 = format!("--aapt2={}", tool("aapt2")?.display());
    bundletool(&[&arguments[..], &[&aapt2, &bundle, &keystore, &output]].concat())?;
    let apks = contents(&fs::read(folder.join("app.apks")).unwrap());
    let apk = apks["universal.apk"].clone();
    let path = write(folder, "universal.apk", &apk);
    must_run(Command::new("apksigner").args(["verify", &path]))?;
    Some(apk)
}

/// An attribute of the package's `<application>`.
fn of_application(apk: &[u8], attribute: &str) -> Option<Value> {
    let manifest = Document::parse(&contents(apk)["AndroidManifest.xml"], &Limits::default()).unwrap();
    let root = manifest.to_tree(1 << 24).unwrap();
    let application = root.elements().find(|child| child.name == "application").unwrap();
    application.attributes.iter().find(|found| found.name == attribute).map(|found| found.value.clone())
}

#[test]
fn a_made_bundle_with_every_control() {
    let Some(input) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = run(&input, &policy(all()), Some(signer())).unwrap();
    let Some(apk) = universal(folder.path(), &out) else { return };
    for name in ["debuggable", "allowBackup", "fullBackupContent", "usesCleartextTraffic"] {
        assert_eq!(of_application(&apk, name), Some(Value::Boolean(false)), "{name}");
    }
    let files = contents(&apk);
    assert!(!files.keys().any(|name| name.starts_with("lib/x86")) && files.contains_key("lib/arm64-v8a/libx.so"));
    let apk_path = folder.path().join("universal.apk").display().to_string();
    let code = must_run(Command::new("dexdump").args(["-d", &apk_path])).unwrap();
    let code = String::from_utf8_lossy(&code.stdout);
    assert!(
        code.contains("Lcom/example/made/Main;") && !code.contains("Main.java") && !code.contains("line=5"),
        "{code}"
    );
    // What the app says is there, under other names: only what is packed in another way keeps its path.
    let resources = must_run(Command::new(tool("aapt2").unwrap()).args(["dump", "resources", &apk_path])).unwrap();
    let resources = String::from_utf8_lossy(&resources.stdout);
    for text in ["App", "Anwendung", "Feature"] {
        assert!(resources.contains(&format!("\"{text}\"")), "{resources}");
    }
    for name in ["string/app", "string/feature_text", "xml/net", "layout/main", "res/layout/", "res/raw/other.bin"] {
        assert!(!resources.contains(name), "{name}: {resources}");
    }
    assert!(resources.contains("res/raw/blob.bin"), "{resources}");
    let names = report.controls.iter().find(|it| it.control == ControlId::RESOURCE_NAME_OBFUSCATION).unwrap();
    let counts: Vec<_> =
        names.changes.iter().map(|change| (change.entry.as_str(), change.attribute.as_str())).collect();
    let tables = ["base/resources.pb", "feature/resources.pb"];
    let rows = ["names of entries", "paths of files"].map(|what| tables.map(|table| (table, what)));
    assert_eq!(counts, rows.concat());
    let mapping = report.mapping.unwrap();
    let count =
        |change: &engine::Change| change.before.as_ref().unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
    let sum = |what: &str| names.changes.iter().filter(|change| change.attribute == what).map(count).sum::<usize>();
    assert_eq!([sum("names of entries"), sum("paths of files")], [mapping.names.len(), mapping.paths.len()]);
    assert!(
        mapping.names.iter().any(|name| name.before == "feature_text" && name.ids == ["0x7e020000"]),
        "{mapping:?}"
    );
    assert!(mapping.paths.iter().any(|path| path.before == "feature/res/layout/feature.xml"), "{mapping:?}");
    // No old name is left in the bundle either.
    for (name, content) in contents(&out).iter().filter(|(name, _)| name.ends_with(".xml") || name.ends_with(".pb")) {
        let text = String::from_utf8_lossy(content);
        for old in ["string/app", "string/feature_text", "xml/net"] {
            assert!(!text.contains(old), "{name} has {old}");
        }
    }
}

#[test]
fn a_made_bundle_with_each_control_alone() {
    let Some(input) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    for control in all() {
        let (out, report) = run(&input, &policy([control]), Some(signer())).unwrap();
        let path = write(folder.path(), "app.aab", &out);
        if bundletool(&["validate", &format!("--bundle={path}")]).is_none() {
            return;
        }
        assert!(!report.controls[0].changes.is_empty(), "{control}");
    }
}

fn samples(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(name);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {name} is not there");
    }
    bytes
}

#[test]
fn a_real_bundle_with_install_time_modules() {
    let Some(input) = samples("install-time-permanent-modules.aab") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = run(&input, &policy(all()), Some(signer())).unwrap();
    let Some(apk) = universal(folder.path(), &out) else { return };
    for name in ["allowBackup", "usesCleartextTraffic"] {
        assert_eq!(of_application(&apk, name), Some(Value::Boolean(false)), "{name}");
    }
    let apk_path = folder.path().join("universal.apk").display().to_string();
    let code = must_run(Command::new("dexdump").args(["-d", &apk_path])).unwrap();
    assert!(!String::from_utf8_lossy(&code.stdout).contains("line="));
    assert!(report.mapping.unwrap().names.len() > 100);
}

#[test]
fn a_real_watch_face_keeps_its_code_and_its_names() {
    let Some(input) = samples("watch-face-from-tool.aab") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = run(&input, &policy(all()), Some(signer())).unwrap();
    let path = write(folder.path(), "app.aab", &out);
    if bundletool(&["validate", &format!("--bundle={path}")]).is_none() {
        return;
    }
    let (before, after) = (contents(&input), contents(&out));
    assert_eq!(application(&after, "base", "allowBackup").as_deref(), Some("false"));
    let code = before.keys().filter(|name| name.starts_with("base/dex/"));
    code.for_each(|name| assert!(before[name] == after[name], "{name}"));
    assert!(after.contains_key("base/res/raw/watchface.xml"));
    let names = report.controls.iter().find(|it| it.control == ControlId::RESOURCE_NAME_OBFUSCATION).unwrap();
    assert!(
        names.warnings.join("\n").contains("watches find the parts of a watch face by name"),
        "{:?}",
        names.warnings
    );
    let input_path = write(folder.path(), "input.aab", &input);
    bundletool(&["validate", &format!("--bundle={input_path}")]);
}

#[test]
fn jarsigner_finds_every_entry_signed() {
    let Some(input) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    for kind in [NewKey::Rsa2048, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let keystore = self_signed_pkcs12("Upload", "secret", "key", kind, 1_700_000_000, 30).unwrap();
        let signer = Signer::from_pkcs12(&keystore, "secret", None).unwrap();
        let (out, _) = run(&input, &policy([]), Some(&signer)).unwrap();
        let keystore = write(folder.path(), "key.p12", &keystore);
        let path = write(folder.path(), "app.aab", &out);
        // The key is known, so that what is strict has nothing to say but of the certificate's own signature.
        let arguments = ["-verify", "-strict", "-keystore", &keystore, "-storepass", "secret", &path];
        let Some(output) = must_run(Command::new("jarsigner").args(arguments)) else { return };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("jar verified") && !text.contains("unsigned entries"), "{kind:?} {text}");
        let mut changed = out.clone();
        let at = changed.windows(8).position(|window| window == b"manifest").unwrap();
        changed[at] ^= 1;
        let path = write(folder.path(), "changed.aab", &changed);
        let refused = Command::new("jarsigner").args(["-verify", "-strict", &path]).output().unwrap();
        assert!(!refused.status.success());
    }
}
