//! Pages of builds and applications while others come and go, and cursors that are none.

use std::collections::BTreeSet;

use domain::control::ControlId;
use domain::plan::Plan;
use futures_util::future::join;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, put};
use tests::members::Member;
use tests::packages::app;

const BUILDS: &str = "/frontend/get_application_builds";
const APPLICATIONS: &str = "/frontend/get_applications";

/// One list: where it is, what names its entries, and what is asked for beside the page.
struct List {
    path: &'static str,
    entries: &'static str,
    id: &'static str,
    filter: Value,
}

impl List {
    fn builds(filter: Value) -> Self {
        Self { path: BUILDS, entries: "builds", id: "start_time", filter }
    }

    fn applications() -> Self {
        Self { path: APPLICATIONS, entries: "applications", id: "package_name", filter: json!({}) }
    }

    async fn page(&self, caller: &Member, limit: usize, cursor: Option<&str>) -> Answer {
        let mut body = self.filter.clone();
        body["limit"] = json!(limit);
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor);
        }
        caller.post(self.path, body).await
    }

    fn ids(&self, page: &Answer) -> Vec<String> {
        page.body[self.entries].as_array().unwrap().iter().map(|entry| entry[self.id].to_string()).collect()
    }

    /// Page after page to the end, in their order; `between` happens after each of them.
    async fn walk(&self, caller: &Member, limit: usize, mut between: impl AsyncFnMut()) -> Vec<String> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.page(caller, limit, cursor.as_deref()).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let ids = self.ids(&page);
            assert!(ids.len() <= limit, "{ids:?}");
            found.extend(ids);
            between().await;
            match page.body["cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return found,
            }
        }
    }

    /// The first cursor with pages of one entry.
    async fn cursor(&self, caller: &Member) -> String {
        let page = self.page(caller, 1, None).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.text("cursor")
    }
}

/// A tenant with many builds.
struct Busy {
    bench: Bench,
    owner: Member,
}

impl Busy {
    async fn start() -> Self {
        let bench = Bench::start().await;
        bench.limit(1000, 1000).await;
        let owner = bench.owner();
        Self { bench, owner }
    }

    /// Builds that wait for their worker; their start times.
    async fn wait(&self, count: usize, version: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.ask(version, b"not looked at").await);
        }
        ids
    }

    async fn ask(&self, version: &str, package: &[u8]) -> String {
        let body = json!({ "file_name": "app.apk", "platform": "android", "version": version });
        let ticket = self.owner.done("/frontend/upload_application_build", body).await;
        put(&ticket.text("upload_url"), package.to_vec()).await;
        let id = ticket.text("job_id");
        let seen = self.bench.get(&format!("/automate/status/{id}")).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
        id
    }

    /// Lets each of these apps be built so often; the start times.
    async fn build(&self, packages: &[&str], times: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..times {
            for package in packages {
                ids.push(self.ask("prod", &app(package)).await);
            }
        }
        self.bench.run_worker(&self.bench.worker()).await;
        ids
    }

    async fn delete(&self, id: &str) {
        let body = json!({ "start_time": id.parse::<i64>().unwrap() });
        let cancelled = self.bench.post(&format!("/automate/cancel/{id}"), Value::Null).await;
        assert!(matches!(cancelled.status.as_u16(), 200 | 409), "{}", cancelled.body);
        self.owner.done("/frontend/delete_application_build", body).await;
    }
}

