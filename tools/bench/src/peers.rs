//! The tools that everybody else uses: zipalign and apksigner.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use signing::generate::{NewKey, self_signed_pkcs12};

/// The password of the key that every contender signs with.
pub(crate) const PASSWORD: &str = "benchmark";

/// A PKCS#12 file with a new RSA key.
pub(crate) fn make_key(file: &Path) -> anyhow::Result<()> {
    let now = service::Clock::system().now().as_second();
    let keystore = self_signed_pkcs12("Benchmark", PASSWORD, "key", NewKey::Rsa2048, now, 1)?;
    std::fs::write(file, keystore).context("could not write the key")
}

/// Aligns, signs and verifies `input`, as build scripts do: three programs, one after the other. Which schemes they sign with
/// follows from the app's minSdkVersion, as with ours.
pub(crate) fn steps(input: &Path, key: &Path, folder: &Path) -> Vec<Vec<OsString>> {
    let (aligned, signed) = (folder.join("aligned.apk"), folder.join("signed.apk"));
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let with = |mut command: Vec<OsString>, files: &[&Path]| {
        command.extend(files.iter().map(OsString::from));
        command
    };
    let mut sign = words(&["apksigner", "sign", "--v4-signing-enabled", "false", "--ks-type", "PKCS12", "--ks"]);
    sign.push(key.into());
    sign.extend(words(&["--ks-pass", &format!("pass:{PASSWORD}"), "--out"]));
    vec![
        with(words(&["zipalign", "-f", "-p", "4"]), &[input, &aligned]),
        with(sign, &[&signed, &aligned]),
        with(words(&["apksigner", "verify"]), &[&signed]),
    ]
}
