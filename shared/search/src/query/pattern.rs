//! The patterns of LIKE.

/// A form that a text may have: `%` stands for any characters, `_` for one, and a backslash takes a `%`, a `_` or another backslash
/// literally. ASCII letters are the same in both cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Any,
    One,
    Just(char),
}

impl Pattern {
    /// Reads a pattern. Every text is one.
    pub fn new(source: &str) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), source.chars().peekable());
        while let Some(c) = rest.next() {
            pieces.push(match c {
                '%' => Piece::Any,
                '_' => Piece::One,
                '\\' => Piece::Just(rest.next_if(|next| matches!(next, '%' | '_' | '\\')).unwrap_or(c)),
                other => Piece::Just(other),
            });
        }
        Self { source: source.to_owned(), pieces }
    }

    /// The pattern of the texts that have `part` somewhere.
    pub fn containing(part: &str) -> Self {
        let escaped = part.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]));
        Self::new(&format!("%{}%", escaped.collect::<String>()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the text has this form. In time proportional to the product of both lengths at most.
    pub fn matches(&self, text: &str) -> bool {
        let (mut pieces, mut rest) = (self.pieces.as_slice(), text.chars());
        // Where the last `%` was, and what it has not taken yet.
        let mut last: Option<(&[Piece], std::str::Chars<'_>)> = None;
        loop {
            match pieces.split_first() {
                Some((Piece::Any, after)) => {
                    last = Some((after, rest.clone()));
                    pieces = after;
                    continue;
                }
                Some((piece, after)) => {
                    let mut next = rest.clone();
                    if next.next().is_some_and(|c| piece.takes(c)) {
                        (pieces, rest) = (after, next);
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((after, untaken)) = last.as_mut() else { return false };
            if untaken.next().is_none() {
                return false;
            }
            (pieces, rest) = (*after, untaken.clone());
        }
    }
}

impl Piece {
    const fn takes(self, c: char) -> bool {
        match self {
            Self::Just(expected) => expected.eq_ignore_ascii_case(&c),
            Self::One | Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_they_say() {
        for (pattern, text) in [
            ("", ""),
            ("%", ""),
            ("%", "anything"),
            ("abc", "ABC"),
            ("a_c", "aüc"),
            ("a%c", "ac"),
            ("%ab%", "aab"),
            ("%aab", "aaab"),
            ("a%b%c", "a-b-b-c"),
            ("%%_", "a"),
            ("100\\%", "100%"),
            ("a\\_b", "a_b"),
            ("\\\\", "\\"),
            ("\\", "\\"),
            ("\\a", "\\a"),
        ] {
            assert!(Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("_", ""),
            ("_", "ab"),
            ("abc", "abcd"),
            ("a%c", "acb"),
            ("%ab", "aba"),
            ("ä", "Ä"),
            ("100\\%", "1000"),
            ("a\\_b", "axb"),
            ("%_%_%", "a"),
        ] {
            assert!(!Pattern::new(pattern).matches(text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_part_is_taken_literally() {
        for part in ["50%_\\", "plain", "'"] {
            let pattern = Pattern::containing(part);
            assert!(pattern.matches(&format!("a {part} b")) && pattern.matches(part), "{part}");
        }
        assert!(!Pattern::containing("a_b").matches("axb"));
    }

    #[test]
    fn hostile_patterns_end() {
        let (pattern, text) = (Pattern::new(&format!("{}b", "%a".repeat(1900))), "a".repeat(20_000));
        assert!(!pattern.matches(&text));
    }
}
