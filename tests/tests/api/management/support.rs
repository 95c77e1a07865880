//! Support tickets: their rules, their limits under races, and what people get by mail.

mod documents;
mod sales_contacts;

use api::access::Row;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::attachment::{INLINE_BYTES, MAX_BYTES};
use domain::document::TenantDocument;
use domain::plan::Plan;
use domain::tenant::Tenant;
use domain::ticket::{MOST_COMMENTS, MOST_OPEN};
use http::StatusCode;
use serde_json::{Value, json};
use tests::functions::deliver_mail;
use tests::harness::{Bench, fetch, put, send};
use tests::members::Member;
use tests::pictures::{PIXEL, picture};

use super::operator::{done, operate};
use super::races::{at_once, count, counts};

const TICKETS: &str = "/frontend/support/tickets";
const NOBODYS: &str = "01970000-0000-7000-8000-000000000000";

fn question() -> Value {
    json!({ "subject": "Build question", "description": "Can you help us understand this build failure?" })
}

async fn open(caller: &Member) -> String {
    caller.done(TICKETS, question()).await.text("ticket_id")
}

async fn read(caller: &Member, ticket: &str) -> Value {
    let answer = caller.get(&format!("{TICKETS}/{ticket}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body
}

/// The mails that were sent: to whom, what about, what they say; in the order of their subjects.
async fn mails(bench: &Bench) -> Vec<(String, String, String)> {
    let outbox = bench.outbox();
    let _ = std::fs::remove_dir_all(outbox.folder());
    deliver_mail(bench.service(), &outbox).await.unwrap();
    let Ok(files) = std::fs::read_dir(outbox.folder()) else { return Vec::new() };
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap().replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap();
        let field = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
                .trim_matches(['<', '>'])
                .to_owned()
        };
        (field("To: "), field("Subject: "), body.to_owned())
    };
    let mut mails: Vec<_> = files.map(read).collect();
    mails.sort();
    mails
}

/// A ticket, its attachment, and a document of the tenant's own.
pub(super) async fn samples(bench: &Bench) -> [String; 2] {
    let document = TenantDocument {
        name: "Ours".into(),
        filename: "ours.pdf".into(),
        description: String::new(),
        document_id: Some(NOBODYS.parse().unwrap()),
    };
    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    bench.store().put_tenant(&Tenant { documents: vec![document], ..tenant }).await.unwrap();
    let fields = json!({ "subject": "Build question", "description": "Why?", "attachment": PIXEL });
    let ticket = bench.owner().done("/frontend/support/tickets", fields).await.text("ticket_id");
    let read = bench.owner().get(&format!("/frontend/support/tickets/{ticket}")).await;
    [ticket, read.body["attachments"][0]["attachment_id"].as_str().unwrap().to_owned()]
}

