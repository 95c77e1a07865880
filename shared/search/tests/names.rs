//! The names of calls: those that this crate knows are those of the table of calls.

use std::collections::HashSet;

use search::audit::EventType;

/// The table itself belongs to a crate that brings HTTP and the AWS SDK along, so that its text is read.
const TABLE: &str = include_str!("../../api/src/access.rs");

/// The names of rows that `constructor` makes: the third text of each.
fn names(constructor: &str) -> HashSet<&'static str> {
    TABLE.split(constructor).skip(1).filter_map(|row| row.split('"').nth(5)).collect()
}

#[test]
fn every_change_of_the_table_has_a_kind() {
    let changes: HashSet<&str> = names("= Row::change(").union(&names("= Row::new(")).copied().collect::<HashSet<_>>();
    let changes: HashSet<&str> = changes.union(&names("\n        Row::change(")).copied().collect();
    assert!(changes.len() > 30, "{changes:?}");
    // It makes an upload URL, with which nothing has changed yet.
    let unknown: Vec<_> = changes.iter().filter(|name| EventType::of_call(name).is_none()).collect();
    assert_eq!(unknown, [&"custom_message_upload"]);
    for kind in EventType::ALL {
        let gone: Vec<_> = kind.calls().iter().filter(|name| !changes.contains(*name)).collect();
        assert!(gone.is_empty(), "{kind}: {gone:?}");
    }
}

#[test]
fn what_only_reads_has_none() {
    let reads: HashSet<&str> = names("Row::read(");
    assert!(reads.len() > 20 && reads.iter().all(|name| EventType::of_call(name).is_none()), "{reads:?}");
}
