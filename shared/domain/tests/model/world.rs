//! Everything the actors share, small enough to be counted: the job item, the ledger, the queue, storage and the clock.
//!
//! Times are seconds that remain. What lies hours ahead is crossed by eras, so that short timers do not add up to
//! new states. A queue is one bit: messages carry nothing, any of them may come twice or late, so that all that
//! matters is whether there is one; an acknowledgement may leave a duplicate behind.

use domain::job::{Job, Slot};
use domain::ledger::Ledger;
use domain::plan::BuildLimits;
use domain::time;
use jiff::Timestamp;

use crate::arrival::Arrival;
use crate::decision::{Ask, decide};
use crate::item::{BORN, Item, Object, Stage, TEMPLATE, Trouble};
use crate::reconciler::Reconciler;
use crate::rules::{Mistake, Rules};
use crate::worker::Worker;

/// Where the clock stands between the moments that matter to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Era {
    /// The URL works, the reservation holds.
    Fresh,
    /// The reservation has lapsed.
    Lapsed,
    /// More than a day has passed.
    Expired,
}

impl Era {
    /// Where its clock stands.
    pub(crate) fn now(self) -> Timestamp {
        time::at(match self {
            Self::Fresh => BORN,
            Self::Lapsed => BORN + 80 * 60,
            Self::Expired => BORN + 26 * 3600,
        })
    }
}

/// The item as an actor read it. A write on it succeeds as long as nobody else has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) item: Item,
    pub(crate) current: bool,
}

impl Seen {
    /// What was read and is no longer what is stored: nothing depends on what it was.
    pub(crate) const OUTDATED: Self = Self {
        item: Item {
            stage: Stage::Awaiting,
            attempt: 0,
            silent_ends: 0,
            trouble: Trouble::Never,
            identified: false,
            due: None,
        },
        current: false,
    };
}

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Yes(Item),
    Conflict,
    NoRoom,
}

/// What the ledger says of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) active: bool,
    pub(crate) arrived: bool,
    pub(crate) recent: bool,
}

/// Another build of the same tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Second {
    NotAsked,
    /// Its admission was refused and read that the job's reservation has lapsed.
    Pruning,
    Reserved,
    Arrived,
    Ended,
    GivenBack,
}

/// One state of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) era: Era,
    pub(crate) item: Item,
    pub(crate) entry: Entry,
    pub(crate) second: Second,
    /// There is a message in the build queue.
    pub(crate) wake: bool,
    /// There is a notification in the arrival queue.
    pub(crate) notice: bool,
    pub(crate) upload: Option<Object>,
    /// The upload was put after the end, and its notification was lost.
    pub(crate) unnoticed: bool,
    /// Stored outputs, a bit for each attempt.
    pub(crate) outputs: u8,
    /// Those of them whose worker died after its lease was over, before it could remove them.
    pub(crate) abandoned: u8,
    pub(crate) workers: [Worker; 2],
    pub(crate) notified: Arrival,
    pub(crate) called: Arrival,
    pub(crate) reconciler: Reconciler,
    /// Failures of the infrastructure so far.
    pub(crate) troubles: u8,
    /// How often the job's slot was freed by a transition.
    pub(crate) released: u8,
    /// A rule that a step broke.
    pub(crate) breach: Option<&'static str>,
}

impl World {
    /// Right after the upload was asked for, or, where no arrivals take part, after it arrived.
    pub(crate) fn new(rules: &Rules) -> Self {
        let mut world = Self::asked_for();
        if !rules.arrivals {
            world.upload = Some(Object::Good);
            world.write(world.read(), Ask::Arrival(Object::Good), rules);
            world.wake = true;
        }
        world
    }

    fn asked_for() -> Self {
        let job = Job { due_at: Some(BORN + 300), ..TEMPLATE.clone() };
        Self {
            era: Era::Fresh,
            item: Item::of(&job, time::at(BORN)),
            entry: Entry { active: true, arrived: false, recent: true },
            second: Second::NotAsked,
            wake: false,
            notice: false,
            upload: None,
            unnoticed: false,
            outputs: 0,
            abandoned: 0,
            workers: [Worker::IDLE; 2],
            notified: Arrival::Idle,
            called: Arrival::Idle,
            reconciler: Reconciler::Idle,
            troubles: 0,
            released: 0,
            breach: None,
        }
    }

