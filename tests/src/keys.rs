//! Signing keys as customers bring them.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use signing::Signer;
use signing::generate::{NewKey, self_signed_pkcs12};
use uuid::Uuid;

/// The alias of every key that is made here.
pub const ALIAS: &str = "release";

/// A key with its certificate, in a PKCS#12 file.
#[derive(Debug)]
pub struct Keystore {
    /// The file, in Base64.
    pub file: String,
    /// Its password.
    pub password: String,
}

impl Keystore {
    /// A new key, valid from `now` (Unix seconds) on.
    pub fn make(subject: &str, now: i64) -> Self {
        let password = Uuid::now_v7().simple().to_string();
        let file = self_signed_pkcs12(subject, &password, ALIAS, NewKey::Rsa2048, now, 30).unwrap();
        Self { file: BASE64_STANDARD.encode(file), password }
    }

    /// The fields that bring it as a key for Android.
    pub fn fields(&self, name: &str) -> Value {
        json!({ "platform": "android", "name": name, "keystore": self.file, "keystore_password": self.password, "key_alias": ALIAS })
    }

    /// A provisioning profile for it, in Base64, signed by OpenSSL in Apple's way: with the contents inside, byte for byte.
    pub fn profile(&self) -> String {
        let file = BASE64_STANDARD.decode(&self.file).unwrap();
        let signer = Signer::from_pkcs12(&file, &self.password, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let contents = contents(&BASE64_STANDARD.encode(signer.certificate().der()));
        std::fs::write(folder.path().join("contents"), contents).unwrap();
        openssl(
            folder.path(),
            "req -x509 -nodes -newkey rsa:2048 -keyout key -out certificate -days 30 -subj /CN=Profiles",
        );
        openssl(
            folder.path(),
            "cms -sign -binary -nodetach -outform DER -in contents -signer certificate -inkey key -out profile",
        );
        BASE64_STANDARD.encode(std::fs::read(folder.path().join("profile")).unwrap())
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let run = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// What Apple writes into a profile of this certificate, as far as it is read.
fn contents(certificate: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>AppIDName</key><string>Example App</string>
    <key>ApplicationIdentifierPrefix</key><array><string>A1B2C3D4E5</string></array>
    <key>CreationDate</key><date>2026-01-02T03:04:05Z</date>
    <key>Platform</key><array><string>iOS</string></array>
    <key>DeveloperCertificates</key><array><data>{certificate}</data></array>
    <key>Entitlements</key>
    <dict>
        <key>application-identifier</key><string>A1B2C3D4E5.com.example.*</string>
        <key>com.apple.developer.team-identifier</key><string>A1B2C3D4E5</string>
        <key>get-task-allow</key><false/>
    </dict>
    <key>ExpirationDate</key><date>2099-01-02T03:04:05Z</date>
    <key>Name</key><string>Example App Store</string>
    <key>TeamIdentifier</key><array><string>A1B2C3D4E5</string></array>
    <key>TeamName</key><string>Example Ltd.</string>
    <key>TimeToLive</key><integer>365</integer>
    <key>UUID</key><string>60249c03-1a48-46ba-b9ae-d91158108d7e</string>
    <key>Version</key><integer>1</integer>
</dict>
</plist>
"#
    )
}
