//! Invitations on their way: tried again, given up, never lost and never in each other's way.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use domain::mail::{Delivery, Mail, MailId};
use domain::member::EmailAddress;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::mailing::{Mailed, Mailer, Sending};
use store::ses::Ses;
use tests::functions::{self, deliver_mail};
use tests::harness::Bench;
use tests::privileges;

use crate::log::listen;

const DAY: i64 = 24 * 3600;

/// Answers what it is told to, and takes everything else.
#[derive(Debug, Default)]
struct Scripted {
    answers: Mutex<VecDeque<Delivery>>,
    seen: Mutex<Vec<(MailId, EmailAddress)>>,
}

impl Scripted {
    fn answering(answers: impl IntoIterator<Item = Delivery>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }

    /// To whom, and under which id, since the last look.
    fn seen(&self) -> Vec<(MailId, String)> {
        let mut seen: Vec<_> = self.seen.lock().unwrap().drain(..).map(|(id, to)| (id, to.to_string())).collect();
        seen.sort_by(|a, b| a.1.cmp(&b.1));
        seen
    }

    fn addresses(&self) -> Vec<String> {
        self.seen().into_iter().map(|(_, to)| to).collect()
    }
}

impl Mailer for Scripted {
    fn send<'a>(&'a self, id: &'a MailId, mail: &'a Mail) -> Sending<'a> {
        self.seen.lock().unwrap().push((id.clone(), mail.to.clone()));
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Delivery::Sent);
        Box::pin(async move { answer })
    }
}

/// Takes a mail and dies before it can say so.
#[derive(Debug)]
struct Deadly;

impl Mailer for Deadly {
    fn send<'a>(&'a self, _: &'a MailId, _: &'a Mail) -> Sending<'a> {
        Box::pin(std::future::pending())
    }
}

fn later() -> Delivery {
    Delivery::Postponed("TooManyRequestsException".to_owned())
}

async fn invite(bench: &Bench, people: &[&str]) {
    for person in people {
        let added = bench.owner().post("/frontend/add_user_to_tenant", json!({ "user_id": person })).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    }
}

async fn deliver(bench: &Bench, mailer: &dyn Mailer) -> Mailed {
    deliver_mail(bench.service(), mailer).await.unwrap()
}

