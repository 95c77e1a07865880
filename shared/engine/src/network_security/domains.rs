//! Demands on single domains, met in the rule that a host follows.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use formats::axml::Value;
use formats::axml::tree::{Element, Node};

use super::changes::{Changes, path_of};
use super::pins::{self, PIN_SET, Pins};
use super::rules::{Demand, Domain, Rules, domain_of, parents};
use super::{Environment, Error, ROOT, TRANSPARENCY, anchors, base, demand_transparency, rules};

pub(super) const DOMAIN_CONFIG: &str = "domain-config";

/// Pins that are written into nested configurations so that these keep what they inherited; no app has nearly as many.
const MOST_COPIED_PINS: usize = 10_000;

/// Meets every demand on single domains.
pub(super) fn apply(
    root: &mut Element,
    rules: &Rules,
    environment: &Environment<'_>,
    changes: &mut Changes,
) -> Result<(), Error> {
    if rules.is_empty() {
        return Ok(());
    }
    let inherited = Inherited::of_base(root, environment);
    let known = Known::of(root, &inherited);
    let mut merge = Merge { rules, adopted: known.adopt(rules), known, changes, copied_pins: 0 };
    for config in root.elements_mut().filter(|child| child.name == DOMAIN_CONFIG) {
        merge.visit(config, ROOT, &inherited)?;
    }
    let rest = std::mem::take(&mut merge.adopted);
    rest.into_values().for_each(|new| merge.add(root, ROOT, new));
    Ok(())
}

/// What a configuration takes over from those around it.
#[derive(Clone, Debug)]
struct Inherited {
    pins: Option<Rc<Pins>>,
    settings: Settings,
}

impl Inherited {
    fn of_base(root: &Element, environment: &Environment<'_>) -> Self {
        let settings = Settings { cleartext: base::permits_cleartext(environment), transparency: false };
        let base = root.elements().find(|child| child.name == "base-config");
        Self { pins: None, settings: base.map_or(settings, |base| settings.within(base)) }
    }

    /// What is in force inside a configuration.
    fn within(&self, config: &Element) -> Self {
        let own = pins::of(config).map(|set| Rc::new(Pins::read(set)));
        Self { pins: own.or_else(|| self.pins.clone()), settings: self.settings.within(config) }
    }
}

impl Settings {
    fn within(self, config: &Element) -> Self {
        let stated = config.elements().filter(|child| child.name == TRANSPARENCY).last();
        let transparency = stated.map(|stated| rules::is_true(stated.attribute("enabled")));
        let unstated = self.transparency && !anchors::own_certificates(config);
        Self {
            cleartext: base::cleartext_of(config).unwrap_or(self.cleartext),
            transparency: transparency.unwrap_or(unstated),
        }
    }
}

/// The domains that the app has rules for, as they were before the merge.
struct Known {
    domains: BTreeMap<String, KnownDomain>,
    /// What holds for hosts without a rule.
    base: Settings,
}

struct KnownDomain {
    with_subdomains: bool,
    settings: Settings,
}

/// What a rule permits and demands.
#[derive(Clone, Copy, Debug)]
struct Settings {
    cleartext: bool,
    transparency: bool,
}

/// New rules: the domains of each demand.
type NewRules = BTreeMap<Demand, Vec<Domain>>;

impl Known {
    fn of(root: &Element, inherited: &Inherited) -> Self {
        let mut known = Self { domains: BTreeMap::new(), base: inherited.settings };
        known.collect(root, inherited.settings);
        known
    }

    fn collect(&mut self, parent: &Element, inherited: Settings) {
        for config in parent.elements().filter(|child| child.name == DOMAIN_CONFIG) {
            let settings = inherited.within(config);
            for Domain { name, with_subdomains } in config.elements().filter_map(domain_of) {
                self.domains.insert(name, KnownDomain { with_subdomains, settings });
            }
            self.collect(config, settings);
        }
    }

