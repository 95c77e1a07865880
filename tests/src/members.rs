//! Callers of the Management API, as tests send their requests.

use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::id::TenantId;
use domain::plan::CustomLimits;
use domain::tenant::Tenant;
use http::StatusCode;
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
        let added = self.owner().post("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.body);
        self.permit(email, permissions).await;
        self.person(email)
    }

    /// A new API token with these permissions, and its key.
    pub async fn add_token(&self, permissions: &str) -> (Member, String) {
        let made = self.owner().post("/frontend/create_api_token", json!({})).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.body);
        let (key, secret) = (made.text("token_key"), made.text("token_secret"));
        self.permit(&key, permissions).await;
        (self.caller(format!("Bearer {}", BASE64_STANDARD.encode(format!("{key}:{secret}")))), key)
    }

    /// Lets the tenant have at most this many people.
    pub async fn limit_people(&self, most: u32) {
        let tenant = self.store().tenant(&self.tenant.id).await.expect("an answer").expect("the tenant");
        let custom_limits = CustomLimits { max_users: Some(most), ..tenant.custom_limits };
        self.store().put_tenant(&Tenant { custom_limits, ..tenant }).await.expect("limits");
    }

    async fn permit(&self, member: &str, permissions: &str) {
        let body = json!({ "user_id": member, "permissions": permissions });
        let permitted = self.owner().post("/frontend/update_user_permissions", body).await;
        assert_eq!(permitted.status, StatusCode::OK, "{}", permitted.body);
    }
}
