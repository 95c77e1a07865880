//! The transition table row by row: what is accepted and refused, the guards with their seconds, and what no sequence
//! of events can break.

#![expect(clippy::unwrap_used, reason = "a test")]

use domain::application::AppFacts;
use domain::id::{JobId, Sha256Hex, TenantId};
use domain::job::{
    Event, EventName, Failure, Job, Output, Refusal, SILENT_ENDS, Slot, State, Step, TRANSITIONS, TROUBLE_SECONDS,
    UPLOAD_EXPIRY_SECONDS, Upload,
};
use domain::phase::Phase;
use domain::platform::{ConfigVersion, Platform};
use domain::time::at;
use domain::upload::MAX_BYTES;
use proptest::prelude::*;

const BORN: i64 = 1_700_000_000;
const LEASE: i64 = 300;

fn awaiting() -> Job {
    Job {
        tenant: TenantId::from_bits(1),
        id: JobId::from_start_time(BORN),
        platform: Platform::Android,
        version: ConfigVersion::Production,
        config: Sha256Hex::of(b""),
        file_name: "a.apk".parse().unwrap(),
        announced_size: None,
        upload_id: None,
        signing_key_id: None,
        signs_again: None,
        app: None,
        created_by: "auto_1".into(),
        updated_at: BORN,
        state: State::AwaitingUpload,
        revision: 7,
        attempt: 0,
        silent_ends: 0,
        trouble_since: None,
        due_at: Some(BORN + 300),
    }
}

fn upload(size: u64) -> Upload {
    Upload { etag: "abc".parse().unwrap(), size }
}

fn failure() -> Failure {
    Failure::new("broken", "Broken")
}

fn output(attempt: u32) -> Output {
    Output { attempt, sha256: Sha256Hex::of(b"x"), size: 1, has_mapping: false }
}

fn fail(attempt: u32) -> Event {
    Event::Fail { attempt, failure: failure() }
}

fn lease() -> Event {
    Event::Lease { seconds: LEASE }
}

#[track_caller]
fn apply(job: &Job, event: Event, now: i64) -> Step {
    job.apply(event, at(now)).unwrap()
}

fn queued() -> Job {
    apply(&awaiting(), Event::Arrive(upload(1)), BORN).job
}

/// Leased at its birth.
fn running() -> Job {
    apply(&queued(), lease(), BORN).job
}

fn completed() -> Job {
    apply(&running(), Event::Finish(output(1)), BORN).job
}

fn failed() -> Job {
    apply(&running(), Event::Cancel, BORN).job
}

fn deleted(job: Job) -> Job {
    apply(&job, Event::Delete, BORN).job
}

fn app() -> AppFacts {
    let (package_name, name) = ("com.example".to_owned(), "Example".to_owned());
    AppFacts { package_name, name, version_name: None, version_code: None, has_icon: false }
}

/// One of each, by the latest attempt.
fn events(attempt: u32) -> [Event; 14] {
    [
        Event::Arrive(upload(1)),
        Event::Reject(failure()),
        Event::Cancel,
        Event::Abort,
        Event::Expire,
        lease(),
        Event::GiveUp(failure()),
        Event::Retry { attempt },
        Event::Finish(output(attempt)),
        fail(attempt),
        Event::Identify { attempt, app: app() },
        Event::Recheck,
        Event::Tidy,
        Event::Delete,
    ]
}

