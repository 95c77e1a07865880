//! Which edits of an `Info.plist` the controls make: judged by key, value and host.

use std::collections::BTreeSet;

use domain::certificate::{DomainPattern, KeyHash};
use domain::control::ControlId;
use domain::policy::Policy;
use formats::plist::{Dictionary, Value, describe};

use super::bundles::plain_key;
use crate::diff::DocumentChange;

pub(super) const TRANSPORT_SECURITY: &str = "NSAppTransportSecurity";
pub(super) const EXCEPTIONS: &str = "NSExceptionDomains";
pub(super) const PINNED: &str = "NSPinnedDomains";
pub(super) const SUBDOMAINS: &str = "NSIncludesSubdomains";
pub(super) const MINIMUM: &str = "NSExceptionMinimumTLSVersion";
pub(super) const TLS13: &str = "TLSv1.3";
pub(super) const LEAVES: &str = "NSPinnedLeafIdentities";
pub(super) const AUTHORITIES: &str = "NSPinnedCAIdentities";
pub(super) const KEY: &str = "SPKI-SHA256-BASE64";
const SWITCHES: [&str; 2] = ["UIFileSharingEnabled", "LSSupportsOpeningDocumentsInPlace"];

/// Whether a key shares files where it is on.
pub(super) fn shares_files(key: &str) -> bool {
    SWITCHES.contains(&plain_key(key))
}

/// Whether an exception for a host permits connections without TLS, or with old versions under an older name.
pub(super) fn weakens(key: &str) -> bool {
    key.ends_with("AllowsInsecureHTTPLoads")
        || key.starts_with("NSTemporaryExceptionMinimum")
        || key.starts_with("NSThirdPartyExceptionMinimum")
}

/// Everything that stands for a host, whose name may be written with any case of letters.
pub(super) fn of_host<'d>(domains: Option<&'d Dictionary>, host: &str) -> Vec<&'d Value> {
    let domains = domains.into_iter().flatten();
    domains.filter(|(name, _)| name.eq_ignore_ascii_case(host)).map(|(_, value)| value).collect()
}

/// Whether a name, in any case of letters, is that of a host below this one.
pub(super) fn is_below(name: &str, host: &str) -> bool {
    name.to_ascii_lowercase().strip_suffix(host).is_some_and(|start| start.ends_with('.'))
}

/// A value that differs.
pub(super) struct Edit<'a> {
    /// Keys from the root to the value.
    path: Vec<&'a str>,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

impl Edit<'_> {
    /// As comparisons show it.
    pub(super) fn shown(&self) -> DocumentChange {
        let (attribute, path) = self.path.split_last().unwrap_or((&"", &[]));
        DocumentChange {
            element: path.join("/"),
            attribute: (*attribute).to_owned(),
            before: self.before.map(describe),
            after: self.after.map(describe),
        }
    }
}

/// Every value that differs; what is in a new dictionary counts one by one.
pub(super) fn edits<'a>(before: &'a Dictionary, after: &'a Dictionary) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    compare(&[], Some(before), after, &mut edits);
    edits
}

/// The depth is bounded by what the reader accepts.
fn compare<'a>(path: &[&'a str], before: Option<&'a Dictionary>, after: &'a Dictionary, edits: &mut Vec<Edit<'a>>) {
    let old = |key: &str| before.and_then(|before| before.get(key));
    let removed = before.into_iter().flat_map(Dictionary::keys).filter(|key| !after.contains_key(key));
    for key in removed.chain(after.keys()) {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        match (old(key), after.get(key)) {
            (Some(Value::Dictionary(old)), Some(Value::Dictionary(new))) => compare(&path, Some(old), new, edits),
            (None, Some(Value::Dictionary(new))) if !new.is_empty() => compare(&path, None, new, edits),
            (before, after) if before == after => {}
            (before, after) => edits.push(Edit { path, before, after }),
        }
    }
}

