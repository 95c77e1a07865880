//! The job's life as a document: docs/model.md, made from the transition table and the constants it runs on.

use crate::job::{self, Slot, StateName, TRANSITIONS};
use crate::{ledger, upload};

/// The text of docs/model.md.
pub fn markdown() -> String {
    [HEAD, &diagram(), "\n## Transitions\n", &table(), &slots(), "\n## Times\n", &times(), RULES].concat()
}

const HEAD: &str = "# The life of a build job
Generated from `domain::job::TRANSITIONS`: `cargo run -p domain --example write-model > docs/model.md`. A test compares the two.

";

const RULES: &str = "
## Rules
- **The item is the truth, messages are wake-ups.** A message says that a job may have something to do; whoever receives it reads the job and decides from what it read. Doubled,
  late and lost messages change nothing but the time.
- **Compare and set.** Each write carries the revision it was decided on. Where another write came first, the writer reads again and decides again; it never repeats the old decision.
- **One transaction.** A transition and its effect on the tenant's ledger are written together or not at all, so that a slot is taken once and freed once.
- **Fenced attempts.** A lease takes the next attempt number. Retry, Finish and Fail are accepted from the latest attempt only. An output is stored under its attempt, and only Finish
  publishes that attempt: what a worker does after it lost its lease is visible to nobody.
- **Acknowledged is what is over.** A message is removed when its job has ended. Who meets a live lease, at first or when it wants to write, leaves the message for the end of that lease.
- **Trouble is not an attempt.** When the infrastructure fails an attempt the job goes back to the queue. A lease that runs out without a word counts, and the last one ends the job.
- **The reconciler** looks at every job whose `due_at` has come and does what a lost message would have done. A job has a `due_at` until it is tidy.
- **Deleted** is what has ended and nobody sees any more. Its application forgets it in the same transaction; its objects go when no lease is live any more, and then its item.
- **Tidy** is a job whose upload and unpublished outputs were removed when no lease was live any more: asked before the removal, not after it. It is marked so only in the state in which it was then.
- **The ledger** is a set per quota. Reservations of uploads that did not arrive lapse, and any admission may remove them on the condition that they still hold a slot and have not arrived. An
  upload that arrives later takes a slot again, or waits for one until it expires.
- **Left to lifecycle rules**: an object that is put after its job has ended and whose notification is lost, and an output whose worker outlives its lease and dies before it can remove it.

## What is checked
`shared/domain/tests/model` searches the interleavings of two workers, arrivals, status reads, cancel, abort, delete, expiry, the reconciler, the admission of a second build, the passing of time and deaths
between any two calls, with the domain's own rules. In every state: an end never changes, but that it may be deleted; a completed job has its output; the slot is held until the end and freed once; the limits hold; the ledger
names no ended job; the week counts what was built; a lost lease changes nothing. From every state, without further faults: the job ends and nothing is left behind. The searches together take
every row of the table, and they find each of a list of deliberate mistakes. `cargo test -p domain --test model -- --nocapture` prints how much was searched.
";

fn diagram() -> String {
    let mut arrows: Vec<(StateName, StateName, Vec<String>)> = Vec::new();
    for row in TRANSITIONS {
        let event = format!("{:?}", row.event);
        match arrows.iter_mut().find(|(from, to, _)| (*from, *to) == (row.from, row.to)) {
            Some((_, _, events)) => events.push(event),
            None => arrows.push((row.from, row.to, vec![event])),
        }
    }
    let lines: String =
        arrows.iter().map(|(from, to, events)| format!("    {from:?} --> {to:?}: {}\n", events.join(", "))).collect();
    format!(
        "```mermaid\nstateDiagram-v2\n    [*] --> AwaitingUpload\n{lines}    Completed --> [*]\n    Failed --> [*]\n    Deleted --> [*]\n```\n"
    )
}

fn table() -> String {
    let rows: String = TRANSITIONS
        .iter()
        .map(|row| format!("| {:?} | {:?} | {:?} | {} | {:?} |\n", row.from, row.event, row.to, row.when, row.slot))
        .collect();
    format!(
        "| from | event | to | condition | slot |\n|---|---|---|---|---|\n{rows}\nWhat is not in the table is refused.\n\n"
    )
}

fn slots() -> String {
    let meaning = |slot| match slot {
        Slot::Keep => "nothing changes",
        Slot::Take => {
            "into `active`, `arrived` and `recent`, on the condition that it stands there already or that there is room"
        }
        Slot::Release => "out of `active` and `arrived`; the build counts towards the week",
        Slot::GiveBack => "out of `active`, `arrived` and `recent`; the build does not count",
    };
    [Slot::Keep, Slot::Take, Slot::Release, Slot::GiveBack]
        .map(|slot| format!("- **{slot:?}**: {}\n", meaning(slot)))
        .concat()
}

fn times() -> String {
    let rows: [(&str, i64); 7] = [
        ("signed URLs work", upload::URL_SECONDS.into()),
        ("a reservation lapses when its upload has not arrived", job::RESERVATION_SECONDS),
        ("a job expires when its upload has not arrived", job::UPLOAD_EXPIRY_SECONDS),
        ("failures of the infrastructure are waited out, from the first one on", job::TROUBLE_SECONDS),
        ("the reconciler looks again at a job that waits", job::RECHECK_SECONDS),
        ("the reconciler looks after the end of a lease or of a job", job::GRACE_SECONDS),
        ("a build counts towards the week", ledger::WEEK_SECONDS),
    ];
    let rows = rows.map(|(what, seconds)| format!("| {what} | {} |\n", duration(seconds))).concat();
    let silent =
        format!("| leases that may run out without a word, the last of which ends the job | {} |\n", job::SILENT_ENDS);
    ["| what | after |\n|---|---|\n", &rows, &silent].concat()
}

fn duration(seconds: i64) -> String {
    match seconds {
        _ if seconds % 86_400 == 0 && seconds > 86_400 => format!("{} days", seconds / 86_400),
        _ if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
