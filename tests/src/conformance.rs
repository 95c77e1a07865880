//! Holds every answer of the tests against docs/openapi.json.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use http::StatusCode;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::harness::{Answer, root};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = root().join("docs/openapi.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run ./dev openapi", path.display()));
    serde_json::from_slice(&text).expect("docs/openapi.json is JSON")
});

/// Made once for each schema.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The document as it is checked in.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Panics where the document does not allow `answer` to a request. Routes and methods that it does not name are
/// answered with an error body.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let request = format!("{method} {path} answered {}", answer.status);
    assert!(answer.headers.contains_key("x-request-id"), "{request} without x-request-id");
    let content_type = answer.headers.get("content-type").map(|value| value.to_str().unwrap());
    assert_eq!(content_type, Some("application/json"), "{request}");
    let Some(operation) = operation(method, path) else {
        assert!(matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED), "{request}");
        return validate(&request, &json!({ "$ref": "#/components/schemas/ErrorBody" }), &answer.body);
    };
    let response = &operation["responses"][answer.status.as_str()];
    assert!(response.is_object(), "{request}, which docs/openapi.json does not have");
    for name in answer.headers.keys().map(http::HeaderName::as_str) {
        let described = response["headers"]
            .as_object()
            .is_some_and(|headers| headers.keys().any(|described| described.eq_ignore_ascii_case(name)));
        let of_http = matches!(name, "content-type" | "content-length");
        assert!(described || of_http, "{request} with the header {name}, which docs/openapi.json does not have");
    }
    validate(&request, &response["content"]["application/json"]["schema"], &answer.body);
}

/// The operation that a request goes to.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let (_, item) = paths.iter().find(|(template, _)| fits(template, path))?;
    item.get(method.to_ascii_lowercase())
}

/// Whether a request for `path` goes to the route `template`.
pub(crate) fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(wanted, found): (&&str, &&str)| wanted == found || (wanted.starts_with('{') && !found.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

/// Panics where a schema of the document does not allow `body`, which is that of `request`.
pub fn validate(request: &str, schema: &Value, body: &Value) {
    assert!(schema.is_object(), "{request} without a schema in docs/openapi.json");
    let validator = validator(schema);
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{request} against docs/openapi.json: {errors:?} in {body}");
}

fn validator(schema: &Value) -> Arc<Validator> {
    let mut made = VALIDATORS.lock().expect("no panic before");
    let entry = made.entry(schema.to_string()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&whole).expect("a schema"))
    });
    Arc::clone(entry)
}
