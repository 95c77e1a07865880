//! Packages made of three parts, each behind its length in two bytes: an APK of manifest, resource table and icon, or an IPA of
//! `Info.plist` and two images. What is said of an app can be shown to people, whatever its parts are.
#![no_main]

use engine::{Icon, identify};
use formats::limits::Limits;
use formats::png::Header;
use formats::zip::{Attributes, Method, Writer};
use libfuzzer_sys::fuzz_target;

const APK: [&str; 3] = ["AndroidManifest.xml", "resources.arsc", "res/icon.png"];
const IPA: [&str; 3] = ["Payload/A.app/Info.plist", "Payload/A.app/Icon.png", "Payload/A.app/Icon@2x.png"];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, mut rest)) = bytes.split_first() else { return };
    let (file_name, names) = if kind & 1 == 0 { ("a.apk", APK) } else { ("a.ipa", IPA) };
    let mut writer = Writer::new(Vec::new());
    for name in names {
        let part = take(&mut rest);
        writer.add(name, Method::Stored, Attributes::default(), part).expect("an entry");
    }
    let (mut package, tail) = writer.finish(b"").expect("an archive");
    tail.write(&mut package).expect("memory takes everything");

    let file_name = file_name.parse().expect("a name");
    let Ok(identity) = identify(&package, &file_name, &Limits::default()) else { return };
    let again = identify(&package, &file_name, &Limits::default()).expect("the same package");
    assert_eq!(identity, again);
    let is_sane = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    assert!((1..=255).contains(&identity.package_name.len()) && identity.package_name.bytes().all(is_sane));
    for text in [Some(identity.name), identity.version_name, identity.version_code].into_iter().flatten() {
        assert!((1..=200).contains(&text.chars().count()) && text.trim() == text && !text.contains(char::is_control));
    }
    identity.icon.iter().for_each(check);
});

/// The next part; a length that reaches further ends with the input.
fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, behind) =
        rest.split_first_chunk().map_or((0, *rest), |(length, behind)| (u16::from_le_bytes(*length).into(), behind));
    let (part, behind) = behind.split_at(behind.len().min(length));
    *rest = behind;
    part
}

/// The icon is what its type says, and short.
fn check(icon: &Icon) {
    assert!(icon.bytes.len() <= 256 << 10);
    match icon.content_type {
        "image/png" => assert!(!Header::read(&icon.bytes).expect("a header").is_crushed),
        "image/jpeg" => assert!(icon.bytes.starts_with(&[0xff, 0xd8, 0xff])),
        "image/webp" => assert!(icon.bytes.starts_with(b"RIFF")),
        other => panic!("{other}"),
    }
}
