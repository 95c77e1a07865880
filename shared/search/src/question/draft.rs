//! From what a question says to what it asks.

use domain::redaction::without_secrets;
use winnow::prelude::*;
use winnow::stream::TokenSlice;

use super::Refusal;
use super::scanner::{Input, Item, item};
use super::term::{Key, Term};
use super::time::Window;
use super::vocabulary::{Meaning, Vocabulary};
use super::words::{Word, words};
use crate::column::Log;
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
}

/// Alternatives: terms of one group of properties.
#[derive(Debug)]
struct Group {
    terms: Vec<Term>,
    negation: Option<Negation>,
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
    pub(super) fn read(text: &str, vocabulary: &Vocabulary) -> Result<Self, Refusal> {
        let words = words(text);
        let mut input = Input { input: TokenSlice::new(&words), state: vocabulary };
        let mut draft = Self::default();
        while let Some(word) = input.peek_token() {
            let item = item.parse_next(&mut input).map_err(|_| not_understood(word))?;
            draft.take(item, word)?;
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

    /// What it asks of a row of `log`; nothing where it asks for every row.
    pub(super) fn condition(&self, log: Log) -> Result<Option<Condition>, Refusal> {
        let groups: Result<Vec<Condition>, Refusal> = self.groups.iter().map(|group| group.condition(log)).collect();
        Ok(Condition::all(groups?))
    }

    fn take(&mut self, item: Item, word: &Word) -> Result<(), Refusal> {
        match item {
            Item::Window(window) => return self.take_window(window),
            Item::Caller(name) => return self.take_term(Term::new(Key::Caller, name), true),
            Item::Account(name) => return self.take_account(name, word),
            Item::Meaning(Meaning::Term(term)) => return self.take_term(term, false),
            Item::Meaning(Meaning::Filler) => {}
            Item::Meaning(Meaning::Quantifier) if self.negation.is_some() => {
                return Err(Refusal::Ambiguous("none, or not all"));
            }
            Item::Meaning(Meaning::Quantifier) => {}
            Item::Meaning(Meaning::Events) => {
                self.anything = true;
                self.begins_anew = self.joint.is_some();
                self.led = None;
            }
            Item::Meaning(Meaning::Preposition(text)) => self.led = Some(text),
            Item::Meaning(Meaning::Joint(joint)) => return self.take_joint(joint),
            Item::Meaning(Meaning::Negation(negation)) => {
                if self.negation.replace(negation).is_some() {
                    return Err(Refusal::Ambiguous("two negations"));
                }
            }
        }
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
            return self.take_term(Term::new(Key::Caller, name), false);
        }
        Err(not_understood(word))
    }

    fn take_term(&mut self, mut term: Term, is_led: bool) -> Result<(), Refusal> {
        if term.key == Key::Version && self.led == Some("from") {
            term.key = Key::VersionFrom;
        }
        let is_led = is_led || self.led.take().is_some();
        let (joint, negation) = (self.joint.take(), self.negation.take());
        let begins_anew = std::mem::take(&mut self.begins_anew);
        let group = term.key.group();
        if joint.is_some() && self.last_group() == Some(group) {
            return self.add_alternative(term, negation);
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
        if self.groups.iter().any(|earlier| earlier.negation == Some(Negation::Except)) {
            return Err(Refusal::Ambiguous("how much is excepted"));
        }
        self.last = Some(self.groups.len());
        self.groups.push(Group { terms: vec![term], negation });
        Ok(())
    }

    fn add_alternative(&mut self, term: Term, negation: Option<Negation>) -> Result<(), Refusal> {
        if negation.is_some() {
            return Err(Refusal::Ambiguous("a negation within alternatives"));
        }
        if let Some(group) = self.last.and_then(|last| self.groups.get_mut(last)) {
            group.add(term);
        }
        Ok(())
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

impl Group {
    fn key(&self) -> Option<Key> {
        self.terms.first().map(|term| term.key.group())
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

    fn condition(&self, log: Log) -> Result<Condition, Refusal> {
        let terms: Result<Vec<Condition>, Refusal> = self.terms.iter().map(|term| term.condition(log)).collect();
        let condition = Condition::any(terms?).ok_or(Refusal::Nothing)?;
        Ok(match (self.negation, condition) {
            (None, condition) => condition,
            (Some(_), Condition::Compare(column, Operator::Equal, Literal::Boolean(value))) => {
                Condition::equals(column, !value)
            }
            (Some(_), Condition::Compare(column, Operator::Equal, value)) => {
                Condition::Compare(column, Operator::NotEqual, value)
            }
            (Some(_), Condition::Not(inner)) => *inner,
            (Some(_), condition) => condition.negated(),
        })
    }
}

/// Names the word, which may be anything that somebody pasted.
fn not_understood(word: &Word) -> Refusal {
    let shown = without_secrets(&word.raw).chars().take(64).collect();
    Refusal::NotUnderstood { word: shown, position: word.position }
}
