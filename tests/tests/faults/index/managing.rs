//! The fault-index table of the Management API: people, tokens, keys, sign-in and settings of a tenant.

use api::access::{
    AddUserToTenant, CreateApiToken, CreateAutomationKey, CreateTenant, DeleteApiToken, DeleteAutomationKey,
    DeleteSamlSettings, DeleteTenant, GetUsersPermissions, ModifyTenantDetails, RemoveUserFromTenant, RestoreTenant,
    SaveSamlGroup, ToggleAutomationKey, UpdateDeploymentEnvironments, UpdateSamlSettings, UpdateUserPermissions,
};
use serde_json::{Value, json};
use tests::events::Logged;

use crate::management::{Before, Manage, Managed};
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World};

/// The tables of several use cases in one world; equal ones once.
pub(crate) async fn tables<const N: usize>(cases: [Manage; N]) -> String {
    let world = World::start().await;
    let mut tables: Vec<(String, String)> = Vec::new();
    for case in cases {
        let table = tabulate(&world, &case).await;
        match tables.iter_mut().find(|(_, other)| *other == table) {
            Some((names, _)) => names.push_str(&format!(", {}", case.name())),
            None => tables.push((case.name(), table)),
        }
    }
    tables.into_iter().map(|(names, table)| format!("# {names}\n{table}")).collect()
}

fn nothing(_: &Managed) -> Value {
    json!({})
}

fn name(_: &Managed) -> Value {
    json!({ "tenant_name": "Another Name" })
}

/// The calls that take an `Idempotency-Key`.
pub(crate) fn creations() -> [Manage; 5] {
    let group = |_: &Managed| json!({ "group_name": "Admins", "permissions": ["user_and_api_management"] });
    [
        Manage::new::<CreateTenant>(name).after(Before::Nothing).once(),
        Manage::new::<AddUserToTenant>(|managed| json!({ "user_id": managed.person })).once(),
        Manage::new::<CreateApiToken>(nothing).once(),
        Manage::new::<CreateAutomationKey>(|_| json!({ "name": "Second" })).once(),
        Manage::new::<SaveSamlGroup>(group).after(Before::SingleSignOn).once(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn making_and_changing_a_tenant_survives_every_fault() {
    let [create, ..] = creations();
    let tables = tables([
        create,
        Manage::new::<ModifyTenantDetails>(name),
        Manage::new::<UpdateDeploymentEnvironments>(|_| json!({ "enabled": true })),
        Manage::new::<DeleteTenant>(nothing).refused_again("409 tenant_pending_deletion"),
        Manage::new::<RestoreTenant>(nothing).after(Before::Marked).refused_again("409 tenant_not_pending_deletion"),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # create tenant
    GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told
    503 once: 200 → done, told
    done, then 500: 200 → done, told | 500 internal → not done, told
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # modify tenant details, update deployment environments, delete tenant, restore tenant
    BatchGetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_people_of_a_tenant_survives_every_fault() {
    let permissions =
        |managed: &Managed| json!({ "user_id": managed.person, "permissions": "user_and_api_management" });
    let [_, add, ..] = creations();
    let tables = tables([
        add,
        Manage::new::<UpdateUserPermissions>(permissions).after(Before::Person),
        Manage::new::<RemoveUserFromTenant>(|managed| json!({ "user_id": managed.person }))
            .after(Before::Person)
            .refused_again("404 not_found"),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # add user to tenant
    BatchGetItem, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # update user permissions, remove user from tenant
    BatchGetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn making_and_removing_tokens_and_keys_survives_every_fault() {
    let [_, _, create_token, create_key, _] = creations();
    let tables = tables([
        create_token,
        Manage::new::<DeleteApiToken>(|managed| json!({ "token_key": managed.id }))
            .after(Before::Token)
            .refused_again("404 not_found"),
        create_key,
        Manage::new::<ToggleAutomationKey>(|managed| json!({ "key_id": managed.id, "enabled": false }))
            .after(Before::Key),
        Manage::new::<DeleteAutomationKey>(|managed| json!({ "key_id": managed.id }))
            .after(Before::Key)
            .refused_again("404 not_found"),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # create api token, create automation key
    BatchGetItem, GenerateDataKey, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # delete api token, toggle automation key, delete automation key
    BatchGetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_how_a_tenant_signs_in_survives_every_fault() {
    let [.., save_group] = creations();
    let tables = tables([
        Manage::new::<UpdateSamlSettings>(|managed| managed.settings.clone()),
        Manage::new::<DeleteSamlSettings>(|_| Value::Null).after(Before::SingleSignOn).refused_again("404 not_found"),
        save_group,
    ]);
    insta::assert_snapshot!(tables.await, @"
    # update saml settings
    BatchGetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # delete saml settings, save saml group
    BatchGetItem, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

/// A call that changes nothing.
struct Read(Manage);

impl UseCase for Read {
    type Subject = Managed;

    fn name(&self) -> String {
        self.0.name()
    }

    async fn prepare(&self, world: &World) -> Managed {
        self.0.prepare(world).await
    }

    async fn act(&self, world: &World, entry: &Entry, managed: &Managed) -> String {
        self.0.act(world, entry, managed).await
    }

    async fn recover(&self, world: &World, managed: Managed, first: Option<&str>) -> String {
        let found = world.standing(&managed.email).await;
        let before = self.0.before();
        assert_eq!(found.plainly(), before.plainly());
        let new = &found.events[before.events.len()..];
        let told = |logged: &Logged| first.is_none() || logged.event.successful == (first == Some("200"));
        assert!(new.iter().all(told), "{first:?}: {new:?}");
        assert_eq!(self.act(world, &world.direct(), &managed).await, "200");
        self.0.assert_shown(world, &managed).await;
        if new.is_empty() { "untold".to_owned() } else { "told".to_owned() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_answered_the_same_where_its_event_is_lost() {
    let read = Read(Manage::new::<GetUsersPermissions>(|_| Value::Null));
    insta::assert_snapshot!(tabulate(&World::start().await, &read).await, @"
    BatchGetItem, Query, TransactWriteItems
    undisturbed: 200 → told
    throttled: 200 → untold | 500 internal → told | 500 internal → untold
    503 once: 200 → told
    done, then 500: 200 → told | 500 internal → told | 500 internal → untold
    done, then cut once: 200 → told
    conflict: 200 → told
    killed before: untold
    killed after: told | untold
    ");
}
