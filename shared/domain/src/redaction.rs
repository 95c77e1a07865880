//! Texts without the secrets that somebody pasted into the wrong field.

use crate::credential::{ApiToken, SECRET_LENGTH, is_any_secret};

/// Base64 of the longest pair, with room for what a shell adds.
const LONGEST_ENCODED: usize = 100;
const HIDDEN: &str = "[secret]";

/// The text with `[secret]` in place of every secret of a key or token in it, and of a pair in Base64 that is all of it:
/// whoever pastes a pair where only its id belongs does not find it in a log.
pub fn without_secrets(text: &str) -> String {
    if text.len() <= LONGEST_ENCODED && ApiToken::from_base64(text.trim()).is_some() {
        return HIDDEN.to_owned();
    }
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let secret = rest.get(..SECRET_LENGTH).is_some_and(is_any_secret);
        shown.push_str(if secret { HIDDEN } else { &rest[..first.len_utf8()] });
        rest = &rest[if secret { SECRET_LENGTH } else { first.len_utf8() }..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::credential::AutomationKey;

    #[test]
    fn secrets_are_taken_out_of_a_text_wherever_they_stand() {
        let random = std::array::from_fn(|index| (index as u8).wrapping_mul(91));
        let (key, token) = (AutomationKey::make(&random).expose(), ApiToken::make(&random).expose());
        let (key_id, secret) = key.split_once(':').unwrap();
        assert_eq!(without_secrets(&key), format!("{key_id}:[secret]"));
        assert_eq!(without_secrets(&format!("é{secret}at_{secret}é")), "é[secret]at_[secret]é");
        assert!(without_secrets(&token).ends_with(":[secret]"));
        assert_eq!(without_secrets(&BASE64_STANDARD.encode(&token)), "[secret]");
        for text in ["", "ak_", "owner@example.com", "atk_abc123", &secret[..35], "ak_ééééééééééééééééé"]
        {
            assert_eq!(without_secrets(text), text);
        }
    }
}
