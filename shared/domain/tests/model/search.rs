//! The search: every reachable state, breadth first, so that the trace to a violation is a shortest one.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use crate::arrival::{self, Way};
use crate::properties::{check_rest, check_state, check_step, is_at_rest};
use crate::rules::Rules;
use crate::world::World;
use crate::{around, reconciler, worker};

/// The steps out of a state.
#[derive(Default)]
pub(crate) struct Moves(Vec<(&'static str, bool, World)>);

impl Moves {
    /// A step that is taken sooner or later.
    pub(crate) fn fair(&mut self, name: &'static str, world: World) {
        self.0.push((name, true, world));
    }

    /// A fault, or a choice of a client, on which nobody can count.
    pub(crate) fn fault(&mut self, name: &'static str, world: World) {
        self.0.push((name, false, world));
    }
}

/// What was searched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coverage {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) rests: usize,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states, {} steps, {} ways to come to rest", self.states, self.steps, self.rests)
    }
}

/// A rule that does not hold, and the shortest way there.
pub(crate) struct Violation {
    pub(crate) states: usize,
    pub(crate) rule: &'static str,
    pub(crate) trace: Vec<&'static str>,
    pub(crate) world: World,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (among {} states)", self.rule, self.states)?;
        self.trace.iter().zip(1..).try_for_each(|(step, number)| writeln!(f, "{number:3}. {step}"))?;
        write!(f, "{:?}", self.world)
    }
}

/// A hash that costs little without optimisation; nobody attacks it.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Mix {
    const fn mix(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix((*byte).into()));
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.mix(value.into());
    }

    fn write_isize(&mut self, value: isize) {
        self.mix(value.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

struct Search<'a> {
    rules: &'a Rules,
    found: HashMap<World, u32, BuildHasherDefault<Mix>>,
    worlds: Vec<World>,
    /// How each state was first reached.
    from: Vec<(u32, &'static str)>,
    /// Fair steps, backwards.
    back: Vec<Vec<u32>>,
    steps: usize,
}

/// Visits every state that the rules reach.
pub(crate) fn search(rules: &Rules) -> Result<Coverage, Box<Violation>> {
    let mut search =
        Search { rules, found: HashMap::default(), worlds: Vec::new(), from: Vec::new(), back: Vec::new(), steps: 0 };
    search.reach(World::new(rules), 0, "the upload is asked for");
    let mut moves = Moves::default();
    let mut next = 0;
    while let Some(world) = search.worlds.get(next).copied() {
        search.check(next, check_state(&world, rules))?;
        successors(&world, rules, &mut moves);
        for (name, fair, after) in moves.0.drain(..) {
            let index = search.reach(if rules.workers == 2 { after.sorted() } else { after }, next as u32, name);
            search.check(index as usize, check_step(&world, &after))?;
            if fair {
                search.back[index as usize].push(next as u32);
            }
        }
        next += 1;
    }
    search.check_ends()
}

fn successors(world: &World, rules: &Rules, moves: &mut Moves) {
    for index in 0..rules.workers {
        worker::steps(world, index, rules, moves);
    }
    arrival::steps(world, Way::Notification, rules, moves);
    arrival::steps(world, Way::Call, rules, moves);
    reconciler::steps(world, rules, moves);
    around::steps(world, rules, moves);
}

impl Search<'_> {
    fn reach(&mut self, world: World, from: u32, step: &'static str) -> u32 {
        self.steps += 1;
        let fresh = self.worlds.len() as u32;
        let index = *self.found.entry(world).or_insert(fresh);
        if index == fresh {
            self.worlds.push(world);
            self.from.push((from, step));
            self.back.push(Vec::new());
        }
        index
    }

    fn check(&self, index: usize, broken: Option<&'static str>) -> Result<(), Box<Violation>> {
        let Some(rule) = broken else { return Ok(()) };
        let mut trace = Vec::new();
        let mut at = index;
        while at != 0 {
            let (before, step) = self.from[at];
            trace.push(step);
            at = before as usize;
        }
        trace.reverse();
        Err(Box::new(Violation { rule, trace, world: self.worlds[index], states: self.worlds.len() }))
    }

    /// From every state fair steps alone must lead to rest, and nothing may lie around there.
    fn check_ends(self) -> Result<Coverage, Box<Violation>> {
        let rests: Vec<usize> = (0..self.worlds.len()).filter(|at| is_at_rest(&self.worlds[*at], self.rules)).collect();
        let mut reaches_rest = vec![false; self.worlds.len()];
        let mut open = VecDeque::new();
        for rest in &rests {
            self.check(*rest, check_rest(&self.worlds[*rest], self.rules))?;
            reaches_rest[*rest] = true;
            open.push_back(*rest);
        }
        while let Some(at) = open.pop_front() {
            for before in self.back[at].iter().map(|before| *before as usize) {
                if !std::mem::replace(&mut reaches_rest[before], true) {
                    open.push_back(before);
                }
            }
        }
        if let Some(stuck) = reaches_rest.iter().position(|reaches| !reaches) {
            self.check(stuck, Some("from here on, nobody brings the job to its end"))?;
        }
        Ok(Coverage { states: self.worlds.len(), steps: self.steps, rests: rests.len() })
    }
}
