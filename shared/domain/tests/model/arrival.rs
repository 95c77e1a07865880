//! What happens when an object arrives: by notification, and by the client's complete and status calls.

use crate::decision::{Ask, Room, room};
use crate::item::{Object, Stage};
use crate::rules::{Mistake, Rules};
use crate::search::Moves;
use crate::world::{Second, Seen, World, Written};

/// What the handler does next. A notification is in its hands; where it dies, the notification comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Arrival {
    Idle,
    Write(Seen, Object),
    Send,
}

impl Arrival {
    pub(crate) const fn seen(&mut self) -> Option<&mut Seen> {
        match self {
            Self::Write(seen, _) => Some(seen),
            Self::Idle | Self::Send => None,
        }
    }
}

/// How the object was learnt of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Notification,
    Call,
}

impl Way {
    const fn handler(self, world: &mut World) -> &mut Arrival {
        match self {
            Self::Notification => &mut world.notified,
            Self::Call => &mut world.called,
        }
    }
}

/// Every step of the handler.
pub(crate) fn steps(world: &World, way: Way, rules: &Rules, moves: &mut Moves) {
    let mut next = *world;
    let (name, after) = match *way.handler(&mut next) {
        Arrival::Idle => return start(world, way, rules, moves),
        Arrival::Write(seen, object) => match take(&mut next, seen, object, rules) {
            Written::Yes(item) if !item.has_ended() => ("arrival writes", Arrival::Send),
            Written::Conflict if next.item.stage == Stage::Awaiting => {
                ("arrival reads again", Arrival::Write(next.read(), object))
            }
            _ => ("arrival rejects, or leaves the job as it is", Arrival::Idle),
        },
        Arrival::Send => {
            next.wake = true;
            ("arrival sends a wake-up", Arrival::Idle)
        }
    };
    *way.handler(&mut next) = after;
    moves.fair(name, next);
    let mut crashed = *world;
    *way.handler(&mut crashed) = Arrival::Idle;
    crashed.notice |= way == Way::Notification;
    moves.fault("arrival dies", crashed);
}

/// Reads the job and the head of its object. Nothing that happens between the two changes what the write does.
fn start(world: &World, way: Way, rules: &Rules, moves: &mut Moves) {
    let mut next = *world;
    let write = world.upload.map_or(Arrival::Idle, |object| Arrival::Write(world.read(), object));
    match way {
        Way::Call if rules.calls && world.item.stage == Stage::Awaiting && write != Arrival::Idle => {
            next.called = write;
            moves.fault("client asks for the status", next);
        }
        Way::Notification if world.notice => {
            match world.item.stage {
                Stage::Awaiting => next.notified = write,
                Stage::Queued(_) => next.wake |= rules.mistake != Mistake::QueuedNeedsNoWake,
                Stage::Running(..) => {}
                Stage::Completed(_) | Stage::Failed(_) | Stage::Deleted => next.drop_upload(),
            }
            moves.fault("arrival is notified, a duplicate remains", next);
            moves.fair("arrival is notified", World { notice: false, ..next });
        }
        Way::Call | Way::Notification => {}
    }
}

/// Writes the arrival. Where there is no room, lapsed reservations of other builds make room.
pub(crate) fn take(world: &mut World, seen: Seen, object: Object, rules: &Rules) -> Written {
    let ask = Ask::Arrival(object);
    let written = world.write(seen, ask, rules);
    if written == Written::NoRoom && room(world, rules.limits) == Room::OtherLapsed {
        world.second = Second::GivenBack;
        return world.write(seen, ask, rules);
    }
    written
}
