//! The documents of both packages, and what is refused before anything is written.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::library::{Error, Library, android, ios};
use serde_json::{Value, json};

use crate::support::{
    Bench, IDENTIFIER, aar, canonical_policy, contents, library, signed_policy, verification_key, xcframework,
};

/// Both packages of a library; they are refused alike.
fn written(library: &Library<'_>) -> Result<[Vec<u8>; 2], Error> {
    let [mut aar, mut xcframework] = [Vec::new(), Vec::new()];
    let [first, second] = [android::write(library, None, &mut aar), ios::write(library, None, &mut xcframework)];
    assert_eq!(first.as_ref().map_err(ToString::to_string), second.as_ref().map_err(ToString::to_string));
    if first.is_err() {
        assert_eq!((aar.len(), xcframework.len()), (0, 0), "something was written");
    }
    first.and(second).map(|()| [aar, xcframework])
}

fn refusal(policy: &[u8]) -> String {
    let error = written(&library(policy, &verification_key())).expect_err("it should be refused");
    assert_eq!(error.code(), "policy_invalid");
    error.to_string()
}

#[test]
fn both_packages_say_what_is_in_them() {
    for (package, folder, platform) in [
        (aar(None).unwrap(), "assets/apptego", "android"),
        (xcframework(None).unwrap(), "AppTego.xcframework/ios-arm64/AppTego.framework", "ios"),
    ] {
        let contents = contents(&package);
        let description: Value = serde_json::from_slice(&contents[&format!("{folder}/apptego.json")]).unwrap();
        assert_eq!(
            description,
            json!({ "app_identifier": IDENTIFIER, "platform": platform, "version": "1.4.2", "policy_version": 3, "agent": false })
        );
        assert_eq!(contents[&format!("{folder}/policy.json")], signed_policy("small"));
    }
}

#[test]
fn openssl_verifies_the_policy_with_the_key() {
    let bench = Bench::new();
    let contents = contents(&aar(None).unwrap());
    bench.write("key.pem", &contents["assets/apptego/verification-key.pem"]);
    let document: Value = serde_json::from_slice(&contents["assets/apptego/policy.json"]).unwrap();
    bench.write("signature.base64", document["signature"].as_str().unwrap());
    let Some(_) = bench.run("openssl", "base64 -d -A -in signature.base64 -out signature") else { return };
    let text = bench.run("openssl", "pkey -pubin -in key.pem -noout -text").unwrap();
    assert!(text.starts_with("ED25519 Public-Key"), "{text}");
    bench.write("policy", canonical_policy("small"));
    let verify = "pkeyutl -verify -pubin -inkey key.pem -rawin -in policy -sigfile signature";
    let text = bench.run("openssl", verify).unwrap();
    assert!(text.contains("Signature Verified Successfully"), "{text}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(aar(None).unwrap(), aar(None).unwrap());
    assert_eq!(xcframework(None).unwrap(), xcframework(None).unwrap());
}

#[test]
fn policies_that_apps_would_refuse() {
    let good = signed_policy("text");
    let text = String::from_utf8(good.clone()).unwrap();
    assert!(refusal(b"").contains("EOF while parsing"));
    assert!(refusal(b"[]").contains("invalid length 0"));
    assert!(refusal(&good[..good.len() - 1]).contains("EOF while parsing"));
    let canonical = "it is not in canonical form (RFC 8785)";
    assert!(refusal(text.replace(':', ": ").as_bytes()).ends_with(canonical));
    assert!(refusal(text.replacen('{', "{\"policy\":{},", 1).as_bytes()).ends_with(canonical));
    assert!(refusal(text.replace("Ed25519", "none").as_bytes()).ends_with("its algorithm is \"none\", not Ed25519"));
    assert!(refusal(text.replace("\"text\"", "\"next\"").as_bytes()).ends_with("does not verify its signature"));
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal(nested.as_bytes()).contains("recursion limit"));
}

#[test]
fn a_policy_of_another_tenant() {
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let other: [u8; 32] = other.public_key().as_ref().try_into().unwrap();
    let policy = signed_policy("text");
    let error = written(&library(&policy, &other)).unwrap_err();
    assert_eq!(error.to_string(), "the policy is refused: its public key is not the verification key");
    // With the other key's name in the document it is the signature that tells.
    let [ours, theirs] = [verification_key(), other].map(|key| STANDARD.encode(key));
    let forged = String::from_utf8(policy).unwrap().replace(&ours, &theirs);
    let error = written(&library(forged.as_bytes(), &other)).unwrap_err();
    assert!(error.to_string().ends_with("does not verify its signature"), "{error}");
}

#[test]
fn five_megabytes_of_policy() {
    let policy = signed_policy(&"<&\"'\u{e9}\0>".repeat(500_000));
    assert!(policy.len() > 5_000_000);
    let [aar, xcframework] = written(&library(&policy, &verification_key())).unwrap();
    assert_eq!(contents(&aar)["assets/apptego/policy.json"], policy);
    let code = &contents(&xcframework)["AppTego.xcframework/ios-arm64_x86_64-simulator/AppTego.framework/AppTego"];
    assert_eq!(code.windows(policy.len()).filter(|window| *window == policy).count(), 2);
}

#[test]
fn names_that_would_leave_their_place() {
    let (policy, key) = (signed_policy("text"), verification_key());
    for app_identifier in ["", "../../../etc/passwd", "com.acme\"/><uses-permission", "com..acme", "com.acme\0.app"] {
        let error = written(&Library { app_identifier, ..library(&policy, &key) }).unwrap_err();
        assert_eq!(error.code(), "identifier_invalid");
    }
    for version in ["", "1.0</string>", "1.2.3.4"] {
        let error = written(&Library { version, ..library(&policy, &key) }).unwrap_err();
        assert_eq!(error.code(), "version_invalid");
    }
}

#[test]
fn a_sink_that_fails() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (policy, key) = (signed_policy("text"), verification_key());
    let library = library(&policy, &key);
    assert_eq!(android::write(&library, None, &mut Full).unwrap_err().code(), "sink_failed");
    assert_eq!(ios::write(&library, None, &mut Full).unwrap_err().code(), "sink_failed");
}