    /// The rule that the hosts below a name follow when it has none for them.
    fn rule_above<'n>(&self, name: &'n str) -> Option<(&'n str, &KnownDomain)> {
        let mut rules = parents(name).filter_map(|parent| Some((parent, self.domains.get(parent)?)));
        rules.find(|(_, rule)| rule.with_subdomains)
    }

    fn settings_above(&self, name: &str) -> Settings {
        self.rule_above(name).map_or(self.base, |(_, rule)| rule.settings)
    }

    /// The demanded domains without a rule, by the domain whose rule their hosts follow until now; none for the base configuration.
    fn adopt(&self, rules: &Rules) -> BTreeMap<Option<String>, NewRules> {
        let mut adopted = BTreeMap::<_, NewRules>::new();
        for domain in rules.domains().filter(|domain| !self.domains.contains_key(&domain.name)) {
            let parent = self.rule_above(&domain.name).map(|(parent, _)| parent.to_owned());
            adopted.entry(parent).or_default().entry(rules.of_host(&domain.name)).or_default().push(domain);
        }
        adopted
    }
}

/// What has to happen to the rule of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Goal {
    demand: Demand,
    /// The rule's own pins stay beside ours.
    keeps_pins: bool,
    refuses_cleartext: bool,
    widens: bool,
}

struct Merge<'m> {
    rules: &'m Rules,
    known: Known,
    adopted: BTreeMap<Option<String>, NewRules>,
    changes: &'m mut Changes,
    copied_pins: usize,
}

