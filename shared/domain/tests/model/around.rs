//! What goes on around the job: the client's uploads and cancellations, another build, losses and the clock.

use crate::decision::{Ask, Room, room};
use crate::item::{FAR, Item, Object, Stage, Trouble};
use crate::rules::{Mistake, Rules};
use crate::search::Moves;
use crate::world::{Entry, Era, Second, World, Written};

/// Every step of the surroundings.
pub(crate) fn steps(world: &World, rules: &Rules, moves: &mut Moves) {
    put(world, rules, moves);
    give_up(world, rules, moves);
    if rules.second {
        another_build(world, rules, moves);
    }
    if rules.lost_wakes && world.item.stage != Stage::Awaiting {
        let name = if world.wake { "a wake-up is lost" } else { "a wake-up comes again" };
        moves.fault(name, World { wake: !world.wake, ..*world });
    }
    pass_seconds(world, moves);
    if rules.eras {
        pass_hours(world, moves);
    }
}

fn put(world: &World, rules: &Rules, moves: &mut Moves) {
    if !rules.arrivals || world.era == Era::Expired {
        return;
    }
    let objects: &[Object] = match world.upload {
        None if rules.mischief => &[Object::Good, Object::WrongSize],
        None if world.item.stage == Stage::Awaiting => &[Object::Good],
        Some(Object::Good) if rules.mischief => &[Object::Replaced],
        None | Some(_) => &[],
    };
    for object in objects {
        let put = World { upload: Some(*object), ..*world };
        let noticed = World { notice: true, unnoticed: false, ..put };
        // Where nobody ends a job without an upload, the client is counted on to put one.
        match rules.reconciler && rules.eras {
            true => moves.fault("client puts the object", noticed),
            false => moves.fair("client puts the object", noticed),
        }
        if rules.lost_notices {
            let lost = World { unnoticed: world.item.has_ended(), ..put };
            moves.fault("client puts the object, the notification is lost", lost);
        }
    }
}

/// Cancel, abort and delete read and write with nothing in between, so that one step shows all they can do.
fn give_up(world: &World, rules: &Rules, moves: &mut Moves) {
    let asks = [
        (rules.cancel, Ask::Cancel, "client cancels"),
        (rules.mischief, Ask::Abort, "client aborts"),
        (rules.delete, Ask::Delete, "client deletes"),
    ];
    for (_, ask, name) in asks.into_iter().filter(|(wanted, ..)| *wanted) {
        let mut next = *world;
        if let Written::Yes(_) = next.write(world.read(), ask, rules) {
            moves.fault(name, next);
        }
    }
}

fn another_build(world: &World, rules: &Rules, moves: &mut Moves) {
    let with = |second| World { second, ..*world };
    match world.second {
        Second::NotAsked => match room(world, rules.limits) {
            Room::Free => moves.fault("another build is admitted", with(Second::Reserved)),
            Room::JobLapsed => moves.fault("another build finds the reservation lapsed", with(Second::Pruning)),
            Room::OtherLapsed | Room::None => {}
        },
        Second::Pruning => {
            let mut next = with(Second::NotAsked);
            let reserved = match rules.mistake {
                Mistake::PruneArrived => true,
                Mistake::PruneEnded => !world.entry.arrived,
                _ => world.entry.active && !world.entry.arrived,
            };
            if reserved {
                next.entry = Entry { active: false, recent: false, ..world.entry };
            }
            moves.fair("another build removes the lapsed reservation", next);
        }
        Second::Reserved => {
            moves.fair("another build arrives", with(Second::Arrived));
            moves.fault("another build is cancelled", with(Second::GivenBack));
        }
        Second::Arrived => moves.fair("another build ends", with(Second::Ended)),
        Second::Ended | Second::GivenBack => {}
    }
}

/// The next of the timers that last seconds or minutes ends.
fn pass_seconds(world: &World, moves: &mut Moves) {
    let mut next = *world;
    let shortest = timers(&mut next).map(|timer| *timer).filter(|left| *left != 0 && *left != FAR).min();
    if let Some(seconds) = shortest {
        timers(&mut next).filter(|left| **left != FAR).for_each(|timer| *timer = timer.saturating_sub(seconds));
        refresh(&mut next);
        moves.fair("seconds pass", next);
    }
}

/// Hours pass: the next era begins, or, in the last one, trouble gets old.
fn pass_hours(world: &World, moves: &mut Moves) {
    let era = match world.era {
        Era::Fresh => Era::Lapsed,
        Era::Lapsed | Era::Expired => Era::Expired,
    };
    let ages = era == Era::Expired;
    if era == world.era && world.item.trouble != Trouble::Lately {
        return;
    }
    let mut next = World { era, ..*world };
    timers(&mut next).filter(|left| ages || **left != FAR).for_each(|timer| *timer = 0);
    if ages && world.item.trouble == Trouble::Lately {
        next.item.trouble = Trouble::ForADay;
    }
    refresh(&mut next);
    moves.fair("hours pass", next);
}

/// Every timer: those of the item, of the workers, and of what was read of the item as long as it is what is stored.
fn timers(world: &mut World) -> impl Iterator<Item = &mut u16> {
    let Item { stage, due, .. } = &mut world.item;
    let lease = match stage {
        Stage::Running(_, lease) => Some(lease),
        _ => None,
    };
    world.workers.iter_mut().map(|worker| &mut worker.lease).chain(lease).chain(due)
}

/// What is current in the actors' hands is the item, older by as much.
fn refresh(world: &mut World) {
    let item = world.item;
    let workers = world.workers.iter_mut().filter_map(crate::worker::Worker::seen);
    let seen = workers.chain(world.notified.seen()).chain(world.called.seen()).chain(world.reconciler.seen());
    seen.filter(|seen| seen.current).for_each(|seen| seen.item = item);
}
