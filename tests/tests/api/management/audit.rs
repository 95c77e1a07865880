//! Each call leaves one event, in the log of whom it concerns, which says what was asked for and nothing secret.

use api::access::TABLE;
use api::access::{Row, Scope};
use domain::credential::{ApiToken, AutomationKey};
use domain::id::ApplicationId;
use domain::plan::Plan;
use domain::platform::Platform;
use domain::tenant::{SsoOnly, Tenant};
use futures_util::future::{Either, join_all};
use local::seed;
use serde_json::{Map, Value, json};
use service::{Clock, Service};
use tests::events::{Events, Logged};
use tests::harness::{Answer, Bench, send};
use tests::issuer;
use tests::keystores::Keystore;
use tests::members::Member;
use tests::packages::apk_named;
use tests::shop::Till;

use super::support::{path_of, samples};
use crate::multipart::{begin, put_parts};

/// These refuse a field that they do not know.
const STRICT: [&str; 15] = [
    "config_update",
    "promote_config",
    "push_live_config",
    "get_applications",
    "get_application_builds",
    "download_application_build",
    "delete_application_build",
    "delete_application",
    "sign_application_build",
    "create_signing_key",
    "delete_signing_key",
    "set_default_signing_key",
    "custom_library_set_identifier",
    "custom_library_download",
    "custom_library_delete",
];

fn management_rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| row.is_for_members())
}

/// What no log may show.
fn secrets() -> Value {
    let (token, key) = (ApiToken::make(&[5; 84]).expose(), AutomationKey::make(&[6; 84]).expose());
    json!({
        "token_secret": token.split(':').nth(1), "key_secret": key.split(':').nth(1), "password": "correct-horse-battery",
        "x509_cert": "-----BEGIN CERTIFICATE-----", "metadata_xml": "<EntityDescriptor/>", "authorization": token,
    })
}

/// By the name of the call, what the calls about builds and signing keys are asked for, each of which then succeeds once.
async fn bodies_about_builds(bench: &Bench) -> Value {
    bench.limit(100, 100).await;
    let built = async |package: &str| {
        let job = bench.upload("app-release.apk", &apk_named(package)).await;
        assert_eq!(bench.build(&job).await.text("status"), "completed");
        job.parse::<i64>().unwrap()
    };
    let (first, second) = (built("com.example.first").await, built("com.example.second").await);
    built("com.example.third").await;
    let third = ApplicationId::of(&bench.tenant.id, Platform::Android, "com.example.third");
    let (whole, unwanted) = (begin(bench, 104_857_600).await, begin(bench, 104_857_600).await);
    let claim =
        |ticket: &Answer| json!({ "file_path": ticket.text("file_path"), "upload_id": ticket.text("upload_id") });
    let mut complete = claim(&whole);
    complete["parts"] = put_parts(&whole).await;
    let doomed = seed::make_signing_key(bench.own(), &bench.tenant.id).await.unwrap();
    let default = &bench.tenant.default_android_key;
    json!({
        "get_application_builds": { "platform": "android", "version": "prod" },
        "upload_application_build": {
            "file_name": "app-release.apk", "platform": "android", "version": "prod", "file_size": 5_000, "signing_key_id": "none",
        },
        "upload_application_build_complete": complete,
        "upload_application_build_abort": claim(&unwanted),
        "download_application_build": { "start_time": first },
        "delete_application_build": { "start_time": first },
        "delete_application": { "application_id": third },
        "sign_application_build": { "start_time": second, "signing_key_id": default },
        "create_signing_key": Keystore::make("Example", bench.clock.now()).fields("Release key"),
        "delete_signing_key": { "signing_key_id": doomed },
        "set_default_signing_key": { "signing_key_id": default, "default": true },
    })
}

