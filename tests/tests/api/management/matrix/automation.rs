//! Every call of the Automation API against every kind of key, with what page 000 and the contracts say of it.

use api::access::{Callers, Row, TABLE};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::credential::AutomationKey;
use domain::plan::Plan;
use domain::tenant::Tenant;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, put, send};

use super::said;

/// What a key is to the tenant whose jobs are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Page 000: "missing, malformed, unknown, disabled, invalid, or unavailable on the tenant plan".
    Refused,
    /// Of another tenant.
    Foreign,
    /// Of the tenant, which is pending deletion.
    OfMarked,
    Own,
}

struct Case {
    name: &'static str,
    /// Each value of the `Authorization` header.
    authorization: Vec<String>,
    key: Key,
    jobs: Jobs,
}

/// A tenant's jobs: one that waits in the queue, and one whose parts are awaited.
#[derive(Clone)]
struct Jobs {
    queued: String,
    claim: Value,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_automation_call_answers_each_key_as_the_page_says() {
    let bench = Bench::start().await;
    let rows: Vec<&Row> = TABLE.iter().filter(|row| row.path.starts_with("/automate/")).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.callers == Callers::AutomationKeys));
    let jobs = Jobs::make(&bench, &bench.bearer()).await;
    let mut cases = refused(&bench, &jobs).await;
    cases.push(downgraded(&bench).await);
    cases.push(foreign(&bench, &jobs).await);
    cases.push(marked(&bench).await);
    // The last one: each of its calls succeeds only because none before has changed a thing.
    cases.push(Case { name: "the tenant's own key", authorization: vec![bench.bearer()], key: Key::Own, jobs });
    for case in &cases {
        for row in &rows {
            let answer = case.call(&bench, row).await;
            let place = format!("{} to {} {}", case.name, row.method, row.path);
            match expected(row, case.key) {
                Some((status, body)) => assert_eq!((answer.status.as_u16(), said(&answer)), (status, body), "{place}"),
                None => assert_let_in(row, &answer, &place),
            }
        }
    }
}

/// Status and body of the refusal; `None` for a key that is let in.
fn expected(row: &Row, key: Key) -> Option<(u16, Value)> {
    let (status, code, error) = match (key, row.name) {
        (Key::Refused, _) => (401, "unauthenticated", "Authentication failed"),
        (Key::Foreign, "automate_upload") | (Key::Own, _) => return None,
        (Key::Foreign, "automate_upload_complete" | "automate_upload_abort") => {
            (403, "forbidden", "The upload path does not belong to this tenant")
        }
        (Key::Foreign, _) => (404, "not_found", "Job not found"),
        (Key::OfMarked, _) if row.method == "GET" => return None,
        (Key::OfMarked, _) => (409, "tenant_pending_deletion", "The tenant is pending deletion"),
    };
    Some((status, json!({ "error": error, "code": code })))
}

#[track_caller]
fn assert_let_in(row: &Row, answer: &Answer, place: &str) {
    let expected = match row.name {
        // The parts were never put.
        "automate_upload_complete" => (400, Some("invalid_parts")),
        "automate_download" => (400, Some("job_not_completed")),
        _ => (200, None),
    };
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), expected, "{place}: {}", answer.body);
}

impl Case {
    async fn call(&self, bench: &Bench, row: &Row) -> Answer {
        let body = match row.name {
            "automate_upload" => Some(upload(None)),
            "automate_upload_complete" => {
                let mut body = self.jobs.claim.clone();
                body["parts"] = json!([{ "ETag": "abc", "PartNumber": 1 }]);
                Some(body)
            }
            "automate_upload_abort" => Some(self.jobs.claim.clone()),
            _ => None,
        };
        let headers: Vec<_> = self.authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        send(&bench.router, row.method, &row.path.replace("{jobId}", &self.jobs.queued), &headers, body).await
    }
}

