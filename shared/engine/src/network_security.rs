//! Network security configurations: the app's own one is merged with what the controls demand, or a new one is made.
//!
//! The form is that of <https://developer.android.com/privacy-and-security/security-config>; where that page leaves something open, the
//! platform's parser (`XmlConfigSource`, `NetworkSecurityConfig`) decides. The rules:
//!
//! - **The app's configuration stays.** Elements that are not known here (domain encryption, whatever a later platform adds) are kept.
//!   `debug-overrides` go.
//! - **Cleartext refused**: the base configuration and every domain configuration say so. An attribute that is a reference counts as
//!   the default, which permits it: the platform does not resolve references here.
//! - **Pins.** For a host, the rule with the longest matching domain counts, and within it the innermost pin set. Every host of a
//!   pinned domain ends up with a rule that has our pins:
//!   - The app has no rule for the very domain: one is added inside the rule that covered it until now, so that everything else is
//!     inherited from there.
//!   - The app has a rule for the very domain: our pins replace its own. Their union would accept keys that the customer does not
//!     list, their intersection could lock the app out.
//!   - The app has a rule for a host below the domain: it stays with its own pins, if it has some, and ours are added to them. These
//!     hosts may have keys that only the app's makers know; our pins alone could lock the app out, its own alone would not be ours.
//!   - Pins never get an expiration date, after which the platform would stop checking; sets that ours are added to lose theirs.
//!   - `overridePins`, and trust in certificate authorities that the user installed, go from the whole configuration: with either,
//!     pins are not checked for exactly those who intercept.
//! - **Certificate transparency**: demanded in the base configuration and in each domain configuration that says otherwise or that
//!   trusts certificates of its own, which for the platform means not to check; or only for the domains that are listed.
//! - A rule of the platform is either for a host or for it and all below. Where the app has the one and the control means the other,
//!   the control's demand is met for more than was asked, and a warning says so.
//! - A base configuration that has to be made starts from what the platform would have done without one, and only then becomes
//!   stricter.
//!
//! Merging again changes nothing.

mod anchors;
mod base;
mod changes;
mod domains;
mod pins;
mod policy;
mod rules;
#[cfg(test)]
mod tests;

use formats::axml;
use formats::axml::tree::{Element, Node};
use formats::axml::{Document, SdkVersion, Value};

use crate::outcome::Change;
use changes::Changes;

pub(crate) use policy::{Policy, Scope};

/// The first API level that reads a network security configuration.
const READS_CONFIGURATION: u32 = 24;
/// The first API level that knows certificate transparency in it.
const KNOWS_TRANSPARENCY: u32 = 36;
/// The root of a configuration.
const ROOT: &str = "network-security-config";

/// What the manifest says that a configuration depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment<'a> {
    /// `minSdkVersion`.
    pub(crate) min_sdk: &'a SdkVersion,
    /// `targetSdkVersion`.
    pub(crate) target_sdk: &'a SdkVersion,
    /// `usesCleartextTraffic`, resolved where it is a reference: it counts while an app has no configuration, and is carried over into
    /// the first one.
    pub(crate) uses_cleartext_traffic: Option<bool>,
}

/// The result of a merge.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    /// The new document; `None` where the app's own one already says everything.
    pub(crate) document: Option<Document>,
    /// What was changed, in order.
    pub(crate) changes: Vec<Change>,
    /// What the controls cannot reach, and what they had to do beyond what was asked.
    pub(crate) warnings: Vec<String>,
}

/// A configuration that cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The bytes are no sound document.
    #[error("network security configuration")]
    Document(#[from] axml::Error),
    /// The document is another one.
    #[error("network security configuration: the root is <{root}>, and not <{ROOT}>")]
    Root {
        /// The root's name.
        root: String,
    },
    /// An element stands more than once where the platform accepts one, so that no device could read the configuration.
    #[error("network security configuration: <{parent}> has {count} <{element}>, and the platform accepts one")]
    Repeated {
        /// The element around.
        parent: String,
        /// The element.
        element: &'static str,
        /// How often it stands there.
        count: usize,
    },
    /// Sets of pins that no app has.
    #[error(
        "network security configuration: more than {limit} pins in a set, or inherited by configurations that must keep them"
    )]
    TooManyPins {
        /// The limit.
        limit: usize,
    },
    /// A domain has two rules, so that no device could read the configuration.
    #[error("network security configuration: {domain} has more than one rule, and the platform accepts one")]
    RepeatedDomain {
        /// The domain.
        domain: String,
    },
}

/// Merges a policy into the app's own configuration, or makes a new one where the app has none.
///
/// `entry` is the document's path, for the list of changes. An app whose resource has several variants (`xml-v28`) has each of them
/// merged; the manifest's reference stays.
pub(crate) fn merge(
    own: Option<&Document>,
    entry: &str,
    policy: &Policy,
    environment: &Environment<'_>,
) -> Result<Merged, Error> {
    let before = own.map(|document| document.to_tree(TEXT_LIMIT)).transpose()?;
    let mut root = before.clone().unwrap_or_else(|| Element::new(ROOT));
    check(&root)?;
    let mut changes = Changes::new(entry);
    remove_debug_overrides(&mut root, &mut changes);
    if before.is_none() {
        base::ensure(&mut root, environment, environment.uses_cleartext_traffic, &mut changes);
    }
    let rules = rules::Rules::of(policy);
    domains::apply(&mut root, &rules, environment, &mut changes)?;
    if policy.has_pins() {
        anchors::distrust_users(&mut root, environment, &mut changes);
    }
    if policy.transparency == Some(Scope::Everywhere) {
        base::ensure(&mut root, environment, None, &mut changes);
        transparency_everywhere(&mut root, ROOT, &mut changes);
    }
    if policy.refuse_cleartext {
        base::ensure(&mut root, environment, None, &mut changes);
        refuse_cleartext(&mut root, ROOT, &mut changes);
    }
    let document = (before.as_ref() != Some(&root)).then(|| Document::of_tree(&root)).transpose()?;
    let (changes, mut warnings) = changes.finish();
    warnings.extend(lonely_pins(policy));
    warnings.extend(reach(policy, environment.min_sdk));
    Ok(Merged { document, changes, warnings })
}