/// What the controls of a policy make of an `Info.plist`.
pub(super) struct Rules<'a> {
    policy: &'a Policy,
    /// Whether the policy names the hosts; otherwise it is one that stands for every policy with its controls.
    names_hosts: bool,
    pins: Vec<(&'a DomainPattern, KeyHash, bool)>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(policy: &'a Policy, names_hosts: bool) -> Self {
        let pins = policy.certificates.iter().filter_map(|entry| Some((entry.static_pin().ok()?, entry.isca)));
        let pins = pins.flat_map(|(pin, isca)| pin.domains.iter().map(move |domain| (domain, pin.key, isca)));
        Self { policy, names_hosts, pins: pins.collect() }
    }

    /// Whether one of the controls makes this edit.
    pub(super) fn allow(&self, edit: &Edit<'_>) -> bool {
        let Some((first, rest)) = edit.path.split_first() else { return false };
        match (plain_key(first), rest) {
            (_, []) if shares_files(first) => {
                self.policy.has(ControlId::FILE_SHARING_PREVENTION) && edit.after == Some(&Value::Boolean(false))
            }
            (TRANSPORT_SECURITY, [EXCEPTIONS, host, key]) => {
                self.policy.has(ControlId::TLS13_ONLY_PREVENTION) && self.demands_tls13(host, key, edit.after)
            }
            (TRANSPORT_SECURITY, [PINNED, host, key]) => {
                self.policy.has(ControlId::CERTIFICATE_PINNING) && self.pins(host, key, edit.after)
            }
            _ => false,
        }
    }

    fn demands_tls13(&self, host: &str, key: &str, after: Option<&Value>) -> bool {
        let mut domains = self.policy.tls13_domains.iter();
        match key {
            SUBDOMAINS => {
                let is_meant =
                    |domain: &DomainPattern| domain.is_wildcard() && host.eq_ignore_ascii_case(domain.host());
                after == Some(&Value::Boolean(true)) && (!self.names_hosts || domains.any(is_meant))
            }
            _ => {
                let is_meant = |domain: &DomainPattern| {
                    host.eq_ignore_ascii_case(domain.host()) || domain.is_wildcard() && is_below(host, domain.host())
                };
                let is_strict = match key {
                    MINIMUM => after.and_then(Value::as_string) == Some(TLS13),
                    _ => weakens(key) && after.is_none(),
                };
                is_strict && (!self.names_hosts || domains.any(is_meant))
            }
        }
    }

    /// A host's lists have the keys that the policy has for it, no more and no others.
    fn pins(&self, host: &str, key: &str, after: Option<&Value>) -> bool {
        let is_authority = match key {
            SUBDOMAINS => {
                let mut domains = self.pins.iter().map(|(domain, ..)| domain);
                let is_meant =
                    |domain: &&DomainPattern| domain.is_wildcard() && host.eq_ignore_ascii_case(domain.host());
                return after == Some(&Value::Boolean(true)) && (!self.names_hosts || domains.any(is_meant));
            }
            LEAVES => false,
            AUTHORITIES => true,
            _ => return false,
        };
        let Some(found) = after.map_or_else(|| Some(BTreeSet::new()), keys) else { return false };
        if !self.names_hosts {
            return after.is_none() || !found.is_empty();
        }
        let mut of_host = self.pins.iter().filter(|(domain, ..)| host.eq_ignore_ascii_case(domain.host())).peekable();
        of_host.peek().is_some() && {
            let wanted = of_host.filter(|(.., isca)| *isca == is_authority).map(|(_, key, _)| key.to_string());
            found == wanted.collect() && after.is_none() == found.is_empty()
        }
    }
}

/// The hashes of a list of identities, which says nothing else.
fn keys(identities: &Value) -> Option<BTreeSet<String>> {
    let hash = |identity: &Value| {
        let identity = identity.as_dictionary().filter(|identity| identity.len() == 1)?;
        let hash: KeyHash = identity.get(KEY)?.as_string()?.parse().ok()?;
        Some(hash.to_string())
    };
    identities.as_array()?.iter().map(hash).collect()
}
