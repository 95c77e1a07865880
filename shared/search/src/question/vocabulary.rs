//! The phrases that questions are made of. A table, most of it; times, accounts and identifiers are read by their form.

mod calls;
mod common;
mod controls;

use std::collections::HashMap;

pub(super) use controls::FAILURES;

use super::draft::{Joint, Negation};
use super::scanner::Input;
use super::term::{Key, Term};
use super::words::{Word, words};
use crate::audit::EventType;

/// What a phrase means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that would change what is asked.
    Filler,
    /// Says how many, which changes nothing but a negation.
    Quantifier,
    /// Events as such.
    Events,
    /// Leads what follows.
    Preposition(&'static str),
    /// Joins what is before it with what follows.
    Joint(Joint),
    /// Negates what follows.
    Negation(Negation),
    /// A property of the events that are asked for.
    Term(Term),
}

/// Phrases by their first words.
#[derive(Debug, Default)]
pub(super) struct Vocabulary(HashMap<String, Vec<(Vec<String>, Meaning)>>);

/// Code and names of each country: ISO 3166-1 with the English short names of the time zone database (iso3166.tab, public domain), and
/// what else people call them.
const COUNTRIES: &str = include_str!("vocabulary/countries.tsv");

fn countries() -> impl Iterator<Item = (&'static str, std::str::Split<'static, char>)> {
    COUNTRIES.lines().filter_map(|line| line.split_once('\t')).map(|(code, names)| (code, names.split('\t')))
}

/// The code, if it is one, or what is taken for one.
pub(super) fn country_of_code(text: &str) -> Option<&'static str> {
    let text = if text == "UK" { "GB" } else { text };
    countries().map(|(code, _)| code).find(|code| *code == text)
}

impl Vocabulary {
    /// With the names of `calls`, and what else people say of those among them that they know.
    pub(super) fn of(calls: &[&str]) -> Self {
        let mut vocabulary = Self::default();
        for (phrases, meaning) in common::PHRASES {
            vocabulary.add_all(phrases.iter().copied(), &Meaning::from(*meaning));
        }
        for (code, names) in countries() {
            vocabulary.add_all(names, &Meaning::Term(Term::new(Key::Country, code)));
        }
        vocabulary.add_controls();
        vocabulary.add_calls(calls);
        vocabulary
    }

    /// The longest phrase at the beginning of `input`: its length in words, and its meaning.
    pub(super) fn longest(&self, input: &Input<'_>) -> Option<(usize, Meaning)> {
        let begins = |phrase: &[String]| {
            let mut words = input.iter().map(|word: &Word| word.text.as_str());
            phrase.iter().all(|expected| words.next() == Some(expected))
        };
        let candidates = self.0.get(&input.first()?.text)?.iter().filter(|(phrase, _)| begins(phrase));
        candidates.max_by_key(|(phrase, _)| phrase.len()).map(|(phrase, meaning)| (phrase.len(), meaning.clone()))
    }

    fn add_controls(&mut self) {
        for (id, phrases) in controls::spoken() {
            let meaning = Meaning::Term(Term { key: Key::Control, values: id });
            self.add_with_plurals(phrases.iter().map(String::as_str), &meaning);
        }
    }

    fn add_calls(&mut self, calls: &[&str]) {
        for name in calls {
            // A name of one word is a word of its own in English: `config`.
            if name.contains('_') {
                let spoken = name.replace('_', " ");
                self.add_with_plurals([*name, &spoken], &Meaning::Term(Term::new(Key::Call, *name)));
            }
        }
        for kind in EventType::ALL {
            let spoken = kind.as_str().replace('_', " ");
            self.add_with_plurals([kind.as_str(), &spoken], &Meaning::Term(Term::new(Key::Change, kind.as_str())));
        }
        for (kind, phrases) in calls::CHANGES {
            let term = Term::new(Key::Change, kind.as_str());
            self.add_with_plurals(phrases.iter().copied(), &Meaning::Term(term));
        }
        for (names, phrases) in calls::CALLS {
            if names.iter().all(|name| calls.contains(name)) {
                let values = names.iter().map(|name| (*name).to_owned()).collect();
                let meaning = Meaning::Term(Term { key: Key::Call, values });
                self.add_with_plurals(phrases.iter().copied(), &meaning);
                let articled: Vec<String> = phrases.iter().flat_map(|phrase| with_article(phrase)).collect();
                self.add_with_plurals(articled.iter().map(String::as_str), &meaning);
            }
        }
    }

