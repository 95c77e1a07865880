//! Custom Library: which builds start, cooldowns, deletion, and every row of the transition table.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::job::{Failure, Refusal};
use domain::library::{
    BuildEvent, BuildEventName, BuildState, BuildStateName, COOLDOWN_SECONDS, Library, LibraryBuild, LibraryBuildId,
    MOST_BUILDS, Package, TRANSITIONS, whole_days,
};
use domain::platform::Platform;
use domain::time::at;

const NOW: i64 = 1_732_740_000;
const LEASE: i64 = 300;

fn ids(number: u32) -> [(Platform, LibraryBuildId); 2] {
    let id = |platform: u32| format!("01970000-0000-7000-8000-{number:06}{platform:06}").parse().unwrap();
    [(Platform::Android, id(1)), (Platform::Ios, id(2))]
}

fn nobody() -> Library {
    Library::new(TenantId::from_bits(1), "com.company.app".parse().unwrap(), at(NOW))
}

fn begun() -> Library {
    nobody().start(&ids(1), "owner@company.com", at(NOW)).unwrap().0
}

fn package(attempt: u32) -> Package {
    Package { attempt, sha256: Sha256Hex::of(b"library"), size: 7, policy_version: 1 }
}

fn failure() -> Failure {
    Failure::new("broken", "It broke")
}

/// As a worker that takes the build at `now` and ends it at once.
fn ended(library: &Library, id: &LibraryBuildId, successful: bool, now: i64) -> Library {
    let leased = library.apply(id, BuildEvent::Lease { seconds: LEASE }, at(now)).unwrap();
    let attempt = leased.build(id).unwrap().attempt;
    let event = if successful {
        BuildEvent::Finish(package(attempt))
    } else {
        BuildEvent::Fail { attempt, failure: failure() }
    };
    leased.apply(id, event, at(now)).unwrap()
}

fn both_ended(library: &Library, number: u32, (android, ios): (bool, bool), now: i64) -> Library {
    let [(_, first), (_, second)] = ids(number);
    ended(&ended(library, &first, android, now), &second, ios, now)
}

fn tidied(mut library: Library, now: i64) -> Library {
    for id in library.builds.iter().map(|build| build.build_id.clone()).collect::<Vec<_>>() {
        library = library.apply(&id, BuildEvent::Tidy, at(now)).unwrap();
    }
    library
}

