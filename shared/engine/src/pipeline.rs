//! Work that is done on all cores and used in order, with a bound on what is in memory meanwhile.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Bytes that may be in work or wait to be used at a time; a single larger piece of work is done alone.
const BUDGET: u64 = 64 << 20;

/// A piece of work: where in the order its result is used, and the memory it takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) position: usize,
    pub(crate) cost: u64,
}

/// Does `tasks` on up to `threads` threads beside `consume`, which takes their results by position, in the order of the tasks.
pub(crate) fn run<T: Send, R>(
    tasks: &[Task],
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    consume: impl FnOnce(&Results<'_, T>) -> R,
) -> R {
    let pool = Pool { tasks, state: Mutex::new(State::default()), changed: Condvar::new() };
    thread::scope(|scope| {
        // Also when `consume` panics, the threads have to end.
        let _end = End(&pool);
        for _ in 0..threads.min(tasks.len()) {
            scope.spawn(|| {
                let _end = EndOnPanic(&pool);
                while let Some(task) = pool.take() {
                    pool.put(task.position, work(task.position));
                }
            });
        }
        consume(&Results(&pool))
    })
}

/// The results, as they become ready.
pub(crate) struct Results<'a, T>(&'a Pool<'a, T>);

impl<T> Results<'_, T> {
    /// Waits for the result of the next task, which has to be the one at `position`; `None` when its thread died.
    pub(crate) fn take(&self, position: usize) -> Option<T> {
        let mut state = self.0.lock();
        loop {
            if let Some(result) = state.results.remove(&position) {
                return Some(result);
            }
            if state.ended {
                return None;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives back the memory of a result that was used.
    pub(crate) fn release(&self, task: Task) {
        self.0.lock().in_flight -= task.cost;
        self.0.changed.notify_all();
    }
}

struct Pool<'a, T> {
    tasks: &'a [Task],
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    next: usize,
    in_flight: u64,
    results: BTreeMap<usize, T>,
    ended: bool,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { next: 0, in_flight: 0, results: BTreeMap::new(), ended: false }
    }
}

impl<T> Pool<'_, T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task, once there is room for it. Tasks are taken in order, so that the one waited for is always among those taken.
    fn take(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            let task = *self.tasks.get(state.next).filter(|_| !state.ended)?;
            if state.in_flight == 0 || state.in_flight + task.cost <= BUDGET {
                state.next += 1;
                state.in_flight += task.cost;
                return Some(task);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, position: usize, result: T) {
        self.lock().results.insert(position, result);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

struct End<'a, T>(&'a Pool<'a, T>);

impl<T> Drop for End<'_, T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct EndOnPanic<'a, T>(&'a Pool<'a, T>);

impl<T> Drop for EndOnPanic<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_memory_stays_within_the_budget() {
        let cost = BUDGET / 3;
        let tasks: Vec<Task> = (0..50).map(|position| Task { position, cost }).collect();
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = |position| {
            let there = now.fetch_add(cost, Ordering::SeqCst) + cost;
            most.fetch_max(there, Ordering::SeqCst);
            position * 2
        };
        run(&tasks, 8, work, |results| {
            for task in &tasks {
                assert_eq!(results.take(task.position), Some(task.position * 2));
                now.fetch_sub(cost, Ordering::SeqCst);
                results.release(*task);
            }
        });
        assert!(most.into_inner() <= BUDGET);
    }

    #[test]
    fn a_piece_larger_than_the_budget_is_done_alone() {
        let tasks = [Task { position: 0, cost: BUDGET * 2 }, Task { position: 1, cost: 1 }];
        run(
            &tasks,
            4,
            |position| position,
            |results| {
                for task in tasks {
                    assert_eq!(results.take(task.position), Some(task.position));
                    results.release(task);
                }
            },
        );
    }

    #[test]
    fn who_gives_up_or_panics_leaves_no_thread_waiting() {
        let tasks: Vec<Task> = (0..100).map(|position| Task { position, cost: BUDGET }).collect();
        run(&tasks, 4, |position| position, |results| assert_eq!(results.take(0), Some(0)));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            run(&tasks, 4, |_| -> usize { panic!("defect") }, |results| assert_eq!(results.take(0), None));
        }));
        assert!(panicked.is_err());
    }
}
