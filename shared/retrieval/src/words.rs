//! What passages and questions are compared by: stems of words, without those that tell nothing, and one name for what
//! customers call differently.

mod synonyms;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::iter;

use rust_stemmers::{Algorithm, Stemmer};

/// Words of a text as terms.
pub(crate) struct Words {
    stemmer: Stemmer,
    synonyms: HashMap<String, String>,
    silent: HashSet<&'static str>,
}

impl Words {
    pub(crate) fn new() -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        let stem = |word: &str| stemmer.stem(&american(word)).into_owned();
        let groups = synonyms::SAME.iter().flat_map(|group| group.split(' ').map(move |word| (word, group)));
        let synonyms =
            groups.map(|(word, group)| (stem(word), stem(group.split(' ').next().unwrap_or(word)))).collect();
        Self { stemmer, synonyms, silent: synonyms::SILENT.split(' ').collect() }
    }

    /// The terms of a text, in its order.
    pub(crate) fn terms(&self, text: &str) -> Vec<String> {
        let words = join_phrases(split(text));
        words.iter().filter(|word| !self.silent.contains(word.as_str())).map(|word| self.term(word)).collect()
    }

    fn term(&self, word: &str) -> String {
        let word = american(word);
        let stem = self.stemmer.stem(&word);
        self.synonyms.get(stem.as_ref()).cloned().unwrap_or_else(|| stem.into_owned())
    }
}

/// What may follow an s, behind an i, that is a z in American English: "organisation".
const ENDINGS: [&str; 6] = ["e", "ed", "es", "ing", "ation", "ations"];

/// One spelling for British and American English, right or not: words are only compared.
fn american(word: &str) -> Cow<'_, str> {
    let spelling = ENDINGS.iter().find_map(|ending| {
        let stem = word.strip_suffix(ending)?.strip_suffix('s').filter(|stem| stem.ends_with('i'))?;
        Some(format!("{stem}z{ending}"))
    });
    spelling.map_or(Cow::Borrowed(word), Cow::Owned)
}

/// Lowercase words. Names of fields, calls and controls count as a whole and in their parts: `stale_revision`,
/// `CertificatePinning`.
fn split(text: &str) -> Vec<String> {
    let text = text.replace(['\'', '’'], "");
    let chunks = text.split(|char: char| !char.is_alphanumeric() && char != '_');
    chunks.map(|chunk| chunk.trim_matches('_')).filter(|chunk| !chunk.is_empty()).flat_map(parts).collect()
}

fn parts(chunk: &str) -> Vec<String> {
    let parts: Vec<_> = chunk.split('_').filter(|part| !part.is_empty()).flat_map(humps).collect();
    let whole = (parts.len() > 1).then(|| chunk.to_lowercase());
    parts.into_iter().map(str::to_lowercase).chain(whole).collect()
}

/// `CertificatePinning` in two; names with a hump of one letter, such as `iOS`, stay whole, and so does the product's.
fn humps(name: &str) -> Vec<&str> {
    if name == "AppTego" {
        return vec![name];
    }
    let chars: Vec<_> = name.char_indices().collect();
    let begins = chars.windows(3).filter_map(|window| match window {
        [(_, before), (at, upper), (_, after)] => {
            let turns = upper.is_uppercase() && (after.is_lowercase() || before.is_lowercase());
            turns.then_some(*at)
        }
        _ => None,
    });
    let bounds: Vec<_> = iter::once(0).chain(begins).chain(iter::once(name.len())).collect();
    let humps: Vec<_> = bounds.windows(2).filter_map(|pair| name.get(pair[0]..pair[1])).collect();
    if humps.iter().any(|hump| hump.chars().nth(1).is_none()) { vec![name] } else { humps }
}

/// Words between the two parts of a verb at most: "turn the old automation key off".
const MAX_BETWEEN: usize = 4;

/// Two words that mean one thing become one: "log in", "switch off", and "switch it off", whose words between them stay.
fn join_phrases(mut words: Vec<String>) -> Vec<String> {
    let mut joined = Vec::with_capacity(words.len());
    words.reverse();
    while let Some(word) = words.pop() {
        let phrase = words.last().and_then(|next| synonyms::phrase(&word, next));
        if phrase.is_some() {
            words.pop();
        }
        let phrase = phrase.or_else(|| join_parted(&word, &mut words));
        joined.push(phrase.map_or(word, str::to_owned));
    }
    joined
}

/// What a verb means with the word that ends it, which is taken out of the rest: its last word comes next.
fn join_parted(verb: &str, rest: &mut Vec<String>) -> Option<&'static str> {
    let endings = synonyms::parted(verb)?;
    let next = rest.len().checked_sub(1)?;
    (next.saturating_sub(MAX_BETWEEN)..=next).rev().find_map(|place| {
        let (_, meaning) = endings.iter().find(|(ending, _)| *ending == rest[place])?;
        rest.remove(place);
        Some(*meaning)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        Words::new().terms(text)
    }

    #[test]
    fn forms_of_a_word_are_one_term() {
        assert_eq!(terms("signing signed signs"), ["sign"; 3]);
        assert_eq!(terms("The tenant's TENANTS"), ["tenant"; 2]);
        assert_eq!(terms("unauthorised, authorisation"), terms("unauthorized, authorization"));
    }

    #[test]
    fn names_count_whole_and_in_their_parts() {
        assert_eq!(split("stale_revision"), ["stale", "revision", "stale_revision"]);
        assert_eq!(split("CertificatePinning"), ["certificate", "pinning", "certificatepinning"]);
        assert_eq!(split("TLS13OnlyPrevention"), ["tls13", "only", "prevention", "tls13onlyprevention"]);
        assert_eq!(split("AppTego"), ["apptego"]);
        assert_eq!(split("iOS's ETag, __x__"), ["ioss", "etag", "x"]);
    }

    #[test]
    fn what_customers_call_differently_is_one_term() {
        assert_eq!(terms("log in"), terms("signing in"));
        assert_eq!(terms("remove a colleague"), terms("delete the user"));
        assert_ne!(terms("sign the app"), terms("sign in"));
        assert_eq!(terms("turn the old key off"), terms("disable the old key"));
        assert_eq!(terms("switch it on"), terms("enable it"));
        assert_eq!(terms("turn one two three four five off"), ["turn", "two", "three", "four", "five", "off"]);
    }

    #[test]
    fn words_that_tell_nothing_are_no_terms() {
        assert_eq!(terms("How do I do that, please? …"), [""; 0]);
        assert_eq!(terms(""), [""; 0]);
    }

    #[test]
    fn groups_of_synonyms_do_not_overlap() {
        let words = Words::new();
        let mut groups: HashMap<String, &str> = HashMap::new();
        for group in synonyms::SAME {
            for word in group.split(' ') {
                let before = groups.insert(words.stemmer.stem(word).into_owned(), group);
                assert!(before.is_none_or(|before| before == *group), "{word}");
            }
        }
    }
}
