//! What must hold in every state, across every step and wherever everything has come to rest.

use crate::arrival::Arrival;
use crate::item::{Reason, Stage};
use crate::reconciler::Reconciler;
use crate::rules::Rules;
use crate::worker::Worker;
use crate::world::{Second, World};

/// The first rule that a state breaks.
pub(crate) fn check_state(world: &World, rules: &Rules) -> Option<&'static str> {
    let entry = world.entry;
    let (ended, built) = (world.item.has_ended(), matches!(world.item.stage, Stage::Queued(_) | Stage::Running(..)));
    let counts = match world.item.stage {
        Stage::Completed(_) | Stage::Failed(Reason::GivenUp | Reason::Broken | Reason::Infrastructure) => Some(true),
        Stage::Failed(Reason::Cancelled | Reason::Aborted | Reason::Expired) => Some(false),
        _ => None,
    };
    let (second, counted) = world.others();
    let (active, recent) = (u32::from(entry.active) + second, u32::from(entry.recent) + counted);
    let published = world.published() & !world.outputs == 0;
    let rules = [
        (world.breach.is_none(), world.breach.unwrap_or_default()),
        (published, "a completed job has no output"),
        (!built || (entry.active && entry.arrived && entry.recent), "a job that is being built holds no slot"),
        (!ended || !(entry.active || entry.arrived), "a job that has ended holds a slot"),
        (world.released == u8::from(ended), "a slot was not freed exactly once"),
        (!entry.arrived || entry.active, "arrived is not within active"),
        (!entry.active || entry.recent, "active is not within recent"),
        (active <= rules.limits.concurrent, "more builds are active than the limit allows"),
        (recent <= rules.limits.weekly, "more builds count than the week allows"),
        (counts.is_none_or(|counts| counts == entry.recent), "the week does not count what was built"),
        (ended || world.item.due.is_some(), "the reconciler has no reason to look at a job that has not ended"),
    ];
    rules.into_iter().find_map(|(holds, rule)| (!holds).then_some(rule))
}

/// The rule that a step breaks.
pub(crate) fn check_step(before: &World, after: &World) -> Option<&'static str> {
    let deleted = after.item.stage == Stage::Deleted;
    let changed = before.item.has_ended() && before.item.stage != after.item.stage && !deleted;
    let fell = after.item.attempt < before.item.attempt;
    (changed.then_some("an end has changed")).or(fell.then_some("the attempt fell"))
}

/// Whether everything has come to rest, as far as it ever will.
pub(crate) fn is_at_rest(world: &World, rules: &Rules) -> bool {
    if !rules.reconciler {
        return world.item.has_ended();
    }
    let idle = world.workers == [Worker::IDLE; 2]
        && world.reconciler == Reconciler::Idle
        && (world.notified, world.called) == (Arrival::Idle, Arrival::Idle);
    let another = matches!(world.second, Second::NotAsked | Second::Ended | Second::GivenBack);
    world.item.has_ended() && world.item.due.is_none() && !world.wake && !world.notice && idle && another
}

/// What is left behind although everything is at rest.
pub(crate) fn check_rest(world: &World, rules: &Rules) -> Option<&'static str> {
    let forgotten = world.outputs & !world.published() & !world.abandoned != 0;
    let upload = world.upload.is_some() && !world.unnoticed;
    match rules.reconciler {
        true => forgotten.then_some("an output was left behind").or(upload.then_some("an upload was left behind")),
        false => None,
    }
}
