//! N requests at a limit of k give exactly k successes, and no order of them breaks a rule.

use domain::plan::CustomLimits;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use service::operator::Setting;
use tests::harness::{Answer, Bench, send};
use tests::members::Member;

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}

/// As many successes as there is room for, and the rest refused for the limit.
async fn race(member: &Member, path: &str, requests: usize, room: usize, body: impl Fn(usize) -> Value) {
    let answers = join_all((0..requests).map(|number| member.post(path, body(number)))).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (room, requests - room), "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_however_many_requests_come_at_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let limits = CustomLimits { max_users: Some(6), ..CustomLimits::default() };
    bench.own().set(&bench.tenant.id, &Setting::CustomLimits(limits)).await.unwrap();
    race(&owner, "/frontend/add_user_to_tenant", 12, 5, |n| json!({ "user_id": format!("user{n}@example.com") })).await;
    race(&owner, "/frontend/create_api_token", 26, 20, |_| json!({})).await;
    // The test's own key is one of the ten.
    race(&owner, "/frontend/automation/keys", 15, 9, |n| json!({ "name": format!("Key {n}") })).await;
    race(&owner, "/frontend/modify_tenant_details", 9, 5, |n| json!({ "tenant_name": format!("Tenant {n}") })).await;
    let roster = bench.store().roster(&bench.tenant.id).await.unwrap();
    assert_eq!((roster.people.len(), roster.tokens.len(), roster.keys.len()), (6, 20, 10));
    assert_eq!(owner.get("/frontend/get_users_permissions").await.body["users"].as_array().unwrap().len(), 6);
    assert_eq!(owner.get("/frontend/get_api_tokens_permissions").await.body["tokens"].as_array().unwrap().len(), 20);
    assert_eq!(owner.get("/frontend/automation/keys").await.body["keys"].as_array().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_user_is_added_once_and_one_person_makes_one_free_tenant() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let body = json!({ "user_id": "new@example.com" });
    let added = join_all((0..6).map(|_| owner.post("/frontend/add_user_to_tenant", body.clone()))).await;
    assert_eq!((count(&added, 200), count(&added, 409)), (1, 5));
    let bearer = bench.person("newcomer@example.com").bearer;
    let made =
        join_all(
            (0..6).map(|number| {
                let body = json!({ "tenant_name": format!("Tenant {number}") });
                let (router, bearer) = (bench.router.clone(), bearer.clone());
                async move {
                    send(&router, "POST", "/frontend/create_tenant", &[("authorization", &*bearer)], Some(body)).await
                }
            }),
        );
    let made = made.await;
    assert_eq!((count(&made, 200), count(&made, 409)), (1, 5));
    let listed = send(&bench.router, "GET", "/frontend/get_tenants", &[("authorization", &*bearer)], None).await;
    assert_eq!(listed.body["tenants"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_cannot_take_each_other_away() {
    let bench = Bench::start().await;
    let (owner, all) = (bench.owner(), "user_and_api_management");
    let second = bench.add_member("second@example.com", all).await;
    for round in 0..6 {
        let strip = |email: &str| json!({ "user_id": email, "permissions": "build_applications" });
        let (first, other) = tokio::join!(
            owner.post("/frontend/update_user_permissions", strip("second@example.com")),
            second.post("/frontend/update_user_permissions", strip("owner@example.com")),
        );
        let roster = bench.store().roster(&bench.tenant.id).await.unwrap();
        assert_eq!(roster.admins.len(), 1, "{round}: {} {}", first.body, other.body);
        let left = if first.status == StatusCode::OK { &owner } else { &second };
        for email in ["owner@example.com", "second@example.com"] {
            let permit = json!({ "user_id": email, "permissions": all });
            let permitted = left.post("/frontend/update_user_permissions", permit).await;
            assert_eq!(permitted.status, StatusCode::OK, "{}", permitted.body);
        }
    }
    let (first, other) = tokio::join!(
        owner.post("/frontend/remove_user_from_tenant", json!({ "user_id": "second@example.com" })),
        second.post("/frontend/remove_user_from_tenant", json!({ "user_id": "owner@example.com" })),
    );
    let roster = bench.store().roster(&bench.tenant.id).await.unwrap();
    assert_eq!((roster.people.len(), roster.admins.len()), (1, 1), "{} {}", first.body, other.body);
}

/// What was asked for before the mark is done or refused, and never done behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_deleted_and_restored_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    for _ in 0..4 {
        let calls = (0..4).map(|_| owner.post("/frontend/delete_tenant", json!({})));
        let (deleted, added) = tokio::join!(join_all(calls), owner.post("/frontend/create_api_token", json!({})));
        assert_eq!((count(&deleted, 200), count(&deleted, 409)), (1, 3));
        assert!(matches!(added.status.as_u16(), 200 | 409 | 429), "{}", added.body);
        let restored = join_all((0..4).map(|_| owner.post("/frontend/restore_tenant", json!({})))).await;
        assert_eq!((count(&restored, 200), count(&restored, 409)), (1, 3));
    }
}
