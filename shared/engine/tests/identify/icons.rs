//! The icon of an APK: of the files that the resource has, the best that browsers show.

use engine::Icon;
use formats::limits::Limits;
use formats::zip::Archive;

use crate::aapt::{Made, Source, source};
use crate::images::Pixels;

const ICON: &str = "android:icon=\"@mipmap/icon\"";
const ADAPTIVE: &str = "<adaptive-icon xmlns:android=\"http://schemas.android.com/apk/res/android\">\
    <background android:drawable=\"@mipmap/icon\"/></adaptive-icon>";

/// What begins as a JPEG file, and is as long as wanted.
fn jpeg(length: usize) -> Vec<u8> {
    let mut image = vec![0xff, 0xd8, 0xff, 0xe0];
    image.resize(length, 0);
    image
}

fn webp() -> Vec<u8> {
    b"RIFF\x10\0\0\0WEBPVP8L\x04\0\0\0\x2f\0\0\0".to_vec()
}

fn png(side: usize) -> Vec<u8> {
    Pixels { width: side, height: side, channels: 4, bytes: vec![200; side * side * 4] }.image("plain")
}

/// The sources of `mipmap/icon`: folder's qualifier, extension and content.
fn icons(files: &[(&str, &str, Vec<u8>)]) -> Vec<Source> {
    files.iter().map(|(qualifier, kind, content)| source(&format!("mipmap{qualifier}/icon.{kind}"), content)).collect()
}

fn made(application: &str, sources: &[Source]) -> Option<Made> {
    let made = Made::of("", application, "", sources)?;
    made.badging.agree(&made.identity);
    Some(made)
}

/// The icon is one of the files that aapt names; returns what it is.
fn agreed(made: &Made) -> (&'static str, Vec<u8>) {
    let Icon { bytes, content_type } = made.identity.icon.clone().unwrap();
    let archive = Archive::read(&made.package, &Limits::default()).unwrap();
    let named = made.badging.icons();
    assert!(named.iter().any(|path| archive.read_entry(path, 1 << 20).unwrap() == bytes), "{named:?}");
    (content_type, bytes)
}

#[test]
fn the_highest_density_is_taken() {
    let files =
        [("-mdpi", "png", png(48)), ("-xxxhdpi", "png", png(19)), ("-hdpi", "png", png(72)), ("", "png", png(9))];
    let Some(made) = made(ICON, &icons(&files)) else { return };
    assert_eq!(agreed(&made), ("image/png", png(19)));
}

#[test]
fn formats_are_told_by_their_content() {
    let files = [("-mdpi", "png", png(48)), ("-hdpi", "webp", webp()), ("-xhdpi", "jpg", jpeg(100))];
    for (count, content_type) in [(3, "image/jpeg"), (2, "image/webp"), (1, "image/png")] {
        let Some(made) = made(ICON, &icons(&files[..count])) else { return };
        assert_eq!(agreed(&made), (content_type, files[count - 1].2.clone()));
    }
    let made = made(ICON, &icons(&[("-mdpi", "png", png(48)), ("-hdpi", "jpg", b"\x89PNG is its beginning".to_vec())]));
    assert_eq!(agreed(&made.unwrap()), ("image/png", png(48)));
}

#[test]
fn what_is_too_large_gives_way_to_the_next_density() {
    let longest = 256 << 10;
    let sources =
        |length| icons(&[("-mdpi", "png", png(48)), ("-hdpi", "jpg", jpeg(longest)), ("-xhdpi", "jpg", jpeg(length))]);
    let Some(fits) = made(ICON, &sources(longest)) else { return };
    assert_eq!(agreed(&fits).1.len(), longest);
    let made = made(ICON, &sources(longest + 1)).unwrap();
    assert_eq!(agreed(&made), ("image/jpeg", jpeg(longest)));
}

#[test]
fn an_adaptive_icon_gives_way_to_the_images_for_older_devices() {
    let adaptive = ("-anydpi-v26", "xml", ADAPTIVE.as_bytes().to_vec());
    let files = [adaptive.clone(), ("-hdpi", "png", png(72)), ("-xxhdpi", "webp", webp())];
    let Some(both) = made(ICON, &icons(&files)) else { return };
    // aapt shows the adaptive one for every density.
    assert!(both.badging.icons().iter().all(|path| path.ends_with(".xml")));
    assert_eq!(both.identity.icon, Some(Icon { bytes: webp(), content_type: "image/webp" }));
    assert_eq!(made(ICON, &icons(&[adaptive])).unwrap().identity.icon, None);
}

#[test]
fn aliases_are_followed() {
    let alias = "<resources><item type=\"mipmap\" name=\"icon\">@drawable/first</item></resources>";
    let again = "<resources><item type=\"drawable\" name=\"first\">@drawable/second</item></resources>";
    let sources = [
        source("values/alias.xml", alias),
        source("values/again.xml", again),
        source("drawable-mdpi/second.png", png(48)),
        source("drawable-xhdpi/second.png", png(96)),
    ];
    let Some(made) = made(ICON, &sources) else { return };
    assert_eq!(agreed(&made), ("image/png", png(96)));
}

#[test]
fn images_for_one_language_or_for_the_night_are_the_last_choice() {
    let files = [("-de-xxxhdpi", "png", png(1)), ("-night-xxxhdpi", "png", png(2)), ("-mdpi", "png", png(48))];
    let Some(plain) = made(ICON, &icons(&files)) else { return };
    assert_eq!(agreed(&plain), ("image/png", png(48)));
    let made = made(ICON, &icons(&files[..1])).unwrap();
    assert_eq!(made.identity.icon.unwrap().bytes, png(1));
}

#[test]
fn of_one_density_the_images_for_later_platforms_are_taken() {
    let files = [("-hdpi", "png", png(1)), ("-hdpi-v21", "png", png(2)), ("-mdpi-v26", "png", png(3))];
    let Some(made) = made(ICON, &icons(&files)) else { return };
    assert_eq!(agreed(&made), ("image/png", png(2)));
}

#[test]
fn a_round_icon_stands_in_for_another() {
    let round = "android:roundIcon=\"@mipmap/icon\"";
    let Some(alone) = made(round, &icons(&[("-hdpi", "png", png(72))])) else { return };
    assert_eq!(alone.identity.icon, Some(Icon { bytes: png(72), content_type: "image/png" }));

    let both = "android:icon=\"@mipmap/icon\" android:roundIcon=\"@mipmap/round\"";
    let shape = b"<shape xmlns:android=\"http://schemas.android.com/apk/res/android\"/>".to_vec();
    let round = source("mipmap-hdpi/round.png", png(72));
    let sources = |icon| [vec![round.clone()], icons(&[icon])].concat();
    let drawn = made(both, &sources(("", "xml", shape))).unwrap();
    assert_eq!(drawn.identity.icon.unwrap().bytes, png(72));
    let other = made(both, &sources(("-mdpi", "png", png(48)))).unwrap();
    assert_eq!(agreed(&other).1, png(48));
}
