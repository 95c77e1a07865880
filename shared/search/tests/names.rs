//! The names of calls: those that this crate knows are those of the table of calls.

use std::collections::{BTreeSet, HashSet};

use search::audit::EventType;

/// The table itself belongs to a crate that brings HTTP and the AWS SDK along, so that its text is read.
const TABLE: &str = include_str!("../../api/src/access.rs");

/// The names of rows that `constructor` makes: the third text of each.
fn names(constructor: &str) -> HashSet<&'static str> {
    TABLE.split(constructor).skip(1).filter_map(|row| row.split('"').nth(5)).collect()
}

#[test]
fn every_change_of_the_table_has_a_kind() {
    let changes: HashSet<&str> = names("Row::change(").union(&names("Row::new(")).copied().collect();
    assert!(changes.len() > 30, "{changes:?}");
    // With a URL nothing has changed yet, and questions change what is left of them only.
    let nothing = [
        "create_portal_session",
        "custom_message_upload",
        "helpbot_chat",
        "helpbot_clear",
        "nl_search_query",
        "support_attachment_upload",
    ];
    let unknown: BTreeSet<_> = changes.iter().filter(|name| EventType::of_call(name).is_none()).copied().collect();
    assert_eq!(unknown, BTreeSet::from(nothing));
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
