//! A worker: receive and read, lease, download and build, store, write the end, clean up. Anything may come in between.

use domain::job::Refusal;

use crate::decision::{Ask, decide};
use crate::item::{Item, Object, Stage};
use crate::rules::{Mistake, Rules};
use crate::search::Moves;
use crate::world::{Seen, World, Written};

/// What an attempt wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ending {
    Finish,
    Fail,
    Trouble,
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    Receive,
    Lease(Seen),
    Download(Object),
    Store,
    End(Ending, Seen),
    Clean,
}

/// A worker. The message that woke it stays in the queue until it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Worker {
    pub(crate) next: Next,
    pub(crate) attempt: u8,
    /// Seconds left of the lease it took, whatever has become of it.
    pub(crate) lease: u16,
    pub(crate) stored: bool,
}

impl Worker {
    pub(crate) const IDLE: Self = Self { next: Next::Receive, attempt: 0, lease: 0, stored: false };

    pub(crate) const fn seen(&mut self) -> Option<&mut Seen> {
        match &mut self.next {
            Next::Lease(seen) | Next::End(_, seen) => Some(seen),
            _ => None,
        }
    }

    /// An order of workers; those of equal rank are equal, since what is current in their hands is the same.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let (step, ending, current) = match self.next {
            Next::Receive => (0, None, false),
            Next::Lease(seen) => (1, None, seen.current),
            Next::Download(object) => (2 + object as u8, None, false),
            Next::Store => (5, None, false),
            Next::End(ending, seen) => (6, Some(ending), seen.current),
            Next::Clean => (7, None, false),
        };
        (step, ending, current, self.attempt, self.lease, self.stored)
    }

    const fn bit(self) -> u8 {
        1 << self.attempt
    }
}

/// Every step of the worker at `index`.
pub(crate) fn steps(world: &World, index: usize, rules: &Rules, moves: &mut Moves) {
    let mut step = Step { world, index, rules, moves };
    match world.workers[index].next {
        Next::Receive => return step.receive(),
        Next::Lease(seen) => step.lease(seen),
        Next::Download(pinned) => step.download(pinned),
        Next::Store => step.store(),
        Next::End(ending, seen) => step.end(ending, seen),
        Next::Clean => step.clean(),
    }
    if rules.deaths {
        step.die();
    }
}

struct Step<'a> {
    world: &'a World,
    index: usize,
    rules: &'a Rules,
    moves: &'a mut Moves,
}

