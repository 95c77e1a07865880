//! Texts that come from outside and are shown to people.

/// Characters of a text that is shown.
const LONGEST: usize = 200;

/// The text without what would not be seen or would make it look like another one, and without the white space around it: at most 200
/// characters.
pub fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let text: String = text.trim_start().chars().take(LONGEST).collect();
    text.trim_end().to_owned()
}

/// Whether a character is none that people see: control characters, and what makes a list show a text in another direction (Unicode
/// Bidirectional Algorithm, 2).
pub(crate) const fn is_unseen(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes_and_what_is_long_is_cut() {
        assert_eq!(shown(" Ex\ta\u{202e}mple\u{85} "), "Example");
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), LONGEST);
        assert_eq!(shown(" \u{200f}\n"), "");
    }
}
