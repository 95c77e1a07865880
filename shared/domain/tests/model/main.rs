//! The model check: every interleaving of everyone who touches a job, decided by the domain's own rules.
//!
//! The actors take the steps of the use cases, and anything may come between two of them: another actor, a death, a
//! message that is lost or comes again, time. Steps that only read, and what follows from it alone, are one step with
//! the write they lead to wherever a write by somebody else in between makes that write fail.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stdout, reason = "how much was searched")]

mod around;
mod arrival;
mod decision;
mod item;
mod properties;
mod reconciler;
mod rules;
mod search;
mod worker;
mod world;

use domain::job::TRANSITIONS;
use domain::plan::BuildLimits;
use rules::{Mistake, Rules};
use search::search;

/// Two workers, a queue that loses and repeats, cancel, and the reconciler.
const WORKERS: Rules = Rules {
    workers: 2,
    deaths: true,
    arrivals: false,
    reconciler: true,
    lost_wakes: true,
    lost_notices: true,
    eras: false,
    calls: false,
    cancel: true,
    delete: false,
    mischief: false,
    second: false,
    troubles: 0,
    limits: BuildLimits { concurrent: 1, weekly: 2 },
    mistake: Mistake::None,
};

/// Builds that have ended are deleted.
const DELETION: Rules = Rules { delete: true, lost_wakes: false, ..WORKERS };

/// The infrastructure fails an attempt.
const TROUBLE: Rules = Rules { troubles: 1, lost_wakes: false, cancel: false, ..WORKERS };

/// The infrastructure fails attempts, for a day or less.
const DAY_OF_TROUBLE: Rules = Rules { workers: 1, deaths: false, eras: true, troubles: 2, ..WORKERS };

/// Every way in which an object arrives, or does not, or is not what was announced.
const ARRIVALS: Rules = Rules {
    workers: 1,
    deaths: false,
    lost_wakes: false,
    arrivals: true,
    calls: true,
    mischief: true,
    eras: true,
    ..WORKERS
};

/// Another build wants the only slot.
const SECOND: Rules = Rules { mischief: false, calls: false, second: true, ..ARRIVALS };

/// Another build wants the week's only place.
const WEEK: Rules = Rules { limits: BuildLimits { concurrent: 2, weekly: 1 }, ..SECOND };

/// Messages alone, which are not lost, bring a build to its end. The reconciler is the second net, not the first.
const MESSAGES: Rules =
    Rules { arrivals: true, reconciler: false, lost_wakes: false, lost_notices: false, cancel: false, ..WORKERS };

fn holds(name: &str, rules: &Rules) {
    let started = std::time::Instant::now();
    match search(rules) {
        Ok(coverage) => println!("{name}: {coverage} in {:?}", started.elapsed()),
        Err(violation) => panic!("{name}: {violation}"),
    }
}

#[test]
fn two_workers_one_end_one_output_one_release() {
    holds("two workers", &WORKERS);
}

#[test]
fn what_is_deleted_stays_deleted_and_leaves_nothing() {
    holds("deletion", &DELETION);
}

#[test]
fn trouble_is_waited_out_for_a_day() {
    holds("trouble", &TROUBLE);
    holds("a day of trouble", &DAY_OF_TROUBLE);
}

#[test]
fn an_upload_arrives_once_whoever_tells_of_it() {
    holds("arrivals", &ARRIVALS);
}

#[test]
fn another_build_takes_a_lapsed_slot_and_no_other() {
    holds("a second build", &SECOND);
}

#[test]
fn another_build_takes_a_lapsed_place_of_the_week() {
    holds("the week", &WEEK);
}

#[test]
fn messages_alone_bring_a_build_to_its_end() {
    holds("messages alone", &MESSAGES);
}

/// The same, with more of it at once.
#[test]
#[ignore = "six million states: cargo test --release -p domain --test model -- --ignored"]
fn everything_at_once() {
    holds("arrivals and deaths", &Rules { deaths: true, lost_wakes: true, ..ARRIVALS });
    holds("a second build and deaths", &Rules { deaths: true, lost_wakes: true, ..SECOND });
    holds("trouble and cancel", &Rules { cancel: true, lost_wakes: true, ..TROUBLE });
}

#[test]
fn the_searches_take_every_transition_of_the_table() {
    for rules in [WORKERS, DELETION, DAY_OF_TROUBLE, Rules { calls: false, ..ARRIVALS }] {
        assert!(search(&rules).is_ok());
    }
    let taken = decision::taken();
    let missed: Vec<_> = TRANSITIONS.iter().filter(|row| !taken.contains(&(row.from, row.event))).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// A check that finds nothing wrong with a wrong system is worth nothing.
#[test]
fn each_mistake_is_found() {
    let mistakes = [
        (Mistake::FinishIgnoresAttempt, WORKERS, "an attempt that had lost its lease changed the job"),
        (Mistake::OneOutputKey, WORKERS, "a completed job has no output"),
        (Mistake::FinishBeforeStore, WORKERS, "a completed job has no output"),
        (Mistake::DropPublished, WORKERS, "a completed job has no output"),
        (Mistake::ReleaseBeforeFinish, WORKERS, "a job that is being built holds no slot"),
        (Mistake::WriteWithoutRevision, WORKERS, "an end has changed"),
        (Mistake::TidyDuringLease, WORKERS, "an output was left behind"),
        (Mistake::DeleteForgetsLease, DELETION, "an output was left behind"),
        (Mistake::TidyWhatWasDeleted, DELETION, "an output was left behind"),
        (Mistake::TidyJudgedLate, WORKERS, "an output was left behind"),
        (Mistake::AcknowledgeLiveLease, MESSAGES, "from here on, nobody brings the job to its end"),
        (Mistake::AcknowledgeSuperseded, MESSAGES, "from here on, nobody brings the job to its end"),
        (Mistake::QueuedNeedsNoWake, MESSAGES, "from here on, nobody brings the job to its end"),
        (Mistake::PruneArrived, SECOND, "a job that is being built holds no slot"),
        (Mistake::PruneEnded, SECOND, "the week does not count what was built"),
        (Mistake::TakeWithoutRoom, SECOND, "more builds are active than the limit allows"),
        (Mistake::WaitForRoomForever, WEEK, "from here on, nobody brings the job to its end"),
    ];
    for (mistake, rules, rule) in mistakes {
        match search(&Rules { mistake, ..rules }) {
            Ok(coverage) => panic!("{mistake:?} was not found: {coverage}"),
            Err(violation) => {
                println!("{mistake:?}: after {} steps: {}", violation.trace.len(), violation.rule);
                assert_eq!(violation.rule, rule, "{mistake:?}: {violation}");
            }
        }
    }
}
