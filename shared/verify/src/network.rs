//! What a network security configuration enforces, read as the platform reads it: <https://developer.android.com/privacy-and-security/security-config>.

use domain::certificate::StaticPin;
use formats::axml::Value;
use formats::axml::tree::{Element, Node};

/// A configuration in the course of its check.
pub(crate) struct Configuration<'a> {
    root: &'a Element,
    /// Every rule for hosts, nested ones as well.
    rules: Vec<Chain<'a>>,
}

/// A rule for hosts, with the ones around it, the outermost first.
type Chain<'a> = Vec<&'a Element>;

impl<'a> Configuration<'a> {
    pub(crate) fn new(root: &'a Element) -> Self {
        let mut open: Vec<Chain<'a>> = domain_configs(root).map(|config| vec![config]).collect();
        let mut rules = Vec::new();
        while let Some(chain) = open.pop() {
            let nested = chain.last().into_iter().flat_map(|config| domain_configs(config));
            open.extend(nested.map(|config| chain.iter().copied().chain([config]).collect()));
            rules.push(chain);
        }
        Self { root, rules }
    }

    /// Whether a debug build would follow other rules.
    pub(crate) fn has_debug_overrides(&self) -> bool {
        self.root.elements().any(|child| child.name == "debug-overrides")
    }

    /// Whether cleartext is refused by default and permitted by no rule; one that says nothing inherits from the rule around it.
    pub(crate) fn refuses_cleartext(&self) -> bool {
        let says =
            |config: &Element| config.attribute("cleartextTrafficPermitted").map(|it| *it == Value::Boolean(false));
        let base = self.base().and_then(says) == Some(true);
        base && self.rules.iter().filter_map(|chain| chain.last()).all(|rule| says(rule) != Some(false))
    }

    /// Whether certificate transparency is demanded by default and no rule says otherwise.
    pub(crate) fn demands_transparency(&self) -> bool {
        let says = |config: &Element| {
            let element = config.elements().find(|child| child.name == "certificateTransparency")?;
            Some(element.attribute("enabled") == Some(&Value::Boolean(true)))
        };
        let base = self.base().and_then(says) == Some(true);
        base && self.rules.iter().filter_map(|chain| chain.last()).all(|rule| says(rule) != Some(false))
    }

    /// Whether certificate transparency is demanded for a host.
    pub(crate) fn demands_transparency_for(&self, host: &str) -> bool {
        let Some(chain) = self.rule_for(host) else { return self.demands_transparency() };
        let mut around = chain.iter().rev().copied().chain(self.base());
        let said = around.find_map(|config| config.elements().find(|child| child.name == "certificateTransparency"));
        said.is_some_and(|element| element.attribute("enabled") == Some(&Value::Boolean(true)))
    }

    /// Whether somebody can get around pins: by `overridePins`, or by certificate authorities that the user installed.
    pub(crate) fn lets_pins_be_overridden(&self) -> bool {
        let overrides = |certificates: &Element| {
            let user = Value::String("user".to_owned());
            certificates.attribute("overridePins") == Some(&Value::Boolean(true))
                || certificates.attribute("src") == Some(&user)
        };
        descendants(self.root).iter().any(|element| element.name == "certificates" && overrides(element))
    }

    /// The first host of a pin for which a server may present another key.
    pub(crate) fn unpinned<'p>(&self, pin: &'p StaticPin<'_>) -> Option<&'p str> {
        let wanted = pin.key.to_string();
        let holds = |chain: &Chain<'_>| {
            let set = chain.iter().rev().find_map(|config| config.elements().find(|child| child.name == "pin-set"));
            set.is_some_and(|set| set.attribute("expiration").is_none() && pins(set).any(|found| found == wanted))
        };
        let below = |host: &str| {
            let end = format!(".{host}");
            // A rule of its own for a host below need not have the pins of the one above.
            let mut own =
                self.rules.iter().filter(|chain| chain.last().is_some_and(|config| names_below(config, &end)));
            own.all(holds) && self.rule_for(&format!("any{end}")).is_some_and(holds)
        };
        let pinned =
            |host: &str, is_wildcard: bool| self.rule_for(host).is_some_and(holds) && (!is_wildcard || below(host));
        let domains = pin.domains.iter().map(|domain| (domain.host(), domain.is_wildcard()));
        domains.into_iter().find(|(host, is_wildcard)| !pinned(host, *is_wildcard)).map(|(host, _)| host)
    }

    fn base(&self) -> Option<&'a Element> {
        self.root.elements().find(|child| child.name == "base-config")
    }

    /// The rule with the longest domain that has the host.
    fn rule_for(&self, host: &str) -> Option<&Chain<'a>> {
        let length = |chain: &Chain<'a>| {
            let domains = chain.last()?.elements().filter(|child| child.name == "domain");
            domains.filter_map(|domain| matching_length(domain, host)).max()
        };
        let matching = self.rules.iter().filter_map(|chain| Some((length(chain)?, chain)));
        matching.max_by_key(|(length, _)| *length).map(|(_, chain)| chain)
    }
}

fn domain_configs(parent: &Element) -> impl Iterator<Item = &Element> {
    parent.elements().filter(|child| child.name == "domain-config")
}

/// Whether a rule names a host with this end.
fn names_below(config: &Element, end: &str) -> bool {
    let mut domains = config.elements().filter(|child| child.name == "domain");
    domains.any(|domain| text(domain).to_ascii_lowercase().ends_with(end))
}

fn matching_length(domain: &Element, host: &str) -> Option<usize> {
    let name = text(domain).to_ascii_lowercase();
    let below = domain.attribute("includeSubdomains") == Some(&Value::Boolean(true));
    let matches = host == name || below && host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'));
    matches.then_some(name.len())
}

fn pins(set: &Element) -> impl Iterator<Item = String> {
    set.elements().filter(|child| child.name == "pin").map(text)
}

fn text(element: &Element) -> String {
    let parts = element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(text.as_str()),
        Node::Element(_) => None,
    });
    parts.collect::<String>().trim().to_owned()
}

fn descendants(root: &Element) -> Vec<&Element> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(element) = found.get(next).copied() {
        found.extend(element.elements());
        next += 1;
    }
    found
}
