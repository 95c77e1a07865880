//! Texts without the secrets that somebody pasted into the wrong field.

use crate::credential::{ApiToken, SECRET_LENGTH, is_any_secret};

/// Base64 of the longest pair, with room for padding.
const LONGEST_ENCODED: usize = 80;
const HIDDEN: &str = "[secret]";

/// The text with `[secret]` in place of every secret of a key or token in it, of pairs in Base64, of sessions (JWT), and of what
/// stands before the `@` of a URL: whoever pastes a secret where none belongs does not find it in a log.
pub fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !is_of_word(c)) {
        let (word, separator) = word.split_at(word.trim_end_matches(|c| !is_of_word(c)).len());
        shown.push_str(if is_credential(word) { HIDDEN } else { word });
        shown.push_str(separator);
    }
    without_own_secrets(&without_users(&shown))
}

/// Of Base64 in both alphabets, and of the dots between the parts of a JWT.
const fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_' | '.')
}

fn is_credential(word: &str) -> bool {
    // A JSON object in Base64 begins so (RFC 7519, 3.1).
    let is_session = word.starts_with("eyJ") && word.matches('.').count() == 2;
    is_session || (word.len() <= LONGEST_ENCODED && ApiToken::from_base64(word).is_some())
}

/// Without the user information of URLs (RFC 3986, 3.2.1).
fn without_users(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', '?', '#']).unwrap_or(part.len());
        let user = part[..end].rfind('@').map_or("", |at| &part[..at]);
        shown.push_str("://");
        shown.push_str(if user.is_empty() { "" } else { HIDDEN });
        shown.push_str(&part[user.len()..]);
    }
    shown
}

fn without_own_secrets(text: &str) -> String {
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
        let encoded = BASE64_STANDARD.encode(&token);
        assert_eq!(without_secrets(&encoded), "[secret]");
        assert_eq!(
            without_secrets(&format!("invalid type: string \"{encoded}\", at 1")),
            "invalid type: string \"[secret]\", at 1"
        );
        assert_eq!(without_secrets("a eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln, b"), "a [secret], b");
        assert_eq!(without_secrets("https://user:pw@idp.example.com/a@b"), "https://[secret]@idp.example.com/a@b");
        assert_eq!(without_secrets("see https://a@b:c@d and https://e"), "see https://[secret]@d and https://e");
        for text in [
            "",
            "ak_",
            "owner@example.com",
            "https://idp.example.com/?a=b@c",
            "1.2.3",
            "atk_abc123",
            &secret[..35],
            "ak_ééééééééééééééééé",
        ] {
            assert_eq!(without_secrets(text), text);
        }
    }
}