/// As Python's own mail library reads a file.
fn parsed(file: &Path) -> Value {
    const SCRIPT: &str = "import email, email.policy, json, sys\n\
        m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n\
        print(json.dumps({'from': m['From'], 'to': m['To'], 'subject': m['Subject'], 'id': m['Message-ID'], \
        'dated': m['Date'].datetime.timestamp() > 0, 'type': m.get_content_type(), 'text': m.get_content(), \
        'defects': [str(d) for d in m.defects]}))";
    let output = Command::new("python3").arg("-c").arg(SCRIPT).arg(file).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_a_file_that_mail_programs_read() {
    let bench = Bench::start().await;
    let renamed = json!({ "tenant_name": "Größe und 株式会社東京 für alle" });
    assert_eq!(bench.owner().post("/frontend/modify_tenant_details", renamed).await.status, StatusCode::OK);
    invite(&bench, &["new@example.com"]).await;
    let outbox = bench.outbox();
    assert_eq!(deliver(&bench, &outbox).await, Mailed { sent: 1, ..Mailed::default() });
    let files: Vec<_> = std::fs::read_dir(outbox.folder()).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let mail = parsed(file);
    let id = file.file_stem().unwrap().to_str().unwrap();
    let expected = json!({
        "from": "AppTego <no-reply@apptego.localhost>",
        "to": "new@example.com",
        "subject": "You were added to Größe und 株式会社東京 für alle on AppTego",
        "id": format!("<{id}@apptego.localhost>"),
        "dated": true,
        "type": "text/plain",
        "text": mail["text"],
        "defects": [],
    });
    assert_eq!(mail, expected);
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.starts_with("owner@example.com added you to the tenant \"Größe und 株式会社東京 für alle\""),
        "{text}"
    );
    assert!(text.contains("\nhttps://app.apptego.com\n"), "{text}");
    assert_eq!(deliver(&bench, &outbox).await, Mailed::default(), "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_has_to_wait_is_tried_again_for_a_day_and_then_given_up() {
    let (log, _guard) = listen();
    let bench = Bench::start().await;
    bench.clock.stop();
    let begin = bench.clock.now();
    invite(&bench, &["slow@example.com"]).await;
    let mailer = Scripted::answering((0..100).map(|_| later()));
    let (mut tried, mut last) = (Vec::new(), Mailed::default());
    while bench.clock.now() - begin < 2 * DAY {
        let done = deliver(&bench, &mailer).await;
        if done != Mailed::default() {
            tried.push(bench.clock.now() - begin);
            last = done;
        }
        bench.clock.pass(60);
    }
    assert_eq!(tried[..5], [0, 60, 360, 1260, 4860]);
    assert_eq!((tried.len(), tried.last().unwrap() / 3600), (28, 24));
    assert_eq!(last, Mailed { dropped: 1, ..Mailed::default() });
    let given_up: Vec<Value> = std::fs::read_to_string(log.path())
        .unwrap()
        .lines()
        .filter(|line| line.contains("a mail is given up"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [line] = given_up.as_slice() else { panic!("{given_up:?}") };
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["tenant.id"], bench.tenant.id.as_str());
    assert_eq!(
        (&line["fields"]["mail.tries"], &line["fields"]["reason"]),
        (&json!(28), &json!("TooManyRequestsException"))
    );
    assert!(!std::fs::read_to_string(log.path()).unwrap().contains("slow@example.com"), "no address in the log");
    assert!(!std::fs::read_to_string(log.path()).unwrap().contains("You were added"), "no mail in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_mail_stops_no_other() {
    let bench = Bench::start().await;
    invite(&bench, &["a@example.com", "b@example.com", "c@example.com"]).await;
    damage_mail_to(&bench, "b@example.com").await;
    let mailer = Scripted::answering([Delivery::Refused("MessageRejected".to_owned())]);
    let done = deliver(&bench, &mailer).await;
    assert_eq!(done, Mailed { sent: 1, dropped: 1, failed: 1, postponed: 0 });
    assert_eq!(mailer.addresses(), ["a@example.com", "c@example.com"]);
    bench.clock.pass(DAY);
    assert_eq!(deliver(&bench, &mailer).await, Mailed { failed: 1, ..Mailed::default() }, "what was refused is gone");
    let answer = functions::maintain(bench.service(), &mailer).await.unwrap();
    assert_eq!((answer.mail.failed, answer.jobs.failed), (1, 0));
}

/// Takes the text out of a mail that waits.
async fn damage_mail_to(bench: &Bench, address: &str) {
    let table = aws_sdk_dynamodb::Client::new(&bench.config);
    let items = table.scan().table_name(&bench.stack.names.table).send().await.unwrap().items.unwrap();
    let mut item = items.into_iter().find(|item| format!("{:?}", item.get("mail")).contains(address)).unwrap();
    item.remove("mail");
    table.put_item().table_name(&bench.stack.names.table).set_item(Some(item)).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_send_each_mail_once() {
    let bench = Bench::start().await;
    let people = ["a@example.com", "b@example.com", "c@example.com"];
    invite(&bench, &people).await;
    let mailer = Scripted::default();
    let runs = join_all((0..8).map(|_| deliver(&bench, &mailer))).await;
    assert_eq!(runs.iter().map(|done| done.sent).sum::<u32>(), 3);
    assert_eq!(mailer.addresses(), people);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_between_sending_and_removing_sends_it_again_a_minute_later() {
    let bench = Bench::start().await;
    bench.clock.stop();
    invite(&bench, &["new@example.com"]).await;
    let died = tokio::time::timeout(Duration::from_secs(2), deliver(&bench, &Deadly)).await;
    assert!(died.is_err());
    let mailer = Scripted::default();
    bench.clock.pass(59);
    assert_eq!(deliver(&bench, &mailer).await, Mailed::default());
    bench.clock.pass(1);
    assert_eq!(deliver(&bench, &mailer).await, Mailed { sent: 1, ..Mailed::default() });
    assert_eq!(mailer.addresses(), ["new@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_again_replaces_its_file() {
    let bench = Bench::start().await;
    let outbox = bench.outbox();
    let id: MailId = "01970000-0000-7000-8000-000000000000".parse().unwrap();
    let mail =
        Mail { to: "new@example.com".parse().unwrap(), subject: "Subject".to_owned(), text: "Text\n".to_owned() };
    for _ in 0..2 {
        assert_eq!(outbox.send(&id, &mail).await, Delivery::Sent);
    }
    let files: Vec<_> = std::fs::read_dir(outbox.folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, [format!("{id}.eml").as_str()]);
    let nowhere = local::outbox::Outbox::new("/dev/null/outbox".into());
    assert!(matches!(nowhere.send(&id, &mail).await, Delivery::Postponed(_)));
}

/// What SES is asked.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers every call as SES does, with this status, code and message.
async fn answering(status: u16, code: &'static str, message: &'static str) -> (String, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let answer = move |uri: Uri, body: Bytes| {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        seen.lock().unwrap().push((uri.path().to_owned(), body));
        let mut headers = HeaderMap::new();
        if status != 200 {
            headers.insert("x-amzn-errortype", code.parse().unwrap());
        }
        let body = if status == 200 { json!({ "MessageId": "1" }) } else { json!({ "message": message }) };
        async move { (StatusCode::from_u16(status).unwrap(), headers, Json(body)) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (address, asked)
}

fn sender(endpoint: &str) -> Ses {
    Ses::new(&local::aws::config(endpoint), &[], Some("no-reply@example.com".parse().unwrap()))
}

#[tokio::test]
async fn what_ses_says_decides_whether_a_mail_is_tried_again() {
    let mail =
        Mail { to: "new@example.com".parse().unwrap(), subject: "Grüße".to_owned(), text: "Text\n".to_owned() };
    let (address, asked) = answering(200, "", "").await;
    assert_eq!(sender(&address).send(&mail).await, Delivery::Sent);
    let content = |text: &str| json!({ "Data": text, "Charset": "UTF-8" });
    let expected = json!({
        "FromEmailAddress": "AppTego <no-reply@example.com>",
        "Destination": { "ToAddresses": ["new@example.com"] },
        "Content": { "Simple": { "Subject": content("Grüße"), "Body": { "Text": content("Text\n") } } },
    });
    assert_eq!(*asked.lock().unwrap(), [("/v2/email/outbound-emails".to_owned(), expected)]);

    let unverified = "Email address is not verified. The following identities failed the check: new@example.com";
    for (status, code, message, for_good) in [
        (400, "MessageRejected", "Address blacklisted.", true),
        (400, "MessageRejected", unverified, false),
        (400, "BadRequestException", "Domain ends with dot", true),
        (400, "MailFromDomainNotVerifiedException", "", false),
        (400, "SendingPausedException", "", false),
        (400, "AccountSuspendedException", "", false),
        (400, "LimitExceededException", "Daily message quota exceeded.", false),
        (404, "NotFoundException", "", false),
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", false),
        (403, "AccessDeniedException", "", false),
        (503, "ServiceUnavailable", "", false),
    ] {
        let (address, _) = answering(status, code, message).await;
        let delivery = sender(&address).send(&mail).await;
        let reason = code.to_owned();
        let expected = if for_good { Delivery::Refused(reason) } else { Delivery::Postponed(reason) };
        assert_eq!(delivery, expected, "{message}");
    }
    let silent = sender("http://127.0.0.1:1").send(&mail).await;
    assert_eq!(silent, Delivery::Postponed("SES did not answer".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_takes_an_invitation_and_without_an_address_to_send_from_it_waits() {
    let bench = Bench::start().await;
    bench.clock.stop();
    invite(&bench, &["new@example.com"]).await;
    let unset = privileges::mailer(&bench.config, &bench.stack.names, None);
    assert_eq!(deliver(&bench, &unset).await, Mailed { postponed: 1, ..Mailed::default() });
    let from: EmailAddress = "no-reply@example.com".parse().unwrap();
    let identities = aws_sdk_sesv2::Client::new(&bench.config);
    identities.create_email_identity().email_identity(from.as_str()).send().await.unwrap();
    bench.clock.pass(60);
    let set = privileges::mailer(&bench.config, &bench.stack.names, Some(from));
    assert_eq!(deliver(&bench, &set).await, Mailed { sent: 1, ..Mailed::default() });
    assert_eq!(deliver(&bench, &set).await, Mailed::default());
}
