//! From a question to its words.

/// A word of a question, or a comma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without quotes, the full stop at an end, and the sign of a genitive.
    pub(super) text: String,
    /// The same in its own case, for what has one.
    pub(super) raw: String,
    /// Whether it is a genitive: `yesterday's`.
    pub(super) genitive: bool,
    /// The character at which it begins, counted from 1.
    pub(super) position: usize,
}

/// The words of a text. Words that a hyphen joins are two, unless there is more than letters in them: `third-party` but `2024-11-20`.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut chunk, mut begin) = (String::new(), 1_usize);
    for (index, c) in text.chars().chain([' ']).enumerate() {
        let position = index.saturating_add(1);
        if c.is_whitespace() || c == ',' {
            push_chunk(&mut words, &chunk, begin);
            if c == ',' {
                words.push(Word { text: ",".to_owned(), raw: ",".to_owned(), genitive: false, position });
            }
            chunk.clear();
            begin = position.saturating_add(1);
        } else {
            chunk.push(if c == '\u{2019}' { '\'' } else { c });
        }
    }
    words
}

fn push_chunk(words: &mut Vec<Word>, chunk: &str, position: usize) {
    let plain = chunk.trim_start_matches(is_quote).trim_end_matches(ends);
    if plain.is_empty() {
        return;
    }
    let joined = |c: char| matches!(c, '-' | '\u{2013}');
    if plain.len() > 1 && plain.chars().all(|c| c.is_alphabetic() || joined(c) || c == '\'') {
        words.extend(plain.split(joined).filter(|part| !part.is_empty()).map(|part| word(part, position)));
    } else {
        words.push(word(plain, position));
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{2018}')
}

const fn ends(c: char) -> bool {
    is_quote(c) || matches!(c, '.' | '?' | '!')
}

fn word(raw: &str, position: usize) -> Word {
    let (raw, genitive) = match raw.strip_suffix("'s").or_else(|| raw.strip_suffix("'S")) {
        Some(owner) => (owner.trim_end_matches(is_quote), true),
        None => (raw, false),
    };
    let text = if raw == "&" { "and".to_owned() } else { raw.to_lowercase() };
    Word { text, raw: raw.to_owned(), genitive, position }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_what_means_something() {
        let texts = |text| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("Third-party Keyboards, 2024-11-20?"), ["third", "party", "keyboards", ",", "2024-11-20"]);
        assert_eq!(texts("\u{201c}Bob@Example.com\u{201d}'s calls."), ["bob@example.com", "calls"]);
        assert_eq!(
            texts("com.example.my-app yesterday\u{2019}s a & b"),
            ["com.example.my-app", "yesterday", "a", "and", "b"]
        );
        assert_eq!(texts(" ... ;) - "), [";)", "-"]);
        let positions: Vec<usize> = words("ä, two  three").iter().map(|word| word.position).collect();
        assert_eq!(positions, [1, 2, 4, 9]);
    }
}
