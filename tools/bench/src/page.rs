//! The page that a run writes.

use std::fmt;

/// A Markdown table.
pub(crate) struct Table {
    columns: usize,
    rows: Vec<String>,
}

impl Table {
    pub(crate) fn new(titles: &[&str]) -> Self {
        let mut table = Self { columns: titles.len(), rows: Vec::new() };
        table.row(&titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>());
        let rule: Vec<_> = (0..titles.len()).map(|_| "---".to_owned()).collect();
        table.row(&rule);
        table
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        debug_assert_eq!(cells.len(), self.columns);
        self.rows.push(format!("| {} |", cells.join(" | ")));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(formatter, "{row}"))
    }
}

/// Microseconds as milliseconds.
pub(crate) fn milliseconds(microseconds: u64) -> String {
    let milliseconds = microseconds as f64 / 1000.0;
    if milliseconds < 100.0 { format!("{milliseconds:.1}") } else { format!("{milliseconds:.0}") }
}

/// KiB as MiB.
pub(crate) fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1}", kibibytes as f64 / 1024.0)
}

/// How many times `ours` the other one is.
pub(crate) fn ratio(other: u64, ours: u64) -> String {
    format!("{:.2}", other as f64 / ours.max(1) as f64)
}
