//! Group mappings as they are saved, one after the other.

use std::collections::BTreeSet;

use domain::error::Error;
use domain::permission::Permission;
use domain::saml::groups::{GroupMappings, GroupRequest, MAX_MAPPINGS};
use domain::time::at;
use proptest::prelude::*;
use serde_json::json;

use crate::support::at_fault;

fn named(name: &str) -> GroupRequest {
    GroupRequest { group_name: Some(name.to_owned()), permissions: Some(Vec::new()), ..GroupRequest::default() }
}

fn save(mappings: &mut GroupMappings, request: &GroupRequest) -> Result<u64, Error> {
    mappings.save(request, at(1_732_740_000))
}

/// The request of page 004, for the mapping `id` or a new one.
fn documented(id: Option<u64>) -> GroupRequest {
    serde_json::from_value(json!({
        "id": id,
        "group_name": "AppTego-Admins",
        "permissions": ["modify_configuration", "user_and_api_management"],
        "description": "Administrators from the IdP",
        "enabled": true
    }))
    .unwrap()
}

#[test]
fn a_mapping_is_created_and_changed_as_page_004_shows_it() {
    let mut mappings = GroupMappings { last_id: 41, ..GroupMappings::default() };
    assert_eq!(save(&mut mappings, &documented(None)).unwrap(), 42);
    assert_eq!(mappings.save(&documented(Some(42)), at(1_732_741_200)).unwrap(), 42);
    let shown = json!([{
        "id": 42,
        "group_name": "AppTego-Admins",
        "permissions": ["modify_configuration", "user_and_api_management"],
        "description": "Administrators from the IdP",
        "enabled": true,
        "created_at": 1_732_740_000,
        "updated_at": 1_732_741_200
    }]);
    assert_eq!(serde_json::to_value(&mappings.groups).unwrap(), shown);
}

#[test]
fn what_a_change_leaves_out_stays_except_name_and_permissions() {
    let mut mappings = GroupMappings::default();
    let id = save(&mut mappings, &GroupRequest { enabled: Some(false), ..documented(None) }).unwrap();
    let change = GroupRequest { id: Some(id), ..named("Developers") };
    save(&mut mappings, &change).unwrap();
    let mapping = &mappings.groups[0];
    assert_eq!((mapping.group_name.as_str(), mapping.permissions.keys().len()), ("Developers", 0));
    assert_eq!((mapping.description.as_str(), mapping.enabled), ("Administrators from the IdP", false));
    let change = GroupRequest { description: Some(String::new()), enabled: Some(true), ..change };
    save(&mut mappings, &change).unwrap();
    assert_eq!((mappings.groups[0].description.as_str(), mappings.groups[0].enabled), ("", true));

    let id = save(&mut mappings, &named("New")).unwrap();
    let new = mappings.groups.iter().find(|mapping| mapping.id == id).unwrap();
    assert_eq!((new.description.as_str(), new.enabled), ("", true));
    for request in [GroupRequest { group_name: None, ..change.clone() }, GroupRequest { permissions: None, ..change }] {
        assert!(save(&mut mappings, &request).is_err());
    }
}

#[test]
fn fields_are_named_and_nothing_changes() {
    let mut mappings = GroupMappings::default();
    save(&mut mappings, &documented(None)).unwrap();
    let before = mappings.clone();
    let mut refused = |request: GroupRequest| {
        let found = at_fault(save(&mut mappings, &request));
        assert_eq!(mappings, before);
        found
    };
    let text = |text: &str| Some(text.to_owned());
    for (name, message) in [
        (None, "Group name is missing"),
        (text(""), "Group name is missing"),
        (text(" "), "Group name must be 1 to 256 characters without control characters"),
        (text("a\0"), "Group name must be 1 to 256 characters without control characters"),
        (text(&"ä".repeat(257)), "Group name must be 1 to 256 characters without control characters"),
    ] {
        assert_eq!(refused(GroupRequest { group_name: name, ..documented(None) }), ("group_name", message.to_owned()));
    }
    assert_eq!(
        refused(GroupRequest { permissions: None, ..named("a") }),
        ("permissions", "Permissions are missing".to_owned())
    );
    let unknown = Some(vec!["build_applications".to_owned(), "root".to_owned()]);
    assert_eq!(refused(GroupRequest { permissions: unknown, ..named("a") }).0, "permissions");
    for hidden in ["ä".repeat(501), "a\u{1b}[31m".to_owned()] {
        assert_eq!(refused(GroupRequest { description: Some(hidden), ..named("a") }).0, "description");
    }
}

