//! The reconciler: what it does for a job that is due. Whoever ends a job tidies it too, at any time, just so.

use crate::arrival::take;
use crate::decision::{Ask, decide};
use crate::item::{Object, Stage};
use crate::rules::{Mistake, Rules};
use crate::search::Moves;
use crate::world::{Seen, World, Written};

/// What the reconciler does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reconciler {
    Idle,
    Arrive(Seen, Object),
    /// Expire the job or look again later.
    Settle(Seen),
    Send,
    Recheck(Seen),
    /// Mark the job as tidy, if it could be when the cleaning began and is still in the stage in which it was then.
    Tidy(bool, Stage),
}

impl Reconciler {
    pub(crate) const fn seen(&mut self) -> Option<&mut Seen> {
        match self {
            Self::Arrive(seen, _) | Self::Settle(seen) | Self::Recheck(seen) => Some(seen),
            Self::Idle | Self::Send | Self::Tidy(..) => None,
        }
    }
}

/// Every step of the reconciler.
pub(crate) fn steps(world: &World, rules: &Rules, moves: &mut Moves) {
    let mut next = *world;
    let (name, after) = match world.reconciler {
        Reconciler::Idle => return start(world, rules, moves),
        Reconciler::Arrive(seen, object) => match take(&mut next, seen, object, rules) {
            Written::Yes(item) if !item.has_ended() => ("reconciler arrives", Reconciler::Send),
            Written::NoRoom if rules.mistake == Mistake::WaitForRoomForever => {
                ("reconciler finds no room", Reconciler::Recheck(seen))
            }
            Written::NoRoom => ("reconciler finds no room", Reconciler::Settle(seen)),
            Written::Yes(_) | Written::Conflict => ("reconciler rejects or meets another write", Reconciler::Idle),
        },
        Reconciler::Settle(seen) => {
            let expired = decide(seen.item, Ask::Expire, world.era).is_ok();
            next.write(seen, if expired { Ask::Expire } else { Ask::Recheck }, rules);
            ("reconciler expires the job or waits", Reconciler::Idle)
        }
        Reconciler::Send => {
            next.wake = true;
            ("reconciler sends a wake-up", Reconciler::Idle)
        }
        Reconciler::Recheck(seen) => {
            next.write(seen, Ask::Recheck, rules);
            ("reconciler waits", Reconciler::Idle)
        }
        Reconciler::Tidy(allowed, stage) => {
            let same = stage == world.item.stage || rules.mistake == Mistake::TidyWhatWasDeleted;
            if same && (allowed || rules.mistake == Mistake::TidyJudgedLate) {
                next.write(next.read(), Ask::Tidy, rules);
            }
            ("job is marked tidy, or left due", Reconciler::Idle)
        }
    };
    next.reconciler = after;
    moves.fair(name, next);
    moves.fault("reconciler dies", World { reconciler: Reconciler::Idle, ..*world });
}

/// Reads the job, the head of its object too, and does what needs no condition.
fn start(world: &World, rules: &Rules, moves: &mut Moves) {
    let (mut next, seen) = (*world, world.read());
    let ended = world.item.has_ended();
    let untidy = ended && world.item.due.is_some();
    if !rules.reconciler || !(world.item.is_due() || untidy) {
        return;
    }
    next.reconciler = match world.item.stage {
        Stage::Awaiting => world.upload.map_or(Reconciler::Settle(seen), |object| Reconciler::Arrive(seen, object)),
        Stage::Queued(_) => Reconciler::Recheck(seen),
        Stage::Running(..) => Reconciler::Idle,
        Stage::Completed(_) | Stage::Failed(_) | Stage::Deleted => {
            Reconciler::Tidy(decide(seen.item, Ask::Tidy, world.era).is_ok(), world.item.stage)
        }
    };
    if ended {
        next.drop_upload();
        next.outputs &= next.published();
    } else if world.item.stage != Stage::Awaiting {
        next.wake = true;
    }
    match world.item.is_due() {
        true => moves.fair("reconciler looks at a due job", next),
        false => moves.fault("somebody removes what the ended job left", next),
    }
}
