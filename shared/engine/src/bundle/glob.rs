//! Patterns of paths, as Java's `PathMatcher` reads those of the kind `glob`:
//! <https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/nio/file/FileSystem.html#getPathMatcher(java.lang.String)>.

/// The patterns of a configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Globs {
    globs: Vec<Glob>,
    /// Why it is not known what they match.
    unknown: Option<String>,
}

/// A pattern without groups.
#[derive(Clone, Debug)]
struct Glob(Vec<Part>);

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

/// Bytes of all patterns together that are looked into, with each alternative of a group in a pattern of its own; those of real bundles
/// have some hundreds. Each path is held against each character of them.
const MOST_BYTES: usize = 2048;

impl Globs {
    /// Where one of the patterns is none, or they are too long, nothing is known of any.
    pub(super) fn new(patterns: &[&str]) -> Self {
        let (mut globs, mut room) = (Vec::new(), MOST_BYTES);
        let unknown = |why: String| Self { globs: Vec::new(), unknown: Some(why) };
        for pattern in patterns {
            let Some(plain) = without_groups(pattern, room) else {
                return unknown(format!("they have more than {MOST_BYTES} bytes, or one of them is none"));
            };
            for pattern in plain {
                room = room.saturating_sub(pattern.len());
                let Some(parts) = parts(&pattern) else { return unknown(format!("{pattern:?} is none")) };
                globs.push(Glob(parts));
            }
        }
        Self { globs, unknown: None }
    }

    /// Whether a path that becomes another has the same patterns as before.
    pub(super) fn are_alike(&self, old: &str, new: &str) -> bool {
        self.unknown.is_none() && self.has(old) == self.has(new)
    }

    pub(super) fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Whether a path has any of the patterns.
    fn has(&self, path: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(path))
    }
}

impl Glob {
    /// Whether a path has the pattern.
    fn matches(&self, path: &str) -> bool {
        let parts = self.0.as_slice();
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
                return false;
            }
        }
        reached[parts.len()]
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

/// The patterns that a pattern with groups stands for: `*.{png,webp}` for `*.png` and `*.webp`. `None` for groups in groups or without an
/// end, and where all of them together have more than `most` bytes.
fn without_groups(pattern: &str, most: usize) -> Option<Vec<String>> {
    let mut open = Some(vec![String::new()]).filter(|_| pattern.len() <= most)?;
    let mut rest = pattern;
    while !rest.is_empty() {
        let (plain, behind) = rest.split_at_checked(end_of_plain(rest))?;
        let (alternatives, behind) = match behind.strip_prefix('{') {
            None => (vec![""], behind),
            Some(group) => alternatives(group)?,
        };
        if open.len() * alternatives.len() > most {
            return None;
        }
        let longer = |open: &String| -> Vec<String> {
            alternatives.iter().map(|alternative| format!("{open}{plain}{alternative}")).collect()
        };
        open = open.iter().flat_map(longer).collect();
        rest = behind;
    }
    Some(open).filter(|open| open.iter().map(String::len).sum::<usize>() <= most)
}

/// The alternatives of a group, and what stands behind its end.
fn alternatives(group: &str) -> Option<(Vec<&str>, &str)> {
    let (mut found, mut rest) = (Vec::new(), group);
    loop {
        let end = rest.len() - rest.trim_start_matches(|it| !matches!(it, ',' | '}' | '{' | '\\' | '[')).len();
        let (one, behind) = rest.split_at_checked(end)?;
        found.push(one);
        match behind.chars().next()? {
            ',' => rest = behind.get(1..)?,
            '}' => return Some((found, behind.get(1..)?)),
            // Escapes and brackets in a group, which no bundle was seen with.
            _ => return None,
        }
    }
}

/// Where the first group begins: escapes and brackets have none in them.
fn end_of_plain(pattern: &str) -> usize {
    let (mut is_escaped, mut is_among) = (false, false);
    for (place, character) in pattern.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if !is_among => is_escaped = true,
            '[' => is_among = true,
            ']' => is_among = false,
            '{' if !is_among => return place,
            _ => {}
        }
    }
    pattern.len()
}

fn parts(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        parts.push(match character {
            '\\' => Part::One(rest.next()?),
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
            ("x{b,c}y", "xby", true),
            ("x{b,c}y", "xcy", true),
            ("x{b,c}y", "xy", false),
            ("**.{png,webp}", "res/a.webp", true),
            ("{a,b}/{c,}x", "b/x", true),
            ("{a,b}/{c,}x", "c/x", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a}", "a}", true),
        ];
        for (pattern, path, expected) in cases {
            let globs = Globs::new(&[pattern]);
            assert_eq!((globs.unknown(), globs.has(path)), (None, expected), "{pattern} {path}");
        }
        for none in ["[a", "a\\", "{a", "{a,{b}}", "{a,[b]}"] {
            assert!(Globs::new(&["b", none]).unknown().is_some(), "{none}");
        }
    }

    #[test]
    fn patterns_are_looked_into_up_to_a_length() {
        let long = "?".repeat(MOST_BYTES);
        assert!(Globs::new(&[&long]).unknown().is_none());
        assert!(Globs::new(&[&long, "a"]).unknown().is_some());
        let doubled = "{aa,bb}".repeat(7);
        assert!(Globs::new(&[&doubled]).unknown().is_none());
        for many in ["{a,b}".repeat(400), "{,}".repeat(400)] {
            assert!(Globs::new(&[many.as_str()]).unknown().is_some());
        }
    }

    #[test]
    fn a_file_is_packed_alike_where_any_pattern_or_none_fits() {
        let globs = Globs::new(&["res/raw/**", "**.ogg"]);
        assert!(globs.are_alike("res/raw/a.ogg", "res/b.ogg") && globs.are_alike("res/a.png", "res/b.png"));
        assert!(!globs.are_alike("res/raw/a.bin", "res/b.bin"));
        assert!(!Globs::new(&["[a"]).are_alike("a", "a"));
    }
}
