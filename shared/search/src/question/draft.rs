//! From what a question says to what it asks.

use domain::redaction::without_secrets;
use winnow::prelude::*;
use winnow::stream::TokenSlice;

use super::Refusal;
use super::scanner::{Input, Item, Known, item};
use super::selection::Selection;
use super::term::{Key, Term};
use super::time::{self, Window};
use super::vocabulary::{FAILURES, Meaning, Vocabulary};
use super::words::{Word, words};
use crate::audit::Call;
use crate::column::{Column, Log};
use crate::query::{Condition, Literal, Operator};

/// What was understood of a question so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    window: Option<Window>,
    groups: Vec<Group>,
    /// The group of the last term: `and` and `or` go on with it.
    last: Option<usize>,
    joint: Option<Joint>,
    negation: Option<Negation>,
    /// Whether events as such were spoken of since the joint.
    begins_anew: bool,
    /// The preposition before what comes next.
    led: Option<&'static str>,
    /// Whether events as such are spoken of.
    anything: bool,
    /// How far a `not` may reach.
    reach: Option<Reach>,
    /// What makes it none for the device log.
    of_devices: OfDevices,
    /// An account that may be the caller or what was changed.
    owner: Option<String>,
}

/// What is said of devices, where the device log has events.
#[derive(Debug, Default)]
struct OfDevices {
    /// Whether what follows describes them: `devices that are`.
    describes: bool,
    /// Whether what follows is what they have: `devices with`.
    with: bool,
    /// Why it is unclear which events are meant.
    unclear: Option<&'static str>,
}

/// What comes after a negated term, and may be negated with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Anything: `not uploads by owner@example.com`.
    All,
    /// What follows without a preposition: `calls not failed uploads`.
    Next,
}

/// Alternatives: terms of one group of properties.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) terms: Vec<Term>,
    pub(super) negation: Option<Negation>,
}

/// What joins two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// A comma.
    Comma,
    /// `and`
    And,
    /// `or`
    Or,
}

/// How much is negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negation {
    /// `not`, of the next term.
    Not,
    /// `except`, of all that follows: one group of terms, or it would not be clear.
    Except,
}

impl Draft {
    /// Understands all of a question.
    pub(super) fn read(text: &str, vocabulary: &Vocabulary, log: Log) -> Result<Self, Refusal> {
        let words = words(text);
        let mut input = Input { input: TokenSlice::new(&words), state: Known { vocabulary, log } };
        let mut draft = Self::default();
        while let Some(word) = input.peek_token() {
            let begin = words.len().saturating_sub(input.eof_offset());
            let mut as_time = input.clone();
            let at_fault = |_| not_understood(time::first_unknown(&mut as_time).unwrap_or(word));
            let item = item.parse_next(&mut input).map_err(at_fault)?;
            let said = words.get(begin..words.len().saturating_sub(input.eof_offset())).unwrap_or_default();
            draft.take(item, word, said)?;
        }
        if draft.joint.is_some() || draft.negation.is_some() || draft.led.is_some() {
            return Err(Refusal::Ambiguous("it ends in the middle"));
        }
        if draft.window.is_none() && draft.groups.is_empty() && !draft.anything {
            return Err(Refusal::Nothing);
        }
        draft.settle_origin()?;
        Ok(draft)
    }

    /// Its time.
    pub(super) const fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// What it asks of a row of `log`, which knows these calls; nothing where it asks for every row.
    pub(super) fn condition(&self, log: Log, calls: &[Call]) -> Result<Option<Condition>, Refusal> {
        let selection = match log {
            Log::Audit => Some(Selection::of(&self.groups, calls)?),
            Log::Device => None,
        };
        match (&selection, self.of_devices.unclear) {
            (Some(selection), _) => self.check_owner(selection)?,
            (None, Some(unclear)) => return Err(Refusal::Ambiguous(unclear)),
            (None, None) => {}
        }
        let groups: Result<Vec<Condition>, Refusal> =
            self.groups.iter().map(|group| group.condition(selection.as_ref())).collect();
        Ok(Condition::all(groups?))
    }

