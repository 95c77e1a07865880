//! Any configuration with any policy, judged by what the platform would do for any host.

use std::collections::BTreeSet;

use formats::axml::tree::Element;
use proptest::prelude::*;
use proptest::sample::select;

use super::support::{merge_for, parse, pins};
use crate::network_security::{Policy, Scope};

/// What the platform does for a host: the pins it checks, whether they are checked for ever and for every authority, whether cleartext
/// may pass and whether certificates must be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Effective {
    pins: BTreeSet<String>,
    expires: bool,
    cleartext: bool,
    transparency: bool,
    anchors: Vec<String>,
}

/// The rule of a host: the exact one, else the longest one that includes it, else the base configuration.
fn effective(root: &Element, host: &str, target: u32) -> Effective {
    let default = Effective {
        pins: BTreeSet::new(),
        expires: false,
        cleartext: target < 28,
        transparency: false,
        anchors: if target < 24 { vec!["system".into(), "user".into()] } else { vec!["system".into()] },
    };
    let base = root
        .elements()
        .find(|child| child.name == "base-config")
        .map_or(default.clone(), |base| inside(&default, base));
    let mut rules = Vec::new();
    collect(root, &base, &mut rules);
    let exact = rules.iter().find(|(name, _, _)| name == host);
    let below =
        rules.iter().filter(|(name, with_subdomains, _)| *with_subdomains && host.ends_with(&format!(".{name}")));
    let best = exact.or_else(|| below.max_by_key(|(name, _, _)| name.len()));
    best.map_or(base, |(_, _, effective)| effective.clone())
}

fn collect(parent: &Element, inherited: &Effective, rules: &mut Vec<(String, bool, Effective)>) {
    for config in parent.elements().filter(|child| child.name == "domain-config") {
        let here = inside(inherited, config);
        for domain in config.elements().filter(|child| child.name == "domain") {
            let [formats::axml::tree::Node::Text(name)] = domain.children.as_slice() else { panic!("{domain:?}") };
            rules.push((name.trim().to_lowercase(), truth(domain, "includeSubdomains") == Some(true), here.clone()));
        }
        collect(config, &here, rules);
    }
}

fn inside(outer: &Effective, config: &Element) -> Effective {
    let mut here = outer.clone();
    here.cleartext = truth(config, "cleartextTrafficPermitted").unwrap_or(here.cleartext);
    let child = |name: &'static str| config.elements().find(move |child| child.name == name);
    if let Some(set) = child("pin-set") {
        let text = |pin: &Element| format!("{:?}", pin.children);
        (here.pins, here.expires) = (set.elements().map(text).collect(), set.attribute("expiration").is_some());
    }
    let own = child("trust-anchors").map(|anchors| {
        anchors
            .elements()
            .map(|it| format!("{}{}", source(it), if truth(it, "overridePins") == Some(true) { "!" } else { "" }))
            .collect::<Vec<_>>()
    });
    here.transparency = match (child("certificateTransparency"), &own) {
        (Some(element), _) => truth(element, "enabled") == Some(true),
        (None, Some(own)) if own.iter().any(|source| !source.starts_with("system")) => false,
        _ => here.transparency,
    };
    here.anchors = own.unwrap_or(here.anchors);
    here
}

fn truth(element: &Element, name: &str) -> Option<bool> {
    match element.attribute(name)? {
        formats::axml::Value::Boolean(value) => Some(*value),
        other => panic!("{other:?}"),
    }
}

fn source(certificates: &Element) -> String {
    match certificates.attribute("src").unwrap() {
        formats::axml::Value::String(name) => name.clone(),
        other => other.to_string(),
    }
}

const NAMES: [&str; 8] = [
    "example.com",
    "a.example.com",
    "b.example.com",
    "x.a.example.com",
    "example.org",
    "a.example.org",
    "org",
    "other.test",
];
const HOSTS: [&str; 14] = [
    "example.com",
    "a.example.com",
    "b.example.com",
    "c.example.com",
    "x.a.example.com",
    "y.a.example.com",
    "z.x.a.example.com",
    "example.org",
    "a.example.org",
    "q.a.example.org",
    "org",
    "some.org",
    "other.test",
    "unknown.test",
];

/// A domain configuration as XML without its domains, which are dealt out afterwards, so that none comes twice.
fn config(depth: u32) -> BoxedStrategy<String> {
    let attribute = select(vec!["", " cleartextTrafficPermitted=\"true\"", " cleartextTrafficPermitted=\"false\""]);
    let pins = select(vec![
        "",
        "<pin-set/>",
        "<pin-set><pin digest=\"SHA-256\">X</pin></pin-set>",
        "<pin-set expiration=\"2030-01-01\"><pin digest=\"SHA-256\">Y</pin></pin-set>",
    ]);
    let transparency =
        select(vec!["", "<certificateTransparency enabled=\"true\"/>", "<certificateTransparency enabled=\"false\"/>"]);
    let domains = proptest::collection::vec(any::<bool>(), 1..3).prop_map(|all| {
        all.into_iter()
            .map(|subdomains| format!("<domain includeSubdomains=\"{subdomains}\">?</domain>"))
            .collect::<String>()
    });
    let nested =
        if depth == 0 { Just(Vec::new()).boxed() } else { proptest::collection::vec(config(depth - 1), 0..2).boxed() };
    (attribute, pins, anchors(), transparency, domains, nested)
        .prop_map(|(attribute, pins, anchors, transparency, domains, nested)| {
            format!(
                "<domain-config{attribute}>{domains}{pins}{anchors}{transparency}{}</domain-config>",
                nested.concat()
            )
        })
        .boxed()
}

