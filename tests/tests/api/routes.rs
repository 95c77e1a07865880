//! template.yaml, the routers, docs/openapi.json, the table of calls and events/ name the same routes.

use std::collections::{BTreeMap, BTreeSet};

use api::access::{Route as _, TABLE};
use serde_json::Value;
use tests::conformance::document;
use tests::functions::routers;
use tests::harness::root;

use crate::events::{recorded, recorded_names};
use crate::outcomes::refusal;

/// Function → paths.
type Routes = BTreeMap<String, BTreeSet<String>>;

/// Each path with each of its methods, as checked in.
pub(crate) fn all_routes() -> Vec<(String, String)> {
    let paths = document()["paths"].as_object().unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect::<Vec<_>>();
    paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(|method| (path.clone(), method))).collect()
}

/// Those of the Automation API.
pub(crate) fn automation_routes() -> Vec<(String, String)> {
    all_routes().into_iter().filter(|(path, _)| path.starts_with("/automate/")).collect()
}

/// The routes of template.yaml, each of which stands on one line. `$default` is the one without a path.
fn template_routes() -> Routes {
    let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let (mut routes, mut function) = (Routes::new(), None);
    for line in text.lines() {
        if let Some(folder) = line.trim().strip_prefix("CodeUri: target/lambda/") {
            function = Some(folder.trim_end_matches('/').to_owned());
        }
        if !line.contains("Type: HttpApi") {
            continue;
        }
        let properties = line.split_once("Properties: {").and_then(|(_, rest)| rest.strip_suffix("}}"));
        let properties = properties.unwrap_or_else(|| panic!("a route that is not written on one line: {line}"));
        let path = properties.split(", ").find_map(|property| property.strip_prefix("Path: "));
        let path = path.map_or("$default", |path| path.trim_matches('"')).to_owned();
        assert!(path == "$default" || properties.contains("Method: ANY"), "{line}");
        let function = function.clone().expect("a function before its routes");
        assert!(routes.entry(function).or_default().insert(path), "twice: {line}");
    }
    routes
}

fn router_routes() -> Routes {
    let paths = |router| api::openapi::document([router]).paths.paths.keys().cloned().collect();
    routers().into_iter().map(|(name, router)| (name.to_owned(), paths(router))).collect()
}

fn event_routes() -> Routes {
    let mut routes = Routes::new();
    for name in recorded_names() {
        let event: Value = serde_json::from_str(&recorded(&name)).unwrap();
        let Some(key) = event["routeKey"].as_str() else { continue };
        assert_eq!(event["requestContext"]["routeKey"], key, "{name}");
        let path = if key == "$default" { key } else { key.strip_prefix("ANY ").expect("a route of template.yaml") };
        let (function, _) = name.split_once('/').unwrap();
        routes.entry(function.to_owned()).or_default().insert(path.to_owned());
    }
    routes
}

#[test]
fn template_routers_document_and_events_name_the_same_routes_for_each_function() {
    let template = template_routes();
    assert_eq!(event_routes(), template, "events/ against template.yaml");

    let mut described = template.clone();
    let defaults: usize = described.values_mut().map(|paths| usize::from(paths.remove("$default"))).sum();
    assert_eq!(defaults, 1, "one function answers what no function has");
    assert_eq!(router_routes(), described, "the routers against template.yaml");

    let together: BTreeSet<String> = described.into_values().flatten().collect();
    let checked_in: BTreeSet<String> = all_routes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(checked_in, together, "docs/openapi.json against template.yaml");
    let served = api::openapi::document([local::routes()]).paths.paths.keys().cloned().collect();
    assert_eq!(checked_in, served, "docs/openapi.json against the local server");
}

#[test]
fn every_route_has_its_row_in_the_table_and_every_row_its_route() {
    let rows: BTreeSet<_> = TABLE.iter().map(|row| (row.path.to_owned(), row.method.to_owned())).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row stands there twice");
    let names: BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), TABLE.len(), "the audit log could not tell two calls apart");
    let routes: BTreeSet<_> = all_routes().into_iter().collect();
    assert_eq!(routes.difference(&rows).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "routes without a row");
    let idle: Vec<_> = rows.difference(&routes).map(|(path, method)| (path.as_str(), method.as_str())).collect();
    assert_eq!(idle, [], "rows without a route");
}

#[test]
fn every_call_is_recorded_succeeding_and_refused() {
    let outcome = |name: String| {
        let event: Value = serde_json::from_str(&recorded(&name)).unwrap();
        let path = event["routeKey"].as_str()?.strip_prefix("ANY ")?.to_owned();
        let method = event["requestContext"]["http"]["method"].as_str()?.to_owned();
        Some((path, method, refusal(&name).is_some()))
    };
    let recorded: BTreeSet<_> = recorded_names().into_iter().filter_map(outcome).collect();
    let demanded = all_routes()
        .into_iter()
        .flat_map(|(path, method)| [false, true].map(|refused| (path.clone(), method.clone(), refused)));
    // What Stripe signs is believed for five minutes: none can be recorded.
    let (webhook, succeeds) = (api::access::TakeStripeEvent::ROW.path, false);
    let demanded = demanded.filter(|(path, _, refused)| (path.as_str(), *refused) != (webhook, succeeds));
    let missing: Vec<_> = demanded.filter(|outcome| !recorded.contains(outcome)).collect();
    assert_eq!(
        missing,
        Vec::<(String, String, bool)>::new(),
        "calls without an event that is refused (true) or succeeds (false)"
    );
}
