//! Signing iOS apps, against rcodesign and against what a worker may take.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fixtures::ios::{self, info};
use fixtures::macho::Binary;
use formats::zip::{Attributes, Method, Writer};

use crate::measure::Usage;
use crate::page::{Table, mebibytes, milliseconds, ratio};
use crate::peers::{self, PASSWORD};
use crate::rounds::{self, Steps};

const NAMES: [&str; 3] = ["protect", "protect and verify", "unzip, rcodesign sign, zip"];
/// Real frameworks: Node.js for iOS, the runtime of NativeScript, and the library that it updates itself with.
const FRAMEWORKS: [(&str, &str); 3] = [
    ("NodeMobile", "NodeMobile-ios.macho"),
    ("NativeScript", "NativeScript-ios.macho"),
    ("TKLiveSync", "TKLiveSync-ios.macho"),
];
const ROOT: &str = "Payload/Large.app";
/// What signing the app may take: CPU time in microseconds, and memory in KiB.
const MOST_CPU: u64 = 500_000;
const MOST_MEMORY: u64 = 100 * 1024;

/// Compares, and returns the part of the page. `rcodesign` is the program.
pub(crate) fn compare(samples: &Path, rcodesign: &Path, rounds: usize) -> anyhow::Result<String> {
    let folder = rounds::scratch()?;
    let (key, profile) = (folder.path().join("key.p12"), folder.path().join("profile"));
    peers::make_key(&key)?;
    std::fs::write(&profile, ios::profile_for(&std::fs::read(&key)?, PASSWORD, &[]))?;
    let (app, unpacked) = make(samples, folder.path())?;
    eprintln!("bench: an app of {} MB, {rounds} rounds", unpacked / 1_000_000);
    let contenders = [
        ours(&app, &key, &profile, folder.path(), &["--unverified"])?,
        ours(&app, &key, &profile, folder.path(), &[])?,
        peers::rcodesign(rcodesign, &app, &peers::pem_of(&key)?, folder.path()),
    ];
    let usages = rounds::run(&contenders, rounds)?;
    Ok(section(&usages, std::fs::metadata(&app)?.len(), unpacked, rounds))
}

fn ours(app: &Path, key: &Path, profile: &Path, folder: &Path, options: &[&str]) -> anyhow::Result<Steps> {
    let this = std::env::current_exe()?;
    let output = folder.join("protected.ipa");
    let mut command: Vec<OsString> = vec![this.into(), "protect".into(), app.into(), output.into()];
    command.extend(["--key".into(), key.into(), "--profile".into(), profile.into()]);
    command.extend(options.iter().map(OsString::from));
    Ok(vec![command])
}

/// An app around the frameworks, and its length unpacked.
fn make(samples: &Path, into: &Path) -> anyhow::Result<(PathBuf, usize)> {
    let read = |name: &str| {
        std::fs::read(samples.join(name)).with_context(|| format!("{name} is missing; run tests/samples/fetch large"))
    };
    let mut entries = vec![
        (format!("{ROOT}/Info.plist"), info("com.example.large", "Large", &[])),
        (format!("{ROOT}/Large"), Binary::default().build()),
    ];
    for (name, code) in FRAMEWORKS {
        let folder = format!("{ROOT}/Frameworks/{name}.framework");
        entries.push((format!("{folder}/Info.plist"), info(&format!("com.example.{name}"), name, &[])));
        entries.push((format!("{folder}/{name}"), read(code)?));
    }
    let path = into.join("large.ipa");
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, File::create(&path)?));
    for (name, content) in &entries {
        writer.add(name, Method::Deflated, Attributes::default(), content)?;
    }
    let (mut file, tail) = writer.finish(b"")?;
    tail.write(&mut file)?;
    Ok((path, entries.iter().map(|(_, content)| content.len()).sum()))
}

fn section(usages: &[Usage; 3], packed: u64, unpacked: usize, rounds: usize) -> String {
    let ours = usages[0];
    let mut table = Table::new(&["contender", "wall, ms", "CPU, ms", "peak, MiB", "wall, × ours", "CPU, × ours"]);
    for (name, usage) in NAMES.iter().zip(usages) {
        table.row(&[
            (*name).to_owned(),
            milliseconds(usage.wall),
            milliseconds(usage.cpu),
            mebibytes(usage.peak),
            ratio(usage.wall, ours.wall),
            ratio(usage.cpu, ours.cpu),
        ]);
    }
    let verdict = |found: u64, most: u64| if found <= most { "reached" } else { "**not reached**" };
    format!(
        "An app of {} MB ({} MB packed), made of real frameworks (NodeMobile, NativeScript, TKLiveSync), signed under a profile; \
         medians of {rounds} interleaved rounds. *Protect* applies the controls that need no settings, signs everything and writes the package; the \
         independent check is in the second row. rcodesign works on an unpacked app, so unpacking and packing are counted with it.\n\n\
         {table}\n- CPU of signing, at most {} ms: {}: {}\n- memory of signing, at most {} MiB: {}: {}\n",
        unpacked / 1_000_000,
        packed / 1_000_000,
        MOST_CPU / 1000,
        milliseconds(ours.cpu),
        verdict(ours.cpu, MOST_CPU),
        MOST_MEMORY / 1024,
        mebibytes(ours.peak),
        verdict(ours.peak, MOST_MEMORY),
    )
}
