//! A call of the Management API as a use case of the fault-index table: what comes before it, and what has to hold after
//! it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use api::access::{Route, Row};
use domain::id::TenantId;
use domain::member::EmailAddress;
use domain::plan::Plan;
use domain::tenant::Tenant;
use serde_json::{Value, json};
use tests::harness::send;
use tests::keystores;
use tests::members::Member;

use crate::standing::Standing;
use crate::table::UseCase;
use crate::world::{Entry, World, short};

/// A call of a tenant's owner.
pub(crate) struct Manage {
    row: Row,
    /// What it sends; null for nothing.
    body: fn(&Managed) -> Value,
    /// What there is before it.
    before: Before,
    /// Whether it carries an `Idempotency-Key`.
    with_key: bool,
    /// What the same request is answered once it was carried out.
    again: &'static str,
    /// Whether it answers the same then.
    same_again: bool,
    runs: AtomicU32,
    /// What there is before the first call, and after it: that one is undisturbed.
    before_and_after: [OnceLock<Standing>; 2],
}

/// What there is before a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing: nobody knows the caller.
    Nothing,
    /// A tenant and its owner.
    Tenant,
    /// And another person.
    Person,
    /// And an API token.
    Token,
    /// And an automation key.
    Key,
    /// And sign-in through an identity provider, which is enforced, with a group.
    SingleSignOn,
    /// And a mark for deletion.
    Marked,
    /// And a configuration of its development version, which can be promoted.
    Configured,
    /// And a publication of it, with the key that signs it.
    Published,
    /// And a signing key.
    SigningKey,
    /// And a signing key that is the default.
    DefaultKey,
    /// And a support ticket.
    Ticket,
}

/// A tenant and its owner.
pub(crate) struct Managed {
    pub(crate) email: EmailAddress,
    owner: Member,
    /// An address that may become, or is, a person of the tenant.
    pub(crate) person: String,
    pub(crate) settings: Value,
    /// What names the token, the key or the ticket.
    pub(crate) id: String,
    /// The answers that were a success.
    shown: Mutex<Vec<Value>>,
}

impl Managed {
    pub(crate) const fn tenant(&self) -> &TenantId {
        &self.owner.tenant
    }
}

impl Manage {
    pub(crate) fn new<R: Route>(body: fn(&Managed) -> Value) -> Self {
        let (runs, before_and_after) = (AtomicU32::new(0), [const { OnceLock::new() }; 2]);
        Self {
            row: R::ROW,
            body,
            before: Before::Tenant,
            with_key: false,
            again: "200",
            same_again: true,
            runs,
            before_and_after,
        }
    }

    pub(crate) fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    /// With an `Idempotency-Key`.
    pub(crate) fn once(self) -> Self {
        Self { with_key: true, ..self }
    }

    /// Where there is nothing left to do for the same request.
    pub(crate) fn refused_again(self, again: &'static str) -> Self {
        Self { again, ..self }
    }

    /// Where the answer tells what was changed.
    pub(crate) fn telling_changes(self) -> Self {
        Self { same_again: false, ..self }
    }

    /// Makes what there is before.
    async fn fill(&self, managed: &mut Managed) {
        let owner = &managed.owner;
        match self.before {
            Before::Nothing | Before::Tenant => {}
            Before::Person => {
                owner.done("/frontend/add_user_to_tenant", json!({ "user_id": managed.person })).await;
            }
            Before::Token => {
                managed.id = owner.done("/frontend/create_api_token", json!({})).await.text("token_key");
            }
            Before::Key => {
                let made = owner.done("/frontend/automation/keys", json!({ "name": "First" })).await;
                managed.id = made.text("key_id");
            }
            Before::SigningKey | Before::DefaultKey => {
                let made = owner.done("/frontend/signing_keys", keystores::android("First")).await;
                managed.id = made.text("signing_key_id");
                if self.before == Before::DefaultKey {
                    owner.done("/frontend/signing_keys/default", json!({ "signing_key_id": managed.id })).await;
                }
            }
            Before::Ticket => {
                let fields = json!({ "subject": "Another", "description": "How?" });
                managed.id = owner.done("/frontend/support/tickets", fields).await.text("ticket_id");
            }
            Before::SingleSignOn => {
                owner.done("/frontend/saml_settings", managed.settings.clone()).await;
                owner.done("/frontend/saml_groups", json!({ "group_name": "Staff", "permissions": [] })).await;
            }
            Before::Marked => {
                owner.done("/frontend/delete_tenant", json!({})).await;
            }
            Before::Configured | Before::Published => {
                let config = json!({ "BackupPrevention": { "protection": true } });
                owner.done("/frontend/config_update", json!({ "version": "dev", "config": config })).await;
                owner.done("/frontend/update_deployment_environments", json!({ "enabled": true })).await;
                if self.before == Before::Published {
                    owner.done("/frontend/push_live_config", json!({ "version": "dev" })).await;
                }
            }
        }
    }

    /// What there is before each call.
    pub(crate) fn before(&self) -> &Standing {
        self.before_and_after[0].get().unwrap()
    }

