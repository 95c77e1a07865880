//! The table: every fault at every operation of a use case, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tests::events::Logged;

use crate::wire::{Attempts, Fault, Plan, TRANSACTION, Target, Wire};
use crate::world::{Entry, World};

/// A use case, with what comes before and after it.
pub(crate) trait UseCase {
    /// What one run is about.
    type Subject;
    /// For the table.
    fn name(&self) -> String;

    /// The world before.
    async fn prepare(&self, world: &World) -> Self::Subject;
    /// The use case itself, through `entry`; its answer in short.
    async fn act(&self, world: &World, entry: &Entry, subject: &Self::Subject) -> String;
    /// What a client, a queue and time do next; asserts that all is well and says how it ended. `first` is the answer,
    /// `None` where the process died.
    async fn recover(&self, world: &World, subject: Self::Subject, first: Option<&str>) -> String;
}

/// What can go wrong, with its name in the table. A service that refuses every attempt and one that refuses only the
/// first differ in the SDK alone, whatever the refusal: one refusal of each kind is enough.
const FAULTS: [(&str, Plan, Option<&str>); 7] = [
    ("throttled", Plan::Fail(Fault::Throttled, Attempts::All), None),
    ("503 once", Plan::Fail(Fault::Unavailable, Attempts::First), None),
    ("done, then 500", Plan::Fail(Fault::Masked, Attempts::All), None),
    ("done, then cut once", Plan::Fail(Fault::Lost, Attempts::First), None),
    ("conflict", Plan::Fail(Fault::Conflict, Attempts::All), Some(TRANSACTION)),
    ("killed before", Plan::HoldBefore, None),
    ("killed after", Plan::HoldAfter, None),
];

/// Operations that a use case may make; a table that does not end is a defect.
const MOST: usize = 80;

/// The table in the form that tests compare: the operations of an undisturbed run, and for each fault what was answered
/// and how it ended, wherever the fault struck.
pub(crate) async fn tabulate<U: UseCase>(world: &World, case: &U) -> String {
    let wire = Wire::new();
    let entry = world.over(&wire);
    let mut written = format!("{}\n", case.name());
    let mut compact = String::new();
    let mut events = world.bench.events().await;

    wire.arm(None);
    let subject = case.prepare(world).await;
    let answer = case.act(world, &entry, &subject).await;
    let operations = wire.operations();
    let outcome = case.recover(world, subject, Some(&answer)).await;
    writeln!(compact, "{}", join(operations.into_iter().collect(), ", ")).unwrap();
    writeln!(compact, "undisturbed: {answer} → {outcome}").unwrap();

    for (name, plan, among) in FAULTS {
        let mut endings = BTreeSet::new();
        for index in 0.. {
            assert!(index < MOST, "{}: {name} at {index}", case.name());
            let subject = case.prepare(world).await;
            wire.arm(Some(Target { among, ..Target::at(index, plan) }));
            let answer = tokio::select! {
                answer = case.act(world, &entry, &subject) => Some(answer),
                () = wire.reached() => None,
            };
            let hit = wire.hit();
            wire.arm(None);
            let ran = format!("{}: {name} at {index}, {hit:?}: {answer:?}", case.name());
            let outcome = case.recover(world, subject, answer.as_deref()).await;
            let Some(hit) = hit else { break };
            let answer = answer.unwrap_or_else(|| "nothing".to_owned());
            assert!(!answer.starts_with('4'), "{ran}: a fault is no mistake of the client");
            writeln!(written, "{index:>3}  {hit:<24} {name:<20} {answer:<16} {outcome}").unwrap();
            endings.insert(match plan {
                Plan::Fail(..) => format!("{answer} → {outcome}"),
                Plan::HoldBefore | Plan::HoldAfter => outcome,
            });
        }
        let endings = if endings.is_empty() { "makes no such call".to_owned() } else { join(endings, " | ") };
        writeln!(compact, "{name}: {endings}").unwrap();
    }
    keep(&case.name(), &written);
    assert_told_once(&events.unseen().await);
    compact
}

/// Whatever became of its answer, one event tells of a request.
fn assert_told_once(events: &[Logged]) {
    let mut told: BTreeMap<&str, Vec<&Logged>> = BTreeMap::new();
    for logged in events {
        told.entry(&logged.event.request_id).or_default().push(logged);
    }
    // Operators' calls have no number.
    told.retain(|request, events| !request.is_empty() && events.len() > 1);
    assert!(told.is_empty(), "several events of one request: {told:#?}");
}

fn join(texts: BTreeSet<String>, separator: &str) -> String {
    texts.into_iter().collect::<Vec<_>>().join(separator)
}

/// Where a person reads the whole table.
fn keep(name: &str, table: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-index");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{}.txt", name.replace(' ', "-"))), table).unwrap();
}