/// What a call is asked for in its example on page 004, with more beside it that is none of its fields.
fn body(row: &Row, token: &str, key: &str, about_builds: &Value) -> Value {
    let mut body = match row.name {
        "create_tenant" | "modify_tenant_details" => json!({ "tenant_name": "Example Tenant" }),
        "add_user_to_tenant" | "remove_user_from_tenant" => json!({ "user_id": "developer@example.com" }),
        "update_user_permissions" => json!({ "user_id": "developer@example.com", "permissions": "build_applications" }),
        "delete_api_token" => json!({ "token_key": token }),
        "create_automation_key" => json!({ "name": "GitHub Actions" }),
        "toggle_automation_key" => json!({ "key_id": key, "enabled": false }),
        "delete_automation_key" => json!({ "key_id": key }),
        "update_deployment_environments" => json!({ "enabled": true }),
        "config" | "get_custom_message" => json!({ "version": "prod" }),
        "config_update" => json!({ "version": "dev", "config": { "CleartextPrevention": { "protection": true } } }),
        "promote_config" => json!({ "from": "dev", "to": "stg", "dry_run": false }),
        "push_live_config" => json!({ "version": "prod", "policy_version": 1 }),
        "certificates_update" => {
            let entry = json!({ "name": "API", "thumbprint": "AB".repeat(32), "algorithm": "sha256" });
            json!({ "version": "prod", "use_builtin_cas": true, "certificates": [entry] })
        }
        "certificates_delete" => json!({ "version": "prod", "name": "API" }),
        "update_custom_message" => json!({ "version": "prod", "message": "Please contact your administrator." }),
        "set_custom_message_active" => json!({ "version": "prod", "in_use": true }),
        "create_support_ticket" => json!({ "subject": "Build question", "description": "Why?" }),
        "add_support_ticket_comment" => json!({ "comment_text": "Here is more context." }),
        "create_checkout_session" | "update_subscription" => json!({ "subscription": "team" }),
        "request_sales_contact" => json!({ "tier": "TEAM" }),
        "helpbot_chat" => json!({ "message": "What is a signing key?" }),
        "nl_search_query" => json!({ "mode": "audit", "query": "uploads today" }),
        "custom_library_set_identifier" | "custom_library_delete" => json!({ "app_identifier": "com.company.app" }),
        "custom_library_download" => json!({ "platform": "android", "app_identifier": "com.company.app" }),
        name => about_builds.get(name).cloned().unwrap_or_else(|| json!({})),
    };
    if let (Some(fields), Value::Object(more), false) = (body.as_object_mut(), secrets(), STRICT.contains(&row.name)) {
        fields.extend(more);
    }
    body
}

/// Only the fields of the row, as they were sent, and what some calls tell of the others.
fn shown(row: &Row, path: &str, body: &Value, answer: &Answer) -> Value {
    let sent = body.as_object().unwrap().iter().filter(|(name, _)| row.shown.contains(&name.as_str()));
    let mut shown: Map<_, _> = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
    match row.name {
        "config_update" => shown.insert("control".to_owned(), json!("CleartextPrevention")),
        "create_signing_key" => shown.insert("signing_key_id".to_owned(), answer.body["signing_key_id"].clone()),
        "update_custom_message" => shown.insert("bytes".to_owned(), json!(34)),
        "create_support_ticket" => shown.insert("ticket_id".to_owned(), answer.body["ticket_id"].clone()),
        "add_support_ticket_comment" => shown.insert("ticket_id".to_owned(), json!(path.split('/').nth(4))),
        _ => None,
    };
    Value::Object(shown)
}

#[track_caller]
fn assert_tells(logged: &Logged, row: &Row, log: &str, user: &str, answer: &Answer) {
    let event = &logged.event;
    let place = format!("{} by {user}: {logged:?}", row.path);
    assert_eq!(
        (logged.log.as_str(), event.user_id.as_str(), event.api_call.as_str()),
        (log, user, row.name),
        "{place}"
    );
    assert_eq!(event.successful, answer.status.is_success(), "{place}: {}", answer.body);
    assert_eq!(event.request_id, answer.headers["x-request-id"].to_str().unwrap(), "{place}");
    assert_eq!(event.creation_time, i64::try_from(event.event.value() / 1_000_000).unwrap(), "{place}");
    assert!(event.event.value() < 1 << 53, "{place}");
}

/// Somebody, as the audit log names it, and whether the tenant is told of its calls.
struct Known<'a>(&'a Member, &'a str, bool);

