//! The words of a text that can be names.

/// Longest name that is looked for; longer ones always stay.
pub(super) const LONGEST: usize = 256;

/// Whether names have such characters. (Styles have dots.)
pub(super) fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '$')
}

/// The longest runs of name characters, each also without what follows its first dot, as in names of files.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|character| !is_name_character(character)).filter(|word| !word.is_empty());
    runs.flat_map(|word| {
        let trimmed = word.trim_matches(['.', '-', '$']);
        let stem = trimmed.split('.').next().unwrap_or_default();
        [Some(word), Some(trimmed), Some(stem)].into_iter().flatten()
    })
}

/// What a text can be the beginning of a name as: its last word, or that before the first placeholder of a format.
pub(super) fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let literal = text.split_once('%').map_or(text, |(before, _)| before);
    Some(last_word(literal)).into_iter().filter(|word| word.len() >= 3 || (word.len() > 1 && word.ends_with('_')))
}

/// What a text can be the end of a name as: its first word when that begins with `_`, or that behind the last placeholder of a format.
pub(super) fn endings(text: &str) -> impl Iterator<Item = &str> {
    let literal = text.rsplit_once('%').map(|(_, behind)| behind);
    let literal = literal
        .map(|behind| behind.trim_start_matches(|it: char| it.is_ascii_digit() || matches!(it, '$' | '.' | '-')));
    // One letter is the placeholder's kind.
    let literal =
        literal.map(|behind| behind.get(1..).unwrap_or_default()).map(first_word).filter(|word| word.len() >= 3);
    let own = Some(first_word(text)).filter(|word| word.len() > 1 && word.starts_with('_'));
    [own, literal].into_iter().flatten()
}

fn last_word(text: &str) -> &str {
    text.rsplit(|character| !is_name_character(character)).next().unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    text.split(|character| !is_name_character(character)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'t>(words: impl Iterator<Item = &'t str>) -> String {
        let mut words: Vec<_> = words.collect();
        words.dedup();
        words.join(" ")
    }

    #[test]
    fn words_of_references_lists_and_files() {
        assert_eq!(all(words("com.example:drawable/ic_home")), "com.example com drawable ic_home");
        assert_eq!(all(words("first, second_one,Widget.Button")), "first second_one Widget.Button Widget");
        assert_eq!(all(words("@drawable/ic_home.9.png")), "drawable ic_home.9.png ic_home");
        assert_eq!(all(words("...")), "... ");
    }

    #[test]
    fn parts_that_names_begin_with() {
        assert_eq!(all(beginnings("flag_")), "flag_");
        assert_eq!(all(beginnings("@drawable/flag_")), "flag_");
        assert_eq!(all(beginnings("x_")), "x_");
        assert_eq!(all(beginnings("ab")), "");
        assert_eq!(all(beginnings("ic_%02d")), "ic_");
        assert_eq!(all(beginnings("some text ")), "");
    }

    #[test]
    fn parts_that_names_end_with() {
        assert_eq!(all(endings("_pressed")), "_pressed");
        assert_eq!(all(endings("pressed")), "");
        assert_eq!(all(endings("%s_pressed")), "_pressed");
        assert_eq!(all(endings("%1$sIcon")), "Icon");
        assert_eq!(all(endings("100%")), "");
    }
}
