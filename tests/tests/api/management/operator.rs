//! `./dev operate`: what operators do and no call can, on the stack of the environment's variables.

use std::process::Output;

use serde_json::{Value, json};
use tests::harness::{Bench, program};

/// Runs the command over the bench's stack.
async fn operate(bench: &Bench, arguments: &[&str]) -> Output {
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

async fn done(bench: &Bench, arguments: &[&str]) -> Value {
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
async fn what_cannot_be_is_refused_in_one_line_and_changes_nothing() {
    let bench = Bench::start().await;
    let tenant = bench.tenant.id.to_string();
    let before = done(&bench, &["show", &tenant]).await;
    let nobody = "00000000000000000000000000000001";
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
        (&["create-tenant", "--name", "x", "--plan", "TEAM", "--owner", "a@b.cd"], "5 to 30"),
        (&["create-tenant", "--name", "Example", "--plan", "TEAM", "--owner", "nobody"], "Invalid email"),
    ] {
        let output = operate(&bench, arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && error.contains(said), "{arguments:?}: {error}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
    assert_eq!(done(&bench, &["show", &tenant]).await, before);
}
