//! The controls of iOS apps: those that edit the `Info.plist` of every program stand in files of their own, those of entitlements and
//! symbols are carried out when the app is signed.

mod file_sharing;
mod transport;

use std::collections::BTreeMap;

use domain::control::ControlId;
use domain::policy::Policy;
use formats::limits::Limits;
use formats::plist::{self, Form};

use crate::ios::bundles::{Bundle, INFO};
use crate::ios::info::Info;
use crate::ios::inspect::Input;
use crate::outcome::{Applied, Change, ControlOutcome, Status};
use crate::{Error, Plan};

use transport::Pins;

/// Every control that this engine applies to iOS apps.
pub(crate) const CONTROLS: &[ControlId] = &[
    ControlId::ALLOW_SIMULATOR_BUILDS,
    ControlId::CERTIFICATE_PINNING,
    ControlId::DEBUGGABLE_PREVENTION,
    ControlId::DEBUG_INFO_OBFUSCATION,
    ControlId::FILE_SHARING_PREVENTION,
    ControlId::STORAGE_ENCRYPTION_PREVENTION,
    ControlId::TLS13_ONLY_PREVENTION,
];

/// Devices with an older system do not look for pins.
const PINS_FROM: Version = (14, 0);
/// Devices with an older system know no TLS 1.3.
const TLS13_FROM: Version = (12, 2);

/// Files of one kind that warnings name.
const MOST_NAMED: usize = 16;

/// A version of iOS, as far as it decides anything here.
pub(crate) type Version = (u32, u32);

/// What the controls did so far, a row for each control of the policy.
#[derive(Debug)]
pub(crate) struct Outcomes(Vec<Applied>);

impl Outcomes {
    fn new(policy: &Policy) -> Self {
        let controls = policy.controls.iter().copied();
        let row = |control| Applied { control, changes: Vec::new(), warnings: Vec::new(), is_left: false };
        Self(controls.map(row).collect())
    }

    /// The row of a control; `None` where the policy does not have it.
    pub(crate) fn row(&mut self, control: ControlId) -> Option<&mut Applied> {
        self.0.iter_mut().find(|applied| applied.control == control)
    }

    fn add(&mut self, control: ControlId, changes: &mut Vec<Change>, warnings: Vec<String>) {
        let Some(row) = self.row(control) else { return };
        row.changes.append(changes);
        for warning in warnings {
            if !row.warnings.contains(&warning) {
                row.warnings.push(warning);
            }
        }
    }

    /// What signing did for `DebugInfoObfuscation`, which leaves code alone that nobody signs.
    pub(crate) fn add_symbols(&mut self, mut changes: Vec<Change>, mut warnings: Vec<String>, unsigned: &[String]) {
        let kept = |entry: &String| {
            let entry = entry.escape_debug();
            format!("{entry} is debug information or an object file and stays as it is: leave it out of the app")
        };
        warnings.extend(unsigned.iter().take(MOST_NAMED).map(kept));
        if let Some(more @ 1..) = unsigned.len().checked_sub(MOST_NAMED) {
            warnings.push(format!("{more} more files of debug information or object code stay as they are"));
        }
        self.add(ControlId::DEBUG_INFO_OBFUSCATION, &mut changes, warnings);
    }

    /// The rows of the report.
    pub(crate) fn into_rows(self, is_for_simulator: bool) -> Vec<ControlOutcome> {
        let row = |applied: Applied| {
            let outcome = ControlOutcome::from(applied);
            match (outcome.control, is_for_simulator) {
                (ControlId::ALLOW_SIMULATOR_BUILDS, true) => {
                    ControlOutcome { status: Status::PermissionUsed, ..outcome }
                }
                (ControlId::ALLOW_SIMULATOR_BUILDS, false) => {
                    ControlOutcome { status: Status::PermissionUnused, ..outcome }
                }
                _ => outcome,
            }
        };
        self.0.into_iter().map(row).collect()
    }
}

/// New contents of `Info.plist` files by entry, and what the controls did there.
pub(crate) fn apply(input: &Input<'_>, plan: &Plan<'_>) -> Result<(BTreeMap<String, Vec<u8>>, Outcomes), Error> {
    let policy = plan.policy;
    let mut outcomes = Outcomes::new(policy);
    let demands = Demands::of(policy)?;
    demands.warn(input, &mut outcomes);
    let mut infos = BTreeMap::new();
    for program in input.bundles.iter().filter(|bundle| bundle.is_program()) {
        let entry = program.entry(INFO);
        if let Some(content) = demands.edit(input, program, &entry, &plan.limits, &mut outcomes)? {
            infos.insert(entry, content);
        }
    }
    Ok((infos, outcomes))
}

