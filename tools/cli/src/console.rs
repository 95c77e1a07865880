//! What people see while they wait: a bar on a terminal, plain lines in a log, nothing with `--quiet`.

use std::{
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::wire::Status;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A bar that is drawn over itself, on standard error.
    Bar,
    /// One line for each change.
    Plain,
    /// Warnings and errors only.
    Quiet,
}

/// Longest silence in plain style: CI systems end jobs that say nothing.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Transfers from this size on are told in quarters in plain style, smaller ones when they are done. Bytes.
const WORTH_QUARTERS: u64 = 32 << 20;

/// The human side of the program; results for other programs go elsewhere. Clones share one screen.
#[derive(Clone)]
pub struct Console {
    style: Style,
    log: Arc<Mutex<Box<dyn Write + Send>>>,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Default)]
struct Shown {
    bar: Option<ProgressBar>,
    stage: String,
    at: Option<Instant>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("style", &self.style).finish_non_exhaustive()
    }
}

impl Console {
    /// Writes lines to `log`, which is standard error outside tests.
    pub fn new(style: Style, log: impl Write + Send + 'static) -> Self {
        Self { style, log: Arc::new(Mutex::new(Box::new(log))), shown: Arc::default() }
    }

    /// A line of progress; silent with [`Style::Quiet`].
    pub fn say(&self, line: &str) {
        if self.style != Style::Quiet {
            self.write(line);
        }
    }

    /// A warning or an error; shown in every style.
    pub fn warn(&self, line: &str) {
        self.write(line);
    }

    /// Shows where the build stands.
    pub fn show_stage(&self, status: &Status) {
        let percent = percent_of(status);
        let mut shown = self.shown();
        match self.style {
            Style::Quiet => {}
            Style::Bar => {
                let bar =
                    shown.bar.get_or_insert_with(|| new_bar(100, "{spinner} [{bar:30}] {pos:>3} % {msg} ({elapsed})"));
                bar.set_position(percent);
                bar.set_message(describe_stage(status));
            }
            Style::Plain => {
                let stage = format!("{:?}{:?}", status.progress, status.queue_position);
                let silent = shown.at.is_none_or(|at| at.elapsed() >= HEARTBEAT);
                if stage != shown.stage || silent {
                    shown.stage = stage;
                    shown.at = Some(Instant::now());
                    drop(shown);
                    self.write(&format!("{percent:>3} % {}", describe_stage(status)));
                }
            }
        }
    }

    /// Begins to show a transfer of `total` bytes; it ends when the meter is dropped.
    pub fn meter(&self, label: &'static str, total: u64) -> Meter {
        let bar = (self.style == Style::Bar).then(|| {
            let bar = new_bar(total, "{spinner} [{bar:30}] {msg} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}");
            bar.set_message(label);
            bar
        });
        self.shown().bar.clone_from(&bar);
        Meter { console: self.clone(), label, total, done: Mutex::new((0, 0)), bar }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        if let Some(bar) = self.shown().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn write(&self, line: &str) {
        let write = || {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            // A closed standard error is no reason to break off a build.
            let _ = writeln!(log, "{}", one_line(line));
        };
        let bar = self.shown().bar.clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of one transfer.
#[derive(Debug)]
pub struct Meter {
    console: Console,
    label: &'static str,
    total: u64,
    /// Bytes, and the quarters already told.
    done: Mutex<(u64, u64)>,
    bar: Option<ProgressBar>,
}

impl Meter {
    /// `bytes` more went through.
    pub fn add(&self, bytes: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0 = done.0.saturating_add(bytes);
        if let Some(bar) = &self.bar {
            return bar.set_position(done.0);
        }
        let quarter = (done.0.saturating_mul(4)).checked_div(self.total).unwrap_or(4);
        if quarter > done.1 && (quarter >= 4 || self.total >= WORTH_QUARTERS) {
            done.1 = quarter;
            let line = format!("{} {} of {}", self.label, HumanBytes(done.0), HumanBytes(self.total));
            self.console.say(&line);
        }
    }

    /// `bytes` counted before must be sent again.
    pub fn retract(&self, bytes: u64) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0 = done.0.saturating_sub(bytes);
        if let Some(bar) = &self.bar {
            bar.set_position(done.0);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.console.clear();
    }
}

fn new_bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Whole percent, rounded down: 100 is shown only for what is done.
fn percent_of(status: &Status) -> u64 {
    status.percent.unwrap_or(0.0).clamp(0.0, 100.0) as u64
}

/// "Queued, position 3, about 40 s left".
fn describe_stage(status: &Status) -> String {
    let mut text = status.progress.clone().or_else(|| status.phase.clone()).unwrap_or_else(|| "Processing".to_owned());
    if let Some(position) = status.queue_position {
        text.push_str(&format!(", position {position} in the queue"));
    }
    if let Some(seconds) = status.eta_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 1.0) {
        text.push_str(&format!(", about {seconds:.0} s left"));
    }
    one_line(&text)
}

/// Text from elsewhere without the control characters that could redraw a terminal or begin a line of their own.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
