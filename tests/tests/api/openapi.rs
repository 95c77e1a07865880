//! docs/openapi.json: up to date, and complete.

use api::access::{Callers, Row, Scope, TABLE};
use domain::access::Effect;
use domain::permission::Permission;
use serde_json::{Value, json};
use tests::conformance::{self, document};
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
            let row = row.unwrap_or_else(|| panic!("{place} has no row"));
            assert_eq!(operation["security"], security(row), "{place}");
            let responses = operation["responses"].as_object().unwrap();
            for status in statuses(row) {
                assert!(responses.contains_key(status), "{place} {status}");
            }
            let tenant = |parameter: &&Value| parameter["name"] == "tenant" && parameter["required"] == true;
            let header = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| tenant(&one)));
            assert_eq!(header, row.scope == Scope::Tenant, "{place}: the tenant header");
            let demands = [row.demand.permission.map(Permission::key), row.demand.plan.map(|gate| gate.message)];
            for demand in demands.into_iter().flatten() {
                assert!(operation["description"].as_str().unwrap().contains(demand), "{place}: {demand}");
            }
            for (status, response) in responses {
                note(&mut bare, &format!("{place} {status}"), &response["description"]);
                let schema = &response["content"]["application/json"]["schema"];
                assert!(schema.is_object(), "{place} {status} has no schema");
                assert_eq!(is_error(&document, schema), !status.starts_with('2'), "{place} {status}");
                assert!(response["headers"]["x-request-id"].is_object(), "{place} {status}");
            }
            assert!(
                row.callers == Callers::Stripe || responses["401"]["headers"]["WWW-Authenticate"].is_object(),
                "{place}"
            );
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
            // An object that may be null is described where it is one.
            let described =
                schema["oneOf"].as_array().and_then(|either| either.iter().find(|one| one["$ref"].is_string()));
            let described = described.unwrap_or(schema);
            note(&mut bare, &format!("{name}.{field}"), &described["description"]);
        }
    }
    assert!(bare.is_empty(), "not described: {bare:#?}");
    assert_eq!(schemas["UploadAnswer"]["oneOf"].as_array().map(Vec::len), Some(2));
}

#[test]
fn every_example_is_one_of_its_schema() {
    let mut examples = 0;
    for_each_schema(document(), &mut |schema| {
        if let Some(example) = schema.get("example") {
            examples += 1;
            conformance::validate("an example", schema, example);
        }
    });
    assert!(examples > 100, "{examples}");
}

fn for_each_schema(value: &Value, visit: &mut impl FnMut(&Value)) {
    let kind = ["type", "$ref", "oneOf", "allOf", "anyOf"];
    if value.as_object().is_some_and(|fields| kind.iter().any(|kind| fields.contains_key(*kind))) {
        visit(value);
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|field| for_each_schema(field, visit)),
        Value::Array(items) => items.iter().for_each(|item| for_each_schema(item, visit)),
        _ => {}
    }
}

/// Whether a schema has the three fields of every error.
fn is_error(document: &Value, schema: &Value) -> bool {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let required = document["components"]["schemas"][name]["required"].as_array();
    required
        .is_some_and(|required| ["error", "code", "request_id"].iter().all(|field| required.contains(&json!(field))))
}

/// Any one of these opens the call.
fn security(row: &Row) -> Value {
    match row.callers {
        Callers::AutomationKeys => json!([{ "automation_key": [] }]),
        Callers::Members => json!([{ "api_token": [] }, { "session": [] }]),
        Callers::People => json!([{ "session": [] }]),
        Callers::Stripe => json!([]),
    }
}

/// What every call like this can answer.
fn statuses(row: &Row) -> Vec<&'static str> {
    if row.callers == Callers::Stripe {
        return vec!["200", "400", "500"];
    }
    let refused = row.callers != Callers::AutomationKeys;
    let of_tenant = row.scope == Scope::Tenant || row.callers == Callers::AutomationKeys;
    let changes = row.demand.effect == Effect::Change && of_tenant;
    let invalid = row.scope == Scope::Tenant || row.demand.effect != Effect::Read || row.path.contains('{');
    let more = [(refused, "403"), (changes, "409"), (invalid, "400")];
    let more = more.into_iter().filter(|(can, _)| *can).map(|(_, status)| status);
    ["200", "401", "500"].into_iter().chain(more).collect()
}

fn note(bare: &mut Vec<String>, place: &str, description: &Value) {
    if description.as_str().is_none_or(str::is_empty) {
        bare.push(place.to_owned());
    }
}