    /// The one event of a call, as it belongs to what came of that. There were so many before it.
    fn told(&self, before: usize, after: &Standing, carried_out: bool) -> &'static str {
        let new = &after.events[before..];
        assert!(new.iter().all(|logged| logged.event.api_call == self.row.name), "{new:?}");
        match new {
            [] if !carried_out => "untold",
            [logged] if logged.event.successful == carried_out => "told",
            _ => panic!("carried out: {carried_out}, and the log says {new:?}"),
        }
    }

    /// There is what there was after the first call, with its answer.
    pub(crate) async fn assert_made_once(&self, world: &World, managed: &Managed) {
        let found = world.standing(&managed.email).await;
        let after = self.before_and_after[1].get_or_init(|| found.clone());
        assert_eq!(found.plainly(), after.plainly());
        self.assert_shown(world, managed).await;
    }

    /// Whoever sent one request, however often, was shown one secret, which opens what it is for.
    pub(crate) async fn assert_shown(&self, world: &World, managed: &Managed) {
        let shown = managed.shown.lock().unwrap().clone();
        assert!(!self.same_again || shown.iter().all(|answer| *answer == shown[0]), "{shown:?}");
        let pair =
            |id: &str, secret: &str| Some(format!("{}:{}", shown.first()?[id].as_str()?, shown[0][secret].as_str()?));
        if let Some(pair) = pair("key_id", "key_secret") {
            let authorization = [("authorization", &*format!("Bearer {pair}"))];
            let answer = send(&world.bench.router, "GET", "/automate/status/1", &authorization, None).await;
            assert_eq!(short(&answer), "404 not_found");
        }
        if let Some(pair) = pair("token_key", "token_secret") {
            let answer = world.bench.holder(&pair).get("/frontend/get_tenants").await;
            assert_eq!(answer.body["tenants"][0]["tenant_id"], managed.owner.tenant.as_str());
        }
    }
}

impl UseCase for Manage {
    type Subject = Managed;

    fn name(&self) -> String {
        self.row.name.replace('_', " ")
    }

    async fn prepare(&self, world: &World) -> Managed {
        let number = self.runs.fetch_add(1, Ordering::SeqCst);
        // One call may have several tables, each after something else.
        let domain = format!("{}-{:?}-{number}.example.com", self.row.name.replace('_', "-"), self.before);
        let domain = domain.to_lowercase();
        let email: EmailAddress = format!("owner@{domain}").parse().unwrap();
        let tenant = TenantId::from_bits(uuid::Uuid::now_v7().as_u128());
        let more = json!({ "enforce_sso_only": true, "breakglass_account": email.as_str() });
        let mut managed = Managed {
            owner: world.bench.person(email.as_str()).in_tenant(&tenant),
            person: format!("person@{domain}"),
            settings: tests::saml::settings(&tenant, &more),
            id: String::new(),
            shown: Mutex::default(),
            email,
        };
        if self.before != Before::Nothing {
            let new = Tenant::new(tenant, "Managed".parse().unwrap(), Plan::Enterprise);
            world.bench.own().found_tenant(&new, &managed.email).await.unwrap();
            self.fill(&mut managed).await;
        }
        if self.before_and_after[0].get().is_none() {
            self.before_and_after[0].set(world.standing(&managed.email).await).unwrap();
        }
        managed
    }

    async fn act(&self, _: &World, entry: &Entry, managed: &Managed) -> String {
        let headers = if self.with_key { &[("idempotency-key", "one")][..] } else { &[] };
        let body = Some((self.body)(managed)).filter(|body| !body.is_null());
        let path = self.row.path.replace("{ticket_id}", &managed.id);
        let answer = entry.call_as(&managed.owner, (self.row.method, &path), headers, body).await;
        if answer.status == 200 {
            managed.shown.lock().unwrap().push(answer.body.clone());
        }
        short(&answer)
    }

    async fn recover(&self, world: &World, managed: Managed, first: Option<&str>) -> String {
        let found = world.standing(&managed.email).await;
        let before = self.before();
        let after = self.before_and_after[1].get_or_init(|| found.clone());
        let plain = found.plainly();
        let changed = plain != before.plainly();
        assert!(!changed || plain == after.plainly(), "half a change after {first:?}: {plain:#?}");
        assert!(changed || first != Some("200"), "a success that changed nothing");
        let told = self.told(before.events.len(), &found, changed);

        let again = self.act(world, &world.direct(), &managed).await;
        if again == "409 idempotency_in_progress" {
            // Nobody can tell that whoever answers it is gone, until their time is over.
            assert!(first != Some("200") && !changed, "after {first:?}");
            return format!("not done, {told}, to be asked again in two minutes");
        }
        assert_eq!(again, if changed { self.again } else { "200" }, "asked again after {first:?}");
        let last = world.standing(&managed.email).await;
        assert_eq!(last.plainly(), after.plainly(), "asked again after {first:?}");
        assert_eq!(self.told(found.events.len(), &last, again == "200"), "told");
        self.assert_shown(world, &managed).await;
        format!("{}, {told}", if changed { "done" } else { "not done" })
    }
}
