//! Signing keys, made here or by outside tools, as callers bring them.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use formats::plist::{Date, Dictionary, Value as Plist};
use serde_json::{Value, json};
use signing::Signer;
use signing::generate::{NewKey, self_signed_pkcs12};
use uuid::Uuid;

use crate::harness::variable;

/// The alias of every key that is made here.
pub const ALIAS: &str = "release";
/// The password of every keystore that is made here, but for those of [`Keystore`].
pub const PASSWORD: &str = "opens-the-keystores-of-tests";
/// The team of [`IosKey::new`].
pub const TEAM: &str = "A1B2C3D4E5";

/// A keystore with one P-256 key, the same throughout a test binary.
pub fn keystore() -> &'static [u8] {
    static KEYSTORE: LazyLock<Vec<u8>> = LazyLock::new(|| make("Release", 1_700_000_000));
    &KEYSTORE
}

/// A keystore with a new P-256 key under the alias `release`, whose certificate is valid for 30 years from `from` on, Unix seconds.
pub fn make(common_name: &str, from: i64) -> Vec<u8> {
    self_signed_pkcs12(common_name, PASSWORD, ALIAS, NewKey::P256, from, 30).unwrap()
}

/// The request that stores [`keystore`].
pub fn android(name: &str) -> Value {
    android_with(name, keystore())
}

/// The request that stores a keystore under [`PASSWORD`].
pub fn android_with(name: &str, keystore: &[u8]) -> Value {
    let keystore = BASE64_STANDARD.encode(keystore);
    json!({ "platform": "android", "name": name, "keystore": keystore, "keystore_password": PASSWORD })
}

/// A keystore with a new RSA key, under a password of its own that no answer may show.
#[derive(Debug)]
pub struct Keystore {
    /// PKCS#12, in Base64.
    pub file: String,
    /// Its password.
    pub password: String,
}

impl Keystore {
    /// A key that is valid from `now` (Unix seconds) on, for 30 years.
    pub fn make(subject: &str, now: i64) -> Self {
        let password = Uuid::now_v7().simple().to_string();
        let file = self_signed_pkcs12(subject, &password, ALIAS, NewKey::Rsa2048, now, 30).unwrap();
        Self { file: BASE64_STANDARD.encode(file), password }
    }

    /// The fields that bring it as a key for Android.
    pub fn fields(&self, name: &str) -> Value {
        json!({ "platform": "android", "name": name, "keystore": self.file, "keystore_password": self.password, "key_alias": ALIAS })
    }

    /// A provisioning profile for it, in Base64.
    pub fn profile(&self) -> String {
        let file = BASE64_STANDARD.decode(&self.file).unwrap();
        let signer = Signer::from_pkcs12(&file, &self.password, None).unwrap();
        BASE64_STANDARD.encode(signed_profile(&signer, "2099-01-02T03:04:05Z"))
    }
}

/// A key for iOS with a profile for it, which OpenSSL signs as Apple does.
#[derive(Debug)]
pub struct IosKey {
    /// PKCS#12 under [`PASSWORD`].
    pub p12: Vec<u8>,
    /// `.mobileprovision`.
    pub profile: Vec<u8>,
    /// SHA-256 of its certificate.
    pub fingerprint: String,
}

impl IosKey {
    /// A key whose profile covers `com.example.*` until `expires`, in the form of RFC 3339.
    pub fn new(expires: &str) -> Self {
        let p12 = make("Apple Distribution", 1_700_000_000);
        let signer = Signer::from_pkcs12(&p12, PASSWORD, None).unwrap();
        let profile = signed_profile(&signer, expires);
        Self { p12, profile, fingerprint: signer.certificate_sha256() }
    }

    /// The request that stores it.
    pub fn request(&self, name: &str) -> Value {
        let (p12, profile) = (BASE64_STANDARD.encode(&self.p12), BASE64_STANDARD.encode(&self.profile));
        json!({ "platform": "ios", "name": name, "p12": p12, "p12_password": PASSWORD, "provisioning_profile": profile })
    }
}

/// A provisioning profile for a key, signed by OpenSSL in Apple's way: with the contents inside, byte for byte.
fn signed_profile(signer: &Signer, expires: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut contents = Vec::new();
    let profile = Plist::Dictionary(profile(signer.certificate().der(), expires));
    profile.to_writer_xml(&mut contents).unwrap();
    std::fs::write(folder.path().join("profile.plist"), contents).unwrap();
    let make_apple = "openssl req -x509 -nodes -newkey rsa:2048 -keyout apple.key -out apple.crt -subj /CN=Apple";
    run(folder.path(), make_apple);
    let sign = "openssl cms -sign -binary -nodetach -outform DER -signer apple.crt -inkey apple.key";
    run(folder.path(), &format!("{sign} -in profile.plist -out profile"));
    std::fs::read(folder.path().join("profile")).unwrap()
}

fn profile(certificate: &[u8], expires: &str) -> Dictionary {
    let date = |text| Plist::Date(Date::from_xml_format(text).unwrap());
    let list = |text: &str| Plist::Array(vec![text.into()]);
    let entitlements = Dictionary::from_iter([
        ("application-identifier", Plist::from(format!("{TEAM}.com.example.*"))),
        ("get-task-allow", false.into()),
        ("com.apple.developer.team-identifier", TEAM.into()),
    ]);
    Dictionary::from_iter([
        ("AppIDName", Plist::from("Example App")),
        ("ApplicationIdentifierPrefix", list(TEAM)),
        ("CreationDate", date("2023-01-02T03:04:05Z")),
        ("Platform", list("iOS")),
        ("DeveloperCertificates", Plist::Array(vec![Plist::Data(certificate.to_vec())])),
        ("Entitlements", Plist::Dictionary(entitlements)),
        ("ExpirationDate", date(expires)),
        ("Name", "Example App Store".into()),
        ("TeamIdentifier", list(TEAM)),
        ("TeamName", "Example Ltd.".into()),
        ("UUID", "60249c03-1a48-46ba-b9ae-d91158108d7e".into()),
        ("Version", 1.into()),
    ])
}

/// Runs a tool in a folder; its arguments have no spaces.
pub fn run(folder: &Path, line: &str) {
    let mut words = line.split_whitespace();
    // Java reads its arguments by the locale.
    let mut tool = Command::new(words.next().unwrap());
    let output = tool.args(words).current_dir(folder).env("LC_ALL", "C.UTF-8").output().expect(line);
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&text));
}

/// Whether a tool is installed. Says so when not; where CI is set, it must be.
#[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
pub fn is_installed(tool: &str) -> bool {
    let path = variable("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    assert!(found || variable("CI").is_none(), "{tool} is not installed");
    if !found {
        eprintln!("SKIPPED: {tool} is not installed");
    }
    found
}
