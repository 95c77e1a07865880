//! The controls of connections: each sets its demands in App Transport Security
//! (<https://developer.apple.com/documentation/bundleresources/information-property-list/nsapptransportsecurity>).

use std::collections::{BTreeMap, BTreeSet};

use domain::certificate::{DomainPattern, KeyHash, PinnedCertificate};
use domain::control::ControlId;
use domain::policy::Policy;
use formats::plist::{Dictionary, Value};

use crate::Error;
use crate::ios::info::Info;

const TRANSPORT_SECURITY: &str = "NSAppTransportSecurity";
const EXCEPTIONS: &str = "NSExceptionDomains";
const PINNED: &str = "NSPinnedDomains";
const SUBDOMAINS: &str = "NSIncludesSubdomains";
const MINIMUM: &str = "NSExceptionMinimumTLSVersion";
const TLS13: &str = "TLSv1.3";
/// What permits connections without TLS; the longer names are those of iOS 9.
const INSECURE: [&str; 3] = [
    "NSExceptionAllowsInsecureHTTPLoads",
    "NSTemporaryExceptionAllowsInsecureHTTPLoads",
    "NSThirdPartyExceptionAllowsInsecureHTTPLoads",
];
/// Older names of the lowest version, which would contradict ours.
const OLDER_MINIMUMS: [&str; 2] = ["NSTemporaryExceptionMinimumTLSVersion", "NSThirdPartyExceptionMinimumTLSVersion"];
const LEAVES: &str = "NSPinnedLeafIdentities";
const AUTHORITIES: &str = "NSPinnedCAIdentities";
const KEY: &str = "SPKI-SHA256-BASE64";

/// `TLS13OnlyPrevention`, for the hosts of the policy.
pub(crate) fn demand_tls13(info: &mut Info<'_>, policy: &Policy) -> Result<(), Error> {
    let control = ControlId::TLS13_ONLY_PREVENTION;
    for security in transport_securities(info) {
        for (host, is_wildcard) in hosts(policy.tls13_domains.iter()) {
            let own = spellings(info, &security, EXCEPTIONS, host);
            for host in is_wildcard.then_some(&own).into_iter().flatten() {
                info.set(control, &[&security, EXCEPTIONS, host], SUBDOMAINS, Some(Value::Boolean(true)))?;
            }
            let below = is_wildcard.then(|| with_own_exceptions(info, &security, host));
            for host in own.into_iter().chain(below.into_iter().flatten()) {
                let path = [security.as_str(), EXCEPTIONS, host.as_str()];
                info.set(control, &path, MINIMUM, Some(Value::String(TLS13.to_owned())))?;
                for key in INSECURE.into_iter().chain(OLDER_MINIMUMS) {
                    info.set(control, &path, key, None)?;
                }
            }
        }
    }
    Ok(())
}

/// How the app writes the name of a host, whose letters' case means nothing: under one key, or several; where it has none, as the
/// policy does.
fn spellings(info: &Info<'_>, security: &str, list: &str, host: &str) -> Vec<String> {
    let own = info.get(&[security], list).and_then(Value::as_dictionary).into_iter().flat_map(Dictionary::keys);
    let own: Vec<String> = own.filter(|name| name.eq_ignore_ascii_case(host)).cloned().collect();
    if own.is_empty() { vec![host.to_owned()] } else { own }
}

/// The hosts below one for which the app has exceptions of its own: they would be weaker than the one above.
fn with_own_exceptions(info: &Info<'_>, security: &str, host: &str) -> Vec<String> {
    let own = info.get(&[security], EXCEPTIONS).and_then(Value::as_dictionary);
    let end = format!(".{host}");
    let is_below = |name: &&String| name.to_ascii_lowercase().ends_with(&end);
    own.into_iter().flat_map(Dictionary::keys).filter(is_below).cloned().collect()
}

/// What of a certificate list iOS can enforce: the keys for each host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pins {
    hosts: BTreeMap<String, Identities>,
    /// A sentence for each entry that cannot be enforced, and each host whose entries mean more than they say.
    pub(crate) warnings: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Identities {
    is_wildcard: bool,
    leaves: BTreeSet<KeyHash>,
    authorities: BTreeSet<KeyHash>,
}

impl Pins {
    /// The list's entries with a public key's hash: those of authorities and those of servers stand apart.
    pub(crate) fn of(certificates: &[PinnedCertificate]) -> Self {
        let mut pins = Self::default();
        for certificate in certificates {
            match certificate.static_pin() {
                Ok(pin) => pin.domains.iter().for_each(|domain| pins.add(domain, pin.key, certificate.isca)),
                Err(reason) => {
                    pins.warnings.push(format!("certificate {} is not enforced: {reason}", certificate.name))
                }
            }
        }
        let both = pins.hosts.iter().filter(|(_, keys)| !keys.leaves.is_empty() && !keys.authorities.is_empty());
        let warnings = both.map(|(host, _)| {
            format!("{host} has pins of its own keys and of authorities (isca): iOS demands a match among both")
        });
        pins.warnings.extend(warnings.collect::<Vec<_>>());
        pins
    }

    fn add(&mut self, domain: &DomainPattern, key: KeyHash, is_authority: bool) {
        let identities = self.hosts.entry(domain.host().to_owned()).or_default();
        identities.is_wildcard |= domain.is_wildcard();
        let keys = if is_authority { &mut identities.authorities } else { &mut identities.leaves };
        keys.insert(key);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// `CertificatePinning`: for a host of the list, its keys take the place of those that the app had.
    pub(crate) fn pin(&self, info: &mut Info<'_>) -> Result<(), Error> {
        let control = ControlId::CERTIFICATE_PINNING;
        for security in transport_securities(info) {
            for (host, identities) in &self.hosts {
                for host in spellings(info, &security, PINNED, host) {
                    let path = [security.as_str(), PINNED, host.as_str()];
                    if identities.is_wildcard {
                        info.set(control, &path, SUBDOMAINS, Some(Value::Boolean(true)))?;
                    }
                    for (key, keys) in [(LEAVES, &identities.leaves), (AUTHORITIES, &identities.authorities)] {
                        info.set(control, &path, key, list(keys))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn list(keys: &BTreeSet<KeyHash>) -> Option<Value> {
    let identity = |key: &KeyHash| Value::Dictionary(Dictionary::from_iter([(KEY, Value::String(key.to_string()))]));
    (!keys.is_empty()).then(|| Value::Array(keys.iter().map(identity).collect()))
}

/// Each host once; a wildcard means the hosts below as well.
fn hosts<'p>(domains: impl Iterator<Item = &'p DomainPattern>) -> BTreeMap<&'p str, bool> {
    let mut hosts = BTreeMap::new();
    for domain in domains {
        *hosts.entry(domain.host()).or_default() |= domain.is_wildcard();
    }
    hosts
}

/// The keys of the policies that devices follow: one, and others for single kinds of device where the app has such.
fn transport_securities(info: &Info<'_>) -> Vec<String> {
    let mut keys = info.variants(TRANSPORT_SECURITY);
    if keys.iter().all(|key| key != TRANSPORT_SECURITY) {
        keys.insert(0, TRANSPORT_SECURITY.to_owned());
    }
    keys
}
