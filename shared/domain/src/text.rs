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

/// A text of several lines, each ended by a line feed; `None` for one with anything that [`is_unseen`] but line ends and tabs.
pub(crate) fn lines(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !is_unseen(c);
    text.chars().all(is_plain).then_some(text)
}

/// Whether a character is none that people see: control characters, what ends a line or a paragraph, and what makes a list show a text
/// in another direction (Unicode Bidirectional Algorithm, 2).
pub const fn is_unseen(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    #[test]
    fn lines_and_tabs_stay_and_whatever_else_is_unseen_is_refused() {
        assert_eq!(lines("a\r\n\tb\n\r\nc").unwrap(), "a\n\tb\n\nc");
        for c in [
            '\0', '\r', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}', '\u{61c}', '\u{200f}', '\u{2028}', '\u{202e}',
            '\u{2066}',
        ] {
            assert_eq!(lines(&format!("a{c}b")), None, "{c:?}");
        }
    }
}
