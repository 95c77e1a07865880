//! Android packages and app bundles: from a checked archive and a plan to the protected package and its report.

use std::io::Write;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use domain::control::ControlId;
use domain::phase::Phase;
use formats::source::Source;
use formats::zip::Archive;

use crate::app::App;
use crate::inspect::Input;
use crate::kind::Kind;
use crate::observe::{Observer, Watch};
use crate::outcome::{Applied, ControlOutcome};
use crate::package::{self, Package};
use crate::protect::stages;
use crate::report::{AppFacts, File, Report, Signing, Stage, Warning};
use crate::{Error, Plan, controls, warnings};

/// Protects an Android package; `began` is when the build did.
pub(crate) fn protect<'a>(
    source: &'a dyn Source,
    archive: Archive<'a>,
    kind: Kind,
    sink: &mut dyn Write,
    plan: &Plan<'a>,
    observer: &dyn Observer,
    began: Instant,
) -> Result<Report, Error> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let input = Input::inspect(source, archive, kind, plan, threads, observer)?;
    let inspected = Instant::now();
    Watch::start(observer, Phase::Protecting, input.base.bytes.len() as u64)?;
    let resources = input.read_resources(plan)?;
    let mut app = App::new(&input, &resources, plan.policy, &plan.limits);
    let mut applied = controls::apply(&mut app)?;
    let mapping = app.mapping.take();
    let edits = app.finish()?;
    drop(resources);
    let edited = Instant::now();
    let mut package = package::write(&input, &edits, plan, sink, observer)?;
    let ended = Instant::now();
    add_reworked(&mut applied, &mut package);
    let controls = applied.into_iter().map(ControlOutcome::from).collect();

    let stages = stages(
        [
            (Phase::Inspecting, began),
            (Phase::Protecting, inspected),
            (Phase::Packaging, edited),
            (Phase::Signing, package.signing_began),
        ],
        ended,
    );
    Ok(Report { mapping, ..report(source, input, plan, controls, package, stages) })
}

/// Adds what packaging did for `DebugInfoObfuscation`, the one control that works on entries while they are packed.
fn add_reworked(applied: &mut [Applied], package: &mut Package) {
    let control = applied.iter_mut().find(|applied| applied.control == ControlId::DEBUG_INFO_OBFUSCATION);
    if let Some(applied) = control {
        applied.changes.append(&mut package.changes);
        applied.warnings.append(&mut package.warnings);
    }
}

fn report(
    source: &dyn Source,
    input: Input<'_>,
    plan: &Plan<'_>,
    controls: Vec<ControlOutcome>,
    package: Package,
    stages: Vec<Stage>,
) -> Report {
    let signing = Signing::of(input.signature.as_ref(), &input.previous);
    let warnings: Vec<Warning> = warnings::collect(&input, &controls, &signing);
    let name = Some(plan.file_name.as_str().to_owned());
    Report {
        format: Report::FORMAT,
        engine: env!("CARGO_PKG_VERSION"),
        input: File { name, size: source.len(), sha256: None },
        output: File { name: None, size: package.size, sha256: None },
        signs_again: None,
        app: AppFacts::Android(input.facts),
        controls,
        signing,
        warnings,
        stages,
        mapping: None,
        verification: None,
    }
}
