//! Callers as handlers see them.

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use service::authentication::AutomationCaller;

use crate::App;
use crate::problem::Problem;
use crate::rendering::RequestTenant;

/// The holder of an automation key. A handler that takes this refuses everybody else.
#[derive(Clone, Debug)]
pub struct Caller(pub AutomationCaller);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
        let single = headers.next().filter(|_| headers.next().is_none());
        let header = single.and_then(|value| value.to_str().ok());
        let caller = app.service.authenticate(header).await?;
        if let Some(request) = parts.extensions.get::<RequestTenant>() {
            request.set(&caller.tenant);
        }
        Ok(Self(caller))
    }
}
