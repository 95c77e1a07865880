//! The permission matrix: every call of the table against every kind of caller, and the table against the pages.

mod automation;
mod callers;
mod expected;
mod page;

use api::access::{Row, TABLE};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, send_bytes};

use self::callers::{Case, cases};
use self::expected::expected;

/// Every body is refused, and only after the caller was let in: nothing is changed.
const NO_OBJECT: &str = r#""no object""#;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_lets_in_whom_its_row_allows_and_nobody_else() {
    let bench = Bench::start().await;
    let rows: Vec<&Row> = TABLE.iter().filter(|row| row.is_for_members()).collect();
    for case in cases(&bench).await {
        let ask = |row: &'static Row| call(&bench, row, &case);
        let answers = join_all(rows.iter().map(|row| ask(row))).await;
        for (row, answer) in rows.iter().zip(answers) {
            let place = format!("{} to {} {}", case.name, row.method, row.path);
            match expected(row, &case.caller) {
                Some((status, body)) => assert_eq!((answer.status.as_u16(), said(&answer)), (status, body), "{place}"),
                None => assert_let_in(row, &answer, &place),
            }
        }
    }
}

async fn call(bench: &Bench, row: &Row, case: &Case) -> Answer {
    let mut headers: Vec<_> = case.authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    headers.extend(case.tenant.iter().map(|value| ("tenant", value.as_str())));
    let body = if row.method == "GET" { "" } else { NO_OBJECT };
    send_bytes(&bench.router, row.method, row.path, &headers, body).await
}

/// The body without what differs from run to run.
fn said(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[track_caller]
fn assert_let_in(row: &Row, answer: &Answer, place: &str) {
    let found = answer.status.as_u16();
    if row.method == "DELETE" || row.path.contains('{') {
        // There is nothing to delete, and nothing of this name.
        assert_eq!(found, 404, "{place}: {}", answer.body);
    } else if row.method == "GET" {
        let wanted = if row.name == "download_document" { 400 } else { 200 };
        assert_eq!(found, wanted, "{place}: {}", answer.body);
    } else {
        let found = (answer.status.as_u16(), answer.body["code"].as_str());
        assert_eq!(found, (400, Some("invalid_body")), "{place}: {}", answer.body);
    }
}

/// Byte for byte, but for the id of the request, which stands in the body and in a header.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_not_there_answers_as_one_that_the_caller_does_not_belong_to() {
    let bench = Bench::start().await;
    let (other, _) = bench.another_tenant(2, domain::plan::Plan::Team).await;
    let (token, _) = bench.add_token("").await;
    let stranger = bench.person("stranger@example.com");
    let unknown = "0".repeat(32).parse().unwrap();
    for row in TABLE.iter().filter(|row| row.scope == api::access::Scope::Tenant) {
        for caller in [&token, &stranger] {
            let mut seen = Vec::new();
            for tenant in [&unknown, &other.id] {
                let answer = caller.in_tenant(tenant).call(row.method, row.path, Some(json!({}))).await;
                assert_eq!(answer.status.as_u16(), 403, "{}", row.path);
                let id = answer.text("request_id");
                let text = String::from_utf8(answer.bytes.to_vec()).unwrap().replace(&id, "[id]");
                seen.push((text, format!("{:?}", answer.headers).replace(&id, "[id]")));
            }
            assert_eq!(seen[0], seen[1], "{}", row.path);
        }
    }
}
