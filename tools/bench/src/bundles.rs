//! Protecting Android App Bundles, against jarsigner.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use formats::limits::Limits;
use formats::source::FileSource;
use formats::zip::{Archive, Attributes, Method, Writer};

use crate::measure::Usage;
use crate::page::{Table, mebibytes, milliseconds, ratio};
use crate::rounds::{self, Steps};
use crate::{maker, peers};

const NAMES: [&str; 3] = ["protect and verify", "jarsigner", "jarsigner, jarsigner -verify"];
/// How many times less wall time than jarsigner protecting has to take.
const LEAST: f64 = 5.0;
/// Native libraries of the bundle, deflated as build tools have them.
const LIBRARIES: [(&str, &str); 2] = [
    ("libnode-arm64-v8a.so", "base/lib/arm64-v8a/libnode.so"),
    ("libnode-armeabi-v7a.so", "base/lib/armeabi-v7a/libnode.so"),
];
/// An app whose code and media the bundle has.
const APP: &str = "ApiDemos-debug.apk";

/// Compares, and returns the part of the page.
pub(crate) fn compare(samples: &Path, rounds: usize) -> anyhow::Result<String> {
    maker::require(samples)?;
    let folder = rounds::scratch()?;
    let key = folder.path().join("key.p12");
    peers::make_key(&key)?;
    let bundle = make(samples, folder.path())?;
    let size = std::fs::metadata(&bundle)?.len();
    eprintln!("bench: a bundle of {} MB, {rounds} rounds", size / 1_000_000);
    let [sign, both] = peers::jarsigner(&bundle, &key, folder.path());
    let usages = rounds::run(&[ours(&bundle, &key, folder.path())?, sign, both], rounds)?;
    Ok(section(&usages, size, rounds))
}

fn ours(bundle: &Path, key: &Path, folder: &Path) -> anyhow::Result<Steps> {
    let this = std::env::current_exe()?;
    let output = folder.join("protected.aab");
    let command: Vec<OsString> =
        vec![this.into(), "protect".into(), bundle.into(), output.into(), "--key".into(), key.into()];
    Ok(vec![command])
}

/// A small bundle's manifest and resources around the code and media of a real app and real libraries.
fn make(samples: &Path, into: &Path) -> anyhow::Result<PathBuf> {
    let path = into.join("large.aab");
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, File::create(&path)?));
    let parts = ["BundleConfig.pb", "base/manifest/AndroidManifest.xml", "base/resources.pb"];
    for (name, method, content) in fixtures::bundle::entries() {
        if parts.contains(&name) || name.starts_with("base/res/") {
            writer.add(name, method, Attributes::default(), &content)?;
        }
    }
    let source = FileSource::new(File::open(samples.join(APP))?)?;
    let app = Archive::read(&source, &Limits::default())?;
    for entry in app.entries() {
        if entry.name.ends_with(".dex") {
            writer.copy_as(&app, entry, &format!("base/dex/{}", entry.name))?;
        } else if entry.name.starts_with("assets/") || entry.name.starts_with("res/") {
            writer.copy_as(&app, entry, &format!("base/assets/{}", entry.name))?;
        }
    }
    for (file, name) in LIBRARIES {
        writer.add(name, Method::Deflated, Attributes::default(), &std::fs::read(samples.join(file))?)?;
    }
    let (mut file, tail) = writer.finish(b"")?;
    tail.write(&mut file)?;
    Ok(path)
}

fn section(usages: &[Usage; 3], size: u64, rounds: usize) -> String {
    let ours = usages[0];
    let mut table = Table::new(&["contender", "wall, ms", "CPU, ms", "peak, MiB", "wall, × ours", "memory, × ours"]);
    for (name, usage) in NAMES.iter().zip(usages) {
        table.row(&[
            (*name).to_owned(),
            milliseconds(usage.wall),
            milliseconds(usage.cpu),
            mebibytes(usage.peak),
            ratio(usage.wall, ours.wall),
            ratio(usage.peak, ours.peak),
        ]);
    }
    let found = usages[1].wall as f64 / ours.wall.max(1) as f64;
    let verdict = if found >= LEAST { "reached" } else { "**not reached**" };
    format!(
        "A bundle of {} MB with the code and media of a real app and two real libraries; medians of {rounds} interleaved rounds, \
         the same RSA key. *Protect and verify* applies the controls that a new tenant has, signs and checks the output; jarsigner \
         signs alone in one row, and verifies as well in the other.\n\n{table}\n- times less wall time than jarsigner alone, at \
         least {LEAST:.0}: {found:.1}: {verdict}\n",
        size / 1_000_000,
    )
}
