//! Bodies that nobody sends by mistake: refused, in few words, and nothing comes of them.

use api::access::{Row, TABLE};
use domain::access::Effect;
use domain::plan::Plan;
use serde_json::Value;
use service::operator::Setting;
use tests::harness::{Answer, Bench, send_bytes};
use tests::members::Member;

use super::support::{path_of, samples};

const LIMIT: usize = 5_500_000;

fn changes() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| row.is_for_members() && row.demand.effect != Effect::Read)
}

async fn post(bench: &Bench, caller: &Member, path: &str, body: Vec<u8>) -> Answer {
    let headers = [("authorization", caller.bearer.as_str()), ("tenant", caller.tenant.as_str())];
    send_bytes(&bench.router, "POST", path, &headers, body).await
}

/// No JSON object, whatever the call.
fn no_objects() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"{}\"",
        "[]",
        "[{}]",
        "[\"owner@example.com\",\"\"]",
        "{",
        "}",
        "{]",
        "{\"a\":}",
        "{\"a\"}",
        "{}{}",
        "{} x",
        "{}\u{0}",
        "\u{0}",
        "\u{feff}{}",
        "{'a':1}",
        "{\"a\":\"\\x\"}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "<a/>",
        "a=1&b=2",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(b"{\"a\":\"\xff\xfe\"}".to_vec());
    bodies.push("{}".encode_utf16().flat_map(u16::to_le_bytes).collect());
    bodies.push("[".repeat(20_000).into_bytes());
    bodies.push("{\"a\":".repeat(20_000).into_bytes());
    bodies
}

/// Objects that no call with the field `field` takes, the large ones of about `size` bytes.
fn wrong_objects(field: &str, size: usize) -> Vec<Vec<u8>> {
    let with = |value: &str| format!("{{\"{field}\":{value}}}");
    let deep = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    let small = [
        "null",
        "[]",
        "{}",
        "-1",
        "1e300",
        "1e999",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"a\\u0000@b.cd\"",
        "\"atk\\nx\"",
    ];
    // A key may be called as its maker likes.
    let texts = ["' OR 1=1 --", "../../etc/passwd", "${jndi:ldap://x}"].into_iter().filter(|_| field != "name");
    let mut objects: Vec<String> = small.into_iter().map(with).collect();
    objects.extend(texts.map(|text| with(&format!("\"{text}\""))));
    objects.extend([
        with(&deep(100)),
        with(&deep(size / 2)),
        with(&format!("\"{}\"", "x".repeat(size))),
        with(&format!("\"{}\"", "\\u0001".repeat(size / 6))),
        with(&format!("[{}0]", "0,".repeat(size / 2))),
        format!("{{\"{field}\":\"first@example.com\",\"{field}\":\"second@example.com\"}}"),
        format!("{{\"\\u0000{field}\":\"x\"}}"),
        format!("{{\"more\":{},\"{field}\":1.5}}", deep(size / 2)),
    ]);
    objects.into_iter().map(String::into_bytes).collect()
}

#[track_caller]
fn assert_refused(answer: &Answer, path: &str, body: &[u8]) {
    let sent = String::from_utf8_lossy(&body[..body.len().min(60)]);
    assert_eq!(answer.status.as_u16(), 400, "{path} {sent:?}: {}", answer.body);
    assert!(answer.bytes.len() < 2000, "{path} {sent:?}: {} bytes are answered", answer.bytes.len());
}

/// A tenant that may make every call.
async fn enterprise() -> Bench {
    let bench = Bench::start().await;
    bench.own().set(&bench.tenant.id, &Setting::Plan(Plan::Enterprise)).await.unwrap();
    bench
}

/// What a tenant shows of itself, but for URLs, which are signed anew each time.
async fn shown(caller: &Member, samples: &[String; 2]) -> Vec<Value> {
    let mut shown = Vec::new();
    for row in TABLE.iter().filter(|row| row.is_for_members() && row.method == "GET") {
        let answer = caller.get(&path_of(row, samples)).await;
        assert!(answer.status.is_success(), "{}: {}", row.path, answer.body);
        let fields = answer.body.as_object().cloned().unwrap_or_default();
        shown.push(fields.into_iter().filter(|(name, _)| !name.ends_with("url")).collect());
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused_in_few_words_and_change_nothing() {
    let bench = enterprise().await;
    let owner = bench.owner();
    let samples = samples(&bench).await;
    let before = shown(&owner, &samples).await;
    for row in changes() {
        let path = path_of(row, &samples);
        // Page 003 shows no body of this one.
        let needs_none = row.name == "helpbot_clear";
        for body in no_objects().into_iter().filter(|body| !(needs_none && body.is_empty())) {
            assert_refused(&post(&bench, &owner, &path, body.clone()).await, row.path, &body);
        }
        for body in row.shown.iter().take(1).flat_map(|field| wrong_objects(field, 20_000)) {
            assert_refused(&post(&bench, &owner, &path, body.clone()).await, row.path, &body);
        }
    }
    for body in wrong_objects("user_id", LIMIT - 100) {
        let path = "/frontend/update_user_permissions";
        assert_refused(&post(&bench, &owner, path, body.clone()).await, path, &body);
    }
    assert_eq!(shown(&owner, &samples).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_5_5_mb_is_not_read_whatever_the_call() {
    let bench = enterprise().await;
    let owner = bench.owner();
    let samples = samples(&bench).await;
    for row in changes() {
        let answer = post(&bench, &owner, &path_of(row, &samples), vec![b' '; LIMIT + 1]).await;
        let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
        let error = "The request body is larger than 5.5 MB";
        assert_eq!((found.0, &*found.1), (413, "body_too_large"), "{}", row.path);
        // Where there is another way for what is large, it is told behind this.
        assert!(found.2.starts_with(error), "{}: {}", row.path, found.2);
    }
    let mut body = br#"{"tenant_name":"Five and a half"}"#.to_vec();
    body.resize(LIMIT, b' ');
    assert_eq!(post(&bench, &owner, "/frontend/modify_tenant_details", body).await.status.as_u16(), 200);
}
