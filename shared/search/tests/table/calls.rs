//! The calls of the audit log, as the table of calls has them.

use search::audit::Call;

/// The table of calls. It belongs to a crate that brings HTTP and the AWS SDK along, so that its text is read.
const TABLE: &str = include_str!("../../../api/src/access.rs");

/// The calls of the audit log, with what it shows of them.
pub(crate) fn calls() -> Vec<Call> {
    let rows =
        TABLE.split("Row::").filter(|row| ["read(\"", "change(\"", "new(\""].iter().any(|made| row.starts_with(made)));
    rows.filter_map(|row| row.split(';').next())
        .filter_map(|row| Some(Call { name: row.split('"').nth(5)?, shown: shown(row) }))
        .collect()
}

fn shown(row: &'static str) -> &'static [&'static str] {
    let fields = row.split_once(".shows(&[").and_then(|(_, fields)| fields.split(']').next()).unwrap_or_default();
    fields.split('"').skip(1).step_by(2).collect::<Vec<_>>().leak()
}
