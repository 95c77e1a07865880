//! Resident memory over the run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::findings::Findings;
use crate::stack::Stack;
use crate::workers::Workers;

const PERIOD: Duration = Duration::from_secs(1);
/// The first part of the samples is the warm-up: one in so many.
const WARM_UP: usize = 6;
/// With fewer samples, nothing can be said about growth: five minutes.
const ENOUGH: usize = 300;
/// Allowed growth: so many KiB above a tenth.
const ALLOWED: u64 = 8 << 10;
/// Allowed for a worker at any time, KiB: half of what its function can be given at the least.
const WORKER_LIMIT: u64 = 256 << 10;

#[derive(Default)]
struct Samples {
    server: Vec<u64>,
    worker: Vec<u64>,
    aws: Vec<u64>,
}

/// Samples while it is watched.
pub(crate) struct Memory {
    samples: Arc<Mutex<Samples>>,
    task: JoinHandle<()>,
}

/// What was found: medians of the first and the last third, KiB.
pub(crate) struct Growth {
    server: (u64, u64),
    worker: (u64, u64),
    aws: (u64, u64),
    peak: u64,
    samples: usize,
}

impl Memory {
    pub(crate) fn watch(stack: &Arc<Stack>, workers: &Workers) -> Self {
        let samples = Arc::<Mutex<Samples>>::default();
        let (stack, workers, taken) = (Arc::clone(stack), workers.clone(), Arc::clone(&samples));
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(PERIOD).await;
                let mut samples = lock(&taken);
                samples.server.extend(resident(stack.process));
                samples.worker.extend(workers.spared().and_then(resident));
                samples.aws.extend(stack.aws().and_then(resident));
            }
        });
        Self { samples, task }
    }

    pub(crate) async fn stop(self) -> Growth {
        self.task.abort();
        let _ = self.task.await;
        let samples = std::mem::take(&mut *lock(&self.samples));
        Growth {
            server: thirds(&samples.server),
            worker: thirds(&samples.worker),
            aws: thirds(&samples.aws),
            peak: samples.worker.iter().copied().max().unwrap_or(0),
            samples: samples.server.len(),
        }
    }
}

impl Growth {
    /// The local AWS keeps logs and messages in memory: it is printed only.
    pub(crate) fn judge(&self, findings: &Findings) {
        for (process, (first, last)) in [("server", self.server), ("spared worker", self.worker)] {
            if self.samples >= ENOUGH && last > first + first / 10 + ALLOWED {
                findings.add(format!("the {process}'s resident memory grew from {first} to {last} KiB"));
            }
        }
        if self.peak > WORKER_LIMIT {
            findings.add(format!("a worker took {} KiB", self.peak));
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "resident memory, MiB: medians of the first and the last third")?;
        let judged = if self.samples < ENOUGH { "not judged under five minutes" } else { "at most 10 % + 8 MiB more" };
        let mebibytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
        let mut row = |name: &str, (first, last): (u64, u64), limit: &str| {
            writeln!(f, "  {name:<10}{:.1} -> {:.1}{limit}", mebibytes(first), mebibytes(last))
        };
        row("server", self.server, &format!(", {judged}"))?;
        row("worker", self.worker, &format!(", {judged}; peak {:.1}, at most 256", mebibytes(self.peak)))?;
        row("local AWS", self.aws, ", not judged")
    }
}

fn lock(samples: &Mutex<Samples>) -> MutexGuard<'_, Samples> {
    samples.lock().unwrap_or_else(PoisonError::into_inner)
}

/// KiB.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

fn thirds(samples: &[u64]) -> (u64, u64) {
    let warm = &samples[samples.len() / WARM_UP..];
    let third = warm.len() / 3;
    (median(&warm[..third]), median(&warm[warm.len() - third..]))
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(server: (u64, u64), worker: (u64, u64), peak: u64, samples: usize) -> usize {
        let findings = Findings::default();
        Growth { server, worker, aws: (0, 1 << 30), peak, samples }.judge(&findings);
        findings.take().len()
    }

    #[test]
    fn growth_of_a_tenth_and_8_mib_is_allowed_and_no_more() {
        let (flat, allowed, grown) = ((50_000, 50_000), (50_000, 63_192), (50_000, 63_193));
        assert_eq!(findings(allowed, allowed, WORKER_LIMIT, ENOUGH), 0);
        assert_eq!(findings(grown, flat, WORKER_LIMIT, ENOUGH), 1);
        assert_eq!(findings(flat, grown, WORKER_LIMIT, ENOUGH), 1);
        assert_eq!(findings(grown, grown, WORKER_LIMIT, ENOUGH - 1), 0, "too short to be judged");
        assert_eq!(findings(flat, flat, WORKER_LIMIT + 1, 1), 1);
    }

    #[test]
    fn the_warm_up_is_left_out_and_outliers_do_not_count() {
        let samples = [&[1, 1][..], &[10, 10, 99], &[50; 4], &[20, 99, 20]].concat();
        assert_eq!(thirds(&samples), (10, 20));
    }
}
