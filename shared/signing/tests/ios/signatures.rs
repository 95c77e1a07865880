//! The signature around a profile, in every form that OpenSSL writes.

use formats::plist::Value;
use signing::ios::{ProfileError, ProvisioningProfile};

use crate::material::*;
use crate::support::{installed, write};

#[test]
fn each_form_of_signature_is_read() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let contents = material.contents();
    let expected = format!("{:?}", ProvisioningProfile::parse(&material.signed(&contents, "")).expect("a profile"));
    let read = |profile: &[u8]| format!("{:?}", ProvisioningProfile::parse(profile).expect("a profile"));
    for kind in [RSA, "rsa:4096", EC, "ec -pkeyopt ec_paramgen_curve:P-384"] {
        material.key("apple", kind, "/CN=Provisioning-Profile-Signing");
        for options in ["-md sha256", "-md sha256 -noattr", "-md sha384", "-md sha512", "-md sha256 -stream -indef"] {
            assert_eq!(read(&material.signed(&contents, options)), expected, "{kind} {options}");
        }
    }
    for kind in [RSA, EC] {
        material.key("apple", kind, "/CN=Provisioning-Profile-Signing");
        for options in ["-md sha1", "-md sha1 -noattr", "-md sha1 -stream -indef"] {
            assert_eq!(read(&material.signed(&contents, options)), expected, "{kind} {options}");
        }
    }
    let mut binary = Vec::new();
    Value::Dictionary(contents).to_writer_binary(&mut binary).expect("writes");
    assert_eq!(read(&material.sign(&binary, "")), expected);
}

/// Streams have lengths that are not known beforehand, and their content comes in parts.
#[test]
fn streams_really_are_streams() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let streamed = material.signed(&material.contents(), "-stream -indef");
    assert_eq!(streamed[1], 0x80);
    assert!(streamed.windows(4).any(|bytes| bytes[..3] == [0x24, 0x80, 0x04]), "no content in parts");
}

#[test]
fn what_two_have_signed_must_hold_for_both() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    material.key("second", EC, "/CN=Second");
    let twice = material.signed(&material.contents(), "-signer @/second.crt -inkey @/second.key");
    ProvisioningProfile::parse(&twice).expect("a profile");
    let signature = last_octets(&material, &twice);
    for end in signature {
        let mut damaged = twice.clone();
        damaged[end - 1] ^= 1;
        assert!(matches!(ProvisioningProfile::parse(&damaged), Err(ProfileError::BadSignature)));
    }
}

/// Where the signatures end, which are the octet strings at the signers' own level.
fn last_octets(material: &Material, profile: &[u8]) -> Vec<usize> {
    write(material.folder(), "parsed", profile);
    let listing = material.run("openssl asn1parse -inform DER -in @/parsed");
    let lines = listing.lines().filter(|line| line.contains("d=5 ") && line.contains("OCTET STRING"));
    let number = |line: &str, name: &str| -> usize {
        let (_, rest) = line.split_once(name).expect("a field");
        rest.trim_start()
            .split(|next: char| !next.is_ascii_digit())
            .next()
            .and_then(|text| text.parse().ok())
            .expect("a number")
    };
    let end = |line: &str| number(line, "") + number(line, "hl=") + number(line, " l=");
    let ends: Vec<_> = lines.map(end).skip(1).collect();
    assert_eq!(ends.len(), 2, "{listing}");
    ends
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    for options in ["", "-noattr", "-stream -indef", "-stream -indef -noattr"] {
        let sound = material.signed(&material.contents(), options);
        let at = sound.windows(8).position(|bytes| bytes == b"UUID</ke").expect("a key");
        let mut changed = sound;
        changed[at] = b'u';
        let refused = ProvisioningProfile::parse(&changed).expect_err("it must be refused");
        assert!(matches!(refused, ProfileError::BadSignature), "{options}: {refused}");
    }
}