impl Jobs {
    async fn make(bench: &Bench, bearer: &str) -> Self {
        let ask = async |method: &str, path: &str, body: Option<Value>| {
            let answer = send(&bench.router, method, path, &[("authorization", bearer)], body).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer
        };
        let (single, parts) = (
            ask("POST", "/automate/upload", Some(upload(None))).await,
            ask("POST", "/automate/upload", Some(upload(Some(104_857_600)))).await,
        );
        put(&single.text("upload_url"), b"a package".to_vec()).await;
        let queued = single.text("job_id");
        // Whoever reads the status first takes note of the upload.
        ask("GET", &format!("/automate/status/{queued}"), None).await;
        let claim = json!({ "file_path": parts.text("file_path"), "upload_id": parts.text("upload_id") });
        Self { queued, claim }
    }
}

fn upload(file_size: Option<u32>) -> Value {
    let mut body = json!({ "file_name": "app-release.apk", "platform": "android", "version": "prod" });
    if let Some(size) = file_size {
        body["file_size"] = size.into();
    }
    body
}

/// Whatever is wrong with these keys, the jobs are there and belong to the tenant.
async fn refused(bench: &Bench, jobs: &Jobs) -> Vec<Case> {
    let pair = bench.key.expose();
    let (id, _) = pair.split_once(':').unwrap();
    let stranger = AutomationKey::make(&[7; 84]).expose();
    let (_, secret) = stranger.split_once(':').unwrap();
    let disabled = own_key(bench, "Disabled").await;
    let deleted = own_key(bench, "Deleted").await;
    let owner = bench.owner();
    let toggle = json!({ "key_id": disabled.id.to_string(), "enabled": false });
    owner.done("/frontend/automation/keys/toggle", toggle).await;
    owner.done("/frontend/automation/keys/delete", json!({ "key_id": deleted.id.to_string() })).await;
    let bearer = |pair: &str| vec![format!("Bearer {pair}")];
    let cases = [
        ("nobody", vec![]),
        ("a key without its secret", bearer(id)),
        ("a key in Base64", bearer(&BASE64_STANDARD.encode(&pair))),
        ("a key under Basic", vec![format!("Basic {pair}")]),
        ("a key with a wrong secret", bearer(&format!("{id}:{secret}"))),
        ("a key that was never made", bearer(&stranger)),
        ("a disabled key", bearer(&disabled.expose())),
        ("a deleted key", bearer(&deleted.expose())),
        ("an API token", vec![bench.add_token("build_applications").await.0.bearer]),
        ("a session of the owner", vec![owner.bearer]),
    ];
    let case = |(name, authorization)| Case { name, authorization, key: Key::Refused, jobs: jobs.clone() };
    cases.into_iter().map(case).collect()
}

async fn own_key(bench: &Bench, name: &str) -> AutomationKey {
    local::seed::make_automation_key(bench.own(), &bench.tenant.id, name).await.unwrap()
}

/// A tenant went to FREE after it had made its key and its jobs.
async fn downgraded(bench: &Bench) -> Case {
    let (tenant, case) = with_jobs(bench, 50, "a key of a tenant that went to FREE", Key::Refused).await;
    bench.store().put_tenant(&Tenant { plan: Plan::Free, ..tenant }).await.unwrap();
    case
}

async fn marked(bench: &Bench) -> Case {
    let (tenant, case) = with_jobs(bench, 51, "a key of a marked tenant", Key::OfMarked).await;
    bench.owner().in_tenant(&tenant.id).done("/frontend/delete_tenant", json!({})).await;
    case
}

/// A tenant with a key and jobs of its own.
async fn with_jobs(bench: &Bench, number: u128, name: &'static str, key: Key) -> (Tenant, Case) {
    let (tenant, pair) = bench.another_tenant(number, Plan::Team).await;
    let bearer = format!("Bearer {}", pair.expose());
    let jobs = Jobs::make(bench, &bearer).await;
    (tenant, Case { name, authorization: vec![bearer], key, jobs })
}

/// Its tenant has no jobs: one of the same second would bear the same id.
async fn foreign(bench: &Bench, jobs: &Jobs) -> Case {
    let (_, key) = bench.another_tenant(52, Plan::Team).await;
    let authorization = vec![format!("Bearer {}", key.expose())];
    Case { name: "a key of another tenant", authorization, key: Key::Foreign, jobs: jobs.clone() }
}