    /// Changes of a user are made by it or to it, if only `by` does not say which.
    fn check_owner(&self, selection: &Selection<'_>) -> Result<(), Refusal> {
        let mut terms = self.groups.iter().filter(|group| group.negation.is_none()).flat_map(|group| &group.terms);
        let is_named = terms.any(|term| matches!(term.key, Key::Call | Key::Change));
        match &self.owner {
            Some(account) if is_named && selection.is_about(account) => {
                Err(Refusal::Ambiguous("by or about this account"))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, item: Item, word: &Word, said: &[Word]) -> Result<(), Refusal> {
        match item {
            Item::Window(window) => return self.take_window(window),
            Item::Caller(name) => return self.take_term(Term::new(Key::Caller, name), true),
            Item::Owner(name) => {
                self.owner = Some(name.clone());
                return self.take_term(Term::new(Key::Caller, name), true);
            }
            Item::Account(name) => return self.take_account(name, word),
            Item::Meaning(Meaning::Term(term)) => {
                self.of_devices.take_control(&term, said);
                return self.take_term(term, false);
            }
            Item::Meaning(Meaning::Filler) => self.of_devices.take_filler(&word.text),
            Item::Meaning(Meaning::Quantifier) if self.negation.is_some() => {
                return Err(Refusal::Ambiguous("none, or not all"));
            }
            Item::Meaning(Meaning::Quantifier) => {}
            Item::Meaning(Meaning::Events) => return self.take_events(word),
            Item::Meaning(Meaning::Preposition(text)) => {
                self.led = Some(text);
                self.of_devices.with = is_with(text);
            }
            Item::Meaning(Meaning::Joint(joint)) => return self.take_joint(joint),
            Item::Meaning(Meaning::Negation(negation)) => {
                if self.negation.replace(negation).is_some() {
                    return Err(Refusal::Ambiguous("two negations"));
                }
            }
        }
        Ok(())
    }

    /// `with log` is a response, and `by device` asks for an order.
    fn take_events(&mut self, word: &Word) -> Result<(), Refusal> {
        if self.led.is_some_and(|led| is_with(led) || (led == "by" && !word.text.ends_with('s'))) {
            return Err(not_understood(word));
        }
        self.anything = true;
        self.begins_anew = self.joint.is_some();
        self.led = None;
        self.of_devices.with = false;
        self.of_devices.describes |= matches!(word.text.as_str(), "device" | "devices");
        Ok(())
    }

    fn take_window(&mut self, window: Window) -> Result<(), Refusal> {
        if self.negation.is_some() || self.joint == Some(Joint::Or) {
            return Err(Refusal::Ambiguous("a time as an alternative or an exception"));
        }
        (self.joint, self.led) = (None, None);
        if self.window.replace(window).is_some() { Err(Refusal::SeveralWindows) } else { Ok(()) }
    }

    /// `a, b and c`: the comma before `and` adds nothing.
    fn take_joint(&mut self, joint: Joint) -> Result<(), Refusal> {
        let begins = self.groups.is_empty() && self.window.is_none() && !self.anything;
        match self.joint {
            None | Some(Joint::Comma) if !begins && self.negation.is_none() && self.led.is_none() => {
                self.joint = Some(joint)
            }
            _ => return Err(Refusal::Ambiguous("what is joined to what")),
        }
        Ok(())
    }

    /// An account without `by` is a caller at the beginning, and in a list of callers; elsewhere the call may have been about it.
    fn take_account(&mut self, name: String, word: &Word) -> Result<(), Refusal> {
        let listed = self.joint.is_some() && self.last_group().is_some_and(|group| group == Key::Caller);
        let begins = self.groups.is_empty() && matches!(self.led, None | Some("of"));
        if begins || listed {
            self.owner = self.owner.take().or_else(|| begins.then(|| name.clone()));
            return self.take_term(Term::new(Key::Caller, name), false);
        }
        Err(not_understood(word))
    }

    fn take_term(&mut self, mut term: Term, is_led: bool) -> Result<(), Refusal> {
        if term.key == Key::Version && self.led == Some("from") {
            term.key = Key::VersionFrom;
        }
        let led = self.led.take();
        let is_led = is_led || led.is_some();
        let (joint, negation) = (self.joint.take(), self.negation.take());
        let begins_anew = std::mem::take(&mut self.begins_anew);
        let group = term.key.group();
        if let Some(joint) = joint.filter(|_| self.last_group() == Some(group)) {
            self.of_devices.take_joint(group, joint, led, self.last_negation());
            return self.add_alternative(term, joint, negation);
        }
        // `in Germany and on Android` narrows; `uploads or by somebody`, `uploads and failed calls` may mean either, and so may
        // `uploads and calls by somebody`.
        if joint == Some(Joint::Or) || (joint.is_some() && (!is_led || begins_anew)) {
            return Err(Refusal::Ambiguous("what is joined to what"));
        }
        // `configuration changes except promotions` narrows, too.
        if negation != Some(Negation::Except) && self.groups.iter().any(|earlier| earlier.key() == Some(group)) {
            return Err(Refusal::Ambiguous("two values of one kind without `and` or `or`"));
        }
        if negation == Some(Negation::Not) && group == Key::Control {
            return Err(Refusal::Ambiguous("events of anything else, or devices without it"));
        }
        let is_excepted = self.groups.iter().any(|earlier| earlier.negation == Some(Negation::Except));
        if is_excepted || self.reach == Some(Reach::All) || (self.reach == Some(Reach::Next) && !is_led) {
            return Err(Refusal::Ambiguous("how much is excepted"));
        }
        self.reach = match negation {
            Some(Negation::Not) if group == Key::Call => Some(Reach::All),
            Some(Negation::Not) if !is_led && (self.anything || !self.groups.is_empty()) => Some(Reach::Next),
            _ => None,
        };
        self.last = Some(self.groups.len());
        self.groups.push(Group { terms: vec![term], negation });
        Ok(())
    }

    fn add_alternative(&mut self, term: Term, joint: Joint, negation: Option<Negation>) -> Result<(), Refusal> {
        if negation.is_some() {
            return Err(Refusal::Ambiguous("a negation within alternatives"));
        }
        if let Some(group) = self.last.and_then(|last| self.groups.get_mut(last)) {
            let is_state = group.last_value() == Some("GE") && term.values == ["US"];
            if joint == Joint::Comma && term.key == Key::Country && is_state {
                return Err(Refusal::Ambiguous("Georgia is a country and a state"));
            }
            group.add(term);
        }
        Ok(())
    }

    fn last_negation(&self) -> Option<Negation> {
        self.last.and_then(|last| self.groups.get(last)).and_then(|group| group.negation)
    }

    fn last_group(&self) -> Option<Key> {
        self.last.and_then(|last| self.groups.get(last)).and_then(Group::key)
    }

    /// A promotion comes from a version and goes to another one; other calls from a version are in it.
    fn settle_origin(&mut self) -> Result<(), Refusal> {
        const PROMOTION: &str = "promote_config";
        let calls = self.groups.iter().filter(|group| group.key() == Some(Key::Call));
        let names: Vec<&String> = calls.flat_map(|group| &group.terms).flat_map(|term| &term.values).collect();
        let (promotes, other) =
            (names.iter().any(|name| *name == PROMOTION), names.iter().any(|name| *name != PROMOTION));
        let has_target = self.groups.iter().any(|group| group.key() == Some(Key::Version));
        let origins =
            self.groups.iter_mut().flat_map(|group| &mut group.terms).filter(|term| term.key == Key::VersionFrom);
        for origin in origins {
            match (promotes, other, has_target) {
                (true, false, _) => {}
                (false, _, false) => origin.key = Key::Version,
                _ => return Err(Refusal::Ambiguous("what comes from a version")),
            }
        }
        Ok(())
    }
}

impl OfDevices {
    fn take_filler(&mut self, text: &str) {
        self.describes |= text == "that";
        self.with |= matches!(text, "have" | "has" | "had");
    }

    /// Devices with a screen lock report nothing, and those without one do.
    fn take_control(&mut self, term: &Term, said: &[Word]) {
        const SAYS_SO: [&str; 7] =
            ["missing", "failure", "failures", "violation", "violations", "detection", "detections"];
        let is_failure = term.key == Key::Control && term.values.iter().any(|id| FAILURES.contains(&id.as_str()));
        if is_failure && self.with && said.iter().all(|word| !SAYS_SO.contains(&word.text.as_str())) {
            self.unclear = Some("devices with it, or those that lack it");
        }
    }

    /// An event is of one control: of devices that two of them are said of, either may be meant, or both.
    fn take_joint(&mut self, group: Key, joint: Joint, led: Option<&str>, negation: Option<Negation>) {
        let is_led = led.is_some_and(|led| is_with(led) || matches!(led, "on" | "in" | "at" | "by"));
        let adds = joint != Joint::Or && (is_led || (joint == Joint::And && self.describes));
        if group == Key::Control && adds && negation.is_none() {
            self.unclear = Some("devices with both, or with either");
        }
    }
}

fn is_with(preposition: &str) -> bool {
    matches!(preposition, "with" | "using" | "running")
}

impl Group {
    pub(super) fn key(&self) -> Option<Key> {
        self.terms.first().map(|term| term.key.group())
    }

    fn last_value(&self) -> Option<&str> {
        self.terms.last().and_then(|term| term.values.last()).map(String::as_str)
    }

    fn add(&mut self, term: Term) {
        match self.terms.iter_mut().find(|earlier| earlier.key == term.key) {
            Some(earlier) => {
                let new: Vec<String> =
                    term.values.into_iter().filter(|value| !earlier.values.contains(value)).collect();
                earlier.values.extend(new);
            }
            None => self.terms.push(term),
        }
    }

    fn condition(&self, selection: Option<&Selection<'_>>) -> Result<Condition, Refusal> {
        let terms: Result<Vec<Condition>, Refusal> = self.terms.iter().map(|term| term.condition(selection)).collect();
        let condition = Condition::any(terms?).ok_or(Refusal::Nothing)?;
        let reads = selection.is_some_and(Selection::reads);
        Ok(if self.negation.is_some() { negated(condition, reads) } else { condition })
    }
}

/// Not so. Where there are calls that change nothing, they are of no kind, and so of no other kind than what is asked for.
fn negated(condition: Condition, reads: bool) -> Condition {
    let or_none = |column: Column, condition: Condition| {
        let none = (reads && column.name == "event_type").then_some(Condition::IsNull(column));
        none.map_or_else(|| condition.clone(), |none| Condition::Or(vec![none, condition.clone()]))
    };
    match condition {
        Condition::Compare(column, Operator::Equal, Literal::Boolean(value)) => Condition::equals(column, !value),
        Condition::Compare(column, Operator::Equal, value) => {
            or_none(column, Condition::Compare(column, Operator::NotEqual, value))
        }
        Condition::In(column, values) => or_none(column, Condition::In(column, values).negated()),
        Condition::Or(parts) => Condition::And(parts.into_iter().map(|part| negated(part, reads)).collect()),
        Condition::Not(inner) => *inner,
        condition => condition.negated(),
    }
}

/// Names the word, which may be anything that somebody pasted.
fn not_understood(word: &Word) -> Refusal {
    let shown = without_secrets(&word.raw).chars().take(64).collect();
    Refusal::NotUnderstood { word: shown, position: word.position }
}