/// The path of a row, with what is there in the place of its parameters.
pub(super) fn path_of(row: &Row, [ticket, attachment]: &[String; 2]) -> String {
    let query = if row.name == "download_document" { "?filename=ours.pdf" } else { "" };
    row.path.replace("{ticket_id}", ticket).replace("{attachment_id}", attachment) + query
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_goes_between_both_sides_until_it_is_resolved() {
    let bench = Bench::start().await;
    let (owner, tenant) = (bench.owner(), bench.tenant.id.to_string());
    let mut fields = question();
    fields["attachment"] = BASE64_STANDARD.encode(picture(100)).into();
    fields["attachment_name"] = "screenshot.exe".into();
    fields["attachment_type"] = "image/jpeg".into();
    let ticket = owner.done(TICKETS, fields).await.text("ticket_id");
    let [(to, subject, text)] = mails(&bench).await.try_into().unwrap();
    assert_eq!((to.as_str(), subject.as_str()), ("support@apptego.localhost", "[Local] Build question"));
    assert!(text.contains("Can you help us") && text.contains(&ticket) && text.contains("(with an attachment)"));

    let comments = format!("{TICKETS}/{ticket}/comments");
    let comment = owner.done(&comments, json!({ "comment_text": "Here is more context." })).await;
    assert_eq!(mails(&bench).await[0].1, "Re: [Local] Build question");
    done(&bench, &["answer-ticket", &tenant, &ticket, "--text", "Which file is it?"]).await;
    let [(to, subject, text)] = mails(&bench).await.try_into().unwrap();
    assert_eq!((to.as_str(), subject.as_str()), ("owner@example.com", "Re: Build question"));
    assert!(text.contains("Which file is it?") && text.contains("\"For Customer Response\""), "{text}");

    let body = read(&owner, &ticket).await;
    assert_eq!((&body["status"], &body["tenant_plan"]), (&json!("For Customer Response"), &json!("TEAM")));
    let said: Vec<_> =
        body["comments"].as_array().unwrap().iter().map(|one| (&one["user_id"], &one["comment_text"])).collect();
    assert_eq!(
        said,
        [
            (&json!("owner@example.com"), &json!("Here is more context.")),
            (&json!("AppTego Support"), &json!("Which file is it?"))
        ]
    );
    assert_eq!(body["comments"][0]["comment_id"], comment.body["comment_id"]);
    let attachment = &body["attachments"][0];
    assert_eq!(
        (&attachment["file_name"], &attachment["file_type"], &attachment["comment_id"]),
        (&json!("screenshot.png"), &json!("image/png"), &json!(null)),
        "the content says what it is, and is called"
    );

    let answer = json!({ "comment_text": "This one.", "attachment": PIXEL });
    let second = owner.done(&comments, answer).await;
    let body = read(&owner, &ticket).await;
    assert_eq!(body["status"], "With Support");
    assert_eq!(
        (&body["attachments"][1]["comment_id"], &body["attachments"][1]["file_name"]),
        (&second.body["comment_id"], &json!("attachment.png"))
    );
    let resolved =
        done(&bench, &["answer-ticket", &tenant, &ticket, "--text", "Mended.", "--status", "resolved"]).await;
    assert_eq!((&resolved["status"], &resolved["mailed_to"]), (&json!("Resolved"), &json!("owner@example.com")));
    assert_eq!(mails(&bench).await.len(), 2, "our answer, and the customer's");
    let refused = owner.post(&comments, json!({ "comment_text": "Thanks" })).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, "ticket_resolved"));
    let listed = owner.get(TICKETS).await;
    assert_eq!(
        (&listed.body["tickets"][0]["status"], &listed.body["tickets"][0]["ticket_id"]),
        (&json!("Resolved"), &json!(ticket))
    );
    assert_eq!(listed.body["tickets"][0].get("description"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_nobody_who_is_no_member_any_more() {
    let bench = Bench::start().await;
    let (owner, tenant) = (bench.owner(), bench.tenant.id.to_string());
    let colleague = bench.add_member("developer@example.com", "").await;
    let (token, _) = bench.add_token("").await;
    let (theirs, of_token) = (open(&colleague).await, open(&token).await);
    mails(&bench).await;
    let answered = async |ticket: &str| {
        let answered = done(&bench, &["answer-ticket", &tenant, ticket, "--text", "We are at it."]).await;
        let told = mails(&bench).await.into_iter().map(|(to, ..)| to);
        (answered["mailed_to"].clone(), told.collect::<Vec<_>>())
    };
    let to_colleague = "developer@example.com";
    assert_eq!(answered(&theirs).await, (json!(to_colleague), vec![to_colleague.to_owned()]));
    assert_eq!(answered(&of_token).await, (json!(null), vec![]));
    owner.done("/frontend/remove_user_from_tenant", json!({ "user_id": to_colleague })).await;
    assert_eq!(answered(&theirs).await, (json!(null), vec![]));
    assert_eq!(read(&owner, &theirs).await["comments"].as_array().unwrap().len(), 2, "the tenant still reads it");
    owner.add_member(to_colleague, "").await;
    mails(&bench).await;
    assert_eq!(answered(&theirs).await, (json!(to_colleague), vec![to_colleague.to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_read_tickets_leave_a_trace_in_the_tenants_log() {
    let bench = Bench::start().await;
    let tenant = bench.tenant.id.to_string();
    let ticket = open(&bench.owner()).await;
    done(&bench, &["answer-ticket", &tenant, &ticket, "--text", "We are at it."]).await;
    let mut events = bench.events().await;
    let listed = done(&bench, &["tickets", &tenant]).await;
    assert_eq!((&listed[0]["ticket_id"], listed.as_array().unwrap().len()), (&json!(ticket), 1));
    let shown = done(&bench, &["tickets", &tenant, &ticket]).await;
    assert_eq!(
        (&shown["ticket"]["subject"], shown["comments"].as_array().unwrap().len()),
        (&json!("Build question"), 1)
    );
    assert!(!operate(&bench, &["tickets", &tenant, NOBODYS]).await.status.success());
    let unknown = operate(&bench, &["tickets", "00000000000000000000000000000001"]).await;
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(!unknown.status.success() && said.contains("Tenant not found"), "{said}");
    let told = events.unseen().await.into_iter().map(|logged| {
        assert_eq!((&logged.log, logged.event.user_id.as_str()), (&bench.log(), "operator"));
        (logged.event.api_call, logged.event.successful, json!(logged.event.raw_data))
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("operator_list_tickets".to_owned(), true, json!({})),
            ("operator_read_ticket".to_owned(), true, json!({ "ticket_id": ticket })),
            ("operator_read_ticket".to_owned(), false, json!({ "ticket_id": NOBODYS })),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tickets_are_open_whoever_asks_for_more_and_one_that_is_resolved_makes_room() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let answers = at_once(&owner, TICKETS, vec![question(); 25]).await;
    assert_eq!(count(&answers), counts([("200", 10), ("400 open_ticket_limit", 15)]));
    let listed = owner.get(TICKETS).await.body["tickets"].as_array().unwrap().clone();
    assert_eq!(listed.len(), usize::try_from(MOST_OPEN).unwrap());
    assert_eq!(mails(&bench).await.len(), 10, "no mail tells of a ticket that is not there");
    let (tenant, ticket) = (bench.tenant.id.to_string(), listed[3]["ticket_id"].as_str().unwrap());
    done(&bench, &["answer-ticket", &tenant, ticket, "--status", "Resolved"]).await;
    let answers = at_once(&owner, TICKETS, vec![question(); 5]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("400 open_ticket_limit", 4)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_takes_twenty_comments_whoever_writes_at_once_and_support_still_answers() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let ticket = open(&owner).await;
    let comments = format!("{TICKETS}/{ticket}/comments");
    let bodies = (0..30).map(|number| json!({ "comment_text": format!("Comment {number}") }));
    let answers = at_once(&owner, &comments, bodies).await;
    assert_eq!(count(&answers), counts([("200", 20), ("400 comment_limit", 10)]));
    let shown = read(&owner, &ticket).await["comments"].as_array().unwrap().len();
    assert_eq!(shown, usize::try_from(MOST_COMMENTS).unwrap());
    done(&bench, &["answer-ticket", bench.tenant.id.as_str(), &ticket, "--text", "We have read all of it."]).await;
    let body = read(&owner, &ticket).await;
    assert_eq!((&body["status"], body["comments"].as_array().unwrap().len()), (&json!("For Customer Response"), 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_what_their_content_says_and_nothing_else_is_kept() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let with = |field: &str, value: Value| {
        let mut fields = question();
        fields["attachment"] = PIXEL.into();
        fields[field] = value;
        fields
    };
    let encoded = |content: &[u8]| Value::from(BASE64_STANDARD.encode(content));
    for (fields, code) in [
        (with("attachment", encoded(b"GIF89a\x01\0\x01\0\0\0\0;")), "invalid_attachment"),
        (with("attachment", encoded(b"\x89PNG\r\n\x1a\n")), "invalid_attachment"),
        (with("attachment", encoded(b"\xff\xd8\xff\xe0\0\x10JFIF")), "invalid_attachment"),
        (with("attachment", encoded(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")), "invalid_attachment"),
        (with("attachment", encoded(b"<html>\x89PNG\r\n\x1a\n")), "invalid_attachment"),
        (with("attachment", encoded(b"")), "invalid_attachment"),
        (with("attachment", encoded(&[&picture(100)[..], b"PK\x03\x04"].concat())), "invalid_attachment"),
        (with("attachment", encoded(&picture(100)[..99])), "invalid_attachment"),
        (with("attachment", json!("not base64!")), "invalid_attachment"),
        (with("attachment_name", json!("../../etc/passwd")), "invalid_attachment_name"),
        (with("attachment_name", json!("a\r\nSet-Cookie: x")), "invalid_attachment_name"),
        (with("attachment_upload", json!(NOBODYS)), "invalid_attachment_upload"),
        (with("subject", json!("é".repeat(201))), "invalid_subject"),
        (with("subject", json!("two\nlines")), "invalid_subject"),
        (with("description", json!("語".repeat(5001))), "invalid_description"),
        (with("description", json!("a\0b")), "invalid_description"),
        (with("description", json!("\u{1b}[2J")), "invalid_description"),
        (with("description", json!("gnp.\u{202e}exe")), "invalid_description"),
    ] {
        let refused = owner.post(TICKETS, fields).await;
        assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, code), "{}", refused.body);
    }
    assert_eq!(bench.objects().await, Vec::<String>::new());
    assert_eq!(owner.get(TICKETS).await.body, json!({ "tickets": [] }));
    let longest = json!({ "subject": "é".repeat(200), "description": "語".repeat(5000) });
    owner.done(TICKETS, longest).await;
    let lines = json!({ "subject": "Lines", "description": "one\r\n\ttwo\nthree" });
    let ticket = owner.done(TICKETS, lines).await.text("ticket_id");
    assert_eq!(read(&owner, &ticket).await["description"], "one\n\ttwo\nthree");
    let refused = owner.post(&format!("{TICKETS}/{ticket}/comments"), json!({ "comment_text": "a\u{202e}b" })).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, "invalid_comment_text"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_five_megabytes_comes_and_goes_by_signed_urls() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let mut fields = question();
    fields["attachment"] = BASE64_STANDARD.encode(picture(4_200_000)).into();
    let refused = owner.post(TICKETS, fields).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (413, "body_too_large"));
    assert!(refused.text("error").contains("/frontend/support/attachments"), "{}", refused.body);

    for (length, answers) in [(MAX_BYTES, 200), (MAX_BYTES + 1, 400)] {
        let upload = owner.done("/frontend/support/attachments", json!({})).await;
        put(&upload.text("upload_url"), picture(length)).await;
        let mut fields = question();
        fields["attachment_upload"] = upload.body["attachment_upload"].clone();
        assert_eq!(owner.post(TICKETS, fields).await.status.as_u16(), answers);
    }
    let mut fields = question();
    fields["attachment_upload"] = NOBODYS.into();
    assert_eq!(owner.post(TICKETS, fields).await.status.as_u16(), 404);

    let ticket = owner.get(TICKETS).await.body["tickets"][0]["ticket_id"].as_str().unwrap().to_owned();
    let id = read(&owner, &ticket).await["attachments"][0]["attachment_id"].as_str().unwrap().to_owned();
    let large = owner.get(&format!("/frontend/support/attachments/{id}")).await;
    assert_eq!(large.text("file_data"), "");
    let response = reqwest::get(large.text("download_url")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; "));
    assert_eq!(response.bytes().await.unwrap().len(), MAX_BYTES);

    let small = usize::try_from(INLINE_BYTES).unwrap() - 500_000;
    let comments = format!("{TICKETS}/{ticket}/comments");
    let fields = json!({ "comment_text": "Smaller", "attachment": BASE64_STANDARD.encode(picture(small)) });
    owner.done(&comments, fields).await;
    let id = read(&owner, &ticket).await["attachments"][1]["attachment_id"].as_str().unwrap().to_owned();
    let inline = owner.get(&format!("/frontend/support/attachments/{id}")).await;
    assert_eq!(BASE64_STANDARD.decode(inline.text("file_data")).unwrap(), picture(small));
    assert_eq!(fetch(&inline.text("download_url")).await, picture(small));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_answers_the_tickets_of_another_tenant() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let mut fields = question();
    fields["attachment"] = PIXEL.into();
    let ticket = owner.done(TICKETS, fields).await.text("ticket_id");
    let attachment = read(&owner, &ticket).await["attachments"][0]["attachment_id"].as_str().unwrap().to_owned();
    let upload = owner.done("/frontend/support/attachments", json!({})).await;
    put(&upload.text("upload_url"), picture(100)).await;

    let (other, _) = bench.another_tenant(7, Plan::Team).await;
    let stranger = owner.in_tenant(&other.id);
    for path in [
        format!("{TICKETS}/{ticket}"),
        format!("{TICKETS}/{NOBODYS}"),
        format!("{TICKETS}/ticket-uuid"),
        format!("{TICKETS}/%2e%2e%2f%ff"),
        format!("/frontend/support/attachments/{attachment}"),
    ] {
        assert_eq!(stranger.get(&path).await.status.as_u16(), 404, "{path}");
    }
    let comment = json!({ "comment_text": "Let me in" });
    assert_eq!(stranger.post(&format!("{TICKETS}/{ticket}/comments"), comment).await.status.as_u16(), 404);
    let mut fields = question();
    fields["attachment_upload"] = upload.body["attachment_upload"].clone();
    assert_eq!(stranger.post(TICKETS, fields).await.status.as_u16(), 404);
    assert_eq!(read(&owner, &ticket).await["comments"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_opens_one_ticket_and_makes_one_comment() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let twice = async |path: &str, body: Value| {
        let headers =
            [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str()), ("idempotency-key", "once")];
        let first = send(&bench.router, "POST", path, &headers, Some(body.clone())).await;
        let again = send(&bench.router, "POST", path, &headers, Some(body)).await;
        assert_eq!((&first.body, again.status), (&again.body, StatusCode::OK), "{}", again.body);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        first
    };
    let ticket = twice(TICKETS, question()).await.text("ticket_id");
    twice(&format!("{TICKETS}/{ticket}/comments"), json!({ "comment_text": "Once" })).await;
    twice("/frontend/sales_contact/request", json!({ "tier": "TEAM" })).await;
    assert_eq!(owner.get(TICKETS).await.body["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(read(&owner, &ticket).await["comments"].as_array().unwrap().len(), 1);
    assert_eq!(mails(&bench).await.len(), 3);
}