fn anchors() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "<trust-anchors><certificates src=\"system\"/></trust-anchors>",
        "<trust-anchors><certificates src=\"system\"/><certificates src=\"user\" overridePins=\"true\"/></trust-anchors>",
        "<trust-anchors><certificates src=\"user\"/></trust-anchors>",
        "<trust-anchors><certificates src=\"@0x7f100001\"/></trust-anchors>",
    ])
}

prop_compose! {
    fn configuration()(
        base in select(vec!["", "<base-config/>", "<base-config cleartextTrafficPermitted=\"true\"/>", "<base-config cleartextTrafficPermitted=\"false\"><certificateTransparency enabled=\"true\"/></base-config>"]),
        configs in proptest::collection::vec(config(2), 0..3),
        names in Just(NAMES.to_vec()).prop_shuffle(),
    ) -> Option<String> {
        let mut xml = format!("<network-security-config>{base}{}</network-security-config>", configs.concat());
        let mut names = names.into_iter();
        while xml.contains('?') {
            xml = xml.replacen('?', names.next()?, 1);
        }
        Some(xml)
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let pattern = || {
        (select(NAMES.to_vec()), any::<bool>())
            .prop_map(|(name, below)| if below && name.contains('.') { format!("*.{name}") } else { name.to_owned() })
    };
    let pinned = proptest::collection::btree_map(pattern(), select(vec!["A", "B", "AB"]), 0..4);
    let scope = prop_oneof![
        Just(None),
        Just(Some(Scope::Everywhere)),
        proptest::collection::btree_set(pattern(), 1..3)
            .prop_map(|all| Some(Scope::Domains(all.iter().map(|name| name.parse().unwrap()).collect()))),
    ];
    (any::<bool>(), pinned, scope).prop_map(|(refuse_cleartext, pinned, transparency)| {
        let pinned: Vec<(&str, &str)> = pinned.iter().map(|(name, keys)| (name.as_str(), *keys)).collect();
        Policy { refuse_cleartext, transparency, ..pins(&pinned) }
    })
}

fn covers(pattern: &domain::certificate::DomainPattern, host: &str) -> bool {
    host == pattern.host() || (pattern.is_wildcard() && host.ends_with(&format!(".{}", pattern.host())))
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]
    #[test]
    fn the_platform_does_what_was_demanded_and_nothing_weaker(own in configuration(), policy in policy(), target in select(vec![23_u32, 26, 34])) {
        let own = own.prop_filter_some()?;
        let before = parse(&own);
        let merged = merge_for(Some(&own), &policy, 24, target);
        let after = merged.document.as_ref().map_or(before.clone(), |document| document.to_tree(1 << 20).unwrap());
        for host in HOSTS {
            let (old, new) = (effective(&before, host, target), effective(&after, host, target));
            let demanded: BTreeSet<String> = policy.pins.iter().filter(|(pattern, _)| covers(pattern, host)).flat_map(|(_, keys)| keys)
                .map(|key| format!("{:?}", [formats::axml::tree::Node::Text(key.to_string())])).collect();
            prop_assert!(new.pins.is_superset(&demanded), "{host}: {new:?} lacks {demanded:?}");
            prop_assert!(demanded.is_empty() || !new.expires, "{host}: {new:?} expires");
            prop_assert!(!new.cleartext || (old.cleartext && !policy.refuse_cleartext), "{host}: {new:?} permits cleartext");
            let logged = match &policy.transparency {
                None => false,
                Some(Scope::Everywhere) => true,
                Some(Scope::Domains(domains)) => domains.iter().any(|pattern| covers(pattern, host)),
            };
            prop_assert!(!logged || new.transparency, "{host}: {new:?} needs no logged certificates");
            prop_assert!(new.transparency || !old.transparency, "{host}: {new:?} no longer needs logged certificates");
            if policy.has_pins() {
                prop_assert!(!new.anchors.is_empty() && new.anchors.iter().all(|it| it != "user" && !it.ends_with('!')), "{host}: {new:?}");
            }
            if merged.warnings.iter().all(|warning| !warning.contains("one rule for a name")) && demanded.is_empty() {
                prop_assert_eq!((&new.pins, new.expires), (&old.pins, old.expires), "{}", host);
            }
        }
    }
}

trait Some_<T> {
    fn prop_filter_some(self) -> Result<T, TestCaseError>;
}

impl<T> Some_<T> for Option<T> {
    /// More domains than there are names: another try.
    fn prop_filter_some(self) -> Result<T, TestCaseError> {
        self.ok_or_else(|| TestCaseError::reject("too many domains"))
    }
}
