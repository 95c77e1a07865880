//! Whether each control is in effect in an app, read as the system reads it.

use domain::control::ControlId;
use formats::macho::{self, Binary, Remake};
use formats::plist::{Dictionary, Value};
use formats::zip::EntrySource;

use super::bundles::App;
use super::bundles::plain_key;
use super::info::{self, AUTHORITIES, EXCEPTIONS, KEY, LEAVES, MINIMUM, PINNED, SUBDOMAINS, TLS13, TRANSPORT_SECURITY};
use super::signatures::{Programs, is_watch_stub};
use crate::{Check, Error, Expected};

/// The entitlements that let a debugger attach.
const DEBUGGABLE: [&str; 2] = ["get-task-allow", "com.apple.security.get-task-allow"];
const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";
const COMPLETE: &str = "NSFileProtectionComplete";

/// Every control of the policy has to be in effect.
pub(super) fn check(app: &App<'_>, programs: &Programs, expected: &Expected<'_>) -> Result<String, Error> {
    for control in &expected.policy.controls {
        if let Some(reason) = objection(app, programs, expected, *control)? {
            return Err(Check::Controls.failed(format!("{control} is not in effect: {reason}")));
        }
    }
    let names: Vec<&str> = expected.policy.controls.iter().map(|control| control.as_str()).collect();
    Ok(if names.is_empty() { "none asked for".to_owned() } else { names.join(", ") })
}

fn objection(
    app: &App<'_>,
    programs: &Programs,
    expected: &Expected<'_>,
    control: ControlId,
) -> Result<Option<String>, Error> {
    match control {
        // It permits something and demands nothing.
        ControlId::ALLOW_SIMULATOR_BUILDS => Ok(None),
        ControlId::DEBUGGABLE_PREVENTION => Ok(programs.iter().find_map(|(path, entitlements)| {
            let is_on = |key: &&&str| entitlements.get(key).is_some_and(|value| *value != Value::Boolean(false));
            let on = DEBUGGABLE.iter().find(is_on)?;
            Some(format!("{path} has the entitlement {on}"))
        })),
        ControlId::STORAGE_ENCRYPTION_PREVENTION => Ok(programs.iter().find_map(|(path, entitlements)| {
            let protection = entitlements.get(DATA_PROTECTION).and_then(Value::as_string);
            (protection != Some(COMPLETE)).then(|| format!("{path} does not ask for it"))
        })),
        ControlId::DEBUG_INFO_OBFUSCATION => symbols(app, expected),
        ControlId::FILE_SHARING_PREVENTION => each_info(app, &|plist| shares_files(plist)),
        ControlId::CERTIFICATE_PINNING => each_info(app, &|plist| unpinned(plist, expected)),
        ControlId::TLS13_ONLY_PREVENTION => each_info(app, &|plist| below_tls13(plist, expected)),
        _ => Ok(Some("there is no check for it".to_owned())),
    }
}

/// The first objection to the `Info.plist` of any program.
fn each_info(app: &App<'_>, objection: &dyn Fn(&Dictionary) -> Option<String>) -> Result<Option<String>, Error> {
    for program in app.programs() {
        if let Some(reason) = objection(&app.info(&program.path)?) {
            return Ok(Some(format!("{}: {reason}", program.path.escape_debug())));
        }
    }
    Ok(None)
}

fn shares_files(plist: &Dictionary) -> Option<String> {
    let on = plist.iter().find(|(key, value)| info::shares_files(key) && **value != Value::Boolean(false));
    on.map(|(key, _)| format!("{key} is on"))
}

/// The policies for connections that devices of any kind follow.
fn transport_securities(info: &Dictionary) -> impl Iterator<Item = &Dictionary> {
    let is_one = |key: &str| plain_key(key) == TRANSPORT_SECURITY;
    info.iter().filter(move |(key, _)| is_one(key)).filter_map(|(_, value)| value.as_dictionary())
}

