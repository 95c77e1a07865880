//! Which domains a configuration has rules for, and what the controls demand of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::certificate::{DomainPattern, KeyHash};
use formats::axml::Value;
use formats::axml::tree::{Element, Node};

use super::{Policy, Scope};

/// A `<domain>` as the platform reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Domain {
    /// Without surrounding space, in lowercase.
    pub(super) name: String,
    /// Whether the hosts below are meant as well.
    pub(super) with_subdomains: bool,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.with_subdomains { "*." } else { "" }, self.name)
    }
}

/// The domain that an element names; `None` for any other element.
pub(super) fn domain_of(element: &Element) -> Option<Domain> {
    let [Node::Text(text)] = element.children.as_slice() else { return None };
    let name = text.trim().to_lowercase();
    let with_subdomains = is_true(element.attribute("includeSubdomains"));
    (element.name == "domain").then_some(Domain { name, with_subdomains })
}

/// The element that names a domain.
pub(super) fn element(domain: &Domain) -> Element {
    let element = Element::new("domain").with("includeSubdomains", Value::Boolean(domain.with_subdomains));
    element.text(&domain.name)
}

/// What the platform's parser takes for true where false is the default: only a number, as which truth values are compiled, counts.
pub(super) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Boolean(value)) => *value,
        Some(Value::Int(number)) => *number != 0,
        Some(Value::Other { kind: 0x10..=0x1f, data }) => *data != 0,
        _ => false,
    }
}

/// What is demanded of a domain's rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    /// The keys that its pin set must have; empty for no demand.
    pub(super) pins: BTreeSet<KeyHash>,
    /// Whether certificates must be logged.
    pub(super) transparency: bool,
}

impl Demand {
    pub(super) fn is_nothing(&self) -> bool {
        self.pins.is_empty() && !self.transparency
    }

    fn add(&mut self, other: &Self) {
        self.pins.extend(&other.pins);
        self.transparency |= other.transparency;
    }
}

/// The demands by domain.
#[derive(Debug, Default)]
pub(super) struct Rules(BTreeMap<String, Rule>);

/// The demands for a host, and for the hosts below it.
#[derive(Debug, Default)]
struct Rule {
    exact: Demand,
    below: Demand,
}

impl Rules {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut rules = Self::default();
        for (domain, keys) in &policy.pins {
            rules.add(domain, &Demand { pins: keys.clone(), transparency: false });
        }
        if let Some(Scope::Domains(domains)) = &policy.transparency {
            let demand = Demand { transparency: true, ..Demand::default() };
            domains.iter().for_each(|domain| rules.add(domain, &demand));
        }
        rules
    }

    /// A wildcard includes the host itself: the platform knows no rule for the hosts below alone.
    fn add(&mut self, domain: &DomainPattern, demand: &Demand) {
        let rule = self.0.entry(domain.host().to_owned()).or_default();
        rule.exact.add(demand);
        if domain.is_wildcard() {
            rule.below.add(demand);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The domains that demands are made for, with whether the hosts below are meant.
    pub(super) fn domains(&self) -> impl Iterator<Item = Domain> {
        self.0.keys().filter_map(|name| self.domain(name))
    }

    /// The domain of this very name, if demands are made for it.
    pub(super) fn domain(&self, name: &str) -> Option<Domain> {
        let rule = self.0.get(name)?;
        Some(Domain { name: name.to_owned(), with_subdomains: !rule.below.is_nothing() })
    }

    /// What is demanded of a host.
    pub(super) fn of_host(&self, name: &str) -> Demand {
        let mut demand = self.of_hosts_above(name);
        if let Some(rule) = self.0.get(name) {
            demand.add(&rule.exact);
        }
        demand
    }

    /// What is demanded of the hosts below a name, whatever they are.
    pub(super) fn of_hosts_below(&self, name: &str) -> Demand {
        let mut demand = self.of_hosts_above(name);
        if let Some(rule) = self.0.get(name) {
            demand.add(&rule.below);
        }
        demand
    }

    fn of_hosts_above(&self, name: &str) -> Demand {
        let mut demand = Demand::default();
        for rule in parents(name).filter_map(|parent| self.0.get(parent)) {
            demand.add(&rule.below);
        }
        demand
    }
}

/// The names above a name, from the longest on.
pub(super) fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(name.split_once('.'), |(_, rest)| rest.split_once('.')).map(|(_, rest)| rest)
}
