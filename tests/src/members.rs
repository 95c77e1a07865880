//! Callers of the Management API, as tests send their requests.

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::id::TenantId;
use domain::plan::{CustomLimits, Plan};
use domain::platform::{ConfigVersion, Platform};
use domain::tenant::Tenant;
use http::StatusCode;
use local::seed::default_controls;
use serde_json::{Value, json};

use crate::harness::{Answer, Bench, send};
use crate::issuer;

/// Somebody's requests in one tenant.
#[derive(Clone, Debug)]
pub struct Member {
    router: Router,
    /// The `Authorization` header.
    pub bearer: String,
    /// The `tenant` header.
    pub tenant: TenantId,
}

impl Member {
    /// A GET; the answer is one that docs/openapi.json allows.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// A POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    /// Any request.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let headers = [("authorization", self.bearer.as_str()), ("tenant", self.tenant.as_str())];
        send(&self.router, method, path, &headers, body).await
    }

    /// Adds a person with these permissions to the tenant.
    pub async fn add_member(&self, email: &str, permissions: &str) {
        self.done("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
        self.permit(email, permissions).await;
    }

    /// Makes an API token with these permissions in the tenant; returns it and its key.
    pub async fn add_token(&self, permissions: &str) -> (Self, String) {
        let made = self.done("/frontend/create_api_token", json!({})).await;
        let (key, secret) = (made.text("token_key"), made.text("token_secret"));
        self.permit(&key, permissions).await;
        let bearer = format!("Bearer {}", BASE64_STANDARD.encode(format!("{key}:{secret}")));
        (Self { bearer, ..self.clone() }, key)
    }

    /// Replaces what a member of the tenant may do.
    pub async fn permit(&self, member: &str, permissions: &str) {
        self.done("/frontend/update_user_permissions", json!({ "user_id": member, "permissions": permissions })).await;
    }

    /// A POST that has to succeed.
    pub async fn done(&self, path: &str, body: Value) -> Answer {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer
    }

    /// The same caller, whom `router` answers.
    pub fn through(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    /// The same caller in another tenant.
    pub fn in_tenant(&self, tenant: &TenantId) -> Self {
        Self { tenant: tenant.clone(), ..self.clone() }
    }
}

impl Bench {
    /// The owner of the tenant, signed in with a password.
    pub fn owner(&self) -> Member {
        self.person("owner@example.com")
    }

    /// Somebody signed in with a password, whether or not a member of the tenant.
    pub fn person(&self, email: &str) -> Member {
        self.session(email, json!({}))
    }

    /// As [`Self::person`], with other claims.
    pub fn session(&self, email: &str, claims: Value) -> Member {
        self.caller(issuer::bearer(email, self.clock.now(), claims))
    }

    /// Somebody with this `Authorization` header.
    pub fn caller(&self, bearer: String) -> Member {
        Member { router: self.router.clone(), bearer, tenant: self.tenant.id.clone() }
    }

    /// A new member of the tenant with these permissions.
    pub async fn add_member(&self, email: &str, permissions: &str) -> Member {
        self.owner().add_member(email, permissions).await;
        self.person(email)
    }

    /// A new API token of the tenant with these permissions, and its key.
    pub async fn add_token(&self, permissions: &str) -> (Member, String) {
        self.owner().add_token(permissions).await
    }

    /// The holder of the token that an answer shows.
    pub fn token(&self, made: &Answer) -> Member {
        self.holder(&format!("{}:{}", made.text("token_key"), made.text("token_secret")))
    }

    /// The holder of an API token, `token_key:token_secret`.
    pub fn holder(&self, pair: &str) -> Member {
        self.caller(format!("Bearer {}", BASE64_STANDARD.encode(pair)))
    }

    /// Lets a tenant on FREE build although nothing that FREE has is built yet: its versions are from before it was noted which plan
    /// their controls need.
    pub async fn let_build_on_free(&self, tenant: &Tenant) {
        self.configure_for(&Tenant { plan: Plan::Team, ..tenant.clone() }, default_controls(Platform::Android)).await;
        let text = |text: String| AttributeValue::S(text);
        for version in ConfigVersion::ALL {
            let update = aws_sdk_dynamodb::Client::new(&self.config).update_item().table_name(&self.stack.names.table);
            let update = update.key("pk", text(format!("TENANT#{}", tenant.id)));
            let update = update.key("sk", text(format!("CONFIGURATION#{version}")));
            update.update_expression("REMOVE needs").send().await.expect("an older version");
        }
    }

    /// The owner of the tenant, which is on ENTERPRISE from now on, with the custom library.
    pub async fn owner_with_library(&self) -> Member {
        let tenant = self.store().tenant(&self.tenant.id).await.expect("an answer").expect("the tenant");
        let tenant = Tenant { plan: Plan::Enterprise, custom_library: true, ..tenant };
        self.store().put_tenant(&tenant).await.expect("a library");
        self.owner()
    }

    /// Lets the tenant have at most this many people.
    pub async fn limit_people(&self, most: u32) {
        let tenant = self.store().tenant(&self.tenant.id).await.expect("an answer").expect("the tenant");
        let custom_limits = CustomLimits { max_users: Some(most), ..tenant.custom_limits };
        self.store().put_tenant(&Tenant { custom_limits, ..tenant }).await.expect("limits");
    }
}
