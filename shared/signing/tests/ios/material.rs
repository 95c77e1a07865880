//! Keys and profiles, made by OpenSSL as Apple's developer site makes them.

use std::fs;
use std::path::Path;

use formats::plist::{Date, Dictionary, Value};
use signing::Certificate;
use tempfile::TempDir;

use crate::support::{must_run, write};

pub(crate) const TEAM: &str = "A1B2C3D4E5";
pub(crate) const CREATED: &str = "2026-01-02T03:04:05Z";
pub(crate) const EXPIRES: &str = "2099-01-02T03:04:05Z";
pub(crate) const RSA: &str = "rsa:2048";
pub(crate) const EC: &str = "ec -pkeyopt ec_paramgen_curve:P-256";
/// How OpenSSL signs a profile in Apple's way: with the contents inside, byte for byte.
pub(crate) const SIGN: &str = "openssl cms -sign -binary -nodetach -outform DER -in @/profile.plist -signer @/apple.crt \
     -inkey @/apple.key -out @/profile";

/// A folder with Apple's signing key, and a developer's.
pub(crate) struct Material(pub(crate) TempDir);

impl Material {
    pub(crate) fn new() -> Self {
        let material = Self(tempfile::tempdir().expect("a folder"));
        material.key("apple", RSA, "/CN=Provisioning-Profile-Signing");
        material.key("developer", RSA, &format!("/CN=Apple-Distribution/OU={TEAM}"));
        material
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A key with a certificate of its own, valid for ten years.
    pub(crate) fn key(&self, name: &str, kind: &str, subject: &str) {
        self.run(&format!(
            "openssl req -x509 -nodes -newkey {kind} -keyout @/{name}.key -out @/{name}.crt -days 3650 -subj {subject}"
        ));
    }

    pub(crate) fn run(&self, line: &str) -> String {
        must_run(self.folder(), line)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder().join(name)).expect("the file is there")
    }

    pub(crate) fn certificate(&self, name: &str) -> Vec<u8> {
        self.run(&format!("openssl x509 -in @/{name}.crt -outform DER -out @/der"));
        self.read("der")
    }

    /// The developer's certificate.
    pub(crate) fn developer(&self) -> Certificate {
        Certificate::from_der(&self.certificate("developer")).expect("a certificate")
    }

    /// The contents of a profile for the developer's key.
    pub(crate) fn contents(&self) -> Dictionary {
        contents(Value::Data(self.certificate("developer")))
    }

    /// The profile of these contents, in XML, which OpenSSL signs with these further options.
    pub(crate) fn signed(&self, contents: &Dictionary, options: &str) -> Vec<u8> {
        let mut xml = Vec::new();
        Value::Dictionary(contents.clone()).to_writer_xml(&mut xml).expect("writes");
        self.sign(&xml, options)
    }

    pub(crate) fn sign(&self, content: &[u8], options: &str) -> Vec<u8> {
        write(self.folder(), "profile.plist", content);
        self.run(&format!("{SIGN} {options}"));
        self.read("profile")
    }
}

fn contents(certificate: Value) -> Dictionary {
    let date = |text| Value::Date(Date::from_xml_format(text).expect("a date"));
    Dictionary::from_iter([
        ("AppIDName", Value::from("Example App")),
        ("ApplicationIdentifierPrefix", list([TEAM])),
        ("CreationDate", date(CREATED)),
        ("Platform", list(["iOS", "xrOS", "visionOS"])),
        ("IsXcodeManaged", false.into()),
        ("DeveloperCertificates", Value::Array(vec![certificate])),
        ("Entitlements", Value::Dictionary(entitlements(&format!("{TEAM}.com.example.app")))),
        ("ExpirationDate", date(EXPIRES)),
        ("Name", "Example App Store".into()),
        ("TeamIdentifier", list([TEAM])),
        ("TeamName", "Example Ltd.".into()),
        ("TimeToLive", 365.into()),
        ("UUID", "60249c03-1a48-4612-b9ae-d91158108d7e".into()),
        ("Version", 1.into()),
    ])
}

pub(crate) fn entitlements(application_identifier: &str) -> Dictionary {
    Dictionary::from_iter([
        ("application-identifier", Value::from(application_identifier)),
        ("get-task-allow", false.into()),
        ("keychain-access-groups", list([&format!("{TEAM}.*"), "com.apple.token"])),
        ("com.apple.developer.team-identifier", TEAM.into()),
    ])
}

pub(crate) fn list<const N: usize>(texts: [&str; N]) -> Value {
    Value::Array(texts.map(Value::from).into())
}

/// The contents with this value under this key.
pub(crate) fn with(mut contents: Dictionary, key: &str, value: impl Into<Value>) -> Dictionary {
    contents.insert(key.to_owned(), value.into());
    contents
}

pub(crate) fn without(mut contents: Dictionary, key: &str) -> Dictionary {
    contents.remove(key).expect("a key that was there");
    contents
}

/// The contents with this entitlement.
pub(crate) fn entitled(contents: Dictionary, key: &str, value: impl Into<Value>) -> Dictionary {
    let entitlements = contents.get("Entitlements").and_then(Value::as_dictionary).expect("entitlements").clone();
    with(contents, "Entitlements", Value::Dictionary(with(entitlements, key, value)))
}
