//! What holds for every route: request ids, unknown routes, wrong methods, bodies that are too large.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::json;
use tests::harness::{Bench, send, send_bytes};

use crate::routes::all_routes;

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_wrong_methods_are_answered_in_json_to_everybody() {
    let bench = Bench::start().await;
    let unknown = [
        "/",
        "/automate",
        "/automate/jobs",
        "/automate/upload/",
        "/automate/status",
        "/automate/status/",
        "/automate/status/1/2",
        "/AUTOMATE/upload",
        "//automate/upload",
        "/automate/upload/complete/x",
        "/frontend",
        "/frontend/",
        "/frontend/get_tenants/",
        "/frontend/automation/keys/",
        "/frontend/config/",
        "/frontend/configuration",
        "/frontend/applications",
        "/frontend/get_applications/",
        "/frontend/upload_application_build/cancel",
        "/frontend/sign_application_build/1700000000",
        "/frontend/signing_keys/",
        "/frontend/signing_keys/create",
        "/frontend/custom_library",
        "/frontend/custom_library_status/",
        "/frontend/support",
        "/frontend/support/tickets/",
        "/frontend/support/attachments/",
        "/frontend/documents/",
        "/frontend/sales_contact",
        "/frontend/helpbot",
        "/frontend/helpbot/chat/",
        "/frontend/nl_search_query/",
    ];
    for path in unknown {
        for method in ["GET", "POST", "DELETE"] {
            let answer = send(&bench.router, method, path, &[], None).await;
            let found = (answer.status, answer.text("code"), answer.text("error"));
            assert_eq!(
                found,
                (StatusCode::NOT_FOUND, "endpoint_not_found".into(), "Endpoint not found".into()),
                "{path}"
            );
        }
    }
    let mut methods = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, method) in all_routes() {
        methods.entry(path.replace("{jobId}", "1700000000")).or_default().insert(method);
    }
    for (path, allowed) in methods {
        let head = allowed.contains("GET").then(|| "HEAD".to_owned());
        let answered: BTreeSet<_> = allowed.iter().cloned().chain(head).collect();
        let wrong = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
        for method in wrong.into_iter().filter(|method| !allowed.contains(*method)) {
            let answer = send(&bench.router, method, &path, &[], None).await;
            let found = (answer.status, answer.text("code"), answer.text("error"));
            let error = "Method not allowed for this endpoint";
            assert_eq!(
                found,
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".into(), error.into()),
                "{method} {path}"
            );
            let allow = answer.headers["allow"].to_str().unwrap().split(',').map(|method| method.trim().to_owned());
            assert_eq!(allow.collect::<BTreeSet<_>>(), answered, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_an_id_of_its_own_and_errors_repeat_it() {
    let bench = Bench::start().await;
    let bearer = bench.bearer();
    let key = [("authorization", &*bearer), ("x-request-id", "mine")];
    let body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev" });
    let answers = [
        send(&bench.router, "POST", "/automate/upload", &key, Some(body)).await,
        send(&bench.router, "POST", "/automate/upload", &key, Some(json!({}))).await,
        send(&bench.router, "POST", "/automate/upload", &[], None).await,
        send(&bench.router, "GET", "/automate/upload", &key, None).await,
        send(&bench.router, "GET", "/automate/status/1700000000", &key, None).await,
        send(&bench.router, "GET", "/automate/download/x", &key, None).await,
        send(&bench.router, "GET", "/", &key, None).await,
    ];
    let mut ids = BTreeSet::new();
    for answer in &answers {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
        assert!(ids.insert(id.to_owned()), "{id} came twice");
        match answer.status {
            StatusCode::OK => assert!(answer.body.get("request_id").is_none()),
            _ => {
                assert_eq!(answer.text("request_id"), id);
                assert_eq!(answer.body.as_object().unwrap().len(), 3, "error, code, request_id: {}", answer.body);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_5_5_mb_is_refused_and_one_just_below_is_read() {
    let bench = Bench::start().await;
    let bearer = bench.bearer();
    let key = [("authorization", &*bearer)];
    let padded = |length: usize| {
        let fields = r#"{"file_name":"a.apk","platform":"android","version":"dev"}"#;
        format!("{fields}{}", " ".repeat(length - fields.len()))
    };
    for path in ["/automate/upload", "/automate/upload/complete", "/automate/upload/abort"] {
        let answer = send_bytes(&bench.router, "POST", path, &key, padded(5_500_001)).await;
        let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
        assert_eq!(found, (413, "body_too_large".into(), "The request body is larger than 5.5 MB".into()));
    }
    let answer = send_bytes(&bench.router, "POST", "/automate/upload", &key, padded(5_500_000)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let chunks = futures_util::stream::iter((0..6).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000_000])));
    let body = axum::body::Body::from_stream(chunks);
    let answer = send_bytes(&bench.router, "POST", "/automate/upload", &key, body).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "without an announced length");
    let answer = send_bytes(&bench.router, "POST", "/automate/upload", &[], padded(5_500_001)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "who it is comes first");
}