#[tokio::test(flavor = "multi_thread")]
async fn each_call_leaves_one_event_whether_it_is_allowed_or_not() {
    let bench = Till::open().await;
    let about_builds = bodies_about_builds(&bench).await;
    let (owner, stranger) = (bench.owner(), bench.person("stranger@example.com"));
    let reader = bench.add_member("reader@example.com", "").await;
    let ((token, token_key), (_, doomed)) = (bench.add_token("").await, bench.add_token("").await);
    let key = bench.key.id.to_string();
    // Or nothing is promoted.
    owner.done("/frontend/update_deployment_environments", json!({ "enabled": true })).await;
    let known = [
        Known(&reader, "reader@example.com", true),
        Known(&owner, "owner@example.com", true),
        Known(&token, &token_key, true),
        Known(&stranger, "stranger@example.com", false),
    ];
    let samples = samples(&bench).await;
    let mut events = bench.events().await;
    for row in management_rows() {
        let (body, path) = (body(row, &doomed, &key, &about_builds), path_of(row, &samples));
        let path = path.as_str();
        for caller in &known {
            let answer = caller.0.call(row.method, path, Some(body.clone())).await;
            let logged = events.one(row.path).await;
            let told = caller.2 && (row.scope == Scope::Tenant || caller.1 == token_key);
            let log = if told { bench.log() } else { own_log(caller.1, &answer) };
            assert_tells(&logged, row, &log, caller.1, &answer);
            let allowed =
                caller.1 == "owner@example.com" && row.demand.plan.is_none_or(|gate| gate.minimum <= Plan::Team);
            assert!(answer.status.is_success() || !allowed, "{}: {}", row.path, answer.body);
            if answer.status.is_success() && row.method != "GET" {
                assert_eq!(Value::Object(logged.event.raw_data), shown(row, path, &body, &answer), "{path}");
            }
        }
        // Without a tenant, and without credentials.
        let headers = [("authorization", reader.bearer.as_str())];
        let answer = send(&bench.router, row.method, path, &headers, Some(body.clone())).await;
        let log = own_log("reader@example.com", &answer);
        assert_tells(&events.one(path).await, row, &log, "reader@example.com", &answer);
        let tenant = [("tenant", bench.tenant.id.as_str())];
        let nobody = send(&bench.router, row.method, path, &tenant, Some(body)).await;
        assert_eq!((nobody.status.as_u16(), events.unseen().await), (401, vec![]), "{path}");
        if row.name == "create_checkout_session" {
            // The calls behind it are about a subscription.
            bench.buy(&owner, "team").await;
            events.unseen().await;
        }
    }
}

