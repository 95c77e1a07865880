//! The guides are complete, and what they name exists.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::control::{Control, Group, Platforms, catalogue};
use domain::plan::Plan;
use domain::platform::Platform;
use retrieval::{GUIDES, Index, Passage};
use serde_json::Value;

/// Calls that guides name and docs/openapi.json does not have yet.
const NOT_YET: [&str; 2] = ["/frontend/audit_logs", "/frontend/saml/"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Paths of the API, by docs/openapi.json.
fn calls() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["paths"].as_object().unwrap().keys().cloned().collect()
}

/// Paths of calls that the guides name.
fn named() -> BTreeSet<String> {
    let in_path = |char: char| char.is_ascii_alphanumeric() || "/_-{}".contains(char);
    let mut named = BTreeSet::new();
    for (_, text) in GUIDES {
        for prefix in ["/automate/", "/frontend/"] {
            for (at, _) in text.match_indices(prefix) {
                let rest = &text[at..];
                let end = rest.find(|char| !in_path(char)).unwrap_or(rest.len());
                named.insert(rest[..end].to_owned());
            }
        }
    }
    named
}

#[test]
fn every_guide_is_in_the_binary() {
    let folder = fs::read_dir(root().join("docs/guides")).unwrap();
    let mut files: Vec<_> =
        folder.map(|file| format!("docs/guides/{}", file.unwrap().file_name().into_string().unwrap())).collect();
    files.sort();
    let mut listed: Vec<_> = GUIDES.iter().map(|(path, _)| (*path).to_owned()).collect();
    listed.sort();
    assert_eq!(listed, files);
    for (path, text) in GUIDES {
        assert_eq!(*text, fs::read_to_string(root().join(path)).unwrap(), "{path}");
        assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 1, "{path} has one title");
    }
}

#[test]
fn every_call_is_explained() {
    let named = named();
    let short: BTreeSet<_> =
        GUIDES.iter().flat_map(|(_, text)| text.split(|char: char| !char.is_alphanumeric() && char != '_')).collect();
    for call in calls() {
        let last = call.rsplit('/').next().unwrap();
        assert!(named.contains(&call) || short.contains(last), "{call}");
    }
}

#[test]
fn every_call_that_is_named_exists() {
    let calls = calls();
    // What ends here goes on with a variable of a script or a word in Markdown.
    let exists = |path: &str| match path.ends_with('/') {
        true => calls.iter().any(|call| call.starts_with(path)),
        false => calls.contains(path),
    };
    let is_later = |path: &str| NOT_YET.iter().any(|prefix| path.starts_with(prefix));
    let unknown: Vec<_> = named().into_iter().filter(|path| !exists(path) && !is_later(path)).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn links_lead_somewhere() {
    let index = Index::of_guides();
    let places: BTreeSet<_> = index.passages().iter().map(Passage::link).collect();
    for (path, text) in GUIDES {
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let file = format!("docs/guides/{target}");
            let found = if target.contains('#') { places.contains(&file) } else { root().join(&file).exists() };
            assert!(found, "{path}: {target}");
        }
    }
}

#[test]
fn passages_are_short() {
    for passage in Index::of_guides().passages() {
        assert!(passage.text.len() <= 1600, "{} has {} bytes", passage.link(), passage.text.len());
    }
}

#[test]
fn every_control_has_a_passage_that_says_what_the_catalogue_says() {
    let index = Index::of_guides();
    for control in catalogue() {
        let path = format!("docs/guides/controls-{}.md", group(control.group));
        let of_group = |passage: &&Passage<'_>| passage.path == path && passage.headings.last() == Some(&control.name);
        let passage = index.passages().iter().find(of_group).unwrap_or_else(|| panic!("{} in {path}", control.name));
        assert_eq!(passage.text.lines().next(), Some(facts(control).as_str()), "{}", control.id);
    }
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Detection => "detection",
        Group::Prevention => "prevention",
        Group::Connection => "connection",
        Group::DeviceSettings => "device-settings",
        Group::Obfuscation => "obfuscation",
        Group::Build => "build",
    }
}

/// The first line of a control's passage.
fn facts(control: &Control) -> String {
    let platforms = match control.platforms {
        Platforms::Android => "Android",
        Platforms::Ios => "iOS",
        Platforms::Both => "Android and iOS",
    };
    let plans = match control.minimum_plan {
        Plan::Free => "Free, Team and Enterprise",
        Plan::Team => "Team and Enterprise",
        Plan::Enterprise => "Enterprise",
    };
    let available: Vec<_> = control
        .available_platforms()
        .map(|platform| match platform {
            Platform::Android => "Android",
            Platform::Ios => "iOS",
        })
        .collect();
    let state = match available.as_slice() {
        [] => "not available yet".to_owned(),
        platforms => format!("available for {}", platforms.join(" and ")),
    };
    format!("`{}` · platforms: {platforms} · plans: {plans} · {state}", control.id)
}
