//! Names of tenants, their making and their deletion.

use domain::permission::Permission;
use http::StatusCode;
use serde_json::json;
use tests::harness::Bench;
use tests::issuer;
use tests::members::Member;

use super::{permissions, said, short};

const RENAME: &str = "/frontend/modify_tenant_details";

#[tokio::test(flavor = "multi_thread")]
async fn names_have_their_length_in_characters_and_five_renames_pass_in_any_24_hours() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let owner = bench.owner();
    // Signed in anew each time: sessions end sooner than a day.
    let rename = async |name: &str| bench.owner().post(RENAME, json!({ "tenant_name": name })).await;
    let length = (400, "Tenant name must be 5 to 30 characters");
    let signs = (400, "Tenant name may contain only letters, numbers, and spaces");
    for name in ["", "Acme", "    ", " Acme ", &"a".repeat(31), &"é".repeat(31), &"a".repeat(100_000)] {
        assert_eq!(said(&rename(name).await), length, "{name:.40}");
    }
    for name in ["Acme, Inc", "Acme\u{0}Inc", "Acme\nInc", "Acme\u{a0}Inc", "<b>Acme</b>", "Acme😀Inc"] {
        assert_eq!(said(&rename(name).await), signs, "{name:?}");
    }
    assert_eq!(said(&owner.post(RENAME, json!({})).await), (400, "Tenant name is missing"));
    let names = ["Acme1", &"a".repeat(30), &"é".repeat(30), "  Müller und Söhne  ", "株式会社東京"];
    for name in names {
        assert_eq!(rename(name).await.status, StatusCode::OK, "{name}");
        let tenants = owner.get("/frontend/get_tenants").await;
        assert_eq!(tenants.body["tenants"][0]["name"], name.trim());
        bench.clock.pass(60);
    }
    assert_eq!(rename("株式会社東京").await.status, StatusCode::OK, "the name that it has is no rename");
    let refused = rename("Acme6").await;
    assert_eq!(said(&refused), (429, "A tenant can be renamed up to five times per day"));
    assert_eq!(refused.headers["retry-after"], (24 * 3600 - 5 * 60).to_string().as_str());
    bench.clock.pass(24 * 3600 - 5 * 60 - 1);
    assert_eq!(rename("Acme6").await.headers["retry-after"], "1");
    bench.clock.pass(1);
    assert_eq!(rename("Acme6").await.status, StatusCode::OK);
    assert_eq!(rename("Acme7").await.headers["retry-after"], "60");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_made_unless_in_a_trial_or_beside_a_single_free_one_and_listed_by_name() {
    let bench = Bench::start().await;
    let newcomer = bench.person("newcomer@example.com");
    let create = async |caller: &Member, name: &str| {
        caller.post("/frontend/create_tenant", json!({ "tenant_name": name })).await
    };
    let made = create(&newcomer, "  Beta Tenant ").await;
    assert_eq!((made.status, &made.body["tenant_name"]), (StatusCode::OK, &json!("Beta Tenant")));
    assert_eq!(short(&create(&newcomer, "Alpha Tenant").await), (409, "only_free_tenant"));
    let own = newcomer.in_tenant(&made.text("tenant_id").parse().unwrap());
    let every = json!(Permission::ALL.map(Permission::key));
    assert_eq!(permissions(&own, "newcomer@example.com").await, every, "the owner may do everything");
    // Marked for deletion, it still counts.
    own.done("/frontend/delete_tenant", json!({})).await;
    assert_eq!(short(&create(&newcomer, "Alpha Tenant").await), (409, "only_free_tenant"));
    own.done("/frontend/restore_tenant", json!({})).await;
    bench.add_member("newcomer@example.com", "").await;
    let made = create(&newcomer, "Alpha Tenant").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let listed = newcomer.get("/frontend/get_tenants").await;
    let names: Vec<_> =
        listed.body["tenants"].as_array().unwrap().iter().map(|tenant| tenant["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Alpha Tenant", "Beta Tenant", "Local"]);

    let mut tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    tenant.is_trial = true;
    bench.store().put_tenant(&tenant).await.unwrap();
    assert_eq!(short(&create(&newcomer, "Gamma Tenant").await), (409, "in_trial_tenant"));
    // What a tenant's own provider asserts is seen there only, and founds nothing.
    let asserted = bench.session("newcomer@example.com", issuer::asserted_by(&bench.tenant.id));
    let listed = asserted.get("/frontend/get_tenants").await;
    assert_eq!(listed.body["tenants"].as_array().unwrap().len(), 1);
    assert_eq!(
        said(&create(&asserted, "Gamma Tenant").await),
        (403, "Sign in without single sign-on to create a tenant")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_marked_for_deletion_answers_reads_of_both_apis_and_no_change() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let ticket = bench.request_upload("app.apk", Some(104_857_600)).await;
    let job = ticket.text("job_id");
    owner.done("/frontend/delete_tenant", json!({})).await;
    let subscription = owner.get("/frontend/get_tenant_subscription").await;
    assert_eq!(subscription.body["deletion"], true);
    let purge_at = subscription.body["purge_at"].as_i64().unwrap();
    assert!((purge_at - bench.clock.now() - 30 * 24 * 3600).abs() < 60, "{purge_at}");
    let claim = json!({ "file_path": ticket.text("file_path"), "upload_id": ticket.text("upload_id"), "parts": [] });
    let upload = json!({ "file_name": "a.apk", "platform": "android", "version": "dev" });
    for (path, body) in [
        ("/automate/upload", upload.clone()),
        ("/automate/upload/complete", claim.clone()),
        ("/automate/upload/abort", claim),
        (&*format!("/automate/cancel/{job}"), json!({})),
    ] {
        assert_eq!(said(&bench.post(path, body).await), (409, "The tenant is pending deletion"), "{path}");
    }
    assert_eq!(short(&bench.get(&format!("/automate/status/{job}")).await), (404, "not_found"));
    owner.done("/frontend/restore_tenant", json!({})).await;
    assert_eq!(owner.get("/frontend/get_tenant_subscription").await.body["deletion"], false);
    assert_eq!(bench.post("/automate/upload", upload).await.status, StatusCode::OK);
}
