//! Phrases that have the same meaning in every tenant: a flat table.

use super::super::draft::{Joint, Negation};
use super::super::term::{Key, Term};
use super::Meaning;

/// A [`Meaning`] that a table can hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Common {
    Filler,
    Quantifier,
    Events,
    Preposition(&'static str),
    Joint(Joint),
    Negation(Negation),
    Term(Key, &'static str),
    AnyChange,
}

impl From<Common> for Meaning {
    fn from(common: Common) -> Self {
        match common {
            Common::Filler => Self::Filler,
            Common::Quantifier => Self::Quantifier,
            Common::Events => Self::Events,
            Common::Preposition(text) => Self::Preposition(text),
            Common::Joint(joint) => Self::Joint(joint),
            Common::Negation(negation) => Self::Negation(negation),
            Common::Term(key, value) => Self::Term(Term::new(key, value)),
            Common::AnyChange => Self::Term(Term { key: Key::AnyChange, values: Vec::new() }),
        }
    }
}

/// Phrases and their meaning. A word is a filler only if no question means something else without it.
#[rustfmt::skip]
pub(super) const PHRASES: &[(&[&str], Common)] = &[
    (&["show", "show me", "give me", "list", "find", "find me", "search for", "look for", "display", "get", "fetch", "please",
        "i want to see", "i would like to see", "i'd like to see", "can you show me", "could you show me", "can i see",
        "what", "which", "who", "what are", "were", "was", "are", "is", "have", "has", "had", "been", "did", "do", "does",
        "there", "that", "the", "a", "an", "happened", "happen", "occurred",
        "took place", "made", "done", "performed", "reported", "seen", "recorded"], Common::Filler),
    (&["any", "all", "every", "each", "all of the", "only", "just"], Common::Quantifier),
    (&["event", "events", "everything", "log", "logs", "entry", "entries", "log entries", "record", "records", "row", "rows",
        "activity", "activities", "call", "calls", "api call", "api calls", "request", "requests", "action", "actions", "audit log",
        "audit logs", "audit event", "audit events", "audit trail", "device log", "device logs", "device event", "device events",
        "detection", "detections", "device", "devices", "security event", "security events", "what happened"],
        Common::Events),
    (&["in"], Common::Preposition("in")),
    (&["on"], Common::Preposition("on")),
    (&["from"], Common::Preposition("from")),
    (&["by"], Common::Preposition("by")),
    (&["to"], Common::Preposition("to")),
    (&["of"], Common::Preposition("of")),
    (&["with"], Common::Preposition("with")),
    (&["for"], Common::Preposition("for")),
    (&["at"], Common::Preposition("at")),
    (&["using"], Common::Preposition("using")),
    (&["running"], Common::Preposition("running")),
    (&["about"], Common::Preposition("about")),
    (&[","], Common::Joint(Joint::Comma)),
    (&["and", "as well as"], Common::Joint(Joint::And)),
    (&["or"], Common::Joint(Joint::Or)),
    (&["not", "non", "didn't", "did not", "weren't", "wasn't", "doesn't", "don't", "isn't", "aren't",
        "outside", "outside of"],
        Common::Negation(Negation::Not)),
    (&["except", "except for", "excluding", "other than", "but not", "apart from"], Common::Negation(Negation::Except)),
    (&["successful", "successfully", "succeed", "succeeded", "success", "successes"], Common::Term(Key::Outcome, "true")),
    (&["failed", "failing", "fail", "failure", "failures", "unsuccessful", "denied", "refused", "rejected", "forbidden"],
        Common::Term(Key::Outcome, "false")),
    (&["android", "android device", "android devices", "android phone", "android phones"], Common::Term(Key::Platform, "android")),
    (&["ios", "ios device", "ios devices", "iphone", "iphones", "ipad", "ipads"], Common::Term(Key::Platform, "ios")),
    (&["production", "prod", "production version", "prod version", "production environment"],
        Common::Term(Key::Version, "production")),
    (&["staging", "stg", "staging version", "stg version", "staging environment"], Common::Term(Key::Version, "staging")),
    (&["development", "dev", "development version", "dev version", "development environment"],
        Common::Term(Key::Version, "development")),
    (&["change", "changes", "changed", "modification", "modifications", "modified"], Common::AnyChange),
];
