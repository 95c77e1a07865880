//! `./dev operate`: what operators do and no call can, on the stack of the environment's variables.

use std::process::Output;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::harness::{Bench, program};

const TICKET: &str = "01970000-0000-7000-8000-000000000000";

/// Runs the command over the bench's stack.
pub(super) async fn operate(bench: &Bench, arguments: &[&str]) -> Output {
    let names = &bench.stack.names;
    let mut command = tokio::process::Command::new(program("local"));
    command.arg("operate").args(arguments);
    command.env("TABLE_NAME", &names.table).env("EVENTS_TABLE_NAME", &names.events_table);
    command.env("UPLOADS_BUCKET", &names.uploads_bucket).env("ARTIFACTS_BUCKET", &names.artifacts_bucket);
    command.env("BUILD_QUEUE_URL", &names.build_queue_url).env("ARTIFACT_RETENTION_DAYS", "90");
    command.env("AWS_ENDPOINT_URL", bench.config.endpoint_url().unwrap()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.output().await.unwrap()
}

pub(super) async fn done(bench: &Bench, arguments: &[&str]) -> Value {
    let output = operate(bench, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_sets_is_what_the_tenant_is_shown_and_stands_in_its_log() {
    let bench = Bench::start().await;
    let (tenant, owner) = (bench.tenant.id.to_string(), bench.owner());
    let mut events = bench.events().await;
    done(&bench, &["set-plan", &tenant, "enterprise"]).await;
    done(&bench, &["set-limits", &tenant, "--max-users", "25", "--concurrent-builds", "7"]).await;
    done(&bench, &["set-limits", &tenant, "--concurrent-builds", "none"]).await;
    done(&bench, &["set-trial", &tenant, "on"]).await;
    let price = ["--pricing-id", "3", "--display-name", "Enterprise Annual", "--amount-cents", "120000"];
    let price =
        [&["set-pricing", &tenant, "ENTERPRISE"][..], &price, &["--currency", "USD", "--interval", "year"]].concat();
    done(&bench, &price).await;
    let shown = owner.get("/frontend/get_tenant_subscription").await.body;
    assert_eq!((&shown["subscription"], &shown["is_trial"]), (&json!("ENTERPRISE"), &json!(true)));
    assert_eq!(shown["custom_limits"], json!({ "max_users": 25 }));
    let agreed = json!({
        "pricing_id": 3, "display_name": "Enterprise Annual", "amount_cents": 120_000, "currency": "usd", "interval": "year",
    });
    assert_eq!(shown["enterprise_pricing"], agreed);
    done(&bench, &["set-pricing", &tenant, "ENTERPRISE", "--none"]).await;
    done(&bench, &["enable-library", &tenant, "on"]).await;
    let file = bench.folder.path().join("documents.json");
    std::fs::write(&file, r#"[{"name": "Addendum", "filename": "addendum.pdf", "description": "Ours."}]"#).unwrap();
    std::fs::write(bench.folder.path().join("addendum.pdf"), b"%PDF-1.4 ours").unwrap();
    let tenant_after = done(&bench, &["set-documents", &tenant, file.to_str().unwrap()]).await;
    assert_eq!(
        (&tenant_after["custom_library"], &tenant_after["documents"][0]["filename"]),
        (&json!(true), &json!("addendum.pdf"))
    );
    assert_eq!(done(&bench, &["show", &tenant]).await["documents"], tenant_after["documents"]);
    let new = events.unseen().await;
    let sets = new.iter().filter(|logged| logged.event.api_call == "operator_set");
    assert!(new.iter().all(|logged| logged.log == bench.log()));
    assert_eq!(sets.filter(|logged| logged.event.user_id == "operator" && logged.event.successful).count(), 8);

    let made = ["create-tenant", "--name", "Made by hand", "--plan", "TEAM", "--owner", "New@example.com"];
    let made = done(&bench, &made).await;
    let newcomer = bench.person("new@example.com").in_tenant(&made["id"].as_str().unwrap().parse().unwrap());
    assert_eq!(newcomer.get("/frontend/get_api_tokens_permissions").await.body, json!({ "tokens": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_set_at_once_all_stay() {
    let bench = Bench::start().await;
    let tenant = bench.tenant.id.to_string();
    let limits = ["--concurrent-builds", "--weekly-builds", "--max-users", "--helpbot-weekly-messages"];
    let arguments = limits.map(|limit| ["set-limits", &tenant, limit, "7"]);
    join_all(arguments.iter().map(|arguments| done(&bench, arguments))).await;
    let shown = done(&bench, &["show", &tenant]).await;
    assert_eq!(
        shown["custom_limits"],
        json!({ "concurrent_builds": 7, "weekly_builds": 7, "max_users": 7, "helpbot_weekly_messages": 7 })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_one_line_and_changes_nothing() {
    let bench = Bench::start().await;
    let tenant = bench.tenant.id.to_string();
    let (before, mut events) = (done(&bench, &["show", &tenant]).await, bench.events().await);
    let nobody = "00000000000000000000000000000001";
    let leading_out = bench.folder.path().join("leading-out.json");
    std::fs::write(&leading_out, r#"[{"name": "x", "filename": "../../x", "description": "y"}]"#).unwrap();
    let (no_file, no_pdf) = (bench.folder.path().join("no-file.json"), bench.folder.path().join("no-pdf.json"));
    std::fs::write(&no_file, r#"[{"name": "x", "filename": "missing.pdf", "description": "y"}]"#).unwrap();
    std::fs::write(&no_pdf, r#"[{"name": "x", "filename": "text.pdf", "description": "y"}]"#).unwrap();
    std::fs::write(bench.folder.path().join("text.pdf"), b"no PDF").unwrap();
    for (arguments, said) in [
        (&["show", nobody][..], "there is no tenant"),
        (&["set-plan", nobody, "TEAM"], "Tenant not found"),
        (&["set-plan", &tenant, "GOLD"], "FREE, TEAM or ENTERPRISE"),
        (&["set-plan", "x", "TEAM"], "Invalid tenant id"),
        (&["set-limits", &tenant], "required"),
        (&["set-limits", &tenant, "--max-users", "0"], "--max-users is 1 to 1000"),
        (&["set-limits", &tenant, "--max-users", "many"], "a number, or none"),
        (&["set-trial", &tenant, "maybe"], "possible values"),
        (&["set-pricing", &tenant, "TEAM"], "required"),
        (&["set-pricing", &tenant, "FREE", "--none"], "FREE has no price"),
        (&["set-documents", &tenant, "/nowhere.json"], "cannot read /nowhere.json"),
        (&["set-documents", &tenant, leading_out.to_str().unwrap()], "without slashes"),
        (&["set-documents", &tenant, no_file.to_str().unwrap()], "cannot read"),
        (&["set-documents", &tenant, no_pdf.to_str().unwrap()], "text.pdf is no PDF file"),
        (&["tickets", nobody], "Tenant not found"),
        (&["tickets", nobody, TICKET], "Tenant not found"),
        (&["tickets", &tenant, TICKET], "Ticket not found"),
        (&["answer-ticket", &tenant, TICKET, "--status", "Resolved"], "Ticket not found"),
        (&["answer-ticket", &tenant, TICKET], "required"),
        (&["answer-ticket", &tenant, TICKET, "--text", " "], "Comment text is missing"),
        (&["answer-ticket", &tenant, TICKET, "--status", "Closed"], "\"With Support\""),
        (&["create-tenant", "--name", "x", "--plan", "TEAM", "--owner", "a@b.cd"], "5 to 30"),
        (&["create-tenant", "--name", "Example", "--plan", "TEAM", "--owner", "nobody"], "Invalid email"),
    ] {
        let output = operate(&bench, arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && error.contains(said), "{arguments:?}: {error}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
    assert_eq!(done(&bench, &["show", &tenant]).await, before);
    let refused = events.unseen().await.into_iter().filter(|logged| !logged.event.successful);
    let told: Vec<_> = refused.map(|logged| json!(logged.event.raw_data)).collect();
    assert_eq!(
        told,
        [
            json!({ "pricing": ["FREE", null] }),
            json!({ "ticket_id": TICKET }),
            json!({ "ticket_id": TICKET, "status": "Resolved" })
        ]
    );
}