/// What the controls demand of every `Info.plist`.
struct Demands<'a> {
    policy: &'a Policy,
    pins: Option<Pins>,
}

impl<'a> Demands<'a> {
    fn of(policy: &'a Policy) -> Result<Self, Error> {
        let control = ControlId::CERTIFICATE_PINNING;
        let pins = policy.has(control).then(|| Pins::of(&policy.certificates));
        if let Some(pins) = pins.as_ref().filter(|pins| pins.is_empty()) {
            return Err(Error::nothing_to_pin(&pins.warnings));
        }
        Ok(Self { policy, pins })
    }

    /// What the demands leave open, whatever the app is.
    fn warn(&self, input: &Input<'_>, outcomes: &mut Outcomes) {
        let old = |version: Version, what: &str| {
            let (major, minor) = version;
            is_older(input, version)
                .then(|| format!("{what} from iOS {major}.{minor} on; the app installs on older systems, too"))
        };
        if let Some(pins) = &self.pins {
            let mut warnings = pins.warnings.clone();
            warnings.extend(old(PINS_FROM, "devices enforce pins"));
            warnings.push(
                "the system itself refuses connections to pinned hosts that present another key; actions and messages of the \
                 control need the runtime agent, which is not built yet"
                    .to_owned(),
            );
            let one_label =
                self.policy.certificates.iter().flat_map(|entry| &entry.domains).any(|host| host.is_wildcard());
            warnings.extend(one_label.then(only_one_label));
            outcomes.add(ControlId::CERTIFICATE_PINNING, &mut Vec::new(), warnings);
        }
        let one_label = self.policy.tls13_domains.iter().any(|host| host.is_wildcard());
        let warnings = one_label.then(only_one_label).into_iter().chain(old(TLS13_FROM, "devices know TLS 1.3"));
        outcomes.add(ControlId::TLS13_ONLY_PREVENTION, &mut Vec::new(), warnings.collect());
    }

    /// The new content of a program's `Info.plist`; `None` where nothing changes.
    fn edit(
        &self,
        input: &Input<'_>,
        program: &Bundle,
        entry: &str,
        limits: &Limits,
        outcomes: &mut Outcomes,
    ) -> Result<Option<Vec<u8>>, Error> {
        let broken = |cause| Error::PropertyList { entry: entry.to_owned(), cause };
        let content = input.archive.read_entry(&program.entry(INFO), limits.document_bytes).map_err(Error::content)?;
        let root = plist::read_dictionary(&content, limits).map_err(broken)?;
        let mut info = Info { entry, root, changes: Vec::new() };
        let mut is_changed = false;
        let mut note = |control, info: &mut Info<'_>, warnings| {
            is_changed |= !info.changes.is_empty();
            outcomes.add(control, &mut info.changes, warnings);
        };
        if let Some(pins) = &self.pins {
            pins.pin(&mut info)?;
            note(ControlId::CERTIFICATE_PINNING, &mut info, Vec::new());
        }
        if self.policy.has(ControlId::FILE_SHARING_PREVENTION) {
            let mut warnings = Vec::new();
            file_sharing::prevent(&mut info, &mut warnings)?;
            note(ControlId::FILE_SHARING_PREVENTION, &mut info, warnings);
        }
        if self.policy.has(ControlId::TLS13_ONLY_PREVENTION) {
            transport::demand_tls13(&mut info, self.policy)?;
            note(ControlId::TLS13_ONLY_PREVENTION, &mut info, Vec::new());
        }
        if !is_changed {
            return Ok(None);
        }
        let form = Form::of(&content).map_err(broken)?;
        plist::write(&info.root, form).map(Some).map_err(broken)
    }
}

/// Whether the app installs on systems before `version`.
pub(crate) fn is_older(input: &Input<'_>, version: Version) -> bool {
    input.facts.minimum_os.as_deref().and_then(parse_version).is_none_or(|minimum| minimum < version)
}

fn only_one_label() -> String {
    "of the hosts below a wildcard iOS means those with one label more: name deeper ones by themselves".to_owned()
}

/// `12.2.1` as far as its second number.
fn parse_version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next().unwrap_or(Some(0))?))
}
