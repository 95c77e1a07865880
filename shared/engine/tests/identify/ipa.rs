//! IPAs that Python makes: its plistlib writes the `Info.plist`, in both forms.

use std::process::Command;

use engine::{Error, Icon, Identity};
use fixtures::archive;
use formats::zip::Method::{Deflated, Stored};

use crate::identified;
use crate::images::Pixels;

const SCRIPT: &str = r#"
import plistlib, sys
form = {"xml": plistlib.FMT_XML, "binary": plistlib.FMT_BINARY}[sys.argv[1]]
sys.stdout.buffer.write(plistlib.dumps(eval(sys.argv[2]), fmt=form))
"#;

/// A property list of what this Python expression says.
fn list(form: &str, expression: &str) -> Vec<u8> {
    let output = Command::new("python3").args(["-c", SCRIPT, form, expression]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// An app whose `Info.plist` says what the expression says, with these images beside it.
fn app(expression: &str, images: &[(&str, &[u8])]) -> Identity {
    let info = list("binary", expression);
    let image = |(name, content): &(&str, &[u8])| (format!("Payload/A.app/{name}"), Stored, content.to_vec());
    let entries: Vec<_> =
        [("Payload/A.app/Info.plist".to_owned(), Deflated, info)].into_iter().chain(images.iter().map(image)).collect();
    identified(&archive(&entries), "app.ipa").unwrap()
}

/// An app with these keys besides its name.
fn app_with(keys: &str, images: &[(&str, &[u8])]) -> Identity {
    app(&format!("{{'CFBundleIdentifier': 'com.example.ios', {keys}}}"), images)
}

fn refusal(entries: &[(&str, &[u8])]) -> (&'static str, String) {
    let entries: Vec<_> = entries.iter().map(|(name, content)| (*name, Deflated, *content)).collect();
    let error: Error = identified(&archive(&entries), "app.ipa").expect_err("it should be refused");
    (error.code(), error.to_string())
}

fn pixels(side: usize) -> Pixels {
    Pixels { width: side, height: side, channels: 4, bytes: [10, 20, 30, 255].repeat(side * side) }
}

/// How wide the icon is, which is a plain PNG.
fn width(identity: &Identity) -> Option<usize> {
    let Icon { bytes, content_type } = identity.icon.as_ref()?;
    assert_eq!((*content_type, bytes.windows(4).any(|bytes| bytes == b"CgBI")), ("image/png", false));
    let found = Pixels::of(bytes);
    assert_eq!(found, pixels(found.width));
    Some(found.width)
}

#[test]
fn both_forms_say_the_same() {
    let expression = "{'CFBundleIdentifier': 'com.example.ios', 'CFBundleName': 'Short', 'CFBundleDisplayName': 'Schön 😀', \
                      'CFBundleShortVersionString': '1.2', 'CFBundleVersion': '34.5'}";
    let expected = Identity {
        package_name: "com.example.ios".to_owned(),
        name: "Schön 😀".to_owned(),
        version_name: Some("1.2".to_owned()),
        version_code: Some("34.5".to_owned()),
        icon: None,
    };
    for form in ["xml", "binary"] {
        let package = archive(&[("Payload/A.app/Info.plist", Deflated, list(form, expression))]);
        assert_eq!(identified(&package, "app.ipa").unwrap(), expected, "{form}");
    }
}

#[test]
fn names_and_versions_that_are_not_said() {
    let bare = app_with("", &[]);
    assert_eq!((bare.name.as_str(), bare.version_name, bare.version_code), ("com.example.ios", None, None));
    assert_eq!(app_with("'CFBundleName': 'Short'", &[]).name, "Short");
    assert_eq!(app_with("'CFBundleName': 'Short', 'CFBundleDisplayName': '\\n '", &[]).name, "Short");
    let odd = app_with("'CFBundleVersion': 7, 'CFBundleName': ['a'], 'CFBundleShortVersionString': True", &[]);
    assert_eq!(
        (odd.name.as_str(), odd.version_name, odd.version_code.as_deref()),
        ("com.example.ios", None, Some("7"))
    );
}

#[test]
fn the_largest_of_the_listed_images_is_the_icon() {
    let images: Vec<_> = [4, 8, 12, 15, 16, 18].map(|side| pixels(side).image("crush")).into();
    let files = [
        ("AppIcon20.png", images[0].as_slice()),
        ("AppIcon20@2x.png", &images[1]),
        ("AppIcon20@3x.png", &images[2]),
        ("AppIcon76~ipad.png", &images[3]),
        ("Other@3x.png", &images[5]),
        ("deeper/AppIcon20@3x~ipad.png", &images[5]),
    ];
    let icons = "'CFBundleIcons': {'CFBundlePrimaryIcon': {'CFBundleIconFiles': ['AppIcon20', 'Absent', 7, 'deeper/AppIcon20']}}";
    assert_eq!(width(&app_with(icons, &files)), Some(12));
    let tablets = "'CFBundleIcons~ipad': {'CFBundlePrimaryIcon': {'CFBundleIconFiles': ['AppIcon76']}}";
    assert_eq!(width(&app_with(tablets, &files)), Some(15));
    assert_eq!(width(&app_with(&format!("{icons}, {tablets}"), &files)), Some(15));
    assert_eq!(width(&app_with("'CFBundleIcons': {'CFBundlePrimaryIcon': 'AppIcon'}", &files)), None, "in Assets.car");
}

#[test]
fn older_apps_list_their_icons_elsewhere() {
    let (small, large) = (pixels(11).image("plain"), pixels(22).image("crush"));
    let files = [("Icon.png", small.as_slice()), ("Icon@2x.png", &large), ("Bare", &large)];
    assert_eq!(width(&app_with("'CFBundleIconFiles': ['Icon.png', 'Icon@2x.png']", &files)), Some(22));
    assert_eq!(width(&app_with("'CFBundleIconFile': 'Icon.png'", &files)), Some(22));
    assert_eq!(width(&app_with("'CFBundleIconFile': 'Bare'", &files)), Some(22));
    assert_eq!(width(&app_with("'CFBundleIconFile': 'Icon'", &files[..1])), Some(11));
}

#[test]
fn an_image_that_cannot_be_turned_back_gives_way_to_the_next() {
    let (plain, crushed) = (pixels(8).image("plain"), pixels(16).image("crush"));
    let mut broken = crushed.clone();
    let data = broken.windows(4).position(|bytes| bytes == b"IDAT").unwrap() + 4;
    broken[data] = 0b111;
    let bomb = {
        let mut image = crushed.clone();
        let header = image.windows(4).position(|bytes| bytes == b"IHDR").unwrap() + 4;
        image[header..header + 8].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
        image
    };
    let long = [crushed.as_slice(), &vec![0; 256 << 10]].concat();
    let icon = |large: &[u8]| width(&app_with("'CFBundleIconFile': 'I'", &[("I.png", &plain), ("I@2x.png", large)]));
    assert_eq!([icon(&crushed), icon(&broken), icon(&bomb), icon(&long)], [Some(16), Some(8), Some(8), Some(8)]);
    assert_eq!(icon(b""), Some(8));
}

#[test]
fn an_ipa_has_one_app() {
    let info = list("xml", "{'CFBundleIdentifier': 'com.example.ios'}");
    let one = archive(&[
        ("Payload/A.app/Info.plist", Deflated, info.as_slice()),
        ("Payload/A.app/PlugIns/B.appex/Info.plist", Deflated, b"another"),
        ("Payload/A.app/Watch/C.app/Info.plist", Deflated, b"another"),
        ("SwiftSupport/B.app/x", Deflated, b"another"),
    ]);
    assert_eq!(identified(&one, "app.ipa").unwrap().name, "com.example.ios");
    let two = refusal(&[("Payload/A.app/Info.plist", &info), ("Payload/B.app/Info.plist", &info)]);
    assert_eq!(two.0, "unknown_format");
    assert!(two.1.ends_with("not an iOS app (IPA): its folder Payload has more than one app."), "{}", two.1);
    let none = refusal(&[("Payload/A.app/A", b"x")]);
    assert!(none.0 == "archive_damaged" && none.1.contains("Payload/A.app/Info.plist"), "{}", none.1);
    let package = archive(&[("Payload/A.app/Info.plist", Deflated, info)]);
    assert_eq!(identified(&package, "app.apk").unwrap_err().code(), "wrong_format");
}

#[test]
fn property_lists_that_cannot_be_read_are_refused() {
    let of = |info: &[u8]| refusal(&[("Payload/A.app/Info.plist", info)]);
    let (code, sentence) = of(b"no list");
    assert_eq!(code, "property_list_invalid");
    assert!(sentence.starts_with("Payload/A.app/Info.plist cannot be processed: not a property list"), "{sentence}");
    assert_eq!(of(&list("xml", "['CFBundleIdentifier']")).0, "property_list_invalid");
    let huge = format!("{{'CFBundleIdentifier': 'a', 'x': 'y' * {}}}", 17 << 20);
    assert_eq!(of(&list("binary", &huge)).0, "archive_damaged");
    assert_eq!(of(&list("binary", "{'CFBundleIdentifier': 'a', 'x': list(range(300000))}")).0, "property_list_invalid");
    for name in
        ["{}", "{'CFBundleIdentifier': 7}", "{'CFBundleIdentifier': 'a b'}", "{'CFBundleIdentifier': 'a' * 256}"]
    {
        assert_eq!(of(&list("binary", name)).0, "package_name_invalid", "{name}");
    }
}

#[test]
fn control_characters_are_left_out() {
    let named = app_with("'CFBundleName': '\\x1b[31mRed\\r\\n\\t', 'CFBundleVersion': '1\\n2'", &[]);
    assert_eq!((named.name.as_str(), named.version_code.as_deref()), ("[31mRed", Some("12")));
}
