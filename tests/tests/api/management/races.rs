//! Many at once against one limit, one name, one last administrator.

use std::collections::{BTreeMap, BTreeSet};

use domain::plan::Plan;
use domain::roster::Roster;
use futures_util::future::{join, join_all};
use serde_json::json;
use tests::harness::{Answer, Bench, send};
use tests::members::Member;

/// How often each answer was given.
pub(super) fn count<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let code = answer.body["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        *counts.entry(format!("{}{code}", answer.status.as_u16())).or_default() += 1;
    }
    counts
}

pub(super) fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(answer, times)| (answer.to_owned(), times)).into()
}

/// The same request by one caller, with a body for each.
pub(super) async fn at_once(
    caller: &Member,
    path: &str,
    bodies: impl IntoIterator<Item = serde_json::Value>,
) -> Vec<Answer> {
    join_all(bodies.into_iter().map(|body| caller.post(path, body))).await
}

async fn roster(bench: &Bench) -> Roster {
    bench.store().roster(&bench.tenant.id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_people_are_added_as_the_limit_allows_and_the_others_belong_nowhere() {
    let bench = Bench::start().await;
    bench.limit_people(5).await;
    let owner = bench.owner();
    let email = |number: usize| format!("person{number}@example.com");
    let bodies = (0..15).map(|number| json!({ "user_id": email(number) }));
    let answers = at_once(&owner, "/frontend/add_user_to_tenant", bodies).await;
    assert_eq!(count(&answers), counts([("200", 4), ("429 user_limit", 11)]));
    for (number, answer) in answers.iter().enumerate() {
        let tenants = bench.person(&email(number)).get("/frontend/get_tenants").await;
        let belongs = tenants.body["tenants"].as_array().unwrap().len();
        assert_eq!(belongs, usize::from(answer.status == 200), "{}", email(number));
        if answer.status == 429 {
            assert_eq!(
                (&answer.headers["x-ratelimit-limit"], &answer.headers["x-ratelimit-remaining"]),
                (&"5".parse().unwrap(), &"0".parse().unwrap())
            );
        }
    }
    let listed = owner.get("/frontend/get_users_permissions").await;
    assert_eq!((listed.body["users"].as_array().unwrap().len(), roster(&bench).await.people.len()), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tokens_and_ten_keys_are_made_whoever_asks_for_more() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let answers = at_once(&owner, "/frontend/create_api_token", vec![json!({}); 30]).await;
    assert_eq!(count(&answers), counts([("200", 20), ("429 token_limit", 10)]));
    let made: BTreeSet<String> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text("token_key")).collect();
    let listed = owner.get("/frontend/get_api_tokens_permissions").await;
    let listed =
        listed.body["tokens"].as_array().unwrap().iter().map(|token| token["token_key"].as_str().unwrap().to_owned());
    assert_eq!(listed.collect::<BTreeSet<_>>(), made);
    assert_eq!(made.len(), 20);

    // The bench has one already.
    let answers = at_once(&owner, "/frontend/automation/keys", vec![json!({ "name": "Pipeline" }); 20]).await;
    assert_eq!(count(&answers), counts([("200", 9), ("429 key_limit", 11)]));
    let listed = owner.get("/frontend/automation/keys").await;
    assert_eq!((listed.body["keys"].as_array().unwrap().len(), roster(&bench).await.keys.len()), (10, 10));

    // Deleted once, whoever asks; then there is room for one.
    let gone = json!({ "token_key": made.first().unwrap() });
    let answers = at_once(&owner, "/frontend/delete_api_token", vec![gone; 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("404 not_found", 9)]));
    let answers = at_once(&owner, "/frontend/create_api_token", vec![json!({}); 5]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("429 token_limit", 4)]));
    let gone = json!({ "key_id": bench.key.id.as_str() });
    let answers = at_once(&owner, "/frontend/automation/keys/delete", vec![gone; 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("404 not_found", 9)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_renames_of_a_day_are_made_and_one_tenant_of_a_newcomer() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let bodies = (0..12).map(|number| json!({ "tenant_name": format!("Tenant {number}") }));
    let answers = at_once(&owner, "/frontend/modify_tenant_details", bodies).await;
    assert_eq!(count(&answers), counts([("200", 5), ("429 rename_limit", 7)]));
    let kept: i64 = answers.iter().find(|answer| answer.status == 429).unwrap().headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((24 * 3600 - 60..=24 * 3600).contains(&kept), "{kept}");

    let newcomer = bench.person("newcomer@example.com");
    let bodies = (0..10).map(|number| json!({ "tenant_name": format!("Tenant {number}") }));
    let answers = at_once(&newcomer, "/frontend/create_tenant", bodies).await;
    assert_eq!(count(&answers), counts([("200", 1), ("409 only_free_tenant", 9)]));
    let made = answers.iter().find(|answer| answer.status == 200).unwrap();
    let listed = newcomer.get("/frontend/get_tenants").await;
    let expected = json!([{ "tenant_id": made.body["tenant_id"], "name": made.body["tenant_name"], "plan": "FREE" }]);
    assert_eq!(listed.body["tenants"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_added_removed_or_restored_many_times_at_once_is_so_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let person = json!({ "user_id": "Developer@example.com" });
    let answers = at_once(&owner, "/frontend/add_user_to_tenant", vec![person.clone(); 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("409 user_exists", 9)]));
    let answers = at_once(&owner, "/frontend/remove_user_from_tenant", vec![person; 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("404 not_found", 9)]));
    let answers = at_once(&owner, "/frontend/delete_tenant", vec![json!({}); 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("409 tenant_pending_deletion", 9)]));
    let answers = at_once(&owner, "/frontend/restore_tenant", vec![json!({}); 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("409 tenant_not_pending_deletion", 9)]));
    let headers =
        [("authorization", owner.bearer.as_str()), ("tenant", bench.tenant.id.as_str()), ("idempotency-key", "once")];
    let ask = |path, body| {
        let (router, headers) = (&bench.router, &headers);
        async move { send(router, "POST", path, headers, Some(body)).await }
    };
    for (path, body) in [
        ("/frontend/create_api_token", json!({})),
        ("/frontend/automation/keys", json!({ "name": "Pipeline" })),
        ("/frontend/add_user_to_tenant", json!({ "user_id": "newuser@example.com" })),
    ] {
        let answers = join_all((0..10).map(|_| ask(path, body.clone()))).await;
        let bodies: BTreeSet<String> = answers.iter().map(|answer| answer.body.to_string()).collect();
        let first = answers.iter().filter(|answer| !answer.headers.contains_key("idempotent-replayed")).count();
        assert_eq!((count(&answers), bodies.len(), first), (counts([("200", 10)]), 1, 1), "{path}");
    }
    assert_eq!((roster(&bench).await.tokens.len(), roster(&bench).await.keys.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_dismiss_each_other_leave_one() {
    let bench = Bench::start().await;
    let (remove, update) = ("/frontend/remove_user_from_tenant", "/frontend/update_user_permissions");
    let names = ["first@example.com", "second@example.com"];
    let (owner, admin) = (bench.owner(), "user_and_api_management");
    for round in 0..6 {
        for name in names {
            let added = owner.post("/frontend/add_user_to_tenant", json!({ "user_id": name })).await;
            assert!(matches!(added.status.as_u16(), 200 | 409), "{}", added.body);
            owner.permit(name, admin).await;
        }
        // The owner steps back, or is still there.
        let alone = round < 4;
        if alone {
            bench.person(names[0]).permit("owner@example.com", "").await;
        }
        let dismiss = |by: usize, other: usize| {
            let (path, body) = match (round + by) % 3 {
                0 => (remove, json!({ "user_id": names[other] })),
                _ => (update, json!({ "user_id": names[other], "permissions": "build_applications" })),
            };
            let caller = bench.person(names[by]);
            async move { caller.post(path, body).await }
        };
        let (one, other) = join(dismiss(0, 1), dismiss(1, 0)).await;
        let admins = roster(&bench).await.admins;
        assert!(!admins.is_empty(), "round {round}: nobody is left");
        if alone {
            let codes = count([&one, &other]);
            let refused = codes.keys().find(|code| *code != "200").cloned();
            let fair = ["409 last_administrator", "403 permission_denied", "403 forbidden"];
            assert_eq!((codes.get("200"), admins.len()), (Some(&1), 1), "round {round}: {codes:?}");
            assert!(refused.is_some_and(|code| fair.contains(&code.as_str())), "round {round}: {codes:?}");
            let left = bench.person(admins.first().unwrap().as_str());
            left.permit("owner@example.com", admin).await;
        }
        let kept = roster(&bench).await;
        assert!(kept.admins.is_subset(&kept.people), "{kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_permitted_while_being_removed_leaves_nothing_behind() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let (email, admin) = ("developer@example.com", "user_and_api_management");
    for _ in 0..5 {
        owner.done("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
        let permit =
            || owner.post("/frontend/update_user_permissions", json!({ "user_id": email, "permissions": admin }));
        let remove = || owner.post("/frontend/remove_user_from_tenant", json!({ "user_id": email }));
        let (permits, removed) = join(join_all((0..4).map(|_| permit())), remove()).await;
        assert_eq!(removed.status, 200, "{}", removed.body);
        assert!(permits.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 404)), "{:?}", count(&permits));
        let (kept, address) = (roster(&bench).await, email.parse().unwrap());
        assert!(!kept.people.contains(&address) && !kept.admins.contains(&address), "{kept:?}");
        let refused = bench.person(email).get("/frontend/get_users_permissions").await;
        assert_eq!(refused.status, 403, "{}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_to_a_tenant_once_it_is_marked_for_deletion() {
    let bench = Bench::start().await;
    for number in 2..5 {
        let (tenant, _) = bench.another_tenant(number, Plan::Team).await;
        let owner = bench.owner().in_tenant(&tenant.id);
        let email = |person: usize| format!("person{person}@example.com");
        let bodies = (0..8).map(|person| json!({ "user_id": email(person) }));
        let adds = at_once(&owner, "/frontend/add_user_to_tenant", bodies);
        let (adds, deleted) = join(adds, owner.post("/frontend/delete_tenant", json!({}))).await;
        assert_eq!(deleted.status, 200, "{}", deleted.body);
        let fair = |code: &String| ["200", "409 tenant_pending_deletion"].contains(&code.as_str());
        assert!(count(&adds).keys().all(fair), "{:?}", count(&adds));
        let added = adds.iter().filter(|answer| answer.status == 200).count();
        let people = bench.store().roster(&tenant.id).await.unwrap().people.len();
        assert_eq!(people, 1 + added, "the owner and who was added");
        let late = owner.post("/frontend/add_user_to_tenant", json!({ "user_id": "late@example.com" })).await;
        assert_eq!(late.body["code"], "tenant_pending_deletion");
    }
}
