//! From a password to an API token by curl and jq, as a person does it against `./dev serve`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::credential::ApiTokenId;
use domain::id::TenantId;
use tests::harness::root;
use tests::packages::small_apk;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::dev::{Desk, Ended, Serving, readme_example, write_program};
use crate::{judges, samples};

const SCRIPT: &str = "tests/shell/token.sh";

/// Bytes that GNU's base64 writes as one line of 76 columns.
const ONE_LINE: usize = 57;

#[test]
fn signing_in_and_the_calls_with_the_token_are_the_documented_ones() {
    let script = std::fs::read_to_string(root().join(SCRIPT)).unwrap();
    assert!(script.contains(&readme_example("Signing in", "curl ")));
    let mut ours = script.split("\n{\n").skip(1).map(|rest| rest.split_once("\n}").unwrap().0);
    for (page, differing) in [
        (
            "seeds/004_e9cab5dbf159747a.txt",
            (
                "curl -sS https://app.apptego.com/frontend/get_tenants \\",
                "curl -sS \"$API_URL/frontend/get_tenants\" \\",
            ),
        ),
        (
            "seeds/001_d25c50c553e698e2.txt",
            (
                "curl -sS -X POST https://app.apptego.com/frontend/get_applications \\",
                "curl -sS -X POST \"$API_URL/frontend/get_applications\" \\",
            ),
        ),
    ] {
        let ours = ours.next().unwrap();
        let Some(page) = samples::shared(page) else { continue };
        let page = String::from_utf8(page).unwrap();
        let mut paragraphs = page[page.find("TOKEN=$(").unwrap()..].split("\n\n");
        assert!(script.contains(&format!("\n{}\n", paragraphs.next().unwrap())));
        let call = paragraphs.next().unwrap();
        assert_eq!(call.lines().count(), ours.lines().count());
        let found: Vec<_> = call.lines().zip(ours.lines()).filter(|(theirs, ours)| theirs != ours).collect();
        assert_eq!(found, [differing]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_leads_to_a_tenant_and_to_a_token_that_calls() {
    let desk = Desk::new();
    let serving = desk.serve(&[]).await;
    watch_base64(&desk, "");
    let done = run_example(&desk, &serving).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    let lines: Vec<_> = done.stdout.lines().collect();
    let tenant: TenantId = after(&lines, "Created the tenant ").parse().unwrap();
    let token: ApiTokenId = after(&lines, "Created the token ").parse().unwrap();
    assert_eq!(lines, expected(&tenant, &token));

    let (pair, text) = encoded(&desk);
    assert!(pair.starts_with(&format!("{token}:")) && pair.len() <= ONE_LINE, "{} bytes", pair.len());
    assert_eq!(text.matches('\n').count(), 1, "in one line, or the header is cut");
    let gone = reqwest::Client::new().get(format!("{}/frontend/get_tenants", serving.value("API_URL").unwrap()));
    let gone = gone.bearer_auth(text.trim_end()).send().await.unwrap();
    assert_eq!(gone.status(), 401, "the token deleted itself");

    watch_base64(&desk, "--wrap 60");
    let wrapped = run_example(&desk, &serving).await;
    assert_eq!(encoded(&desk).1.matches('\n').count(), 2);
    assert_ne!(wrapped.code, Some(0), "a wrapped token is refused: {}", wrapped.stdout);
    assert_eq!(wrapped.stdout.lines().count(), lines.len() - 3, "{}", wrapped.stdout);
    assert_eq!(serving.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_readme_manage_and_configure_the_seeded_tenant() {
    let desk = Desk::new();
    let serving = desk.serve(&[]).await;
    let example = readme_example("Managing a tenant", "API_URL=");
    let (placeholder, commands) = example.split_once('\n').unwrap();
    assert!(placeholder.starts_with("API_URL=http://127.0.0.1:…"), "{placeholder}");
    let stdout = run_commands(&desk, &serving, &[commands, &readme_example("Configuring", "TOKEN=")].concat()).await;
    let [permitted, added, key, configured @ ..] = &stdout.lines().collect::<Vec<_>>()[..] else { panic!("{stdout}") };
    assert_eq!([*permitted, *added], [r#"{"success":true}"#; 2]);
    assert!(key.starts_with(r#"{"key_id":"auto_"#), "{key}");
    assert_eq!(
        configured,
        [
            "CertificatePinning",
            "CleartextPrevention",
            "TLS13OnlyPrevention",
            "CertificateTransparencyPrevention",
            r#"{"success":true,"revision":2}"#,
            r#"{"config":[{"BackupPrevention":{"protection":true}},{"DebuggablePrevention":{"protection":true}},{"CleartextPrevention":{"protection":true}}],"revision":2}"#,
            r#"{"success":true,"deployment_environments":true}"#,
            "Block Cleartext Traffic: protection not set → true",
            r#"{"success":true,"revision":2,"changes":[{"kind":"control","name":"CleartextPrevention","summary":"Block Cleartext Traffic: protection not set → true","before":null,"after":{"protection":true}}]}"#,
        ]
    );
    assert_eq!(serving.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_readme_builds_signs_again_and_deletes() {
    let desk = Desk::new();
    let serving = desk.serve(&[]).await;
    std::fs::write(desk.path("app-release.apk"), small_apk()).unwrap();
    let managing = readme_example("Managing a tenant", "API_URL=");
    let (_, call) = managing.split_once("\nCREATED=").unwrap().0.split_once('\n').unwrap();
    let building = readme_example("Applications, builds and signing keys", "APP=app-release.apk\n");
    let (_, building) = building.split_once('\n').unwrap();
    let stdout = run_commands(&desk, &serving, &[call, building].join("\n")).await;
    let success = r#"{"success":true}"#;
    let [built, application, done @ ..] = &stdout.lines().collect::<Vec<_>>()[..] else { panic!("{stdout}") };
    assert_eq!(*built, r#"{"status":"completed","error_message":null}"#);
    assert!(application.starts_with("android ") && application.ends_with(" 1"), "{application}");
    assert_eq!(done, [success; 4]);
    for (output, is_example) in [("app-release-protected.apk", false), ("app-release-signed-again.apk", true)] {
        let (verified, said) = judges::run("apksigner", ["verify".into(), "--print-certs".into(), desk.path(output)]);
        assert!(verified && said.contains("CN=Example") == is_example, "{output}: {said}");
    }
    assert_eq!(serving.stop().await, Some(0));
}

/// What commands of the page print, from the project's folder, with what they ask a person to fill in.
async fn run_commands(desk: &Desk, serving: &Serving, commands: &str) -> String {
    let mut bash = desk.command(Path::new("bash"));
    bash.args(["-euo", "pipefail", "-c", commands]).env("API_URL", serving.value("API_URL").unwrap());
    bash.env("APP", desk.path("app-release.apk"));
    let done = Ended::of(bash.current_dir(root()).output().await.unwrap());
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    done.stdout
}

/// What the example prints, step by step.
fn expected(tenant: &TenantId, token: &ApiTokenId) -> [String; 10] {
    let success = r#"{"success":true}"#.to_owned();
    let may = r#""permissions":["user_and_api_management"],"created_by":"owner@example.com""#;
    [
        "Signed in".to_owned(),
        format!("Created the tenant {tenant}"),
        format!("Waiting for ./dev operate set-plan {tenant} TEAM"),
        "The tenant is on TEAM".to_owned(),
        format!("Created the token {token}"),
        success.clone(),
        format!(r#"{{"tokens":[{{"token_key":"{token}",{may}}}]}}"#),
        format!(r#"{{"tenants":[{{"tenant_id":"{tenant}","name":"Example Tenant","plan":"TEAM"}}]}}"#),
        "[]".to_owned(),
        success,
    ]
}

/// Runs the example against the server, and does meanwhile what it waits for.
async fn run_example(desk: &Desk, serving: &Serving) -> Ended {
    let mut bash = desk.command(Path::new("bash"));
    for name in ["API_URL", "AWS_ENDPOINT_URL", "USER_POOL_CLIENT_ID"] {
        bash.env(name, serving.value(name).unwrap());
    }
    let mut process = bash.arg(root().join(SCRIPT)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    while let Some(line) = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap() {
        if let Some(command) = line.strip_prefix("Waiting for ./dev ") {
            let done = desk.run(&command.split(' ').collect::<Vec<_>>()).await;
            assert_eq!(done.code, Some(0), "{command}: {}", done.stderr);
        }
        printed += &format!("{line}\n");
    }
    Ended { stdout: printed, ..Ended::of(process.wait_with_output().await.unwrap()) }
}

fn after<'a>(lines: &[&'a str], start: &str) -> &'a str {
    lines.iter().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| panic!("no {start}in {lines:?}"))
}

/// The system's base64, which notes what it is given and what it makes of it.
fn watch_base64(desk: &Desk, options: &str) {
    let text = format!("#!/bin/sh\nPATH=/usr/bin:/bin\ntee pair | base64 {options} | tee text\n");
    write_program(&desk.path("programs/base64"), &text);
}

/// What was encoded last, and as what.
fn encoded(desk: &Desk) -> (String, String) {
    let read = |name| std::fs::read_to_string(desk.path(name)).unwrap();
    (read("pair"), read("text"))
}