#[test]
fn every_state_and_event() {
    let expired = BORN + UPLOAD_EXPIRY_SECONDS;
    let columns = [
        ("awaiting", awaiting(), BORN),
        ("awaiting, expired", awaiting(), expired),
        ("queued", queued(), BORN),
        ("running", running(), BORN),
        ("running, lease over", running(), BORN + LEASE),
        ("running, last lease over", Job { silent_ends: SILENT_ENDS - 1, ..running() }, BORN + LEASE),
        ("completed", completed(), BORN),
        ("cancelled, lease live", failed(), BORN),
        ("cancelled, lease over", failed(), BORN + LEASE),
        ("identified", apply(&running(), Event::Identify { attempt: 1, app: app() }, BORN).job, BORN),
        ("deleted", deleted(completed()), BORN),
        ("deleted when tidy", deleted(apply(&completed(), Event::Tidy, BORN).job), BORN),
        ("deleted after cancel, lease live", deleted(failed()), BORN),
        ("deleted after cancel, lease over", deleted(failed()), BORN + LEASE),
    ];
    let mut matrix = String::new();
    for (name, job, now) in columns {
        matrix.push_str(&format!("{name}\n"));
        for event in events(job.attempt) {
            let answer = match job.apply(event.clone(), at(now)) {
                Ok(step) => {
                    let due = step.job.due_at.map_or("never".into(), |due| format!("+{} s", due - now));
                    format!("{:?}, {:?}, due {due}", step.job.state.name(), step.slot)
                }
                Err(Refusal::NoTransition) => continue,
                Err(refusal) => format!("{refusal:?}"),
            };
            matrix.push_str(&format!("  {:?}: {answer}\n", event.name()));
        }
    }
    insta::assert_snapshot!(matrix, @"
    awaiting
      Arrive: Queued, Take, due +300 s
      Reject: Failed, Release, due +15 s
      Cancel: Failed, GiveBack, due +15 s
      Abort: Failed, GiveBack, due +15 s
      Expire: NotDue
      Recheck: AwaitingUpload, Keep, due +300 s
    awaiting, expired
      Arrive: Queued, Take, due +300 s
      Reject: Failed, Release, due +15 s
      Cancel: Failed, GiveBack, due +15 s
      Abort: Failed, GiveBack, due +15 s
      Expire: Failed, GiveBack, due +15 s
      Recheck: AwaitingUpload, Keep, due +300 s
    queued
      Cancel: Failed, GiveBack, due +15 s
      Lease: Running, Keep, due +315 s
      Recheck: Queued, Keep, due +300 s
    running
      Cancel: Failed, GiveBack, due +315 s
      Lease: Leased { until: 1700000300 }
      GiveUp: Leased { until: 1700000300 }
      Retry: Queued, Keep, due +300 s
      Finish: Completed, Release, due +15 s
      Fail: Failed, Release, due +15 s
      Identify: Running, Keep, due +315 s
    running, lease over
      Cancel: Failed, GiveBack, due +15 s
      Lease: Running, Keep, due +315 s
      GiveUp: NotDue
      Retry: Queued, Keep, due +300 s
      Finish: Completed, Release, due +15 s
      Fail: Failed, Release, due +15 s
      Identify: Running, Keep, due +15 s
    running, last lease over
      Cancel: Failed, GiveBack, due +15 s
      Lease: NotDue
      GiveUp: Failed, Release, due +15 s
      Retry: Queued, Keep, due +300 s
      Finish: Completed, Release, due +15 s
      Fail: Failed, Release, due +15 s
      Identify: Running, Keep, due +15 s
    completed
      Tidy: Completed, Keep, due never
      Delete: Deleted, Keep, due +15 s
    cancelled, lease live
      Tidy: NotDue
      Delete: Deleted, Keep, due +315 s
    cancelled, lease over
      Tidy: Failed, Keep, due never
      Delete: Deleted, Keep, due +15 s
    identified
      Cancel: Failed, GiveBack, due +315 s
      Lease: Leased { until: 1700000300 }
      GiveUp: Leased { until: 1700000300 }
      Retry: Queued, Keep, due +300 s
      Finish: Completed, Release, due +15 s
      Fail: Failed, Release, due +15 s
      Identify: NotDue
    deleted
      Tidy: Deleted, Keep, due never
    deleted when tidy
      Tidy: Deleted, Keep, due never
    deleted after cancel, lease live
      Tidy: NotDue
    deleted after cancel, lease over
      Tidy: Deleted, Keep, due never
    ");
}

#[test]
fn the_table_names_no_pair_twice_and_leaves_no_end() {
    for (index, row) in TRANSITIONS.iter().enumerate() {
        let twin = TRANSITIONS[index + 1..].iter().find(|other| (other.from, other.event) == (row.from, row.event));
        assert!(twin.is_none(), "{row:?} and {twin:?}");
        let ended = matches!(format!("{:?}", row.from).as_str(), "Completed" | "Failed");
        assert!(!ended || row.from == row.to || row.event == EventName::Delete, "{row:?} leaves an end");
    }
}

#[test]
fn an_upload_expires_after_exactly_24_hours() {
    let early = awaiting().apply(Event::Expire, at(BORN + UPLOAD_EXPIRY_SECONDS - 1));
    assert_eq!(early, Err(Refusal::NotDue));
    let step = apply(&awaiting(), Event::Expire, BORN + UPLOAD_EXPIRY_SECONDS);
    assert_eq!(step.slot, Slot::GiveBack);
}

#[test]
fn a_job_that_waits_is_looked_at_every_five_minutes() {
    let due = |job: &Job, now| apply(job, Event::Recheck, now).job.due_at;
    assert_eq!(due(&awaiting(), BORN + 7), Some(BORN + 307));
    assert_eq!(due(&awaiting(), BORN + UPLOAD_EXPIRY_SECONDS), Some(BORN + UPLOAD_EXPIRY_SECONDS + 300));
    assert_eq!(due(&queued(), BORN + 7), Some(BORN + 307));
}

#[test]
fn an_object_must_have_the_announced_size_and_at_most_2_gb() {
    let announced = Job { announced_size: Some(10), ..awaiting() };
    let code = |job: &Job, size: u64| match job.judge_arrival(upload(size)) {
        Event::Reject(failure) => failure.code.into_owned(),
        event => format!("{:?}", event.name()),
    };
    assert_eq!(code(&announced, 10), "Arrive");
    assert_eq!(code(&announced, 9), "upload_size_mismatch");
    assert_eq!(code(&announced, MAX_BYTES + 1), "upload_too_large");
    assert_eq!(code(&awaiting(), MAX_BYTES), "Arrive");
    assert_eq!(code(&awaiting(), MAX_BYTES + 1), "upload_too_large");
}

#[test]
fn a_lease_is_over_at_its_last_second_and_not_before() {
    let job = running();
    let live = Refusal::Leased { until: BORN + LEASE };
    assert_eq!(job.judge_lease(at(BORN + LEASE - 1), LEASE, Phase::Signing), Err(live));
    assert_eq!(job.apply(lease(), at(BORN + LEASE - 1)), Err(live));
    assert_eq!(job.apply(Event::GiveUp(failure()), at(BORN + LEASE - 1)), Err(live));
    let taken = apply(&job, lease(), BORN + LEASE).job;
    assert_eq!((taken.attempt, taken.silent_ends, taken.due_at), (2, 1, Some(BORN + 2 * LEASE + 15)));
}

#[test]
fn the_third_lease_that_ends_in_silence_ends_the_job_and_names_its_phase() {
    let mut job = running();
    let mut now = BORN;
    for attempt in 2..=SILENT_ENDS {
        now += LEASE;
        assert_eq!(job.apply(Event::GiveUp(failure()), at(now)), Err(Refusal::NotDue));
        let event = job.judge_lease(at(now), LEASE, Phase::Signing).unwrap();
        job = apply(&job, event, now).job;
        assert_eq!(job.attempt, attempt);
    }
    now += LEASE;
    assert_eq!(job.apply(lease(), at(now)), Err(Refusal::NotDue));
    let event = job.judge_lease(at(now), LEASE, Phase::Signing).unwrap();
    let step = apply(&job, event, now);
    let State::Failed { failure } = step.job.state else { panic!("{:?}", step.job.state) };
    assert_eq!((&*failure.code, step.slot), ("worker_lost", Slot::Release));
    assert!(failure.message.contains("3 times, last while Signing"), "{}", failure.message);
}

#[test]
fn only_the_latest_attempt_writes() {
    let second = apply(&running(), lease(), BORN + LEASE).job;
    for attempt in [0, 1, 3, u32::MAX] {
        for event in [Event::Retry { attempt }, Event::Finish(output(attempt)), fail(attempt)] {
            assert_eq!(second.apply(event, at(BORN + LEASE)), Err(Refusal::Superseded));
        }
    }
    // Late, but nobody took it over.
    assert!(second.apply(Event::Finish(output(2)), at(BORN + 9 * LEASE)).is_ok());
}

#[test]
fn an_attempt_that_gave_the_job_back_has_lost_it() {
    let back = apply(&running(), Event::Retry { attempt: 1 }, BORN).job;
    for event in [Event::Retry { attempt: 1 }, Event::Finish(output(1)), fail(1)] {
        assert_eq!(back.apply(event, at(BORN)), Err(Refusal::NoTransition));
    }
    assert_eq!((back.attempt, back.silent_ends), (1, 0), "trouble is not a silent end");
}

#[test]
fn trouble_is_waited_out_for_exactly_24_hours_from_the_first_time() {
    let first = apply(&running(), Event::Retry { attempt: 1 }, BORN + 10).job;
    let again = apply(&first, lease(), BORN + 20).job;
    let second = apply(&again, Event::Retry { attempt: 2 }, BORN + 30).job;
    assert_eq!(second.trouble_since, Some(BORN + 10));
    let over = BORN + 10 + TROUBLE_SECONDS;
    let last = apply(&second, lease(), over - 5).job;
    assert_eq!(last.judge_trouble(3, at(over - 1)), Event::Retry { attempt: 3 });
    let Event::Fail { attempt: 3, failure } = last.judge_trouble(3, at(over)) else { panic!() };
    assert_eq!(failure.code, "infrastructure");
    assert_eq!(running().judge_trouble(1, at(over)), Event::Retry { attempt: 1 });
}

#[test]
fn a_cancelled_job_is_tidy_when_its_worker_can_store_no_more() {
    let job = failed();
    assert_eq!(job.due_at, Some(BORN + LEASE + 15));
    assert_eq!(job.apply(Event::Tidy, at(BORN + LEASE - 1)), Err(Refusal::NotDue));
    let tidy = apply(&job, Event::Tidy, BORN + LEASE).job;
    assert_eq!((tidy.due_at, tidy.updated_at), (None, job.updated_at));
    // Twice is as good as once.
    assert_eq!(apply(&tidy, Event::Tidy, BORN + LEASE).job.due_at, None);
    // A lease that was over already holds nothing up.
    assert_eq!(apply(&running(), Event::Cancel, BORN + 2 * LEASE).job.due_at, Some(BORN + 2 * LEASE + 15));
}

#[test]
fn a_job_reads_back_as_it_was_written() {
    for job in [awaiting(), queued(), running(), completed(), failed()] {
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job, "{text}");
    }
}