#[test]
fn each_other_file_is_refused_by_name() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let sound = material.signed(&material.contents(), "");
    let plain = material.read("profile.plist");
    let from = |line: &str| {
        material.run(&line.replace("@@", "-in @/profile.plist -outform DER -out @/other"));
        material.read("other")
    };
    let signer = "-signer @/apple.crt -inkey @/apple.key";
    let files = [
        ("the contents alone", plain.clone()),
        ("nothing", Vec::new()),
        ("text", b"provisioning profile".to_vec()),
        ("a certificate", material.certificate("apple")),
        ("data that is not signed", from("openssl cms -data_create -binary @@")),
        ("a detached signature", from(&format!("openssl cms -sign -binary @@ {signer}"))),
        (
            "content of another type",
            from(&format!("openssl cms -sign -binary -nodetach -econtent_type 1.2.3 @@ {signer}")),
        ),
        ("certificates without a signature", {
            material.run("openssl crl2pkcs7 -nocrl -certfile @/apple.crt -outform DER -out @/other");
            material.read("other")
        }),
        ("content without a signature", unsigned(&plain)),
        (
            "without the signer's certificate",
            from(&format!("openssl cms -sign -binary -nodetach -nocerts @@ {signer}")),
        ),
        ("the signer named otherwise", from(&format!("openssl cms -sign -binary -nodetach -keyid @@ {signer}"))),
        ("another hash function", from(&format!("openssl cms -sign -binary -nodetach -md sha224 @@ {signer}"))),
        ("RSASSA-PSS", from(&format!("openssl cms -sign -binary -nodetach @@ {signer} -keyopt rsa_padding_mode:pss"))),
        ("bytes at its end", [sound.as_slice(), b"\n"].concat()),
        ("far too long", [sound, vec![0; 1 << 20]].concat()),
    ];
    let answer = |(name, bytes): &(&str, Vec<u8>)| {
        let message = ProvisioningProfile::parse(bytes).expect_err("it must be refused").to_string();
        // Serial numbers, and so what stands behind them, are not always of one length.
        let is_far = |word: &str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let words = message.split(' ').map(|word| if is_far(word) { "N" } else { word });
        format!("{name}: {}", words.collect::<Vec<_>>().join(" "))
    };
    insta::assert_snapshot!(files.iter().map(answer).collect::<Vec<_>>().join("\n"), @"
    the contents alone: the provisioning profile is a bare property list without a signature: upload the .mobileprovision file itself
    nothing: the provisioning profile is damaged or another kind of file (content info at offset 0 reaches past the end of what holds it): download it from Apple's developer site again
    text: the provisioning profile is damaged or another kind of file (content info at offset 0 reaches past the end of what holds it): download it from Apple's developer site again
    a certificate: the provisioning profile is damaged or another kind of file (content type at offset 4 is not the element that belongs there): download it from Apple's developer site again
    data that is not signed: the provisioning profile is damaged or another kind of file (content type at offset 0 is not signed data): download it from Apple's developer site again
    a detached signature: the provisioning profile is damaged or another kind of file (content at offset 0 is missing): download it from Apple's developer site again
    content of another type: the provisioning profile is damaged or another kind of file (encapsulated content type at offset 0 is not data): download it from Apple's developer site again
    certificates without a signature: the provisioning profile is damaged or another kind of file (content at offset 0 is missing): download it from Apple's developer site again
    content without a signature: nobody has signed the provisioning profile: download it from Apple's developer site again
    without the signer's certificate: the provisioning profile is damaged or another kind of file (serial number at offset N is not that of a certificate in the signature): download it from Apple's developer site again
    the signer named otherwise: the provisioning profile is damaged or another kind of file (issuer and serial number at offset N is not the element that belongs there): download it from Apple's developer site again
    another hash function: the provisioning profile is signed with an algorithm that is not supported
    RSASSA-PSS: the provisioning profile is signed with an algorithm that is not supported
    bytes at its end: the provisioning profile is damaged or another kind of file (profile at offset N is followed by bytes that belong to nothing): download it from Apple's developer site again
    far too long: the provisioning profile has N bytes, and at most N are read
    ");
}

/// Signed data with a place for signers, and none in it.
fn unsigned(content: &[u8]) -> Vec<u8> {
    let element = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [[tag, 0x84].as_slice(), &length, &content].concat()
    };
    let data = element(0x06, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"]);
    let content = element(0xa0, &[&element(0x04, &[content])]);
    let fields = [element(0x02, &[b"\x01"]), element(0x31, &[]), element(0x30, &[&data, &content]), element(0x31, &[])];
    let signed = element(0xa0, &[&element(0x30, &[&fields.concat()])]);
    element(0x30, &[&element(0x06, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"]), &signed])
}