impl Merge<'_> {
    fn visit(&mut self, config: &mut Element, path: &str, inherited: &Inherited) -> Result<(), Error> {
        let path = path_of(path, config);
        let here = inherited.within(config);
        let before = here.pins.as_ref().map(|pins| &pins.set);
        for nested in config.elements_mut().filter(|child| child.name == DOMAIN_CONFIG) {
            self.visit(nested, &path, &here)?;
        }
        let domains: Vec<Domain> = config.elements().filter_map(domain_of).collect();
        let mut goals = BTreeMap::<Goal, BTreeSet<String>>::new();
        for domain in &domains {
            if let Some(goal) = self.goal(domain, &here) {
                goals.entry(goal).or_default().insert(domain.name.clone());
            }
        }
        let covered: usize = goals.values().map(BTreeSet::len).sum();
        // A configuration must have a domain: when all of them move, the first goal is met in place.
        let in_place = if covered == domains.len() { goals.pop_first() } else { None };
        for (goal, names) in goals {
            let mut nested = Element::new(DOMAIN_CONFIG);
            nested.children = config.children.extract_if(.., |child| names_one_of(child, &names)).collect();
            let path = path_of(&path, &nested);
            self.meet(&mut nested, &path, &goal, before);
            config.children.push(Node::Element(nested));
        }
        for domain in &domains {
            if let Some(new) = self.adopted.remove(&Some(domain.name.clone())) {
                self.add(config, &path, new);
            }
        }
        if let Some((goal, _)) = in_place {
            if !goal.demand.pins.is_empty() {
                self.keep_pins_of_nested(config, before)?;
            }
            self.meet(config, &path, &goal, before);
        }
        Ok(())
    }

    /// The configurations inside one that gets other pins keep theirs: those they inherited until now, or none.
    fn keep_pins_of_nested(&mut self, config: &mut Element, before: Option<&Element>) -> Result<(), Error> {
        for nested in config.elements_mut().filter(|child| child.name == DOMAIN_CONFIG) {
            if pins::of(nested).is_none() {
                let kept = before.cloned().unwrap_or_else(|| Element::new(PIN_SET));
                self.copied_pins = self.copied_pins.saturating_add(pins::count(&kept));
                if self.copied_pins > MOST_COPIED_PINS {
                    return Err(Error::TooManyPins { limit: MOST_COPIED_PINS });
                }
                pins::put(nested, kept);
            }
        }
        Ok(())
    }

    /// What a domain's rule lacks.
    fn goal(&mut self, domain: &Domain, here: &Inherited) -> Option<Goal> {
        let name = &domain.name;
        let mut demand = self.rules.of_host(name);
        let below = self.rules.of_hosts_below(name);
        if demand.is_nothing() {
            return None;
        }
        let named = self.rules.domain(name);
        let is_named = named.is_some();
        let widens = !domain.with_subdomains && named.is_some_and(|named| named.with_subdomains);
        let reaches_further = domain.with_subdomains && demand != below;
        // Hosts that nobody listed keep the keys that they had.
        let keeps_pins = !is_named || reaches_further;
        let pins_are_met = here.pins.as_ref().is_some_and(|pins| pins.meets(&demand.pins, keeps_pins));
        if pins_are_met {
            demand.pins.clear();
        }
        let above = self.known.settings_above(name);
        demand.transparency |= widens && above.transparency;
        demand.transparency &= !here.settings.transparency;
        let refuses_cleartext = widens && here.settings.cleartext && !above.cleartext;
        let goal = Goal { keeps_pins: keeps_pins && !demand.pins.is_empty(), demand, refuses_cleartext, widens };
        if goal.demand.is_nothing() && !goal.widens {
            return None;
        }
        self.warn(domain, &goal, reaches_further);
        Some(goal)
    }

    fn warn(&mut self, domain: &Domain, goal: &Goal, reaches_further: bool) {
        let name = &domain.name;
        if goal.widens {
            let cleartext = if goal.refuses_cleartext { "; it refuses cleartext now, as theirs did" } else { "" };
            self.changes.warn(format!(
                "the app's rule for {name} alone holds for the hosts below it as well from now on, since the platform knows one rule for a \
                 name, and these hosts are to be protected{cleartext}"
            ));
        }
        if reaches_further && !goal.demand.is_nothing() {
            self.changes.warn(format!(
                "the app's rule for {name} covers the hosts below it, and the platform knows one rule for a name: what is demanded of \
                 {name} holds for these hosts as well"
            ));
        }
    }

    fn meet(&mut self, config: &mut Element, path: &str, goal: &Goal, before: Option<&Element>) {
        if goal.widens {
            for domain in config.elements_mut().filter(|child| domain_of(child).is_some_and(|it| !it.with_subdomains)) {
                let path = format!("{path}/domain");
                self.changes.set(domain, &path, "includeSubdomains", Value::Boolean(true));
            }
        }
        if goal.refuses_cleartext {
            self.changes.set(config, path, base::CLEARTEXT, Value::Boolean(false));
        }
        if !goal.demand.pins.is_empty() {
            let kept = before.filter(|_| goal.keeps_pins);
            self.pin(config, path, pins::new(kept, &goal.demand.pins), before);
        }
        if goal.demand.transparency {
            demand_transparency(config, path, self.changes);
        }
    }

    fn pin(&mut self, config: &mut Element, path: &str, set: Element, before: Option<&Element>) {
        let (before, after) = (before.map(pins::describe), pins::describe(&set));
        self.changes.record(&format!("{path}/{PIN_SET}"), "pins", before, Some(after));
        pins::put(config, set);
    }

    /// Adds rules inside the one that their hosts followed until now.
    fn add(&mut self, parent: &mut Element, path: &str, new: NewRules) {
        for (demand, domains) in new {
            for Domain { name, .. } in
                domains.iter().filter(|it| it.with_subdomains && demand != self.rules.of_hosts_below(&it.name))
            {
                self.changes.warn(format!(
                    "{name} and the hosts below it are listed with different demands, and the platform knows one rule for a name: what is \
                     demanded of {name} holds for these hosts as well"
                ));
            }
            let mut config = Element::new(DOMAIN_CONFIG);
            config.children = domains.iter().map(|domain| Node::Element(rules::element(domain))).collect();
            let names: Vec<String> = domains.iter().map(Domain::to_string).collect();
            self.changes.record(path, DOMAIN_CONFIG, None, Some(names.join(", ")));
            let path = path_of(path, &config);
            self.meet(&mut config, &path, &Goal { demand, ..Goal::default() }, None);
            parent.children.push(Node::Element(config));
        }
    }
}

fn names_one_of(child: &Node, names: &BTreeSet<String>) -> bool {
    match child {
        Node::Element(element) => domain_of(element).is_some_and(|domain| names.contains(&domain.name)),
        Node::Text(_) => false,
    }
}