/// Any event, for any attempt near the latest one.
fn any_event() -> impl Strategy<Value = Event> {
    let attempt = 0_u32..6;
    prop_oneof![
        1 => (0_u64..3).prop_map(|size| Event::Arrive(upload(size))),
        1 => Just(Event::Reject(failure())),
        1 => Just(Event::Cancel),
        1 => Just(Event::Abort),
        1 => Just(Event::Expire),
        4 => (1_i64..600).prop_map(|seconds| Event::Lease { seconds }),
        1 => Just(Event::GiveUp(failure())),
        2 => attempt.clone().prop_map(|attempt| Event::Retry { attempt }),
        1 => attempt.clone().prop_map(|attempt| Event::Finish(output(attempt))),
        1 => attempt.prop_map(fail),
        2 => Just(Event::Recheck),
        1 => Just(Event::Tidy),
    ]
}

fn check(before: &Job, event: &Event, step: &Step, now: i64) -> Result<(), TestCaseError> {
    let after = &step.job;
    prop_assert_eq!(after.revision, before.revision + 1);
    let leased = u32::from(matches!(event, Event::Lease { .. }));
    prop_assert_eq!(after.attempt, before.attempt + leased);
    prop_assert!(after.silent_ends >= before.silent_ends && after.silent_ends < SILENT_ENDS);
    prop_assert!(before.trouble_since.is_none() || after.trouble_since == before.trouble_since);
    prop_assert!(after.updated_at >= before.updated_at);
    let frozen = |job: &Job| {
        (job.id, job.config.clone(), job.file_name.clone(), job.signing_key_id.clone(), job.created_by.clone())
    };
    prop_assert_eq!(frozen(after), frozen(before));
    if before.has_ended() {
        prop_assert_eq!(event, &Event::Tidy);
        prop_assert_eq!(&after.state, &before.state);
    }
    let tidied = after.has_ended() && *event == Event::Tidy;
    prop_assert_eq!(after.due_at.is_none(), tidied, "due until tidy");
    prop_assert!(after.due_at.is_none_or(|due| due > now), "due later");
    if let State::Completed { output } = &after.state {
        prop_assert_eq!(output.attempt, after.attempt, "only the latest attempt is published");
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_job(events in prop::collection::vec((any_event(), 0_i64..4000), 1..40)) {
        let (mut job, mut now, mut released, mut taken) = (awaiting(), BORN, 0, 0);
        for (event, seconds) in events {
            now += seconds;
            let Ok(step) = job.apply(event.clone(), at(now)) else { continue };
            check(&job, &event, &step, now)?;
            released += u32::from(matches!(step.slot, Slot::Release | Slot::GiveBack));
            taken += u32::from(step.slot == Slot::Take);
            job = step.job;
        }
        prop_assert_eq!(released, u32::from(job.has_ended()), "a slot is freed once");
        prop_assert!(taken <= 1);
    }

    #[test]
    fn what_a_judge_says_is_what_apply_takes(attempts in 0_u32..4, silent in 0_u32..3, seconds in 0_i64..700) {
        let running = Job { attempt: attempts, silent_ends: silent, ..running() };
        for job in [awaiting(), queued(), running, completed(), failed()] {
            let now = at(BORN + seconds);
            match job.judge_lease(now, LEASE, Phase::Queued) {
                Ok(event) => prop_assert!(job.apply(event, now).is_ok()),
                Err(refusal) => prop_assert_eq!(job.apply(lease(), now).map(|_| ()), Err(refusal)),
            }
        }
    }
}
