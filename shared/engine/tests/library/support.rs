//! Policies, libraries and packages.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use domain::live_policy::{LivePolicy, SignedPolicy};
use domain::platform::ConfigVersion;
use engine::library::{Error, Library, android, ios};
use fixtures::bundle::run as must_run;
use formats::limits::Limits;
use formats::zip::Archive;
use serde_json::{Map, Value};
use tempfile::TempDir;

pub(crate) const IDENTIFIER: &str = "com.acme.production.app";

fn key_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

pub(crate) fn verification_key() -> [u8; 32] {
    key_pair().public_key().as_ref().try_into().unwrap()
}

/// A policy number 3 with this text among its settings, as it is signed.
pub(crate) fn canonical_policy(text: &str) -> Vec<u8> {
    policy(text).canonical().unwrap()
}

fn policy(text: &str) -> LivePolicy {
    LivePolicy {
        tenant: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        version: ConfigVersion::Production,
        policy_version: 3,
        published_at: 1_750_000_000,
        enforce_new_version: true,
        get_new_version: false,
        configuration: vec![Map::from_iter([("Text".to_owned(), Value::from(text))])],
    }
}

/// The same policy with its signature.
pub(crate) fn signed_policy(text: &str) -> Vec<u8> {
    let policy = policy(text);
    let signature = key_pair().sign(&policy.canonical().unwrap());
    SignedPolicy::new(&policy, &verification_key(), signature.as_ref()).to_document().unwrap()
}

pub(crate) fn library<'a>(policy: &'a [u8], key: &'a [u8; 32]) -> Library<'a> {
    Library { app_identifier: IDENTIFIER, version: "1.4.2", policy, verification_key: key }
}

/// The AAR of a small policy.
pub(crate) fn aar(agent: Option<&android::Agent<'_>>) -> Result<Vec<u8>, Error> {
    let mut package = Vec::new();
    android::write(&library(&signed_policy("small"), &verification_key()), agent, &mut package)?;
    Ok(package)
}

/// The XCFramework of a small policy.
pub(crate) fn xcframework(agent: Option<&ios::Agent<'_>>) -> Result<Vec<u8>, Error> {
    let mut package = Vec::new();
    ios::write(&library(&signed_policy("small"), &verification_key()), agent, &mut package)?;
    Ok(package)
}

/// The contents of all entries by name.
pub(crate) fn contents(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = Archive::read(&package, &Limits::default()).unwrap();
    let read = |name: &str| archive.read_entry(name, 64 << 20).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), read(&entry.name))).collect()
}

/// A folder for files and for tools, which have to succeed.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    /// Runs a tool in the folder and returns what it prints; `None` where there is no such tool, which is said. The arguments are the
    /// words of a text.
    pub(crate) fn run(&self, tool: impl AsRef<OsStr>, arguments: &str) -> Option<String> {
        let output = must_run(Command::new(tool).args(arguments.split_whitespace()).current_dir(self.0.path()))?;
        let text = [output.stdout, output.stderr].concat();
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// Writes a package and lets `unzip` test it and take it apart into a folder.
    pub(crate) fn unpack(&self, package: &[u8], folder: &str) -> Option<()> {
        self.write("package.zip", package);
        self.run("unzip", "-tq package.zip")?;
        self.run("unzip", &format!("-q package.zip -d {folder}")).map(drop)
    }
}