impl Step<'_> {
    fn worker(&self) -> Worker {
        self.world.workers[self.index]
    }

    fn with(&self, worker: Worker) -> World {
        let mut world = *self.world;
        world.workers[self.index] = worker;
        world
    }

    fn and_then(&self, next: Next) -> World {
        self.with(Worker { next, ..self.worker() })
    }

    /// The worker is through with its message: it removes it, or a duplicate stays.
    fn acknowledge(&mut self, name: &'static str, world: World) {
        let mut world = world;
        world.workers[self.index] = Worker::IDLE;
        self.moves.fault(name, world);
        self.moves.fair(name, World { wake: false, ..world });
    }

    fn receive(&mut self) {
        if !self.world.wake {
            return;
        }
        let seen = self.world.read();
        match decide(seen.item, Ask::Lease, self.world.era) {
            Ok(_) => self.moves.fair("worker receives and reads", self.and_then(Next::Lease(seen))),
            // The message comes back when the lease is over.
            Err(Refusal::Leased { .. }) if self.rules.mistake != Mistake::AcknowledgeLiveLease => {}
            Err(_) => self.acknowledge("worker receives and acknowledges", *self.world),
        }
    }

    fn lease(&mut self, seen: Seen) {
        let mut world = *self.world;
        match world.write(seen, Ask::Lease, self.rules) {
            Written::Yes(Item { stage: Stage::Running(object, lease), attempt, .. }) => {
                let next = Next::Download(object);
                world.workers[self.index] = Worker { next, attempt, lease, stored: false };
                self.moves.fair("worker leases the job", world);
            }
            Written::Yes(_) => self.acknowledge("worker gives the job up", world),
            Written::Conflict | Written::NoRoom => {
                self.moves.fair("worker was too late to lease the job", self.with(Worker::IDLE));
            }
        }
    }

    fn download(&mut self, pinned: Object) {
        let broken = Next::End(Ending::Fail, self.world.read());
        if self.world.upload != Some(pinned) {
            self.moves.fair("worker finds another object or none", self.and_then(broken));
        } else if self.rules.mistake == Mistake::FinishBeforeStore {
            let next = Next::End(Ending::Finish, self.world.read());
            self.moves.fair("worker builds", self.and_then(next));
        } else {
            let mut identified = self.and_then(Next::Store);
            // Refused where it is known already, or the lease is lost: the worker goes on.
            identified.write(self.world.read(), Ask::Identify(self.worker().attempt), self.rules);
            self.moves.fair("worker downloads, tells the app and builds", identified);
            self.moves.fault("worker finds a broken package", self.and_then(broken));
        }
        self.trouble("the infrastructure fails the download", false);
    }

    fn store(&mut self) {
        let mut world = self.stored();
        let published = self.world.item.stage == Stage::Completed(self.worker().attempt);
        if self.rules.mistake == Mistake::ReleaseBeforeFinish {
            (world.entry.active, world.entry.arrived) = (false, false);
        }
        if published {
            world.workers[self.index] = Worker::IDLE
        }
        self.moves.fair("worker stores its output", world);
        self.trouble("the infrastructure fails the store", false);
        self.trouble("the store succeeds, its answer is lost", true);
    }

    fn stored(&self) -> World {
        let key = if self.rules.mistake == Mistake::OneOutputKey { 1 << 1 } else { self.worker().bit() };
        let next = Next::End(Ending::Finish, self.world.read());
        let mut world = self.with(Worker { next, stored: true, ..self.worker() });
        if world.outputs & key != 0 {
            world.breach = Some("an output was overwritten");
        }
        world.outputs |= key;
        world
    }

    fn trouble(&mut self, name: &'static str, stored: bool) {
        if self.world.troubles < self.rules.troubles {
            let mut world = if stored { self.stored() } else { *self.world };
            world.troubles += 1;
            world.workers[self.index].next = Next::End(Ending::Trouble, self.world.read());
            self.moves.fault(name, world);
        }
    }

    fn end(&mut self, ending: Ending, seen: Seen) {
        if !seen.current && self.rules.mistake != Mistake::WriteWithoutRevision {
            let again = Next::End(ending, self.world.read());
            return self.moves.fair("worker meets another write and reads again", self.and_then(again));
        }
        let attempt = self.worker().attempt;
        let ask = match ending {
            Ending::Finish => Ask::Finish(attempt),
            Ending::Fail => Ask::Fail(attempt),
            Ending::Trouble => Ask::Trouble(attempt),
        };
        let ignore = self.rules.mistake == Mistake::FinishIgnoresAttempt && ending == Ending::Finish;
        let claim = if ignore { Seen { item: Item { attempt, ..seen.item }, ..seen } } else { seen };
        let mut world = *self.world;
        match world.write(claim, ask, self.rules) {
            Written::Yes(item) => self.ended(ending, item, world),
            // Refused: the job has ended, or a later attempt has it, whose wake-up is not to be removed.
            Written::Conflict | Written::NoRoom if self.world.item.has_ended() => {
                self.moves.fair("worker finds the job ended", self.and_then(Next::Clean));
            }
            _ if self.rules.mistake == Mistake::AcknowledgeSuperseded => {
                self.acknowledge("worker finds a later attempt", *self.world);
            }
            _ => self.moves.fair("worker finds a later attempt", self.with(Worker::IDLE)),
        }
    }

    fn ended(&mut self, ending: Ending, item: Item, mut world: World) {
        if self.world.item.attempt != self.worker().attempt {
            world.breach = Some("an attempt that had lost its lease changed the job");
            world.item.attempt = self.world.item.attempt;
        }
        let mut unsure = world;
        unsure.workers[self.index].next = Next::End(ending, Seen::OUTDATED);
        if self.rules.deaths {
            self.moves.fault("worker's last write succeeds, its answer is lost", unsure);
        }
        match (item.has_ended(), self.rules.mistake) {
            (true, Mistake::FinishBeforeStore) if ending == Ending::Finish => {
                world.workers[self.index].next = Next::Store;
                self.moves.fair("worker finishes", world);
            }
            (true, _) => self.acknowledge("worker ends the job", world),
            (false, _) => {
                world.workers[self.index] = Worker::IDLE;
                self.moves.fair("worker gives the job back", world);
            }
        }
    }

    /// Removes what was not published, and the upload, of a job that has ended.
    fn clean(&mut self) {
        let mut world = *self.world;
        world.outputs &= match self.rules.mistake {
            Mistake::DropPublished => !self.worker().bit(),
            _ => world.published(),
        };
        world.drop_upload();
        self.acknowledge("worker cleans up", world);
    }

    fn die(&mut self) {
        let worker = self.worker();
        let mut world = self.with(Worker::IDLE);
        if worker.stored && worker.lease == 0 {
            world.abandoned |= worker.bit() & world.outputs;
        }
        self.moves.fault("worker dies", world);
    }
}
