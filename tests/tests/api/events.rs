//! Reads recorded events, fills their placeholders in and replays them; every one is read by a test.

use std::collections::BTreeMap;

use axum::Router;
use http::Request;
use lambda_http::request::LambdaRequest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::functions;
use tests::harness::{Answer, Bench, exchange, root};
use tests::secrets;

use crate::outcomes::refusal;

/// `function/case` of every file below events/.
pub(crate) fn recorded_names() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("events")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let name = |path: std::path::PathBuf| {
        assert_eq!(path.extension().unwrap(), "json", "{}", path.display());
        let parts: Vec<_> =
            path.with_extension("").iter().rev().take(2).map(|part| part.to_str().unwrap().to_owned()).collect();
        format!("{}/{}", parts[1], parts[0])
    };
    let mut names: Vec<String> = files.map(name).collect();
    names.sort_unstable();
    names
}

/// The text of an event.
pub(crate) fn recorded(name: &str) -> String {
    std::fs::read_to_string(root().join("events").join(format!("{name}.json"))).unwrap()
}

/// An event with its placeholders filled in, as `envsubst` would.
pub(crate) fn event<T: DeserializeOwned>(name: &str, values: &[(&str, &str)]) -> T {
    let mut text = recorded(name);
    let mut values = values.to_vec();
    // One variable's name may begin another's.
    values.sort_by_key(|(variable, _)| std::cmp::Reverse(variable.len()));
    for (variable, value) in values {
        assert!(text.contains(variable), "{name} has no {variable}");
        // Bodies are JSON within JSON.
        text = text.replace(variable, &value.replace('"', r#"\\\""#).replace('\n', r"\\n"));
    }
    let left = text.lines().find(|line| line.contains('$') && !line.contains("$default"));
    assert_eq!(left, None, "{name}: a placeholder is left");
    serde_json::from_str(&text).unwrap()
}

/// Replays a request and holds the answer against what the event is recorded for.
pub(crate) async fn replay(bench: &Bench, name: &str, values: &[(&str, &str)]) -> Answer {
    let answer = send(bench, name, values).await;
    match refusal(name) {
        Some(status) => assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.body),
        None => bench.replays.note(name, answer.status.is_success()),
    }
    answer
}

/// Sends a request through the router of the function that the event is recorded for.
async fn send(bench: &Bench, name: &str, values: &[(&str, &str)]) -> Answer {
    let router: Router = match name.split_once('/').unwrap().0 {
        "automate-upload" => functions::serve(automate_upload::routes(), bench.app.clone()),
        "automate-status" => functions::serve(automate_status::routes(), bench.app.clone()),
        "frontend-builds" => functions::serve(frontend_builds::routes(), bench.app.clone()),
        "frontend-config" => functions::serve(frontend_config::routes(), bench.app.clone()),
        "frontend-users" => functions::serve(frontend_users::routes(), bench.app.clone()),
        "support" => functions::serve(support::routes(), bench.app.clone()),
        "helpbot" => functions::serve(helpbot::routes(), bench.app.clone()),
        "billing" => functions::serve(billing::routes(), bench.app.clone()),
        function => panic!("{function} has no router"),
    };
    let request: Request<lambda_http::Body> = event::<LambdaRequest>(name, values).into();
    if let Ok(body) = serde_json::from_slice(request.body()) {
        secrets::watch().register_body(&body);
    }
    exchange(&router, request).await
}

/// The whole answer, without what differs from run to run.
pub(crate) fn whole(answer: &Answer) -> Value {
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers: BTreeMap<_, _> = answer.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut whole = json!({ "status": answer.status.as_u16(), "headers": headers, "body": answer.body });
    whole["headers"].as_object_mut().unwrap().remove("content-length");
    redact(&mut whole);
    whole.sort_all_objects();
    whole
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let replacement = match name.as_str() {
                    "x-request-id" | "request_id" | "upload_id" | "tenant_id" => "[id]",
                    "job_id" | "start_time" | "created_at" | "updated_at" => "[time]",
                    "latest_build" | "expiry" => "[time]",
                    "purge_at" | "last_used" | "signs_again" if !value.is_null() => "[time]",
                    "url" | "upload_url" | "download_url" | "report_url" => "[url]",
                    "sha256" | "size" if !value.is_null() => "[output]",
                    "fingerprint" => "[fingerprint]",
                    "cursor" if value.is_string() => "[cursor]",
                    "signing_key_id" | "token_key" | "key_id" if value.is_string() => "[key]",
                    "token_secret" | "key_secret" => "[secret]",
                    "part_urls" => "[urls]",
                    "file_path" if value.is_string() => {
                        let path = value.as_str().unwrap().split('/').enumerate();
                        let path: Vec<_> = path.map(|(index, part)| if index == 4 { "[time]" } else { part }).collect();
                        *value = path.join("/").into();
                        continue;
                    }
                    _ => {
                        redact(value);
                        continue;
                    }
                };
                *value = replacement.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_request_without_its_credentials_is_refused() {
    let bench = Bench::start().await;
    let values = [
        ("$APPTEGO_API_KEY", "auto_x:y"),
        ("$JOB_ID", "1700000000"),
        ("$FILE_PATH", "x"),
        ("$UPLOAD_ID", "x"),
        ("$ETAG", "x"),
        ("$TOKEN_KEY", "atk_x"),
        ("$TOKEN", "x.y.z"),
        ("$TENANT_ID", bench.tenant.id.as_str()),
        ("$KEY_ID", "auto_x"),
        ("$X509_CERT", "x"),
        ("$SAML_TENANT", "x"),
        ("$METADATA_XML", "x"),
        ("$START_TIME", "1700000000"),
        ("$APPLICATION_ID", "x"),
        ("$SIGNING_KEY_ID", "x"),
        ("$KEYSTORE", "x"),
        ("$KEYSTORE_PASSWORD", "x"),
        ("$P12", "x"),
        ("$P12_PASSWORD", "x"),
        ("$PROVISIONING_PROFILE", "x"),
        ("$LIBRARY_BUILD_ID", "x"),
        ("$TICKET", "x"),
        ("$ATTACHMENT", "x"),
    ];
    for name in recorded_names() {
        let text = recorded(&name);
        let request: Value = serde_json::from_str(&text).unwrap();
        if !request["routeKey"].as_str().is_some_and(|route| route.starts_with("ANY "))
            || name.ends_with("wrong-method")
            || name.starts_with("billing/webhook")
        {
            continue;
        }
        let values: Vec<_> = values.into_iter().filter(|(variable, _)| text.contains(variable)).collect();
        assert_eq!(send(&bench, &name, &values).await.status.as_u16(), 401, "{name} with a wrong key");
        let mut request = event::<Value>(&name, &values);
        request["headers"].as_object_mut().unwrap().remove("authorization");
        let request: Request<lambda_http::Body> = serde_json::from_value::<LambdaRequest>(request).unwrap().into();
        assert_eq!(exchange(&bench.router, request).await.status.as_u16(), 401, "{name} without a key");
    }
}

#[test]
fn every_event_is_read_by_a_test() {
    let tests = [
        include_str!("replays.rs"),
        include_str!("management/saml.rs"),
        include_str!("management/recorded/builds.rs"),
        include_str!("management/recorded/uploads.rs"),
        include_str!("management/recorded/signing_keys.rs"),
        include_str!("management/recorded/settings.rs"),
        include_str!("management/recorded/tenants.rs"),
        include_str!("management/recorded/users.rs"),
        include_str!("management/recorded/credentials.rs"),
        include_str!("management/recorded/configuration.rs"),
        include_str!("management/recorded/certificates.rs"),
        include_str!("management/recorded/messages.rs"),
        include_str!("management/recorded/promotion.rs"),
        include_str!("management/recorded/refusals.rs"),
        include_str!("management/recorded/libraries.rs"),
        include_str!("management/recorded/support.rs"),
        include_str!("management/recorded/billing.rs"),
        include_str!("management/recorded/helpbot.rs"),
    ]
    .concat();
    let unread: Vec<_> = recorded_names().into_iter().filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert_eq!(unread, Vec::<String>::new());
}
