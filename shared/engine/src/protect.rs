//! From a package and a plan to the protected package and its report.

use std::io::Write;
use std::time::Instant;

use domain::phase::Phase;
use formats::source::Source;
use formats::zip::Archive;

use crate::kind::{self, Kind};
use crate::observe::{Observer, Watch};
use crate::report::{Report, Stage};
use crate::{Error, Plan, android, ios};

/// Protects the package in `source` as `plan` says, and writes the result to `sink`.
///
/// The sink gets its bytes front to back; after an error what it got is worthless. Threads are used as the machine has cores, and all
/// of them have ended when this returns. Memory is bounded by a constant and the length of the central directory.
///
/// # Errors
/// A plan that this engine cannot carry out in full, a package that is refused, a source or sink that fails, and the observer's stop.
pub fn protect(
    source: &dyn Source,
    sink: &mut dyn Write,
    plan: &Plan<'_>,
    observer: &dyn Observer,
) -> Result<Report, Error> {
    let began = Instant::now();
    Watch::start(observer, Phase::Inspecting, source.len())?;
    let archive = Archive::read(source, &plan.limits).map_err(Error::structure)?;
    let kind = kind::require(&archive, plan)?;
    plan.require_implemented()?;
    match kind {
        Kind::Apk | Kind::Aab => android::protect(source, archive, kind, sink, plan, observer, began),
        Kind::Ipa => ios::protect(source, archive, sink, plan, observer, began),
    }
}

/// The stages between their first moments and the end of the last.
pub(crate) fn stages<const N: usize>(began: [(Phase, Instant); N], ended: Instant) -> Vec<Stage> {
    let ends = began.iter().skip(1).map(|(_, next)| *next).chain([ended]);
    let stage = |((phase, from), to): (&(Phase, Instant), Instant)| Stage {
        phase: *phase,
        milliseconds: to.duration_since(*from).as_millis() as u64,
    };
    began.iter().zip(ends).map(stage).collect()
}
