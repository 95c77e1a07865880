//! Patterns of paths, as Java's `PathMatcher` reads those of the kind `glob`:
//! <https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/nio/file/FileSystem.html#getPathMatcher(java.lang.String)>.

/// A pattern; `None` for one with groups or escapes, which are not looked into.
#[derive(Clone, Debug)]
pub(super) struct Glob(Option<Vec<Part>>);

/// What one or several characters of a path have to be.
#[derive(Clone, Debug)]
enum Part {
    One(char),
    /// `?`
    Any,
    /// `*`: any number of characters in a component.
    Many,
    /// `**`: any number of characters.
    Across,
    /// `[a-z]` or `[!a-z]`: the text between the brackets.
    Among(String),
}

/// Bytes of all patterns together that are looked into; those of real bundles have some hundreds.
const MOST_BYTES: usize = 2048;

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        Self(parts(pattern))
    }

    /// The patterns of a configuration. Each path is held against each character of them, so that where they are too long nothing is
    /// known of any.
    pub(super) fn all(patterns: &[&str]) -> Vec<Self> {
        match patterns.iter().map(|pattern| pattern.len()).sum::<usize>() > MOST_BYTES {
            true => vec![Self(None)],
            false => patterns.iter().map(|pattern| Self::new(pattern)).collect(),
        }
    }

    /// Whether a path has the pattern; `None` where that is not known.
    pub(super) fn matches(&self, path: &str) -> Option<bool> {
        let parts = self.0.as_ref()?;
        // For each beginning of the pattern, whether it matches what of the path was passed.
        let (mut reached, mut next) = (vec![false; parts.len() + 1], vec![false; parts.len() + 1]);
        reached[0] = true;
        pass_over(parts, &mut reached);
        for character in path.chars() {
            next.fill(false);
            for (place, part) in parts.iter().enumerate().filter(|(place, _)| reached[*place]) {
                match part {
                    Part::Across => next[place] = true,
                    Part::Many => next[place] |= character != '/',
                    _ => next[place + 1] |= part.takes(character),
                }
            }
            pass_over(parts, &mut next);
            std::mem::swap(&mut reached, &mut next);
            if !reached.contains(&true) {
                return Some(false);
            }
        }
        Some(reached[parts.len()])
    }
}

/// What matches any number of characters matches none as well.
fn pass_over(parts: &[Part], reached: &mut [bool]) {
    for (place, part) in parts.iter().enumerate() {
        reached[place + 1] |= reached[place] && matches!(part, Part::Many | Part::Across);
    }
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(wanted) => character == *wanted,
            Self::Any => character != '/',
            Self::Among(text) => {
                let (is_negated, text) = text.strip_prefix('!').map_or((false, text.as_str()), |text| (true, text));
                character != '/' && is_among(text, character) != is_negated
            }
            Self::Many | Self::Across => false,
        }
    }
}

/// A hyphen between two characters makes a range of them; elsewhere it is one of the characters.
fn is_among(text: &str, character: char) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    loop {
        rest = match rest {
            [] => return false,
            [from, '-', to, ..] if (*from..=*to).contains(&character) => return true,
            [_, '-', _, rest @ ..] => rest,
            [one, ..] if *one == character => return true,
            [_, rest @ ..] => rest,
        }
    }
}

fn parts(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        parts.push(match character {
            '{' | '}' | '\\' => return None,
            '*' if rest.next_if_eq(&'*').is_some() => Part::Across,
            '*' => Part::Many,
            '?' => Part::Any,
            '[' => {
                let mut among = String::new();
                loop {
                    match rest.next()? {
                        ']' => break Part::Among(among),
                        character => among.push(character),
                    }
                }
            }
            character => Part::One(character),
        });
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_those_of_java() {
        let cases = [
            ("res/raw/**", "res/raw/a/b", true),
            ("res/raw/**", "res/rawer/a", false),
            ("**.3[gG]2", "res/a.3G2", true),
            ("**.3[gG]2", "a.3g2", true),
            ("**.3[gG]2", "a.3h2", false),
            ("*.png", "a.png", true),
            ("*.png", "res/a.png", false),
            ("res/*/a?.png", "res/x/ab.png", true),
            ("res/*/a?.png", "res/x/y/ab.png", false),
            ("res/*/a?.png", "res/x/a/.png", false),
            ("[!a-c]x", "dx", true),
            ("[!a-c]x", "bx", false),
            ("[a-]x", "-x", true),
            ("**", "", true),
            ("a", "", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(path), Some(expected), "{pattern} {path}");
        }
        for unknown in ["*.{png,jpg}", "a\\*", "[a"] {
            assert_eq!(Glob::new(unknown).matches("a"), None);
        }
        let long = "?".repeat(MOST_BYTES);
        assert_eq!(Glob::all(&[&long])[0].matches("a"), Some(false));
        assert_eq!(Glob::all(&[&long, "a"])[0].matches("a"), None);
    }
}
