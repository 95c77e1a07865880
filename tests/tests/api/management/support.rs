//! Support tickets, documents and sales contact requests: their rules, their limits under races, and what people get by mail.

use api::access::Row;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::attachment::{INLINE_BYTES, MAX_BYTES};
use domain::plan::Plan;
use domain::tenant::{Tenant, TenantDocument};
use domain::ticket::{MOST_COMMENTS, MOST_OPEN};
use http::StatusCode;
use serde_json::{Value, json};
use tests::functions::deliver_mail;
use tests::harness::{Bench, fetch, put, python_tool, root, send};
use tests::members::Member;

use super::operator::done;
use super::races::{at_once, count, counts};

const TICKETS: &str = "/frontend/support/tickets";
const WEEK: i64 = 7 * 24 * 3600;
const NOBODYS: &str = "01970000-0000-7000-8000-000000000000";

/// A PNG of one pixel, followed by as many bytes as make it so long.
fn picture(length: usize) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55".to_vec();
    picture.resize(picture.len().max(length), 0);
    picture
}

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
    let document = TenantDocument { name: "Ours".into(), filename: "ours.pdf".into(), description: String::new() };
    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    bench.store().put_tenant(&Tenant { documents: vec![document], ..tenant }).await.unwrap();
    let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptV";
    let fields = json!({ "subject": "Build question", "description": "Why?", "attachment": picture });
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
    fields["attachment_name"] = "screenshot.jpg".into();
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
        (&json!("screenshot.jpg"), &json!("image/png"), &json!(null)),
        "the content says what it is"
    );

    let answer = json!({ "comment_text": "This one.", "attachment": BASE64_STANDARD.encode(picture(0)) });
    let second = owner.done(&comments, answer).await;
    let body = read(&owner, &ticket).await;
    assert_eq!(body["status"], "With Support");
    assert_eq!(
        (&body["attachments"][1]["comment_id"], &body["attachments"][1]["file_name"]),
        (&second.body["comment_id"], &json!("attachment.png"))
    );
    let resolved =
        done(&bench, &["answer-ticket", &tenant, &ticket, "--text", "Mended.", "--status", "resolved"]).await;
    assert_eq!(resolved["status"], "Resolved");
    assert_eq!(mails(&bench).await.len(), 2, "our answer, and the customer's");
    let refused = owner.post(&comments, json!({ "comment_text": "Thanks" })).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, "ticket_resolved"));
    let listed = owner.get(TICKETS).await;
    assert_eq!(
        (&listed.body["tickets"][0]["status"], &listed.body["tickets"][0]["ticket_id"]),
        (&json!("Resolved"), &json!(ticket))
    );
    assert_eq!(listed.body["tickets"][0].get("description"), None);
    assert_eq!(done(&bench, &["tickets", &tenant, &ticket]).await["comments"].as_array().unwrap().len(), 4);
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
        fields["attachment"] = BASE64_STANDARD.encode(picture(0)).into();
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
        (with("attachment", json!("not base64!")), "invalid_attachment"),
        (with("attachment_name", json!("../../etc/passwd")), "invalid_attachment_name"),
        (with("attachment_name", json!("a\r\nSet-Cookie: x")), "invalid_attachment_name"),
        (with("attachment_upload", json!(NOBODYS)), "invalid_attachment_upload"),
        (with("subject", json!("é".repeat(201))), "invalid_subject"),
        (with("subject", json!("two\nlines")), "invalid_subject"),
        (with("description", json!("語".repeat(5001))), "invalid_description"),
    ] {
        let refused = owner.post(TICKETS, fields).await;
        assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, code), "{}", refused.body);
    }
    assert_eq!(bench.objects().await, Vec::<String>::new());
    assert_eq!(owner.get(TICKETS).await.body, json!({ "tickets": [] }));
    let longest = json!({ "subject": "é".repeat(200), "description": "語".repeat(5000) });
    owner.done(TICKETS, longest).await;
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
    fields["attachment"] = BASE64_STANDARD.encode(picture(0)).into();
    let ticket = owner.done(TICKETS, fields).await.text("ticket_id");
    let attachment = read(&owner, &ticket).await["attachments"][0]["attachment_id"].as_str().unwrap().to_owned();
    let upload = owner.done("/frontend/support/attachments", json!({})).await;
    put(&upload.text("upload_url"), picture(0)).await;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_user_reaches_sales_once_in_seven_days_whatever_comes_at_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let (status, request) = ("/frontend/sales_contact/status", "/frontend/sales_contact/request");
    let idle = json!({ "on_cooldown": false, "cooldown_until": null });
    assert_eq!(owner.get(status).await.body, idle);
    bench.clock.stop();
    let until = bench.clock.now() + WEEK;
    let answers = at_once(&owner, request, vec![json!({ "tier": "ENTERPRISE" }); 12]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("429 sales_contact_cooldown", 11)]));
    for answer in &answers {
        assert_eq!((&answer.body["on_cooldown"], &answer.body["cooldown_until"]), (&json!(true), &json!(until)));
        if answer.status == 429 {
            assert_eq!(answer.headers["retry-after"], WEEK.to_string());
        } else {
            assert_eq!(answer.text("message"), "We'll contact you shortly.");
        }
    }
    let [(to, subject, text)] = mails(&bench).await.try_into().unwrap();
    assert_eq!((to.as_str(), subject.as_str()), ("sales@apptego.localhost", "[Local] asks about ENTERPRISE"));
    assert!(text.contains("owner@example.com"), "{text}");

    let colleague = bench.add_member("developer@example.com", "").await;
    let (token, _) = bench.add_token("").await;
    let (other, _) = bench.another_tenant(7, Plan::Free).await;
    let elsewhere = owner.in_tenant(&other.id);
    for caller in [&colleague, &token, &elsewhere] {
        assert_eq!(caller.get(status).await.body, idle);
        caller.done(request, json!({ "tier": "TEAM" })).await;
    }
    bench.clock.pass(WEEK - 1);
    let owner = bench.owner();
    assert_eq!(owner.get(status).await.body, json!({ "on_cooldown": true, "cooldown_until": until }));
    bench.clock.pass(1);
    assert_eq!(owner.get(status).await.body, idle);
    let answers = at_once(&owner, request, vec![json!({ "tier": "TEAM" }); 5]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("429 sales_contact_cooldown", 4)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_those_of_the_plan_and_the_tenants_own() {
    let bench = Bench::start().await;
    let (owner, tenant) = (bench.owner(), bench.tenant.id.to_string());
    let list = bench.folder.path().join("documents.json");
    let content = b"%PDF-1.4 for this tenant".as_slice();
    std::fs::write(bench.folder.path().join("security-addendum.pdf"), content).unwrap();
    std::fs::write(&list, r#"[{"name": "Security Addendum", "filename": "security-addendum.pdf", "description": "Tenant-specific document."}]"#).unwrap();
    done(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;

    let listed = owner.get("/frontend/documents").await;
    let documents = listed.body["documents"].as_array().unwrap();
    assert_eq!(
        documents[0],
        json!({
            "name": "Terms of Service", "filename": "terms.pdf", "category": "legal", "type": "standard",
            "description": "Terms and conditions for using AppTego.", "base_url": "/documents/legal/team/",
        })
    );
    let own = json!({
        "name": "Security Addendum", "filename": "security-addendum.pdf", "category": "custom",
        "description": "Tenant-specific document.", "type": "custom",
    });
    assert_eq!(documents.last(), Some(&own));
    let url = owner.get("/frontend/documents/download?filename=security-addendum.pdf").await.text("url");
    assert!(url.contains("X-Amz-Expires=300&"), "{url}");
    assert_eq!(fetch(&url).await, content);

    put_elsewhere(&bench, &owner).await;
    for name in [
        "terms.pdf",
        "..%2Fdocuments%2Fsecurity-addendum.pdf",
        "..%2f..%2fconfig",
        "%2e%2e%5csecurity-addendum.pdf",
        "security-addendum.pdf%00",
        "Security-Addendum.pdf",
        "",
        "%ff",
    ] {
        let answer = owner.get(&format!("/frontend/documents/download?filename={name}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{name}: {}", answer.body);
    }
    for (query, code) in [("", "invalid_filename"), ("?filename=a&filename=b", "invalid_body")] {
        let answer = owner.get(&format!("/frontend/documents/download{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.text("code").as_str()), (400, code));
    }

    std::fs::write(&list, "[]").unwrap();
    done(&bench, &["set-documents", &tenant, list.to_str().unwrap()]).await;
    assert_eq!(owner.get("/frontend/documents/download?filename=security-addendum.pdf").await.status.as_u16(), 404);
    assert!(!bench.objects().await.iter().any(|key| key.starts_with(&format!("{tenant}/documents/"))));
}

/// A document of another tenant, which has the name that this one asks for.
async fn put_elsewhere(bench: &Bench, owner: &Member) {
    let (other, _) = bench.another_tenant(7, Plan::Team).await;
    bench.store().put_document(&other.id, "terms.pdf", b"%PDF-1.4 theirs".to_vec()).await.unwrap();
    let stranger = owner.in_tenant(&other.id);
    let answer = stranger.get("/frontend/documents/download?filename=security-addendum.pdf").await;
    assert_eq!(answer.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_standard_document_answers_where_the_list_says() {
    let bench = Bench::start().await;
    let (_server, address) = bench.serve().await;
    for (number, plan) in [(7, Plan::Free), (8, Plan::Team), (9, Plan::Enterprise)] {
        let (tenant, _) = bench.another_tenant(number, plan).await;
        let listed = bench.owner().in_tenant(&tenant.id).get("/frontend/documents").await;
        let documents = listed.body["documents"].as_array().unwrap();
        assert!(documents.len() >= 2 && documents.iter().all(|document| document["type"] == "standard"));
        for document in documents {
            let base = document["base_url"].as_str().unwrap();
            let page = String::from_utf8(fetch(&format!("{address}{base}")).await).unwrap();
            let file = document["filename"].as_str().unwrap();
            assert!(page.contains(file), "{base}");
            let response = reqwest::get(format!("{address}{base}{file}")).await.unwrap();
            assert_eq!(
                (response.status(), &response.headers()["content-type"]),
                (StatusCode::OK, &"application/pdf".parse().unwrap())
            );
            assert!(response.bytes().await.unwrap().starts_with(b"%PDF-"));
        }
    }
    for path in ["/documents/legal/", "/documents/legal/gold/terms.pdf", "/documents/../Cargo.toml"] {
        assert_eq!(reqwest::get(format!("{address}{path}")).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// The first page of each PDF file below a folder, as a library that refuses whatever is not quite right reads it.
const FIRST_PAGES: &str = "
import pathlib, sys, pypdf
for file in sorted(pathlib.Path(sys.argv[1]).rglob('*.pdf')):
    print(file.name, pypdf.PdfReader(file, strict=True).pages[0].extract_text().split('\\n')[0])";

#[test]
fn the_standard_documents_are_pdf_files_that_call_themselves_samples() {
    let Some(python) = python_tool("python") else { return };
    let folder = root().join("documents/legal");
    let read = std::process::Command::new(python).args(["-c", FIRST_PAGES]).arg(folder).output().unwrap();
    let said = String::from_utf8(read.stdout).unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let plans = [2, 3, 4];
    assert_eq!(said.lines().count(), plans.into_iter().sum::<usize>(), "{said}");
    assert!(said.lines().all(|line| line.contains("SAMPLE - NOT A LEGAL DOCUMENT")), "{said}");
}