#[test]
fn names_have_256_characters_and_descriptions_500_with_lines() {
    let mut mappings = GroupMappings::default();
    let description = "ä".repeat(498) + "\n\t";
    let name = "CN=ä,\u{1f600}".to_owned() + &"ä".repeat(250);
    assert_eq!((name.chars().count(), description.chars().count()), (256, 500));
    save(&mut mappings, &GroupRequest { description: Some(description.clone()), ..named(&name) }).unwrap();
    assert_eq!((&mappings.groups[0].group_name, &mappings.groups[0].description), (&name, &description));
}

#[test]
fn a_name_stands_once_and_is_compared_sign_by_sign() {
    let mut mappings = GroupMappings::default();
    let first = save(&mut mappings, &named("Admins")).unwrap();
    let second = save(&mut mappings, &named("admins")).unwrap();
    save(&mut mappings, &named("Admins ")).unwrap();
    let before = mappings.clone();
    for request in [named("Admins"), GroupRequest { id: Some(second), ..named("Admins") }] {
        let refused = save(&mut mappings, &request);
        assert!(matches!(refused, Err(Error::Conflict { code: "group_mapping_exists", .. })), "{refused:?}");
        assert_eq!(mappings, before);
    }
    save(&mut mappings, &GroupRequest { id: Some(first), ..named("Admins") }).unwrap();
    save(&mut mappings, &GroupRequest { id: Some(first), ..named("Others") }).unwrap();
    save(&mut mappings, &GroupRequest { id: Some(second), ..named("Admins") }).unwrap();
}

#[test]
fn an_unknown_id_is_not_found() {
    let mut mappings = GroupMappings::default();
    let id = save(&mut mappings, &named("a")).unwrap();
    for unknown in [0, id + 1, u64::MAX] {
        let refused = save(&mut mappings, &GroupRequest { id: Some(unknown), ..named("b") }).unwrap_err();
        assert!(matches!(refused, Error::NotFound("Group mapping not found")), "{refused:?}");
    }
    assert_eq!(mappings.groups.len(), 1);
}

#[test]
fn a_hundred_mappings_are_the_most_and_ids_never_come_back() {
    let mut mappings = GroupMappings::default();
    for number in 1..=100 {
        assert_eq!(save(&mut mappings, &named(&format!("group {number}"))).unwrap(), number);
    }
    let refused = save(&mut mappings, &named("one more"));
    let Err(Error::LimitReached { code, limit, retry_after, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((code, limit, retry_after), ("group_mapping_limit", 100, None));
    save(&mut mappings, &GroupRequest { id: Some(7), ..named("renamed") }).unwrap();
    assert_eq!((mappings.groups.len(), mappings.last_id), (MAX_MAPPINGS, 100));
    mappings.clear();
    assert!(mappings.groups.is_empty());
    assert_eq!(save(&mut mappings, &named("group 1")).unwrap(), 101);
}

#[test]
fn the_largest_mappings_fit_one_item() {
    let keys = Permission::ALL.map(|permission| permission.key().to_owned()).to_vec();
    let mut mappings = GroupMappings { last_id: u64::MAX - 200, ..GroupMappings::default() };
    for number in 0..MAX_MAPPINGS {
        let name = format!("{number:04}{}", "\u{1f600}".repeat(252));
        let description = Some("\u{1f600}".repeat(500));
        let request = GroupRequest { permissions: Some(keys.clone()), description, ..named(&name) };
        save(&mut mappings, &request).unwrap();
    }
    // JSON, with its quotes and commas, takes no less than the table counts.
    let size = serde_json::to_vec(&mappings).unwrap().len();
    assert!(size < 400 * 1024, "{size}");
}

proptest! {
    #[test]
    fn names_and_ids_stay_unique_and_what_is_kept_reads_back(
        requests in prop::collection::vec((prop::option::of(0_u64..6), "[ab]{0,2}", any::<bool>()), 0..30)
    ) {
        let mut mappings = GroupMappings::default();
        let mut given = BTreeSet::new();
        for (id, name, clear) in requests {
            if clear && name.is_empty() {
                mappings.clear();
            }
            if let Ok(saved) = save(&mut mappings, &GroupRequest { id, ..named(&name) }) {
                prop_assert_eq!(given.insert(saved), id.is_none());
            }
            let names: BTreeSet<_> = mappings.groups.iter().map(|mapping| &mapping.group_name).collect();
            let ids: Vec<_> = mappings.groups.iter().map(|mapping| mapping.id).collect();
            prop_assert!(names.len() == ids.len() && ids.is_sorted_by(|one, other| one < other));
            let stored = serde_json::to_value(&mappings).unwrap();
            prop_assert_eq!(&serde_json::from_value::<GroupMappings>(stored).unwrap(), &mappings);
        }
    }
}
