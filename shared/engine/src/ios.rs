//! iOS apps: from a checked archive and a plan to the protected app and its report.

pub(crate) mod bundles;
pub(crate) mod controls;
mod entitlements;
mod forward;
mod info;
mod inspect;
mod package;
mod report;
mod runnable;
mod sign;
mod tree;

use std::io::Write;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use domain::control::ControlId;
use domain::phase::Phase;
use formats::source::Source;
use formats::zip::Archive;

use crate::observe::{Observer, Watch};
use crate::output::Output;
use crate::protect::stages;
use crate::report::{AppFacts, File, Report};
use crate::{Error, Plan};

use inspect::Input;
pub use inspect::IosFacts;

/// Protects an iOS app; `began` is when the build did.
pub(crate) fn protect<'a>(
    source: &'a dyn Source,
    archive: Archive<'a>,
    sink: &mut dyn Write,
    plan: &Plan<'a>,
    observer: &dyn Observer,
    began: Instant,
) -> Result<Report, Error> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let input = Input::inspect(archive, plan, threads, observer)?;
    let inspected = Instant::now();
    Watch::start(observer, Phase::Protecting, input.bundles.len() as u64)?;
    let (infos, mut outcomes) = controls::apply(&input, plan)?;
    let asked = entitlements::plan(&input, plan, &mut outcomes)?;
    let edited = Instant::now();
    // Signing and writing are one stage to whoever watches: the signatures stand within the entries.
    let watch = Watch::start(observer, Phase::Signing, source.len())?;
    let signing = sign::Signing {
        input: &input,
        key: plan.ios_key(),
        infos,
        entitlements: asked.entitlements,
        strips: plan.policy.has(ControlId::DEBUG_INFO_OBFUSCATION),
        limits: &plan.limits,
        watch: &watch,
    };
    let signed = signing.run(threads)?;
    outcomes.add_symbols(signed.changes, signed.warnings, &input.unsigned);
    let packaging = Instant::now();
    let mut output = Output::new(sink, &watch);
    let written = package::write(&input, signed.contents, &mut output);
    written.map_err(|error| output.explain(error))?;
    let size = output.written();
    let began = [
        (Phase::Inspecting, began),
        (Phase::Protecting, inspected),
        (Phase::Signing, edited),
        (Phase::Packaging, packaging),
    ];
    let controls = outcomes.into_rows(input.is_for_simulator);
    let signing = report::signing(plan, asked.previous.as_ref());
    let mut warnings = report::warnings(&input, plan, &controls, asked.previous.as_ref());
    warnings.extend(asked.warnings);
    let stages = stages(began, Instant::now());
    let name = Some(plan.file_name.as_str().to_owned());
    Ok(Report {
        format: Report::FORMAT,
        engine: env!("CARGO_PKG_VERSION"),
        input: File { name, size: source.len(), sha256: None },
        output: File { name: None, size, sha256: None },
        signs_again: None,
        app: AppFacts::Ios(input.facts),
        controls,
        signing,
        warnings,
        stages,
        mapping: None,
        verification: None,
    })
}
