//! The tables of words.

/// Words that questions have whatever they are about.
pub(super) const SILENT: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "before", "but", "by",
    "can", "cannot", "cant", "could", "did", "do", "does", "doesnt", "dont", "each", "for", "from", "get", "gets", "go",
    "goes", "got", "had", "has", "have", "hello", "help", "her", "here", "hi", "his", "how", "i", "id", "if", "im", "in",
    "into", "is", "isnt", "it", "its", "ive", "just", "let", "like", "make", "makes", "may", "me", "might", "more", "must", "my", "need",
    "needs", "no", "not", "now", "of", "on", "one", "only", "or", "our", "out", "own", "please", "possible", "say", "says", "shall", "she",
    "should", "so", "some", "somebody", "someone", "still", "tell", "than", "thanks", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "to", "too", "up", "us", "use", "used", "using", "very", "want", "was", "way", "we", "were", "what",
    "whats", "when", "where", "which", "while", "who", "whose", "why", "will", "with", "without", "wont", "would", "you", "your",
];

/// Groups of words that mean the same here; the first stands for all. Words of the guides and words of customers.
pub(super) const SAME: &[&str] = &[
    "build job",
    "ci pipeline jenkins gitlab github bitrise",
    "cleartext http unencrypted plaintext",
    "costs price pricing",
    "delete remove erase",
    "enable activate",
    "disable deactivate",
    "error failure failed fails fail crash",
    "hook frida xposed substrate",
    "invoice receipt",
    "key credential",
    "keystore jks",
    "mail email",
    "maximum max biggest largest limit quota",
    "message text",
    "multipart parts chunk",
    "password passphrase",
    "pay payment",
    "plan tier",
    "profile mobileprovision",
    "refuse reject denied block forbidden",
    "rotate renew",
    "sso saml okta",
    "strip stripped",
    "tenant organisation organization workspace",
    "user people person colleague member teammate coworker",
    "version environment",
];

/// Two words that are one.
pub(super) fn phrase(first: &str, second: &str) -> Option<&'static str> {
    match (first, second) {
        ("log" | "logged" | "logging" | "sign" | "signed" | "signing", "in" | "into") | ("sign", "ons") => Some("signin"),
        ("single", "sign") => Some("sso"),
        ("roll", "back") | ("rolling", "back") => Some("rollback"),
        ("switch" | "turn" | "turned" | "switched" | "switching" | "turning", "on") => Some("enable"),
        ("switch" | "turn" | "turned" | "switched" | "switching" | "turning", "off") => Some("disable"),
        _ => None,
    }
}