    fn add_with_plurals<'p>(&mut self, phrases: impl IntoIterator<Item = &'p str>, meaning: &Meaning) {
        for phrase in phrases {
            self.add_all([phrase, &plural(phrase)], meaning);
        }
    }

    fn add_all<'p>(&mut self, phrases: impl IntoIterator<Item = &'p str>, meaning: &Meaning) {
        for phrase in phrases {
            let words: Vec<String> = words(phrase).into_iter().map(|word| word.text).collect();
            let Some(first) = words.first() else { continue };
            let known = self.0.entry(first.clone()).or_default();
            // What was there before is what people mean more often.
            if known.iter().all(|(earlier, _)| *earlier != words) {
                known.push((words, meaning.clone()));
            }
        }
    }
}

/// `deleted the app`, of `deleted app`.
fn with_article(phrase: &str) -> Vec<String> {
    let parts = phrase.split_once(' ').filter(|(verb, noun)| {
        verb.ends_with("ed") && !["a ", "an ", "the "].iter().any(|article| noun.starts_with(article))
    });
    let articles = |(verb, noun)| ["the", "a", "an"].map(|article| format!("{verb} {article} {noun}"));
    parts.map(articles).into_iter().flatten().collect()
}

fn plural(phrase: &str) -> String {
    match phrase.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if ["s", "x", "sh", "ch"].iter().any(|ending| phrase.ends_with(ending)) => format!("{phrase}es"),
        _ => format!("{phrase}s"),
    }
}

#[cfg(test)]
mod tests {
    use winnow::stream::TokenSlice;

    use super::super::scanner::Known;
    use super::*;
    use crate::column::Log;

    fn meaning(vocabulary: &Vocabulary, phrase: &str) -> Option<Meaning> {
        let words = words(phrase);
        let input = Input { input: TokenSlice::new(&words), state: Known { vocabulary, log: Log::Device } };
        vocabulary.longest(&input).filter(|(length, _)| *length == words.len()).map(|(_, meaning)| meaning)
    }

    /// No phrase of a table is hidden by another one.
    #[test]
    fn every_phrase_of_the_tables_has_its_own_meaning() {
        let names: Vec<&str> = calls::CALLS.iter().flat_map(|(names, _)| *names).copied().collect();
        let vocabulary = Vocabulary::of(&names);
        for (names, phrases) in calls::CALLS {
            let term = Term { key: Key::Call, values: names.iter().map(|name| (*name).to_owned()).collect() };
            for phrase in *phrases {
                assert_eq!(meaning(&vocabulary, phrase), Some(Meaning::Term(term.clone())), "{phrase}");
            }
        }
        for (kind, phrases) in calls::CHANGES {
            for phrase in *phrases {
                let term = Term::new(Key::Change, kind.as_str());
                assert_eq!(meaning(&vocabulary, phrase), Some(Meaning::Term(term)), "{phrase}");
            }
        }
        for (phrases, common) in common::PHRASES {
            for phrase in *phrases {
                assert_eq!(meaning(&vocabulary, phrase), Some(Meaning::from(*common)), "{phrase}");
            }
        }
        for (code, names) in countries() {
            for name in names {
                assert_eq!(meaning(&vocabulary, name), Some(Meaning::Term(Term::new(Key::Country, code))), "{name}");
            }
        }
        for (ids, phrases) in controls::spoken() {
            for phrase in phrases {
                let found = meaning(&vocabulary, &phrase);
                let Some(Meaning::Term(Term { key: Key::Control, values })) = found else {
                    panic!("{phrase}: {found:?}")
                };
                // One control's own name may also be the type of its events, which others report, too.
                assert!(values.iter().all(|id| ids.contains(id)), "{phrase}");
            }
        }
    }

    #[test]
    fn calls_that_do_not_exist_are_not_spoken_of() {
        let vocabulary = Vocabulary::of(&["automate_upload", "config"]);
        for phrase in ["uploads", "promotions", "config"] {
            assert_eq!(meaning(&vocabulary, phrase), None, "{phrase}");
        }
        assert_eq!(
            meaning(&vocabulary, "automate uploads"),
            Some(Meaning::Term(Term::new(Key::Call, "automate_upload")))
        );
    }
}
