//! Names and versions are those that aapt shows.

use fixtures::archive;
use formats::axml::{AndroidAttribute, Value};
use formats::zip::Method::{Deflated, Stored};

use crate::aapt::{Badging, Made, strings};
use crate::apk::manifest;
use crate::arsc_builder::{Form, STRING, config, package, simple, spec, table, values};
use crate::axml_builder::{Encoding, pool};
use crate::identified;

const LABEL: &str = "android:label=\"@string/label\"";
const LAUNCHED: &str = "<intent-filter><action android:name=\"android.intent.action.MAIN\"/>\
    <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter>";

fn activity(kind: &str, name: &str, attributes: &str, filter: &str) -> String {
    format!("<{kind} android:name=\"com.example.made.{name}\" {attributes}>{filter}</{kind}>")
}

#[test]
fn versions_and_labels_are_followed_through_references() {
    let version = "android:versionCode=\"70001\" android:versionName=\"@string/version\"";
    let texts = [("label", "@string/next"), ("next", "@string/last"), ("last", "Ünique 😀"), ("version", "1.2-beta")];
    let german = [("label", "Einzigartig"), ("version", "1.2-de")];
    let Some(made) = Made::of(version, LABEL, "", &[strings("values", &texts), strings("values-de", &german)]) else {
        return;
    };
    made.badging.agree(&made.identity);
    assert_eq!(made.identity.name, "Ünique 😀");
    assert_eq!(made.identity.version_name.as_deref(), Some("1.2-beta"));
    assert_eq!(made.identity.version_code.as_deref(), Some("70001"));
}

#[test]
fn an_app_that_says_nothing_has_its_package_name() {
    let Some(made) = Made::of("", "", "", &[]) else { return };
    made.badging.agree(&made.identity);
    assert_eq!(made.identity.name, "com.example.made");
    assert_eq!((made.identity.version_name, made.identity.version_code, made.identity.icon), (None, None, None));
}

/// Bytes of `ResTable_config` by their offsets.
type Fields<'a> = &'a [(usize, &'a [u8])];

/// A package whose label has a value for each of these configurations.
fn labelled(configurations: &[Fields<'_>]) -> Vec<u8> {
    let names: Vec<_> = (0..configurations.len()).map(|number| format!("label {number}")).collect();
    let values = configurations.iter().zip(0..).map(|(fields, text)| {
        let mut bytes = config(0);
        fields.iter().for_each(|(at, field)| bytes[*at..*at + field.len()].copy_from_slice(field));
        values(1, Form::Dense, &bytes, &[Some(simple(0, STRING, text))])
    });
    let [kinds, keys] = ["string", "label"].map(|name| pool(Encoding::Utf16, &[name]));
    let rest: Vec<_> = [spec(1, &[0])].into_iter().chain(values).collect();
    let texts = pool(Encoding::Utf8, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let table = table(1, &[texts, package(0x7f, "com.example.made", &kinds, &keys, &rest)]);
    let manifest = manifest("com.example.made", &[(AndroidAttribute::LABEL, Value::Reference(0x7f01_0000))]);
    archive(&[("AndroidManifest.xml", Deflated, manifest), ("resources.arsc", Stored, table)])
}

/// Every pair of qualifiers, and each alone: aapt's choice is ours.
#[test]
fn of_several_values_the_one_that_aapt_shows_is_taken() {
    let qualifiers: [Fields<'_>; 20] = [
        &[],
        &[(4, &[0x36, 1])],
        &[(12, &[1])],
        &[(12, &[2])],
        &[(13, &[3])],
        &[(24, &[21, 0])],
        &[(24, &[26, 0])],
        &[(28, &[1])],
        &[(28, &[2])],
        &[(28, &[3])],
        &[(28, &[0x20])],
        &[(28, &[0x40])],
        &[(29, &[0x20])],
        &[(30, &[0x2c, 1])],
        &[(30, &[0x58, 2])],
        &[(32, &[0x36, 1])],
        &[(34, &[0x90, 1])],
        &[(12, &[1]), (28, &[2]), (24, &[13, 0])],
        &[(30, &[0x40, 1]), (24, &[13, 0])],
        &[(48, &[1])],
    ];
    let pairs = (0..qualifiers.len()).flat_map(|one| (one..qualifiers.len()).map(move |other| [one, other]));
    let mut shown = 0;
    for pair in pairs {
        let made = labelled(&pair.map(|place| qualifiers[place]));
        let Some(badging) = Badging::of_bytes(&made) else { return };
        let identity = identified(&made, "made.apk").unwrap();
        // Where no value is for its device aapt shows none, and here the first is better than none.
        match badging.name() == "com.example.made" {
            true => assert_eq!(identity.name, "label 0", "{pair:?}"),
            false => badging.agree(&identity),
        }
        shown += usize::from(badging.name() == identity.name);
    }
    assert!(shown > 150, "{shown}");
}

#[test]
fn where_every_label_is_for_a_language_the_first_is_taken() {
    let languages: [&[Fields<'_>]; 4] = [
        &[&[(8, b"frFR")], &[(8, b"de")], &[(8, b"pt")]],
        &[&[(8, b"zhTW")], &[(8, b"zh")], &[(8, b"ja")]],
        &[&[(8, b"enGB")]],
        &[&[(8, b"de"), (24, &[26, 0])], &[(8, b"de")], &[(8, b"deAT")]],
    ];
    for languages in languages {
        let made = labelled(languages);
        let Some(badging) = Badging::of_bytes(&made) else { return };
        badging.agree(&identified(&made, "made.apk").unwrap());
    }
}

#[test]
fn without_a_label_of_its_own_an_app_is_called_as_its_launcher_activity() {
    let other = activity("activity", "Other", "android:label=\"Other\"", "");
    let main = activity("activity", "Main", LABEL, LAUNCHED);
    let texts = [strings("values", &[("label", "Started")])];
    let Some(made) = Made::of("", "", &[other.clone(), main].concat(), &texts) else { return };
    made.badging.agree(&made.identity);
    assert_eq!(made.identity.name, "Started");

    let quiet = activity("activity", "Quiet", "", LAUNCHED);
    let alias =
        activity("activity-alias", "Alias", "android:label=\"Alias\" android:targetActivity=\".Quiet\"", LAUNCHED);
    let made = Made::of("", "", &[other, quiet, alias].concat(), &[]).unwrap();
    assert_eq!(made.identity.name, "Alias");
}
