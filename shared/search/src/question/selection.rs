//! The calls that a question may be about, and so what the audit log says of them.

use super::Refusal;
use super::draft::Group;
use super::term::{Key, Term};
use crate::audit::{Call, EventType};
use crate::column::Log;

/// Calls by what named them: each call that is spoken of, each kind of changes, or all calls where a question names none. What is asked of
/// a field narrows all of them to the calls that show it.
#[derive(Debug)]
pub(super) struct Selection<'c>(Vec<Vec<&'c Call>>);

/// The calls that change what certificate pinning pins; they name no control.
const PINNED: [&str; 2] = ["certificates_update", "certificates_delete"];
const PINNING: &str = "CertificatePinning";

impl<'c> Selection<'c> {
    /// Those among `calls` that these properties of an event leave.
    ///
    /// # Errors
    /// Where a field is asked for that some call or kind of changes never shows: nothing of it would be found.
    pub(super) fn of(groups: &[Group], calls: &'c [Call]) -> Result<Self, Refusal> {
        let (about_calls, others): (Vec<&Group>, Vec<&Group>) =
            groups.iter().partition(|group| group.key() == Some(Key::Call));
        let mut selection = Self::named(&about_calls, calls);
        for group in others {
            let Some(key) = group.key().filter(|key| !key.fields().is_empty()) else { continue };
            let shows = |call: &&Call| group.terms.iter().any(|term| shows(call, term));
            if selection.0.is_empty() || !selection.0.iter().all(|unit| unit.iter().any(shows)) {
                return Err(Refusal::NotInLog { log: Log::Audit, subject: key.subject() });
            }
            if group.negation.is_none() {
                selection.0.iter_mut().for_each(|unit| unit.retain(shows));
            }
        }
        Ok(selection)
    }

    fn named(groups: &[&Group], calls: &'c [Call]) -> Self {
        let (excepted, asked): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| group.negation.is_some());
        let of = |names: &dyn Fn(&str) -> bool| calls.iter().filter(|call| names(call.name)).collect::<Vec<_>>();
        let mut units: Vec<Vec<&Call>> = Vec::new();
        for term in asked.iter().flat_map(|group| &group.terms) {
            match term.key {
                Key::AnyChange => units.push(of(&|name| EventType::of_call(name).is_some())),
                _ => units.extend(term.values.iter().map(|value| of(&|name| names(term.key, value, name)))),
            }
        }
        if asked.is_empty() {
            units.push(calls.iter().collect());
        }
        let is_excepted =
            |call: &&Call| excepted.iter().flat_map(|group| &group.terms).any(|term| names_of(term, call));
        units.iter_mut().for_each(|unit| unit.retain(|call| !is_excepted(call)));
        units.retain(|unit| !unit.is_empty());
        Self(units)
    }

    fn calls(&self) -> impl Iterator<Item = &Call> {
        self.0.iter().flatten().copied()
    }

    /// The fields of a property that these calls show.
    pub(super) fn fields(&self, key: Key) -> Vec<&'static str> {
        key.fields().iter().copied().filter(|field| self.calls().any(|call| call.shows(field))).collect()
    }

    /// The calls among these that are about one of the controls, without naming it.
    pub(super) fn unnamed(&self, controls: &[String]) -> Vec<String> {
        let is_pinning = controls.iter().any(|control| control == PINNING);
        let pinned = PINNED.into_iter().filter(|name| is_pinning && self.calls().any(|call| call.name == *name));
        pinned.map(str::to_owned).collect()
    }

    /// Whether there are calls among these that change nothing.
    pub(super) fn reads(&self) -> bool {
        self.calls().any(|call| EventType::of_call(call.name).is_none())
    }

    /// Whether one of these was called about such an account.
    pub(super) fn is_about(&self, account: &str) -> bool {
        let field = if account.starts_with("auto_") { "key_id" } else { "user_id" };
        let is_token = account.starts_with("atk_");
        self.calls().any(|call| call.shows(field) || (is_token && call.shows("token_key")))
    }
}

fn shows(call: &Call, term: &Term) -> bool {
    let is_pinned = term.key == Key::Control && term.values.iter().any(|value| value == PINNING);
    term.key.fields().iter().any(|field| call.shows(field)) || (is_pinned && PINNED.contains(&call.name))
}

fn names_of(term: &Term, call: &Call) -> bool {
    match term.key {
        Key::AnyChange => EventType::of_call(call.name).is_some(),
        key => term.values.iter().any(|value| names(key, value, call.name)),
    }
}

fn names(key: Key, value: &str, call: &str) -> bool {
    match key {
        Key::Change => EventType::of_call(call).is_some_and(|kind| kind.as_str() == value),
        _ => value == call,
    }
}
