//! (a) Protecting packages, against the usual tools and against the least that it could be.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::measure::Usage;
use crate::page::{Table, mebibytes, milliseconds, ratio};
use crate::rounds::Steps;
use crate::{maker, peers, rounds};

/// What is compared, in the order of the table.
const NAMES: [&str; 4] = [
    "protect and verify",
    "the same, and SHA-256 of both files",
    "zipalign, apksigner sign, apksigner verify",
    "copy and SHA-256",
];

/// How much better than the tools, and how near to the copy, protecting has to be.
struct Targets {
    copy: Option<f64>,
    tools_wall: Option<f64>,
    tools_memory: Option<f64>,
}

/// A package and the medians of its contenders.
struct Compared {
    title: String,
    usages: [Usage; 4],
    targets: Targets,
}

/// Compares, and returns the part of the page.
pub(crate) fn compare(samples: &Path, rounds: usize) -> anyhow::Result<String> {
    maker::require(samples)?;
    let folder = rounds::scratch()?;
    let key = folder.path().join("key.p12");
    peers::make_key(&key)?;
    let small = samples.join("appium-uiautomator2-server.apk");
    let none = Targets { copy: None, tools_wall: None, tools_memory: None };
    let modern = Targets { copy: Some(2.5), tools_wall: Some(10.0), tools_memory: Some(4.0) };
    let old = Targets { copy: None, tools_wall: Some(5.0), tools_memory: None };
    let packages = [
        ("v2 and v3", small, none),
        ("v2 and v3", maker::make(samples, 24, folder.path())?, modern),
        ("v1, v2 and v3", maker::make(samples, 21, folder.path())?, old),
    ];
    let mut all = Vec::new();
    for (schemes, package, targets) in packages {
        let size = std::fs::metadata(&package)?.len();
        let title = format!("{} MB, {schemes}", (size + 500_000) / 1_000_000);
        eprintln!("bench: {title}, {rounds} rounds");
        let contenders = [
            ours(&package, &key, folder.path(), &[])?,
            ours(&package, &key, folder.path(), &["--digests"])?,
            peers::steps(&package, &key, folder.path()),
            copy(&package, folder.path())?,
        ];
        let usages = rounds::run(&contenders, rounds)?;
        all.push(Compared { title, usages, targets });
    }
    Ok(section(&all, rounds))
}

fn ours(package: &Path, key: &Path, folder: &Path, options: &[&str]) -> anyhow::Result<Steps> {
    let this = std::env::current_exe()?;
    let output: PathBuf = folder.join("protected.apk");
    let mut command: Vec<OsString> =
        vec![this.into(), "protect".into(), package.into(), output.into(), "--key".into(), key.into()];
    command.extend(options.iter().map(OsString::from));
    Ok(vec![command])
}

fn copy(package: &Path, folder: &Path) -> anyhow::Result<Steps> {
    let this = std::env::current_exe()?;
    Ok(vec![vec![this.into(), "copy".into(), package.into(), folder.join("copied.apk").into()]])
}

fn section(all: &[Compared], rounds: usize) -> String {
    let mut table =
        Table::new(&["package", "contender", "wall, ms", "CPU, ms", "peak, MiB", "wall, × ours", "memory, × ours"]);
    let mut targets = Vec::new();
    for compared in all {
        let ours = compared.usages[0];
        for (name, usage) in NAMES.iter().zip(compared.usages) {
            table.row(&[
                compared.title.clone(),
                (*name).to_owned(),
                milliseconds(usage.wall),
                milliseconds(usage.cpu),
                mebibytes(usage.peak),
                ratio(usage.wall, ours.wall),
                ratio(usage.peak, ours.peak),
            ]);
        }
        targets.extend(judge(compared));
    }
    format!(
        "Each contender is a process of its own; medians of {rounds} interleaved rounds, files in memory where \
         the system has a folder for that. *Protect and verify* is what the worker does between download and upload, with the controls \
         that a new tenant has; SHA-256 of the input and of the output are taken while they travel, so that a row of its own has them. \
         The tools sign with the same key and, as ours, with the schemes that minSdkVersion asks for. *Copy and SHA-256* reads, \
         digests and writes every byte once, on all cores.\n\n{table}\n{}\n",
        targets.join("\n")
    )
}

/// One line for each target: what it asks for and what was measured.
fn judge(compared: &Compared) -> Vec<String> {
    let [ours, whole, tools, copy] = compared.usages;
    let times = |larger: u64, smaller: u64| larger as f64 / smaller.max(1) as f64;
    let line = |what: &str, found: f64, wanted: f64, reached: bool| {
        let verdict = if reached { "reached" } else { "**not reached**" };
        format!("- {}: {what} {found:.1}, wanted {wanted:.1}: {verdict}", compared.title)
    };
    let mut lines = Vec::new();
    if let Some(most) = compared.targets.copy {
        let found = times(ours.wall, copy.wall);
        lines.push(line("times the wall time of copy and SHA-256, at most:", found, most, found <= most));
        let found = times(whole.wall, copy.wall);
        lines.push(line("the same with SHA-256 of both files, at most:", found, most, found <= most));
    }
    if let Some(least) = compared.targets.tools_wall {
        let found = times(tools.wall, ours.wall);
        lines.push(line("times less wall time than the tools:", found, least, found >= least));
    }
    if let Some(least) = compared.targets.tools_memory {
        let found = times(tools.peak, ours.peak);
        lines.push(line("times less memory than the tools:", found, least, found >= least));
    }
    lines
}
