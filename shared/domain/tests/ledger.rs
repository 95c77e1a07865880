//! What no ledger, however it came about, can break.

use std::collections::BTreeSet;

use domain::error::Error;
use domain::id::JobId;
use domain::job::RESERVATION_SECONDS;
use domain::ledger::{Ledger, WEEK_SECONDS};
use domain::plan::BuildLimits;
use domain::time::at;
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;

/// Start times of the last eight days, some of them active, some of those arrived.
fn any_ledger() -> impl Strategy<Value = Ledger> {
    prop::collection::btree_map(NOW - 8 * 24 * 3600..=NOW, 0_u8..3, 0..12).prop_map(|builds| {
        let at_least = |level: u8| builds.iter().filter(|(_, has)| **has >= level).map(|(id, _)| *id).collect();
        let last = builds.keys().next_back().copied();
        Ledger { recent: at_least(0), active: at_least(1), arrived: at_least(2), last, ..Ledger::default() }
    })
}

fn any_limits() -> impl Strategy<Value = BuildLimits> {
    (0_u32..8, 0_u32..8).prop_map(|(concurrent, weekly)| BuildLimits { concurrent, weekly })
}

fn pruned(mut ledger: Ledger, now: i64) -> Ledger {
    let stale = ledger.stale(at(now));
    for id in &stale.reservations {
        ledger.active.remove(id);
        ledger.recent.remove(id);
    }
    ledger.recent.retain(|id| !stale.aged.contains(id));
    ledger
}

proptest! {
    #[test]
    fn only_what_no_longer_counts_is_stale(ledger in any_ledger()) {
        let stale = ledger.stale(at(NOW));
        for id in &stale.reservations {
            prop_assert!(ledger.active.contains(id) && !ledger.arrived.contains(id) && id + RESERVATION_SECONDS <= NOW);
        }
        prop_assert!(stale.aged.iter().all(|id| id + WEEK_SECONDS <= NOW));
        prop_assert!(pruned(ledger, NOW).stale(at(NOW)).is_empty(), "once is enough");
    }

    #[test]
    fn a_build_is_refused_exactly_where_there_is_no_room(ledger in any_ledger(), limits in any_limits()) {
        let full = |set: &BTreeSet<i64>, limit: u32| set.len() >= usize::try_from(limit).unwrap();
        let expected = match () {
            () if full(&ledger.active, limits.concurrent) => Some("concurrent_build_limit"),
            () if full(&ledger.recent, limits.weekly) => Some("weekly_build_limit"),
            () => None,
        };
        let found = ledger.check(limits, at(NOW)).err().map(|error| match error {
            Error::LimitReached { code, .. } => code,
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(found, expected);
    }

    /// `Retry-After` of the week is exact: a second earlier there is no room, then there is.
    #[test]
    fn the_week_has_room_when_its_refusal_says_so(ledger in any_ledger(), weekly in 1_u32..8) {
        let limits = BuildLimits { concurrent: u32::MAX, weekly };
        let ledger = pruned(ledger, NOW);
        if let Err(Error::LimitReached { retry_after, .. }) = ledger.check(limits, at(NOW)) {
            let wait = i64::from(retry_after.unwrap());
            let aged = |now: i64| {
                let mut ledger = ledger.clone();
                ledger.recent.retain(|id| id + WEEK_SECONDS > now);
                ledger.check(limits, at(now))
            };
            prop_assert!(wait >= 1 && aged(NOW + wait - 1).is_err());
            prop_assert!(aged(NOW + wait).is_ok());
        }
    }

    #[test]
    fn ids_are_new_and_rise(start in 0_i64..200, gaps in prop::collection::vec(0_i64..3, 1..80)) {
        let (mut ledger, mut now) = (Ledger::default(), NOW + start);
        for gap in gaps {
            now += gap;
            let Ok(id) = ledger.next_id(at(now)) else { continue };
            prop_assert!(ledger.last.is_none_or(|last| id.start_time() > last));
            prop_assert!((now..=now + 60).contains(&id.start_time()));
            ledger.last = Some(id.start_time());
        }
    }

    #[test]
    fn places_count_the_builds_before(ledger in any_ledger()) {
        for (id, place) in ledger.arrived.iter().zip(1..) {
            prop_assert_eq!(ledger.position(JobId::from_start_time(*id)), place);
        }
    }
}
