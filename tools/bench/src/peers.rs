//! The tools that everybody else uses: zipalign and apksigner, jarsigner, rcodesign.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use signing::generate::{NewKey, self_signed_pkcs12};

use crate::rounds::{Steps, with, words};

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
pub(crate) fn steps(input: &Path, key: &Path, folder: &Path) -> Steps {
    let (aligned, signed) = (folder.join("aligned.apk"), folder.join("signed.apk"));
    let mut sign = words(&["apksigner", "sign", "--v4-signing-enabled", "false", "--ks-type", "PKCS12", "--ks"]);
    sign.push(key.into());
    sign.extend(words(&["--ks-pass", &format!("pass:{PASSWORD}"), "--out"]));
    vec![
        with(words(&["zipalign", "-f", "-p", "4"]), &[input, &aligned]),
        with(sign, &[&signed, &aligned]),
        with(words(&["apksigner", "verify"]), &[&signed]),
    ]
}

/// Signs a bundle; and signs and verifies it, as build scripts do.
pub(crate) fn jarsigner(input: &Path, key: &Path, folder: &Path) -> [Steps; 2] {
    let signed = folder.join("signed.aab");
    let mut sign = words(&["jarsigner", "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore"]);
    sign.push(key.into());
    sign.push("-signedjar".into());
    let mut sign = with(sign, &[&signed, input]);
    sign.push("key".into());
    let verify = with(words(&["jarsigner", "-verify"]), &[&signed]);
    [vec![sign.clone()], vec![sign, verify]]
}

/// Key and certificate of a PKCS#12 file as PEM: rcodesign does not read today's encryption of such files.
pub(crate) fn pem_of(key: &Path) -> anyhow::Result<PathBuf> {
    let pem = key.with_extension("pem");
    let password = format!("pass:{PASSWORD}");
    let words = ["pkcs12", "-nodes", "-passin", &password, "-in"];
    let done = Command::new("openssl").args(words).arg(key).arg("-out").arg(&pem).output()?;
    anyhow::ensure!(done.status.success(), "openssl: {}", String::from_utf8_lossy(&done.stderr));
    Ok(pem)
}

/// Unpacks an app, signs it from the inside out, and packs it again, as scripts on Linux do.
pub(crate) fn rcodesign(tool: &Path, input: &Path, key: &Path, folder: &Path) -> Steps {
    let (unpacked, packed) = (folder.join("unpacked"), folder.join("packed.ipa"));
    let app = unpacked.join("Payload/Large.app");
    let mut sign = vec![tool.into()];
    sign.extend(words(&["sign", "--timestamp-url", "none", "--pem-file"]));
    let (from, to) = (unpacked.display(), packed.display());
    let pack = format!("cd '{from}' && rm -f '{to}' && zip -q -r '{to}' Payload");
    vec![
        with(words(&["rm", "-rf"]), &[&unpacked]),
        with(words(&["unzip", "-q", "-d"]), &[&unpacked, input]),
        with(sign, &[key, &app]),
        words(&["sh", "-c", &pack]),
    ]
}
