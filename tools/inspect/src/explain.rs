//! What each control would change: the engine's own work, with an output that nobody keeps.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use domain::control::ControlId;
use domain::file_name::FileName;
use domain::plan::Plan as Subscription;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{
    AppFacts, Change, ControlOutcome, Facts, Identity, IosFacts, Kind, Plan, Status, Unobserved, identify, protect,
};
use formats::limits::Limits;
use formats::source::Source;
use serde_json::{Value, json};

use crate::wanted::{Wanted, available};

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The app to look at: .apk, .aab or .ipa
    pub app: PathBuf,
    /// The controls; all of them where none is named
    #[command(flatten)]
    pub wanted: Wanted,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What one control would do.
#[derive(Debug)]
pub struct Explained {
    /// The control.
    pub control: ControlId,
    /// What it would do; an error says why a build with it would fail.
    pub outcome: Result<ControlOutcome, engine::Error>,
}

/// What builds would make of an app.
#[derive(Debug)]
pub struct Explanation {
    /// The app.
    pub facts: AppFacts,
    /// The controls without which builds refuse the app. For this look at it they count as enabled.
    pub refused_without: Vec<ControlId>,
    /// What each control would do.
    pub controls: Vec<Explained>,
}

/// Explains, and tells whether every control that was asked for by name could be applied.
pub fn run(options: &Options, out: &mut dyn Write) -> anyhow::Result<bool> {
    let source = crate::open(&options.app)?;
    let name = file_name(&options.app)?;
    let platform = Kind::named(&name).platform();
    let explanation = explain(&source, &name, &policies(&options.wanted, platform)?)?;
    let identity = identify(&source, &name, &Limits::default())?;
    let text = if options.json {
        serde_json::to_string_pretty(&to_json(&explanation, &identity)).context("the report cannot be shown")?
    } else {
        to_text(&options.app, &explanation, &identity)
    };
    writeln!(out, "{}", text.trim_end())?;
    Ok(options.wanted.is_everything() || explanation.controls.iter().all(|explained| explained.outcome.is_ok()))
}

/// Each of the wanted controls in a policy of its own, so that one that cannot be applied hides none of the others.
///
/// Where everything is wanted, that is all but what needs hosts and has none.
fn policies(wanted: &Wanted, platform: Platform) -> anyhow::Result<Vec<Policy>> {
    let mut wanted = wanted.clone();
    if wanted.is_everything() {
        let inverted = ControlId::ALLOW_EMULATOR_ARCHITECTURES;
        let needs_hosts = |id: ControlId| id == ControlId::TLS13_ONLY_PREVENTION && wanted.tls13.is_empty();
        let names = available(platform).map(|control| control.id).filter(|id| *id != inverted && !needs_hosts(*id));
        wanted.enable = names.map(|id| id.to_string()).collect();
        wanted.disable =
            [inverted].into_iter().filter(|id| id.control().is_available(platform)).map(|id| id.to_string()).collect();
    }
    let policy = wanted.configuration(platform, &[], Subscription::Enterprise)?.policy(platform);
    let single = |control: &ControlId| Policy { controls: [*control].into(), ..policy.clone() };
    Ok(policy.controls.iter().map(single).collect())
}

/// What the controls of each policy would do with a package, which may also be one that only a control permits.
pub fn explain(source: &dyn Source, file_name: &FileName, policies: &[Policy]) -> Result<Explanation, engine::Error> {
    let platform = Kind::named(file_name).platform();
    let permission = Some(ControlId::ALLOW_SIMULATOR_BUILDS).filter(|id| id.control().is_available(platform));
    let run = |policy: &Policy| {
        let mut policy = policy.clone();
        policy.controls.extend(permission);
        let plan = Plan { file_name, platform, policy: &policy, key: None, limits: Limits::default() };
        protect(source, &mut io::sink(), &plan, &Unobserved)
    };
    let plain = run(&Policy::default())?;
    let used = plain.controls.iter().filter(|outcome| outcome.status == Status::PermissionUsed);
    let mut explanation = Explanation {
        refused_without: used.map(|outcome| outcome.control).collect(),
        facts: plain.app,
        controls: Vec::new(),
    };
    for policy in policies {
        match run(policy) {
            Ok(report) => {
                let wanted = report.controls.into_iter().filter(|outcome| policy.has(outcome.control));
                let row = |outcome: ControlOutcome| Explained { control: outcome.control, outcome: Ok(outcome) };
                explanation.controls.extend(wanted.map(row));
            }
            Err(error) => {
                let Some(&control) = policy.controls.first() else { return Err(error) };
                explanation.controls.push(Explained { control, outcome: Err(error) });
            }
        }
    }
    Ok(explanation)
}