/// The log of a call that concerns no tenant: of whoever makes it, or of the tenant that it has made.
fn own_log(user: &str, answer: &Answer) -> String {
    let made = answer.body["tenant_id"].as_str();
    made.map_or_else(|| format!("MEMBER#{user}"), |made| format!("TENANT#{made}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_neither_secrets_nor_more_than_fits() {
    let bench = Bench::start().await;
    let (owner, reader) = (bench.owner(), bench.add_member("reader@example.com", "").await);
    let mut events = bench.events().await;
    let (key, pair) = (bench.key.id.to_string(), bench.key.expose());
    let long = "x".repeat(5_000_000);
    let bodies = [
        (json!({ "key_id": pair }), json!({ "key_id": format!("{key}:[secret]") })),
        (
            json!({ "key_id": [pair, { "a": 1 }, [1], 1, null] }),
            json!({ "key_id": [format!("{key}:[secret]"), 1, null] }),
        ),
        (json!({ "key_id": { "a": pair } }), json!({})),
        (json!({ "key_id": long }), json!({ "key_id": "x".repeat(256) })),
        (json!({ "key_id": 1e300 }), json!({ "key_id": "1e300" })),
        (json!({ "key_id": u64::MAX }), json!({ "key_id": u64::MAX })),
        (json!({ "key_id": vec![0; 100_000] }), json!({ "key_id": vec![0; 20] })),
        (json!({ "key_id": "" }), json!({ "key_id": "" })),
        (json!({ "key_id": "https://user:word@example.com" }), json!({ "key_id": "https://[secret]@example.com" })),
        (json!([pair]), json!({})),
        (json!(pair), json!({})),
    ];
    for (body, expected) in bodies {
        let reader = reader.post("/frontend/automation/keys/delete", body.clone()).await;
        assert_eq!(reader.status, 403, "{}", reader.body);
        assert_eq!(Value::Object(events.one("a refused body").await.event.raw_data), expected);
        let answer = owner.post("/frontend/automation/keys/delete", body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.bytes.len() < 2000, "{} bytes", answer.bytes.len());
        let logged = events.one("a body").await;
        assert_eq!(Value::Object(logged.event.raw_data), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_not_let_in_is_told_of_in_the_tenants_log_and_an_outsider_in_its_own() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(2, Plan::Enterprise).await;
    let sso_only = Some(SsoOnly { breakglass: "other@example.com".parse().unwrap() });
    bench.store().put_tenant(&Tenant { sso_only, ..tenant.clone() }).await.unwrap();
    let of_tenant = format!("TENANT#{}", tenant.id);
    let (token, key) = bench.add_token("").await;
    let mut events = bench.events().await;
    let asserted = bench.session("owner@example.com", issuer::asserted_by(&bench.tenant.id));
    let (inside, outside) = (of_tenant.as_str(), "MEMBER#owner@example.com");
    for (caller, log, user) in [
        (bench.owner().in_tenant(&tenant.id), inside, "owner@example.com"),
        (asserted.in_tenant(&tenant.id), outside, "owner@example.com"),
        (bench.owner().in_tenant(&"e".repeat(32).parse().unwrap()), outside, "owner@example.com"),
        (token.in_tenant(&tenant.id), bench.log().as_str(), key.as_str()),
    ] {
        let answer = caller.get("/frontend/get_users_permissions").await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        let logged = events.one(log).await;
        assert_eq!((logged.log.as_str(), logged.event.user_id.as_str(), logged.event.successful), (log, user, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_made_once_for_many_has_one_event_and_nobody_else_an_unknown_log() {
    let bench = Bench::start().await;
    let newcomer = bench.person("newcomer@example.com");
    let mut events = bench.events().await;
    let headers = [("authorization", newcomer.bearer.as_str()), ("idempotency-key", "once")];
    let body = json!({ "tenant_name": "Example Tenant" });
    let ask = || send(&bench.router, "POST", "/frontend/create_tenant", &headers, Some(body.clone()));
    let answers = join_all((0..10).map(|_| ask())).await;
    let tenant = answers[0].text("tenant_id");
    assert!(answers.iter().all(|answer| answer.text("tenant_id") == tenant));
    let logs: Vec<String> = events.unseen().await.into_iter().map(|logged| logged.log).collect();
    let mut expected = vec!["MEMBER#newcomer@example.com".to_owned(); 9];
    expected.push(format!("TENANT#{tenant}"));
    assert_eq!(logs, expected);
}

async fn numbers(events: &mut Events, log: &str) -> Vec<u64> {
    let new = events.unseen().await;
    new.iter().filter(|logged| logged.log == log).map(|logged| logged.event.event.value()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_unique_and_grow_also_where_fifty_calls_share_a_microsecond() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let mut events = bench.events().await;
    for _ in 0..5 {
        owner.get("/frontend/get_users_permissions").await;
        let next = numbers(&mut events, &bench.log()).await;
        assert_eq!(next.len(), 1);
    }
    let name = |number: usize| json!({ "tenant_name": format!("Tenant {number}") });
    join_all((0..25).flat_map(|number| {
        let (owner, body) = (&owner, name(number));
        let read = async { owner.get("/frontend/get_users_permissions").await };
        let change = async { owner.post("/frontend/modify_tenant_details", body).await };
        [Either::Left(read), Either::Right(change)]
    }))
    .await;
    assert_eq!(numbers(&mut events, &bench.log()).await.len(), 50);

    let moment = bench.clock.clock().now();
    let service = Service::new(bench.store().clone(), Clock::new(move || moment));
    let app = api::App { service: service.with_sessions(bench.service().sessions()) };
    let router = api::serve(local::routes(), app);
    let headers = [("authorization", owner.bearer.as_str()), ("tenant", bench.tenant.id.as_str())];
    let answers =
        join_all((0..50).map(|_| send(&router, "GET", "/frontend/get_users_permissions", &headers, None))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let first = u64::try_from(moment.as_microsecond()).unwrap();
    assert_eq!(numbers(&mut events, &bench.log()).await, (first..first + 50).collect::<Vec<_>>());
}
