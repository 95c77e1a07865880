//! Applications as they are listed, against what aapt2 says of the same packages.

use serde_json::{Value, json};
use tests::harness::Bench;

use crate::{judges, samples};

const SAMPLES: [&str; 3] = ["ApiDemos-debug.apk", "settings_apk-debug.apk", "UnicodeIME-debug.apk"];

/// What stands between apostrophes after `name`.
fn quoted<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("{name}'"))?;
    rest.split_once('\'').map(|(value, _)| value)
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_listed_with_the_name_version_and_icon_of_their_packages() {
    if !judges::are_installed() {
        return;
    }
    let bench = Bench::start().await;
    let owner = bench.owner();
    for name in SAMPLES {
        let Some(package) = samples::fetched(name) else { continue };
        let job = bench.upload(name, &package).await;
        assert_eq!(bench.build(&job).await.text("status"), "completed", "{name}");
        let path = bench.folder.path().join(name);
        std::fs::write(&path, &package).unwrap();
        let badging = judges::badging(&path);
        let says = |field: &str| quoted(&badging, field).map_or(Value::Null, |text| json!(text));

        let listed = owner.done("/frontend/get_applications", json!({})).await;
        let mut applications = listed.body["applications"].as_array().unwrap().iter();
        let found = applications.find(|listed| listed["package_name"] == says("package: name="));
        let found = found.unwrap_or_else(|| panic!("{name}: {}", listed.body));
        assert_eq!(found["build_name"], says("application-label:"), "{name}");
        assert_eq!(found["build_version"], says("versionName="), "{name}");
        assert_eq!(found["build_id"], says("versionCode="), "{name}");
        assert_eq!((&found["platform"], &found["builds"]), (&json!("android"), &json!(1)), "{name}");
        assert_eq!(found["latest_build"].to_string(), job, "{name}");
        check_icon(found["build_image"].as_str().unwrap_or_else(|| panic!("{name}: {found}")), &path).await;
    }
}

/// It is an image of the package, and browsers are told of which kind.
async fn check_icon(url: &str, package: &std::path::Path) {
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"image/png".parse().unwrap()));
    let icon = answer.bytes().await.unwrap();
    assert!(icon.starts_with(b"\x89PNG\r\n\x1a\n"), "{icon:?}");
    let folder = tempfile::tempdir().unwrap();
    let entries = judges::entries(package, folder.path());
    let crc = u64::from(crc32fast::hash(&icon));
    assert!(entries.iter().any(|(name, entry)| name.ends_with(".png") && entry.crc == crc), "{}", package.display());
}