    pub(crate) const fn read(&self) -> Seen {
        Seen { item: self.item, current: true }
    }

    /// Writes the job and its effect on the ledger on the condition that the job is the one that was read.
    /// What the domain refuses changes nothing, as a conflict does not.
    pub(crate) fn write(&mut self, seen: Seen, ask: Ask, rules: &Rules) -> Written {
        if !seen.current && rules.mistake != Mistake::WriteWithoutRevision {
            return Written::Conflict;
        }
        let Ok((mut item, slot)) = decide(seen.item, ask, self.era) else { return Written::Conflict };
        if ask == Ask::Cancel && rules.mistake == Mistake::TidyDuringLease {
            item.due = Some(15);
        }
        if ask == Ask::Delete && rules.mistake == Mistake::DeleteForgetsLease {
            item.due = Some(15);
        }
        if slot == Slot::Take && rules.mistake != Mistake::TakeWithoutRoom && !self.has_room(rules.limits) {
            return Written::NoRoom;
        }
        self.settle(slot);
        self.item = item;
        self.outdate(rules);
        Written::Yes(item)
    }

    fn has_room(&self, limits: BuildLimits) -> bool {
        let (active, recent) = self.others();
        (self.entry.active || active < limits.concurrent) && (self.entry.recent || recent < limits.weekly)
    }

    /// How many other builds are active, and how many count towards the week.
    pub(crate) const fn others(&self) -> (u32, u32) {
        match self.second {
            Second::Reserved | Second::Arrived => (1, 1),
            Second::Ended => (0, 1),
            Second::NotAsked | Second::Pruning | Second::GivenBack => (0, 0),
        }
    }

    fn settle(&mut self, slot: Slot) {
        match slot {
            Slot::Keep => {}
            Slot::Take => self.entry = Entry { active: true, arrived: true, recent: true },
            Slot::Release | Slot::GiveBack => {
                self.released += 1;
                let recent = self.entry.recent && slot == Slot::Release;
                self.entry = Entry { active: false, arrived: false, recent };
            }
        }
    }

    /// The ledger as the domain knows it.
    pub(crate) fn ledger(&self) -> Ledger {
        let second = BORN + 1;
        let ((active, recent), arrived) = (self.others(), self.second == Second::Arrived);
        let set = |job: bool, other: bool| {
            [(job, BORN), (other, second)].into_iter().filter_map(|(there, id)| there.then_some(id)).collect()
        };
        Ledger {
            active: set(self.entry.active, active == 1),
            arrived: set(self.entry.arrived, arrived),
            recent: set(self.entry.recent, recent == 1),
            last: Some(BORN),
            ..Ledger::default()
        }
    }

    /// What the actors have read is no longer what is stored.
    fn outdate(&mut self, rules: &Rules) {
        let forget = rules.mistake != Mistake::WriteWithoutRevision;
        let mut outdate = |seen: &mut Seen| match forget {
            true => *seen = Seen::OUTDATED,
            false => seen.current = false,
        };
        self.workers.iter_mut().filter_map(Worker::seen).for_each(&mut outdate);
        self.notified.seen().into_iter().chain(self.called.seen()).for_each(&mut outdate);
        self.reconciler.seen().into_iter().for_each(&mut outdate);
    }

    /// The outputs that clients can see, a bit for each attempt.
    pub(crate) const fn published(&self) -> u8 {
        match self.item.stage {
            Stage::Completed(attempt) => 1 << attempt,
            _ => 0,
        }
    }

    /// Removes the raw upload.
    pub(crate) fn drop_upload(&mut self) {
        if !self.item.has_ended() && self.upload.is_some() {
            self.breach = Some("an upload was removed under a job that has not ended");
        }
        self.upload = None;
        self.unnoticed = false;
    }

    /// The same world with the two workers, who are alike, in a fixed order.
    pub(crate) fn sorted(mut self) -> Self {
        self.workers.sort_by_key(Worker::rank);
        self
    }
}
