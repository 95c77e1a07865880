//! Apps in, apps out.

use domain::control::ControlId;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{ControlOutcome, Error, Plan, Report, SigningKey, Unobserved, protect};
use fixtures::ios::{Item, NOW, ipa};
use formats::limits::Limits;
use formats::plist::{self, Dictionary};
use formats::source::Source;
use formats::zip::{Archive, EntrySource};
use signing::code::{Claims, read};
use signing::ios::IosIdentity;

/// A protected app.
pub(crate) struct Output {
    pub(crate) report: Report,
    pub(crate) bytes: Vec<u8>,
}

impl Output {
    pub(crate) fn archive(&self) -> Archive<'_> {
        Archive::read(&self.bytes, &Limits::default()).unwrap()
    }

    pub(crate) fn content(&self, entry: &str) -> Vec<u8> {
        self.archive().read_entry(entry, 64 << 20).unwrap()
    }

    pub(crate) fn info(&self, bundle: &str) -> Dictionary {
        plist::read_dictionary(&self.content(&format!("{bundle}/Info.plist")), &Limits::default()).unwrap()
    }

    /// What the signature of a bundle's executable says.
    pub(crate) fn claims(&self, bundle: &str) -> Claims {
        claims(&self.archive(), &format!("{bundle}/Code"))
    }

    pub(crate) fn outcome(&self, control: ControlId) -> &ControlOutcome {
        self.report.controls.iter().find(|outcome| outcome.control == control).unwrap()
    }
}

pub(crate) fn claims(archive: &Archive<'_>, entry: &str) -> Claims {
    let source = EntrySource::new(archive, archive.entry(entry).unwrap());
    let binary = formats::macho::Binary::read(&source).unwrap();
    let range = binary.slices[0].signature.clone().expect("a signature");
    let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
    source.read_at(range.start, &mut bytes).unwrap();
    read(&bytes).unwrap()
}

pub(crate) fn run(items: &[Item], policy: &Policy, identity: Option<&IosIdentity>) -> Result<Output, Error> {
    run_archive(&ipa(items), policy, identity)
}

pub(crate) fn run_archive(app: &[u8], policy: &Policy, identity: Option<&IosIdentity>) -> Result<Output, Error> {
    run_plan(app, policy, identity, Limits::default())
}

/// Signs ad hoc, within other limits.
pub(crate) fn run_within(items: &[Item], limits: Limits) -> Result<Output, Error> {
    run_plan(&ipa(items), &Policy::default(), None, limits)
}

fn run_plan(app: &[u8], policy: &Policy, identity: Option<&IosIdentity>, limits: Limits) -> Result<Output, Error> {
    let file_name = "app.ipa".parse().unwrap();
    let key = identity.map(|identity| SigningKey::Ios { identity, signing_time: NOW });
    let plan = Plan { file_name: &file_name, platform: Platform::Ios, policy, key, limits };
    let mut bytes = Vec::new();
    let report = protect(&app.to_vec(), &mut bytes, &plan, &Unobserved)?;
    Ok(Output { report, bytes })
}

/// A policy of one control without settings.
pub(crate) fn only(control: ControlId) -> Policy {
    Policy::from_iter([control])
}

/// Replaces the content of an entry.
pub(crate) fn replace(items: &mut [Item], entry: &str, content: Vec<u8>) {
    items.iter_mut().find(|(name, _, _)| name == entry).expect("the entry").2 = content;
}
