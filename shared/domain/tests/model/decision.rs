//! What the domain decides: its own `judge_*` and `apply`, asked once for each question.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use domain::job::{Event, EventName, Failure, Refusal, Slot, StateName};
use domain::phase::Phase;
use domain::plan::BuildLimits;

use crate::item::{BORN, Item, Object, app, output};
use crate::search::Mix;
use crate::world::{Entry, Era, Second, World};

/// Seconds of a lease.
const LEASE: i64 = 300;

/// What an actor asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    /// The object was seen.
    Arrival(Object),
    Cancel,
    Abort,
    Expire,
    /// A worker was woken.
    Lease,
    /// The attempt stored its output.
    Finish(u8),
    /// The attempt found a broken package.
    Fail(u8),
    /// The infrastructure failed the attempt.
    Trouble(u8),
    /// The attempt read what the package says about its app.
    Identify(u8),
    Recheck,
    Tidy,
    Delete,
}

/// The next item and what becomes of the slot.
pub(crate) type Decision = Result<(Item, Slot), Refusal>;

/// What the ledger answers when another build is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    /// None, but the job's reservation has lapsed.
    JobLapsed,
    /// None, but the other build's reservation has lapsed.
    OtherLapsed,
    None,
}

type Known<K, V> = RefCell<HashMap<K, V, BuildHasherDefault<Mix>>>;

thread_local! {
    static TAKEN: RefCell<Vec<(StateName, EventName)>> = RefCell::default();
    static KNOWN: Known<(Item, Ask, Era), Decision> = RefCell::default();
    static ROOM: Known<(Entry, Second, Era, u32, u32), Room> = RefCell::default();
}

/// The rows of the transition table that this thread's searches took.
pub(crate) fn taken() -> Vec<(StateName, EventName)> {
    TAKEN.with_borrow(Vec::clone)
}

/// What the ledger answers in this world.
pub(crate) fn room(world: &World, limits: BuildLimits) -> Room {
    let key = (world.entry, world.second, world.era, limits.concurrent, limits.weekly);
    let known = ROOM.with_borrow(|known| known.get(&key).copied());
    known.unwrap_or_else(|| {
        let (ledger, now) = (world.ledger(), world.era.now());
        let lapsed = ledger.stale(now).reservations;
        let room = match ledger.check(limits, now) {
            Ok(()) => Room::Free,
            Err(_) if lapsed.contains(&BORN) => Room::JobLapsed,
            Err(_) if !lapsed.is_empty() => Room::OtherLapsed,
            Err(_) => Room::None,
        };
        ROOM.with_borrow_mut(|known| known.insert(key, room));
        room
    })
}

/// What the domain answers in this era.
pub(crate) fn decide(item: Item, ask: Ask, era: Era) -> Decision {
    let known = KNOWN.with_borrow(|known| known.get(&(item, ask, era)).copied());
    known.unwrap_or_else(|| {
        let decision = ask_domain(item, ask, era);
        KNOWN.with_borrow_mut(|known| known.insert((item, ask, era), decision));
        decision
    })
}

fn ask_domain(item: Item, ask: Ask, era: Era) -> Decision {
    let now = era.now();
    let job = item.job(now);
    let event = match ask {
        Ask::Arrival(object) => job.judge_arrival(object.upload()),
        Ask::Cancel => Event::Cancel,
        Ask::Abort => Event::Abort,
        Ask::Expire => Event::Expire,
        Ask::Lease => job.judge_lease(now, LEASE, Phase::Protecting)?,
        Ask::Finish(attempt) => Event::Finish(output(attempt)),
        Ask::Fail(attempt) => Event::Fail { attempt: attempt.into(), failure: Failure::new("broken", "") },
        Ask::Trouble(attempt) => job.judge_trouble(attempt.into(), now),
        Ask::Recheck => Event::Recheck,
        Ask::Tidy => Event::Tidy,
        Ask::Identify(attempt) => Event::Identify { attempt: attempt.into(), app: app() },
        Ask::Delete => Event::Delete,
    };
    let row = (job.state.name(), event.name());
    let step = job.apply(event, now)?;
    TAKEN.with_borrow_mut(|taken| taken.push(row));
    assert_eq!(step.job.revision, job.revision + 1, "each write counts once");
    Ok((Item::of(&step.job, now), step.slot))
}