/// Each that stays is found once and none twice.
fn assert_sees(found: &[String], staying: &[String], place: &str) {
    let unique: BTreeSet<&String> = found.iter().collect();
    assert_eq!(unique.len(), found.len(), "{place}: one twice in {found:?}");
    let missing: Vec<&String> = staying.iter().filter(|id| !unique.contains(id)).collect();
    assert!(missing.is_empty(), "{place}: {missing:?} of {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_that_stay_are_listed_once_while_others_come_and_go() {
    let busy = Busy::start().await;
    let (mut staying, mut leaving) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        staying.extend(busy.wait(1, "prod").await);
        leaving.extend(busy.wait(1, "prod").await);
    }
    for limit in [1, 2, 5] {
        let mut gone = leaving.split_off(leaving.len().saturating_sub(2));
        let churn = async || {
            busy.wait(1, "prod").await;
            if let Some(id) = gone.pop() {
                busy.delete(&id).await;
            }
        };
        let found = List::builds(json!({})).walk(&busy.owner, limit, churn).await;
        assert_sees(&found, &staying, &format!("pages of {limit}"));
        assert!(found.is_sorted_by(|one, next| one > next), "{found:?}");
    }
    // And in earnest at the same time.
    let list = List::builds(json!({}));
    let churn = async {
        for _ in 0..6 {
            let late = busy.wait(1, "prod").await;
            busy.delete(&late[0]).await;
        }
    };
    let (found, ()) = join(list.walk(&busy.owner, 3, async || ()), churn).await;
    assert_sees(&found, &staying, "at the same time");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_pages_of_what_they_choose_are_complete() {
    let busy = Busy::start().await;
    let packages = ["com.example.first", "com.example.second"];
    let built = busy.build(&packages, 4).await;
    let [first, second] = [0, 1].map(|which| built.iter().skip(which).step_by(2).cloned().collect::<Vec<_>>());
    let waiting = busy.wait(5, "dev").await;
    let awaiting = json!({ "file_name": "app.apk", "platform": "android", "version": "dev" });
    busy.owner.done("/frontend/upload_application_build", awaiting).await;

    let listed = busy.owner.done(APPLICATIONS, json!({})).await;
    let application = |package: &str| {
        let mut applications = listed.body["applications"].as_array().unwrap().iter();
        applications.find(|listed| listed["package_name"] == package).unwrap()["application_id"].clone()
    };
    let [one, two] = packages.map(application);
    let everything = [built.clone(), waiting.clone()].concat();
    for (filter, expected) in [
        (json!({}), &everything),
        (json!({ "platform": "android" }), &everything),
        (json!({ "platform": "ios" }), &Vec::new()),
        (json!({ "version": "production" }), &built),
        (json!({ "version": "dev" }), &waiting),
        (json!({ "version": "staging" }), &Vec::new()),
        (json!({ "application_id": one }), &first),
        (json!({ "application_id": two, "version": "prod", "platform": "android" }), &second),
        (json!({ "application_id": two, "version": "dev" }), &Vec::new()),
        (json!({ "application_id": "00000000-0000-0000-0000-000000000000" }), &Vec::new()),
    ] {
        let mut expected = expected.clone();
        expected.sort_by(|one, other| other.cmp(one));
        for limit in [1, 3, 100] {
            let found = List::builds(filter.clone()).walk(&busy.owner, limit, async || ()).await;
            assert_eq!(found, expected, "{filter} in pages of {limit}");
        }
    }
    let mut left = first.clone();
    let deleting = async || {
        if let Some(id) = left.pop().filter(|_| left.len() > 1) {
            busy.delete(&id).await;
        }
    };
    let found = List::builds(json!({ "application_id": one })).walk(&busy.owner, 1, deleting).await;
    assert_sees(&found, &first[..2], "the builds of an application");
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_that_stay_are_listed_once_while_others_come_and_go() {
    let busy = Busy::start().await;
    let (staying, leaving) = (["a.a", "b.b", "c.c", "d.d", "e.e", "f.f"], ["g.g", "h.h", "i.i", "j.j"]);
    busy.build(&staying, 1).await;
    let mut gone = busy.build(&leaving, 1).await;
    let staying: Vec<String> = staying.map(|package| format!("{package:?}")).into();
    for limit in [1, 3] {
        let mut coming = 0;
        let churn = async || {
            coming += 1;
            if coming % 2 == 1 {
                busy.build(&[&format!("c.new{limit}.x{coming}")], 1).await;
            }
            if let Some(id) = gone.pop() {
                busy.delete(&id).await;
            }
        };
        let found = List::applications().walk(&busy.owner, limit, churn).await;
        assert_sees(&found, &staying, &format!("pages of {limit}"));
    }
    let found = List::applications().walk(&busy.owner, 2, async || ()).await;
    assert!(!found.contains(&"\"g.g\"".to_owned()), "what is deleted is no more: {found:?}");
}

fn assert_invalid(answer: &Answer, place: &str) {
    assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "invalid_cursor".into()), "{place}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_continues_its_own_list_alone() {
    let busy = Busy::start().await;
    busy.build(&["a.a", "b.b"], 2).await;
    let (other, _) = busy.bench.another_tenant(2, Plan::Team).await;
    let strangers = busy.owner.in_tenant(&other.id);
    let application = busy.owner.done(APPLICATIONS, json!({})).await.body["applications"][0]["application_id"].clone();
    let lists = [
        List::applications(),
        List::builds(json!({})),
        List::builds(json!({ "platform": "android" })),
        List::builds(json!({ "version": "prod" })),
        List::builds(json!({ "application_id": application })),
        List::builds(json!({ "application_id": application, "version": "prod" })),
    ];
    let mut cursors = Vec::new();
    for list in &lists {
        cursors.push(list.cursor(&busy.owner).await);
    }
    for (from, cursor) in cursors.iter().enumerate() {
        for (to, list) in lists.iter().enumerate() {
            let place = format!("{} {} for {} {}", lists[from].path, lists[from].filter, list.path, list.filter);
            let answer = list.page(&busy.owner, 1, Some(cursor)).await;
            if from == to {
                assert_eq!(answer.status, 200, "{place}: {}", answer.body);
                let longer = list.page(&busy.owner, 50, Some(cursor)).await;
                assert_eq!(list.ids(&longer)[..1], list.ids(&answer), "{place}: of whatever length the pages are");
            } else {
                assert_invalid(&answer, &place);
            }
            assert_invalid(&list.page(&strangers, 1, Some(cursor)).await, &place);
        }
    }
    // Whoever of the tenant asks: it is the tenant's list.
    let reader = busy.bench.add_member("reader@example.com", "").await;
    assert_eq!(lists[1].page(&reader, 1, Some(&cursors[1])).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_was_changed_or_made_up_is_refused() {
    let busy = Busy::start().await;
    busy.wait(3, "prod").await;
    let list = List::builds(json!({}));
    let cursor = list.cursor(&busy.owner).await;
    for index in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_invalid(&list.page(&busy.owner, 1, Some(&changed)).await, &changed);
    }
    let cut = &cursor[..cursor.len() - 1];
    for other in ["", "x", "1700000000", cut, &format!("{cursor}A"), &format!("{cursor}="), &"A".repeat(1024)] {
        assert_invalid(&list.page(&busy.owner, 1, Some(other)).await, other);
    }
    for limit in [json!(0), json!(101), json!(u64::MAX)] {
        let answer = busy.owner.post(BUILDS, json!({ "limit": limit })).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "invalid_limit".into()), "{limit}");
    }
}

/// Its control is on a plan that the tenant left: what is listed stays readable.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_open_to_every_plan() {
    let busy = Busy::start().await;
    busy.bench.configure(&[ControlId::BACKUP_PREVENTION]).await;
    let waiting = busy.wait(2, "prod").await;
    let tenant = busy.bench.store().tenant(&busy.bench.tenant.id).await.unwrap().unwrap();
    busy.bench.store().put_tenant(&domain::tenant::Tenant { plan: Plan::Free, ..tenant }).await.unwrap();
    let found = List::builds(json!({})).walk(&busy.owner, 1, async || ()).await;
    assert_eq!(found.iter().rev().collect::<Vec<_>>(), waiting.iter().collect::<Vec<_>>());
    let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
    let refused = busy.owner.post("/frontend/upload_application_build", body.clone()).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (403, "plan_required".into()), "{}", refused.body);
    let mut keyed = body;
    keyed["signing_key_id"] = json!(busy.bench.tenant.default_android_key);
    let refused = busy.owner.post("/frontend/upload_application_build", keyed).await;
    let found = (refused.status.as_u16(), refused.text("error"));
    assert_eq!(found, (403, "Code signing requires a Team or Enterprise plan".into()));
}
