//! The tables of words.

/// Words that questions have whatever they are about.
pub(super) const SILENT: &str = "\
    a about actual actually after afternoon all already also am an and any anybody anyone anything apart are as at \
    away be been before being believe best between bit both bring brings brought but by can cannot cant certain \
    certainly come could dear did didnt do does doesnt doing dont each either else even evening ever every everybody \
    everyone everything exactly few folks for from fully get gets getting give go goes going good got greetings guess guys had happen \
    happened happens has hasnt have havent having he hello help her here hers hey hi him himself his how however i id if \
    im in into is isnt it its itself ive just kind know lately less let lets like ll long look looking looks lot lots \
    make makes many may maybe me mean means meant might mine more morning most much must my myself nearly need needs \
    next no nobody nor not nothing now of often ok okay on one only or otherwise our ourselves out over own perhaps \
    please possible pretty probably put quickly quite rather re really regards said say says see seem seems shall she \
    should simply since so some somebody somehow someone something sometimes somewhere soon still stuff such suddenly \
    sure take takes tell than thank thanks that thats the their them themselves then there therefore these they thing \
    things think this those though through to today together tomorrow tonight too truly try trying up upon us use \
    used using usually ve very via want wants was wasnt way we were weve what whatever whats when whenever where \
    wherever whether which while who whom whose why will with wonder wont work working works would yes yesterday yet \
    you your yourself yourselves";

/// Groups of words that mean the same here; the first stands for all. Words of the guides and words of customers.
pub(super) const SAME: &[&str] = &[
    "abort discard",
    "accident accidentally mistake mistakenly inadvertently",
    "admin administrator",
    "allow permit",
    "assistant bot chatbot tego",
    "attacker hacker",
    "build job",
    "buy purchase",
    "cancel stop halt interrupt",
    "cast casting tv television chromecast airplay",
    "certificate cert",
    "change modify alter",
    "chat conversation",
    "ci pipeline jenkins gitlab github bitrise",
    "cleartext http unencrypted plaintext",
    "company firm business",
    "configuration configure setup settings",
    "costs price pricing fee charge charged",
    "damaged corrupt corrupted",
    "delete remove erase wipe purge",
    "disable deactivate suspend pause",
    "enable activate",
    "error failure failed fails fail crash",
    "expire expiry lapse",
    "fetch retrieve obtain",
    "finish done",
    "forget forgot forgotten",
    "hash digest checksum",
    "hook frida xposed substrate",
    "identical same",
    "invoice receipt bill",
    "iphone ipad",
    "key credential",
    "keystore jks",
    "leave left quit resign",
    "lose lost",
    "mail email",
    "maker developer engineer programmer",
    "maximum max biggest largest limit quota",
    "memory ram",
    "message text notice announcement",
    "monthly month",
    "multipart parts chunk",
    "notify notification inform ping",
    "password passphrase",
    "pay payment",
    "permission right role",
    "phone smartphone handset",
    "picture image photo",
    "plan tier",
    "profile mobileprovision",
    "refuse reject denied block forbidden",
    "rename rebrand rebranded",
    "restore recover undelete undo",
    "root rooted",
    "rotate renew",
    "script program",
    "shell terminal console bash",
    "signin login logon",
    "sso saml okta",
    "stuck hang hanging frozen",
    "tenant organisation organization workspace",
    "trouble problem issue",
    "user people person colleague member teammate coworker mate",
    "version environment",
    "view display displayed shown show",
    "wait waiting",
    "weekly week",
];

/// Two words that are one.
pub(super) fn phrase(first: &str, second: &str) -> Option<&'static str> {
    match (first, second) {
        ("log" | "logged" | "logging" | "sign" | "signed" | "signing", "in" | "into") => Some("signin"),
        ("log" | "logs" | "logged" | "sign" | "signed", "out") => Some("logout"),
        ("dear" | "hello" | "hey" | "hi", "team" | "support") => Some("hello"),
        ("get" | "getting", "rid") => Some("delete"),
        ("set" | "setting", "up") => Some("setup"),
        ("how", "many") => Some("limit"),
        ("how", "much") => Some("price"),
        ("single", "sign") => Some("sso"),
        ("roll", "back") | ("rolling", "back") => Some("rollback"),
        ("sign" | "signed" | "signing", "up") => Some("signup"),
        // What no guide is about, in words that guides have.
        ("phone" | "telephone", "number" | "numbers") => Some("phonenumber"),
        ("windows", "app" | "apps") | ("on", "windows") => Some("microsoftwindows"),
        ("system", "prompt") => Some("systemprompt"),
        ("stop" | "stops" | "stopped", "working") => Some("fail"),
        ("run" | "runs" | "ran", "out") => Some("expire"),
        ("time" | "timed" | "times", "out") => Some("timeout"),
        _ => None,
    }
}

/// A verb whose meaning the word that ends it decides, with others between them: "turn the key off".
pub(super) fn parted(verb: &str) -> Option<&'static [(&'static str, &'static str)]> {
    match verb {
        "switch" | "switched" | "switches" | "switching" | "turn" | "turned" | "turns" | "turning" => {
            Some(&[("on", "enable"), ("off", "disable")])
        }
        "bring" | "brings" | "brought" => Some(&[("back", "restore")]),
        "take" | "takes" | "taking" => Some(&[("away", "delete")]),
        _ => None,
    }
}
