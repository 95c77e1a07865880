//! What messages show of texts that come from outside.

/// Length in characters of the longest text that a message repeats; it comes from outside.
const MAX_SHOWN: usize = 200;
/// How many texts of a list a message repeats.
const MAX_LISTED: usize = 4;

/// As much of a text from outside as a message has room for.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

/// As much of a list as a message has room for.
pub(crate) fn excerpts(texts: &[impl AsRef<str>]) -> Vec<String> {
    texts.iter().take(MAX_LISTED).map(|text| excerpt(text.as_ref())).collect()
}

/// Texts in quotes, as messages show them.
pub(crate) fn listed(texts: &[String]) -> String {
    match texts {
        [] => "none".to_owned(),
        _ => texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", "),
    }
}
