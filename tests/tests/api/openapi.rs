//! docs/openapi.json: up to date, and complete.

use api::access::{Callers, Scope, TABLE};
use serde_json::Value;
use tests::conformance::document;
use tests::harness::root;

#[test]
fn the_document_is_the_one_that_the_routers_make() {
    let checked_in = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let made = local::openapi().unwrap();
    assert!(
        checked_in == made,
        "docs/openapi.json is not what the routers make: run ./dev openapi and read the difference"
    );
}

#[test]
fn every_operation_field_and_answer_is_described() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut bare = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            for field in ["summary", "description", "operationId"] {
                note(&mut bare, &format!("{place} {field}"), &operation[field]);
            }
            let row = TABLE.iter().find(|row| row.path == path && row.method.eq_ignore_ascii_case(method));
            let row = row.unwrap_or_else(|| panic!("{place} stands in no row of api::access"));
            let schemes =
                operation["security"].as_array().unwrap().iter().flat_map(|scheme| scheme.as_object().unwrap().keys());
            let expected: &[&str] = match row.callers {
                Callers::AutomationKeys => &["automation_key"],
                Callers::Members => &["api_token", "session"],
                Callers::People => &["session"],
            };
            assert_eq!(schemes.collect::<Vec<_>>(), expected, "{place}");
            let responses = operation["responses"].as_object().unwrap();
            let asks = row.scope == Scope::Tenant || operation["requestBody"].is_object() || path.contains('{');
            for status in ["200", "401", "500"].into_iter().chain(asks.then_some("400")) {
                assert!(responses.contains_key(status), "{place} {status}");
            }
            for (status, response) in responses {
                note(&mut bare, &format!("{place} {status}"), &response["description"]);
                let schema = &response["content"]["application/json"]["schema"];
                assert!(schema.is_object(), "{place} {status} has no schema");
                let error = schema["$ref"] == "#/components/schemas/ErrorBody";
                assert_eq!(error, !status.starts_with('2'), "{place} {status}");
                assert!(response["headers"]["x-request-id"].is_object(), "{place} {status}");
            }
            assert!(responses["401"]["headers"]["WWW-Authenticate"].is_object(), "{place}");
            if let Some(limited) = responses.get("429") {
                assert!(limited["headers"]["Retry-After"].is_object(), "{place}");
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        note(&mut bare, name, &schema["description"]);
        let objects = schema["allOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
        for (field, schema) in objects.into_iter().filter_map(|object| object["properties"].as_object()).flatten() {
            // A field that is an object or null is described where the object is.
            let described = schema["oneOf"].as_array().and_then(|choices| choices.first()).unwrap_or(schema);
            note(&mut bare, &format!("{name}.{field}"), &described["description"]);
        }
    }
    assert!(bare.is_empty(), "not described: {bare:#?}");
    assert_eq!(schemas["UploadAnswer"]["oneOf"].as_array().map(Vec::len), Some(2));
}

fn note(bare: &mut Vec<String>, place: &str, description: &Value) {
    if description.as_str().is_none_or(str::is_empty) {
        bare.push(place.to_owned());
    }
}
