//! Progress to the outside, cancel and deadline from there.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::phase::Phase;

use crate::Error;

/// The observer is called whenever this many bytes more are done.
const STEP: u64 = 8 << 20;

/// How far a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub phase: Phase,
    /// Bytes of the stage that are done.
    pub done: u64,
    /// Bytes of the whole stage; an estimate for packaging.
    pub total: u64,
}

/// Why a build has to end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled the job.
    Cancelled,
    /// No time is left.
    Deadline,
}

/// Hears of a build's progress and can end it.
pub trait Observer: Sync {
    /// Called at the start of each stage and after every 8 MiB, from any thread; an error ends the build at once.
    fn observe(&self, progress: Progress) -> Result<(), Stop>;
}

/// An observer that nobody needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: Progress) -> Result<(), Stop> {
        Ok(())
    }
}

/// One stage under observation: counts bytes and remembers why to stop.
pub(crate) struct Watch<'a> {
    observer: &'a dyn Observer,
    phase: Phase,
    total: u64,
    done: AtomicU64,
    stop: OnceLock<Stop>,
}

impl<'a> Watch<'a> {
    /// Announces a stage of `total` bytes.
    pub(crate) fn start(observer: &'a dyn Observer, phase: Phase, total: u64) -> Result<Self, Error> {
        let watch = Self { observer, phase, total, done: AtomicU64::new(0), stop: OnceLock::new() };
        watch.observe(0);
        watch.go_on()?;
        Ok(watch)
    }

    /// Counts `bytes` more; `false` when the stage has to end.
    pub(crate) fn advance(&self, bytes: u64) -> bool {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        if before / STEP != after / STEP {
            self.observe(after);
        }
        self.stop.get().is_none()
    }

    /// The reason to stop, as an error.
    pub(crate) fn go_on(&self) -> Result<(), Error> {
        self.stop.get().map_or(Ok(()), |stop| Err((*stop).into()))
    }

    fn observe(&self, done: u64) {
        let progress = Progress { phase: self.phase, done: done.min(self.total), total: self.total };
        if let Err(stop) = self.observer.observe(progress) {
            // The first reason counts.
            let _ = self.stop.set(stop);
        }
    }
}