/// Pins of a set that are merged; no app has nearly as many.
const MOST_PINS: usize = 1_000;
/// Length of all texts of a configuration, in bytes: strings that lie over each other could make a small one say more than memory holds.
const TEXT_LIMIT: u64 = 16 << 20;

/// Refuses what the platform refuses where it would make the result unclear.
fn check(root: &Element) -> Result<(), Error> {
    if root.name != ROOT {
        return Err(Error::Root { root: root.name.clone() });
    }
    let mut seen = std::collections::BTreeSet::new();
    check_once(root, "base-config")?;
    root.elements().filter(|child| is_config(child)).try_for_each(|config| check_config(config, &mut seen))
}

fn check_config(config: &Element, seen: &mut std::collections::BTreeSet<String>) -> Result<(), Error> {
    check_once(config, "trust-anchors")?;
    check_once(config, "pin-set")?;
    if pins::of(config).is_some_and(|set| pins::count(set) > MOST_PINS) {
        return Err(Error::TooManyPins { limit: MOST_PINS });
    }
    for domain in config.elements().filter_map(rules::domain_of) {
        if !seen.insert(domain.name.clone()) {
            return Err(Error::RepeatedDomain { domain: domain.name });
        }
    }
    config.elements().filter(|child| child.name == "domain-config").try_for_each(|nested| check_config(nested, seen))
}

fn check_once(parent: &Element, element: &'static str) -> Result<(), Error> {
    match parent.elements().filter(|child| child.name == element).count() {
        0 | 1 => Ok(()),
        count => Err(Error::Repeated { parent: parent.name.clone(), element, count }),
    }
}

fn is_config(element: &Element) -> bool {
    matches!(element.name.as_str(), "base-config" | "domain-config")
}

fn remove_debug_overrides(root: &mut Element, changes: &mut Changes) {
    let is_gone = |child: &Node| matches!(child, Node::Element(element) if element.name == "debug-overrides");
    for _ in root.children.extract_if(.., |child| is_gone(child)) {
        changes.removed(ROOT, "debug-overrides", "present");
    }
}

fn refuse_cleartext(parent: &mut Element, path: &str, changes: &mut Changes) {
    for config in parent.elements_mut().filter(|child| is_config(child)) {
        let path = changes::path_of(path, config);
        changes.set(config, &path, base::CLEARTEXT, Value::Boolean(false));
        refuse_cleartext(config, &path, changes);
    }
}

fn transparency_everywhere(parent: &mut Element, path: &str, changes: &mut Changes) {
    for config in parent.elements_mut().filter(|child| is_config(child)) {
        let path = changes::path_of(path, config);
        let own = anchors::own_certificates(config);
        if config.name == "base-config" || own || config.elements().any(|child| child.name == TRANSPARENCY) {
            demand_transparency(config, &path, changes);
        }
        if own {
            changes.warn(format!(
                "{path} trusts certificates of the app's own, whose servers devices from API {KNOWS_TRANSPARENCY} on refuse unless \
                 their certificates are logged"
            ));
        }
        transparency_everywhere(config, &path, changes);
    }
}

const TRANSPARENCY: &str = "certificateTransparency";

/// Lets a configuration demand certificate transparency.
fn demand_transparency(config: &mut Element, path: &str, changes: &mut Changes) {
    let path = format!("{path}/{TRANSPARENCY}");
    if !config.elements().any(|child| child.name == TRANSPARENCY) {
        config.children.push(Node::Element(Element::new(TRANSPARENCY)));
    }
    for element in config.elements_mut().filter(|child| child.name == TRANSPARENCY) {
        changes.set(element, &path, "enabled", Value::Boolean(true));
    }
}

/// Domains that one key alone opens.
fn lonely_pins(policy: &Policy) -> Option<String> {
    let lonely = policy.pins.iter().filter(|(_, keys)| keys.len() == 1).map(|(domain, _)| String::from(domain.clone()));
    let lonely = lonely.collect::<Vec<_>>().join(", ");
    (!lonely.is_empty()).then(|| {
        format!("only one key is pinned for {lonely}: when the servers change it, the app cannot connect until it is updated")
    })
}

/// What of the policy some of the app's devices do not know.
fn reach(policy: &Policy, min_sdk: &SdkVersion) -> Vec<String> {
    let mut warnings = Vec::new();
    if !min_sdk.is_at_least(READS_CONFIGURATION) {
        warnings.push(format!(
            "no effect on devices below API {READS_CONFIGURATION}, which read no network security configuration: the package installs \
             from API {min_sdk} on"
        ));
    }
    if policy.transparency.is_some() && !min_sdk.is_at_least(KNOWS_TRANSPARENCY) {
        warnings.push(format!(
            "certificate transparency is enforced from Android 16 (API {KNOWS_TRANSPARENCY}) on; the package installs from API \
             {min_sdk} on"
        ));
    }
    warnings
}
