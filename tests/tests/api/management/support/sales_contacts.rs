//! Requests to be called by sales: who counts as one user, and the seven days under races.

use domain::plan::Plan;
use futures_util::future::join_all;
use serde_json::json;
use tests::harness::Bench;
use tests::issuer;
use tests::members::Member;

use super::super::races::{at_once, count, counts};
use super::mails;

const WEEK: i64 = 7 * 24 * 3600;

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
    for caller in [&colleague, &token] {
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
async fn a_person_is_one_user_in_all_tenants_and_whom_a_tenant_asserts_is_one_there() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let (status, request) = ("/frontend/sales_contact/status", "/frontend/sales_contact/request");
    let (idle, asked) = (json!({ "on_cooldown": false, "cooldown_until": null }), json!({ "tier": "TEAM" }));
    let mut tenants = vec![bench.tenant.clone()];
    for (number, plan) in [(7, Plan::Free), (8, Plan::Team), (9, Plan::Enterprise)] {
        tenants.push(bench.another_tenant(number, plan).await.0);
    }
    let enterprise = &tenants[3].id;
    let asserted = bench.session("owner@example.com", issuer::asserted_by(enterprise)).in_tenant(enterprise);
    asserted.done(request, asked.clone()).await;
    let refused = asserted.post(request, asked.clone()).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (429, "sales_contact_cooldown"));

    let owner = bench.owner();
    let everywhere: Vec<Member> = tenants.iter().map(|tenant| owner.in_tenant(&tenant.id)).collect();
    for own in &everywhere {
        assert_eq!(own.get(status).await.body, idle, "what a tenant asserts says nothing of the person");
    }
    let calls = everywhere.iter().cycle().take(16).map(|own| own.post(request, asked.clone()));
    assert_eq!(count(&join_all(calls).await), counts([("200", 1), ("429 sales_contact_cooldown", 15)]));
    let google = json!({ "identities": [{ "providerName": "Google", "providerType": "Google" }] });
    let google = bench.session("Owner@example.com", google);
    let until = json!({ "on_cooldown": true, "cooldown_until": bench.clock.now() + WEEK });
    for own in everywhere.iter().chain([&google]) {
        assert_eq!(own.get(status).await.body, until);
    }
}