fn code<T: std::fmt::Debug>(refused: Result<T, Error>) -> &'static str {
    match refused {
        Err(Error::Conflict { code, .. } | Error::NotReady { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_identifier_that_is_set_has_a_build_for_each_platform() {
    let (library, started) = nobody().start(&ids(1), "owner@company.com", at(NOW)).unwrap();
    assert_eq!((library.set_at, library.set_by.as_str(), library.is_deleted()), (NOW, "owner@company.com", false));
    assert_eq!(started, ids(1).map(|(_, id)| id));
    for (build, (platform, id)) in library.builds.iter().zip(ids(1)) {
        assert_eq!((build.platform, &build.build_id, &build.state), (platform, &id, &BuildState::Pending));
    }
    assert_eq!(library.due_at(), Some(NOW + 300), "the reconciler looks where no worker does");
}

#[test]
fn only_what_neither_runs_nor_is_in_its_cooldown_starts_again() {
    let begun = begun();
    assert_eq!(code(begun.start(&ids(2), "other", at(NOW + 1))), "library_build_running");

    let half = both_ended(&begun, 1, (true, false), NOW + 10);
    let (again, started) = half.start(&ids(2), "other@company.com", at(NOW + 20)).unwrap();
    assert_eq!(started, [ids(2)[1].1.clone()], "what failed");
    assert_eq!((again.set_at, again.set_by.as_str()), (NOW, "owner@company.com"), "it was set before");
    assert_eq!(code(again.start(&ids(3), "other", at(NOW + 21))), "library_build_running");

    let done = ended(&again, &ids(2)[1].1, true, NOW + 40);
    let refused = done.start(&ids(3), "other", at(NOW + 41)).unwrap_err();
    assert!(refused.to_string().ends_with("can be built again in 30 days"), "{refused}");
    let last = NOW + 10 + COOLDOWN_SECONDS - 1;
    let refused = done.start(&ids(3), "other", at(last)).unwrap_err();
    assert!(refused.to_string().ends_with("can be built again in 1 day"), "{refused}");
    let (_, started) = done.start(&ids(3), "other", at(last + 1)).unwrap();
    assert_eq!(started, [ids(3)[0].1.clone()], "the other one was built 30 s later");
}

#[test]
fn a_cooldown_counts_from_the_latest_success_of_its_platform() {
    let library = both_ended(&begun(), 1, (true, false), NOW + 10);
    for (platform, left) in [(Platform::Android, COOLDOWN_SECONDS), (Platform::Ios, 0)] {
        assert_eq!(library.cooldown(platform, at(NOW + 10)), left);
        assert_eq!(library.cooldown(platform, at(NOW + 10 + COOLDOWN_SECONDS)), 0);
        assert_eq!(library.cooldown(platform, at(i64::MAX / 2)), 0);
    }
    for (seconds, days) in [(0, 0), (1, 1), (24 * 3600, 1), (24 * 3600 + 1, 2), (COOLDOWN_SECONDS, 30)] {
        assert_eq!(whole_days(seconds), days, "{seconds}");
    }
}

#[test]
fn an_identifier_is_deleted_when_nothing_runs_and_every_cooldown_is_over() {
    let begun = begun();
    assert_eq!(code(begun.delete(at(NOW))), "library_build_running");
    let one_runs = ended(&begun, &ids(1)[0].1, true, NOW);
    assert_eq!(code(one_runs.delete(at(NOW + 1))), "library_build_running", "before the cooldown");
    let done = both_ended(&begun, 1, (true, true), NOW + 10);
    assert_eq!(code(done.delete(at(NOW + 10 + COOLDOWN_SECONDS - 1))), "library_cooldown");

    for successes in [(true, false), (false, true)] {
        let half = both_ended(&begun, 1, successes, NOW + 10);
        assert_eq!(code(half.delete(at(NOW + 10 + COOLDOWN_SECONDS - 1))), "library_cooldown", "{successes:?}");
        half.delete(at(NOW + 10 + COOLDOWN_SECONDS)).unwrap();
    }

    let after = NOW + 10 + COOLDOWN_SECONDS;
    let deleted = tidied(done, NOW + 20).delete(at(after)).unwrap();
    assert!(deleted.is_deleted() && deleted.builds.iter().all(|build| build.state.as_str() == "deleted"));
    assert!(deleted.due_at().is_some(), "the reconciler goes on where the call ends");
    let [first, second] = ids(1).map(|(_, id)| id);
    let half = deleted.apply(&first, BuildEvent::Tidy, at(after)).unwrap();
    assert_eq!(half.builds.len(), 1);
    let empty = half.apply(&second, BuildEvent::Tidy, at(after)).unwrap();
    assert!(empty.builds.is_empty(), "its item is left to be removed");
    assert_eq!(empty.due_at(), Some(after), "since it was deleted");

    let failed = both_ended(&begun, 1, (false, false), NOW + 10);
    failed.delete(at(NOW + 10)).unwrap();
    let nothing_left = tidied(failed, NOW + 30).delete(at(NOW + 31)).unwrap();
    assert!(nothing_left.builds.is_empty() && nothing_left.due_at().is_some());
}

#[test]
fn an_identifier_that_is_set_again_while_it_is_removed_shows_what_was_deleted() {
    let deleted = both_ended(&begun(), 1, (false, false), NOW).delete(at(NOW + 1)).unwrap();
    let (again, _) = deleted.start(&ids(2), "other@company.com", at(NOW + 2)).unwrap();
    assert_eq!((again.is_deleted(), again.set_at, again.set_by.as_str()), (false, NOW + 2, "other@company.com"));
    let states: Vec<_> = again.builds.iter().map(|build| build.state.as_str()).collect();
    assert_eq!(states, ["deleted", "deleted", "pending", "pending"]);
    assert_eq!(again.latest(Platform::Ios).unwrap().build_id, ids(2)[1].1);
    let tidy = again.apply(&ids(1)[0].1, BuildEvent::Tidy, at(NOW + 2)).unwrap();
    assert_eq!(tidy.builds.len(), 3);
}

#[test]
fn the_oldest_builds_make_room_but_never_the_latest_success() {
    let mut library = both_ended(&begun(), 1, (true, false), NOW);
    for number in 2..40 {
        let now = NOW + i64::from(number);
        let (next, started) = library.start(&ids(number), "owner", at(now)).unwrap();
        assert_eq!(started.len(), 1);
        library = ended(&next, &ids(number)[1].1, false, now);
        library = library.apply(&ids(number)[1].1, BuildEvent::Tidy, at(now)).unwrap();
        let kept = library.builds.iter().filter(|build| build.state.as_str() != "deleted").count();
        assert!(kept <= MOST_BUILDS && library.builds.len() <= MOST_BUILDS + 2, "{kept} of {}", library.builds.len());
        assert_eq!(library.latest_success(Platform::Android).unwrap().build_id, ids(1)[0].1);
    }
    let untidy = |number: u32, library: &Library| {
        let (next, _) = library.start(&ids(number), "owner", at(NOW + 100))?;
        Ok(ended(&next, &ids(number)[1].1, false, NOW + 100))
    };
    let refused = (100..200).try_fold(library, |library, number| untidy(number, &library));
    assert_eq!(code(refused), "library_builds_untidy", "while nothing can be removed");
}

#[test]
fn versions_and_names_tell_day_and_platform() {
    let library = begun();
    let names: Vec<_> = library.builds.iter().map(|build| build.file_name(&library.app_identifier)).collect();
    assert_eq!(names, ["com.company.app-2024.11.27.aar", "com.company.app-2024.11.27.xcframework.zip"]);
    let build = LibraryBuild { created_at: 1_735_689_600, ..library.builds[0].clone() };
    assert_eq!(build.version(), "2025.1.1", "in UTC, without zeros");
}

/// A library whose first build is in a state, leased twice where it ran.
fn in_state(name: BuildStateName) -> Library {
    let id = &ids(1)[0].1;
    let building = begun().apply(id, BuildEvent::Lease { seconds: LEASE }, at(NOW)).unwrap();
    match name {
        BuildStateName::Pending => begun(),
        BuildStateName::Building => building,
        BuildStateName::Success => building.apply(id, BuildEvent::Finish(package(1)), at(NOW)).unwrap(),
        BuildStateName::Failed => {
            building.apply(id, BuildEvent::Fail { attempt: 1, failure: failure() }, at(NOW)).unwrap()
        }
        BuildStateName::Deleted => in_state(BuildStateName::Failed).apply(id, BuildEvent::Delete, at(NOW)).unwrap(),
    }
}

#[test]
fn every_row_of_the_table_is_carried_out_and_nothing_else() {
    let id = &ids(1)[0].1;
    let events = || {
        [
            BuildEvent::Lease { seconds: LEASE },
            BuildEvent::GiveUp(failure()),
            BuildEvent::Retry { attempt: 1 },
            BuildEvent::Finish(package(1)),
            BuildEvent::Fail { attempt: 1, failure: failure() },
            BuildEvent::Cancel,
            BuildEvent::Recheck,
            BuildEvent::Delete,
            BuildEvent::Tidy,
        ]
    };
    let mut carried_out = 0;
    for from in [
        BuildStateName::Pending,
        BuildStateName::Building,
        BuildStateName::Success,
        BuildStateName::Failed,
        BuildStateName::Deleted,
    ] {
        for event in events() {
            let name = event.name();
            let mut library = in_state(from);
            let mut now = NOW;
            if from == BuildStateName::Building && matches!(name, BuildEventName::Lease | BuildEventName::GiveUp) {
                now += LEASE;
                library.builds[0].silent_ends = if name == BuildEventName::GiveUp { 2 } else { 1 };
            }
            let row = TRANSITIONS.iter().find(|row| row.from == from && row.event == name);
            let after = library.apply(id, event, at(now));
            match row {
                None => assert_eq!(after, Err(Refusal::NoTransition), "{from:?} {name:?}"),
                Some(row) => {
                    let after = after.unwrap();
                    assert_eq!(after.build(id).map(|build| build.state.name()), row.to, "{from:?} {name:?}");
                    assert_eq!(after.revision, library.revision + 1);
                    carried_out += 1;
                }
            }
        }
    }
    assert_eq!(carried_out, TRANSITIONS.len());
}

#[test]
fn a_lease_is_held_by_its_latest_attempt_alone_and_the_third_silent_end_is_the_last() {
    let id = &ids(1)[0].1;
    let mut library = in_state(BuildStateName::Building);
    let judge = |library: &Library, now| library.build(id).unwrap().judge_lease(at(now), LEASE);
    let mut now = NOW;
    for silent_ends in 1..3 {
        assert_eq!(judge(&library, now + LEASE - 1), Err(Refusal::Leased { until: now + LEASE }));
        now += LEASE;
        library = library.apply(id, judge(&library, now).unwrap(), at(now)).unwrap();
        let build = library.build(id).unwrap();
        assert_eq!((build.attempt, build.silent_ends), (silent_ends + 1, silent_ends));
        for late in [
            BuildEvent::Finish(package(silent_ends)),
            BuildEvent::Retry { attempt: silent_ends },
            BuildEvent::Fail { attempt: silent_ends, failure: failure() },
        ] {
            assert_eq!(library.apply(id, late, at(now)), Err(Refusal::Superseded));
        }
    }
    now += LEASE;
    let last = judge(&library, now).unwrap();
    let library = library.apply(id, last, at(now)).unwrap();
    let BuildState::Failed { failure, .. } = &library.build(id).unwrap().state else { panic!("{library:?}") };
    assert_eq!(failure.message, "The build stopped without an answer 3 times");
    assert_eq!(judge(&library, now + LEASE), Err(Refusal::NoTransition));
}

#[test]
fn trouble_is_waited_out_for_a_day() {
    let id = &ids(1)[0].1;
    let library = in_state(BuildStateName::Building);
    let first = library.build(id).unwrap().judge_trouble(1, at(NOW));
    let library = library.apply(id, first, at(NOW)).unwrap();
    assert_eq!(library.build(id).unwrap().state, BuildState::Pending);
    let library = library.apply(id, BuildEvent::Lease { seconds: LEASE }, at(NOW + 10)).unwrap();
    let build = library.build(id).unwrap();
    assert_eq!((build.attempt, build.silent_ends), (2, 0));
    assert_eq!(build.judge_trouble(2, at(NOW + 24 * 3600 - 1)), BuildEvent::Retry { attempt: 2 });
    assert!(matches!(build.judge_trouble(2, at(NOW + 24 * 3600)), BuildEvent::Fail { attempt: 2, .. }));
}

#[test]
fn what_a_cancelled_worker_may_still_store_is_removed_after_its_lease() {
    let id = &ids(1)[0].1;
    let cancelled = in_state(BuildStateName::Building).apply(id, BuildEvent::Cancel, at(NOW + 1)).unwrap();
    let settled = |library: &Library, now| library.build(id).unwrap().is_settled(at(now));
    assert!(!settled(&cancelled, NOW + LEASE - 1) && settled(&cancelled, NOW + LEASE));
    assert_eq!(cancelled.apply(id, BuildEvent::Tidy, at(NOW + LEASE - 1)), Err(Refusal::NotDue));
    let pending = begun().apply(id, BuildEvent::Cancel, at(NOW)).unwrap();
    assert!(settled(&pending, NOW));
    assert!(!settled(&begun(), NOW + 1_000_000), "a build that waits");
}

#[test]
fn an_item_is_read_back_as_it_was_written() {
    for name in [BuildStateName::Pending, BuildStateName::Building, BuildStateName::Success, BuildStateName::Failed] {
        let library = in_state(name);
        assert_eq!(serde_json::from_value::<Library>(serde_json::to_value(&library).unwrap()).unwrap(), library);
    }
}
