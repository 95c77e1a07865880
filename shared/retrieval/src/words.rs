//! What passages and questions are compared by: stems of words, without those that tell nothing, and one name for what
//! customers call differently.

mod synonyms;

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
        let stem = |word: &str| stemmer.stem(word).into_owned();
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
        let stem = self.stemmer.stem(word);
        self.synonyms.get(stem.as_ref()).cloned().unwrap_or_else(|| stem.into_owned())
    }
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

/// `CertificatePinning` in two; names with a hump of one letter, such as `iOS`, stay whole.
fn humps(name: &str) -> Vec<&str> {
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

/// Two words that mean one thing become one: "log in", "switch off".
fn join_phrases(words: Vec<String>) -> Vec<String> {
    let mut joined = Vec::with_capacity(words.len());
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        let phrase = rest.peek().and_then(|next| synonyms::phrase(&word, next));
        match phrase {
            Some(phrase) => {
                rest.next();
                joined.push(phrase.to_owned());
            }
            None => joined.push(word),
        }
    }
    joined
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
    }

    #[test]
    fn names_count_whole_and_in_their_parts() {
        assert_eq!(split("stale_revision"), ["stale", "revision", "stale_revision"]);
        assert_eq!(split("CertificatePinning"), ["certificate", "pinning", "certificatepinning"]);
        assert_eq!(split("TLS13OnlyPrevention"), ["tls13", "only", "prevention", "tls13onlyprevention"]);
        assert_eq!(split("iOS's ETag, __x__"), ["ioss", "etag", "x"]);
    }

    #[test]
    fn what_customers_call_differently_is_one_term() {
        assert_eq!(terms("log in"), terms("signing in"));
        assert_eq!(terms("remove a colleague"), terms("delete the user"));
        assert_ne!(terms("sign the app"), terms("sign in"));
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
