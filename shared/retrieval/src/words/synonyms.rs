//! The tables of words.

/// Words that questions have whatever they are about.
pub(super) const SILENT: &str = "\
    a about after all also am an and any are as at be been before being best between but by can cannot cant come \
    could did didnt do does doesnt doing dont each else ever every everything for from get gets getting give go \
    goes going good got had has hasnt have havent having hello help her here hi his how i id if im in into is isnt \
    it its ive just know let lets like ll long look make makes many may me mean means might more most much must my \
    need needs next no not now of often ok okay on one only or our out own please possible put quite re really \
    said say says see shall she should since so some somebody someone something soon still such sure take takes \
    tell than thank thanks that thats the their them then there these they thing things think this those to too \
    try trying up us use used using ve very via want wants was wasnt way we were weve what whats when where which \
    while who whom whose why will with wont work working works would yet you your";

/// Groups of words that mean the same here; the first stands for all. Words of the guides and words of customers.
pub(super) const SAME: &[&str] = &[
    "abort discard",
    "admin administrator",
    "build job",
    "cancel stop",
    "certificate cert",
    "ci pipeline jenkins gitlab github bitrise",
    "cast casting tv television chromecast airplay",
    "cleartext http unencrypted plaintext",
    "configuration configure setup settings",
    "costs price pricing",
    "damaged corrupt corrupted",
    "delete remove erase wipe",
    "enable activate",
    "disable deactivate",
    "error failure failed fails fail crash",
    "expire expiry lapse",
    "hook frida xposed substrate",
    "iphone ipad",
    "invoice receipt bill",
    "key credential",
    "keystore jks",
    "leave left quit",
    "mail email",
    "maximum max biggest largest limit quota",
    "message text notice announcement",
    "multipart parts chunk",
    "password passphrase",
    "pay payment",
    "permission right role",
    "plan tier",
    "profile mobileprovision",
    "refuse reject denied block forbidden",
    "rotate renew",
    "script program",
    "signin login logon",
    "sso saml okta",
    "tenant organisation organization workspace",
    "user people person colleague member teammate coworker",
    "version environment",
];

/// Two words that are one.
pub(super) fn phrase(first: &str, second: &str) -> Option<&'static str> {
    match (first, second) {
        ("log" | "logged" | "logging" | "sign" | "signed" | "signing", "in" | "into") => Some("signin"),
        ("log" | "logs" | "logged" | "sign" | "signed", "out") => Some("logout"),
        ("get" | "getting", "rid") => Some("delete"),
        ("set" | "setting", "up") => Some("setup"),
        ("how", "many") => Some("limit"),
        ("how", "much") => Some("price"),
        ("single", "sign") => Some("sso"),
        ("roll", "back") | ("rolling", "back") => Some("rollback"),
        ("switch" | "turn" | "turned" | "switched" | "switching" | "turning", "on") => Some("enable"),
        ("switch" | "turn" | "turned" | "switched" | "switching" | "turning", "off") => Some("disable"),
        ("sign" | "signed" | "signing", "up") => Some("signup"),
        ("stop" | "stops" | "stopped", "working") => Some("fail"),
        ("run" | "runs" | "ran", "out") => Some("expire"),
        ("time" | "timed" | "times", "out") => Some("timeout"),
        _ => None,
    }
}