fn to_json(explanation: &Explanation, identity: &Identity) -> Value {
    let row = |explained: &Explained| match &explained.outcome {
        Ok(outcome) => json!(outcome),
        Err(error) => {
            json!({"control": explained.control, "status": "not_applicable", "code": error.code(), "error": error.to_string()})
        }
    };
    let icon = identity.icon.as_ref().map(|icon| json!({"content_type": icon.content_type, "size": icon.bytes.len()}));
    let identity = json!({"name": identity.name, "version_name": identity.version_name, "icon": icon});
    let Explanation { facts, refused_without, controls } = explanation;
    let controls: Vec<Value> = controls.iter().map(row).collect();
    json!({"app": facts, "identity": identity, "refused_without": refused_without, "controls": controls})
}

/// The app as people and as devices know it.
fn headline(app: &Path, facts: &AppFacts, identity: &Identity) -> String {
    let Identity { package_name, name, version_name, .. } = identity;
    let name = if name == package_name { package_name.clone() } else { format!("{name}, {package_name}") };
    let version = version_name.as_deref().unwrap_or("without a version name");
    let (name, version) = (name.escape_debug(), version.escape_debug());
    let devices = match facts {
        AppFacts::Android(Facts { version_code, min_sdk, target_sdk, .. }) => {
            format!("({version_code}), min SDK {min_sdk}, target SDK {target_sdk}")
        }
        AppFacts::Ios(IosFacts { build, minimum_os, architectures, .. }) => {
            let text = |value: &Option<String>| value.as_deref().unwrap_or("?").escape_debug().to_string();
            format!("({}), iOS {} and later, {}", text(build), text(minimum_os), architectures.join(" and "))
        }
    };
    format!("{}: {name} {version} {devices}", app.display())
}

fn to_text(app: &Path, explanation: &Explanation, identity: &Identity) -> String {
    let mut lines = vec![headline(app, &explanation.facts, identity)];
    let refused = explanation.refused_without.iter();
    lines.extend(
        refused.map(|control| format!("A build of it is refused without {control}: it was built for the simulator.")),
    );
    let explained = &explanation.controls;
    if explained.is_empty() {
        lines.push("None of the named controls asks for a change.".to_owned());
    }
    for Explained { control, outcome } in explained {
        lines.push(String::new());
        match outcome {
            Err(error) => {
                let error = error.to_string();
                // The control's name stands there already.
                let reason = error.strip_prefix(&format!("{control}: ")).unwrap_or(&error);
                lines.push(format!("{control}  cannot be applied: {reason}"));
            }
            Ok(outcome) => {
                let count = outcome.changes.len();
                lines.push(match count {
                    _ if outcome.status == Status::PermissionUsed => format!("{control}  permits this build"),
                    _ if outcome.status == Status::PermissionUnused => format!("{control}  not needed"),
                    _ if outcome.status == Status::NotApplied => format!("{control}  left as it is"),
                    0 => format!("{control}  nothing to change"),
                    1 => format!("{control}  1 change"),
                    _ => format!("{control}  {count} changes"),
                });
                lines.extend(outcome.changes.iter().map(|change| format!("  {}", describe(change))));
                lines.extend(outcome.warnings.iter().map(|warning| format!("  warning  {warning}")));
            }
        }
    }
    lines.join("\n")
}

fn describe(change: &Change) -> String {
    let place = [change.entry.as_str(), change.element.as_str()].into_iter().filter(|part| !part.is_empty());
    let place = place.map(|part| part.escape_debug().to_string()).collect::<Vec<_>>().join("  ");
    let what = change.attribute.escape_debug();
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{place}  {what}: {before} -> {after}"),
        (None, Some(after)) => format!("{place}  {what}: {after} (was absent)"),
        (Some(before), None) => format!("{place}  {what}: removed (was {before})"),
        (None, None) => format!("{place}  {what}"),
    }
}

/// The name under which the app would be uploaded.
fn file_name(path: &Path) -> anyhow::Result<FileName> {
    let name =
        path.file_name().and_then(|name| name.to_str()).with_context(|| format!("{} names no file", path.display()))?;
    name.parse().map_err(|error| anyhow::anyhow!("{name}: {error}"))
}