fn unpinned(plist: &Dictionary, expected: &Expected<'_>) -> Option<String> {
    let pins = expected.policy.certificates.iter().filter_map(|entry| Some((entry.static_pin().ok()?, entry.isca)));
    let mut pins = pins.peekable();
    if pins.peek().is_none() {
        return Some("nothing is pinned".to_owned());
    }
    let hosts = pins.flat_map(|(pin, isca)| pin.domains.iter().map(move |domain| (domain, pin.key, isca)));
    let mut missing = hosts.filter(|(domain, key, isca)| {
        let list = if *isca { AUTHORITIES } else { LEAVES };
        let holds = |host: &&Value| {
            let host = host.as_dictionary();
            let keys = host.and_then(|host| host.get(list)).and_then(Value::as_array).into_iter().flatten();
            let has_key = keys
                .filter_map(|identity| identity.as_dictionary()?.get(KEY)?.as_string())
                .any(|found| found == key.to_string());
            has_key && (!domain.is_wildcard() || includes_subdomains(host))
        };
        !in_each(plist, PINNED, domain.host(), &holds)
    });
    missing.next().map(|(domain, _, _)| format!("{} is not pinned", domain.host()))
}

fn below_tls13(plist: &Dictionary, expected: &Expected<'_>) -> Option<String> {
    let is_strict = |exception: &Value| {
        let exception = exception.as_dictionary();
        exception.and_then(|exception| exception.get(MINIMUM)).and_then(Value::as_string) == Some(TLS13)
            && !exception.is_some_and(|all| all.keys().any(|key| info::weakens(key)))
    };
    let mut weak = expected.policy.tls13_domains.iter().filter(|domain| {
        let host = domain.host();
        let all_below = || {
            transport_securities(plist).all(|security| {
                let exceptions = dictionary(Some(security), EXCEPTIONS).into_iter().flatten();
                exceptions.filter(|(name, _)| info::is_below(name, host)).all(|(_, exception)| is_strict(exception))
            })
        };
        let holds =
            |own: &&Value| is_strict(own) && (!domain.is_wildcard() || includes_subdomains(own.as_dictionary()));
        !in_each(plist, EXCEPTIONS, host, &holds) || domain.is_wildcard() && !all_below()
    });
    weak.next().map(|domain| format!("{} may be spoken to below TLS 1.3", domain.host()))
}

/// Whether each policy for connections has something for a host in one of its lists, and all of that holds.
fn in_each(plist: &Dictionary, list: &str, host: &str, holds: &dyn Fn(&&Value) -> bool) -> bool {
    let mut securities = transport_securities(plist).peekable();
    securities.peek().is_some()
        && securities.all(|security| {
            let found = info::of_host(dictionary(Some(security), list), host);
            !found.is_empty() && found.iter().all(holds)
        })
}

fn dictionary<'d>(parent: Option<&'d Dictionary>, key: &str) -> Option<&'d Dictionary> {
    parent?.get(key)?.as_dictionary()
}

fn includes_subdomains(domain: Option<&Dictionary>) -> bool {
    domain.and_then(|domain| domain.get(SUBDOMAINS)) == Some(&Value::Boolean(true))
}

/// What cannot be stripped was left alone, with a warning.
fn symbols(app: &App<'_>, expected: &Expected<'_>) -> Result<Option<String>, Error> {
    let limits = expected.limits;
    let entries = app.archive.entries().iter().filter(|entry| app.has(&entry.name) && !is_watch_stub(&entry.name));
    for entry in entries {
        let source = EntrySource::new(app.archive, entry);
        let binary = match Binary::read(&source) {
            Err(macho::Error::Io(error)) => return Err(Error::Source(error)),
            Err(_) => continue,
            Ok(binary) if binary.slices.iter().any(|slice| !slice.kind.is_signed()) => continue,
            Ok(binary) => binary,
        };
        match macho::remake(&source, &binary, Remake { strip: true }, limits) {
            Err(macho::Error::Io(error)) => return Err(Error::Source(error)),
            Ok(remade) if !remade.removed.is_empty() => {
                let left = remade.removed.iter().map(|removed| removed.what).next().unwrap_or_default();
                return Ok(Some(format!("{} still has {left}", entry.name.escape_debug())));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}
