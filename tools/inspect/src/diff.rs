//! Two packages entry by entry, as text.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use formats::limits::Limits;
use formats::zip::Archive;
use verify::diff::{Diff, Difference, DocumentChange, EntryDiff, TableChange, diff};

/// Options of `diff`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The package before
    pub before: PathBuf,
    /// The package after
    pub after: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Compares, and tells whether every difference is one that a build makes.
pub fn run(options: &Options, out: &mut dyn Write) -> anyhow::Result<bool> {
    let (before, after) = (crate::open(&options.before)?, crate::open(&options.after)?);
    let limits = Limits::default();
    let before = Archive::read(&before, &limits).with_context(|| options.before.display().to_string())?;
    let after = Archive::read(&after, &limits).with_context(|| options.after.display().to_string())?;
    let diff = diff(&before, &after, &limits, &|_| true)?;
    let text = if options.json {
        serde_json::to_string_pretty(&diff).context("the differences cannot be shown")?
    } else {
        to_text(&diff)
    };
    writeln!(out, "{text}")?;
    Ok(diff.is_explained())
}

/// One line for each difference: a sign, the entry, what is different. `!` marks entries with a difference that no build makes.
pub fn to_text(diff: &Diff) -> String {
    let mut lines: Vec<String> = diff.entries.iter().flat_map(lines_of).collect();
    lines.push(match diff.same {
        1 => "= 1 entry is the same, byte for byte".to_owned(),
        same => format!("= {same} entries are the same, byte for byte"),
    });
    lines.extend(diff.archive.iter().map(|sentence| format!("! {sentence}")));
    let objections: Vec<&String> =
        diff.entries.iter().filter_map(|entry| entry.objection.as_ref()).chain(&diff.archive).collect();
    lines.push(match objections.as_slice() {
        [] => "Every difference is one that controls, packaging or signing make.".to_owned(),
        [only] => format!("1 difference that no build makes: {only}."),
        [first, ..] => format!("{} differences that no build makes, the first: {first}.", objections.len()),
    });
    lines.join("\n")
}

fn lines_of(entry: &EntryDiff) -> Vec<String> {
    let lines = entry.differences.iter().flat_map(|difference| describe(entry, difference));
    let mark = |line| if entry.objection.is_some() { format!("! {line}") } else { line };
    lines.map(mark).collect()
}

fn describe(entry: &EntryDiff, difference: &Difference) -> Vec<String> {
    let name = entry.name().escape_debug();
    match difference {
        Difference::Removed => vec![format!("- {name}")],
        Difference::Added => vec![format!("+ {name}")],
        Difference::Repacked { before, after } => vec![format!("~ {name}  {before} -> {after}, the same content")],
        Difference::Attributes => vec![format!("~ {name}  other times or attributes")],
        Difference::Renamed => {
            vec![format!("> {} -> {name}", entry.before.as_deref().unwrap_or_default().escape_debug())]
        }
        Difference::Document { changes } if changes.is_empty() => {
            vec![format!("~ {name}  the same document, written in another way")]
        }
        Difference::Document { changes } => {
            changes.iter().map(|change| format!("~ {name}  {}", attribute(change))).collect()
        }
        Difference::DebugInformation { methods_left: 0, source_files_left: 0 } => {
            vec![format!("~ {name}  the same code, no debug information left")]
        }
        Difference::DebugInformation { methods_left, source_files_left } => vec![format!(
            "~ {name}  the same code; {methods_left} methods and {source_files_left} source files with debug information left"
        )],
        Difference::Symbols => vec![format!("~ {name}  the same image, fewer symbols and debug sections")],
        Difference::References => vec![format!("~ {name}  the same document, resources under their new names")],
        Difference::Libraries { removed } => vec![format!("~ {name}  no longer names {}", removed.join(", "))],
        Difference::Signature => vec![format!("~ {name}  the same code, another signature")],
        Difference::Sealing => vec![format!("~ {name}  belongs to the signature")],
        Difference::Table { changes } if changes.is_empty() => {
            vec![format!("~ {name}  the same resources, written in another way")]
        }
        Difference::Table { changes } => changes.iter().map(|change| format!("~ {name}  {}", table(change))).collect(),
        Difference::Structure { detail } | Difference::Content { detail } => vec![format!("~ {name}  {detail}")],
    }
}

fn attribute(change: &DocumentChange) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
    format!("{} {}: {} -> {}", change.element, change.attribute, shown(&change.before), shown(&change.after))
}

fn table(change: &TableChange) -> String {
    match change {
        TableChange::Added { id, name, file } => {
            let file = file.as_deref().unwrap_or("a value").escape_debug();
            format!("{id} {} added: {file}", name.escape_debug())
        }
        TableChange::Names { count } => format!("{count} resource names are others, all values the same"),
        TableChange::Files { count } => format!("{count} paths of files are others, the files the same"),
    }
}
