//! Callers as handlers see them. Each names its row of [`crate::access`] and refuses whomever the row does not allow.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use domain::audit::Log;
use domain::credential::AutomationKeyId;
use domain::error::Error;
use domain::id::TenantId;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use service::access::Credentials;
use service::audit::Trail;
use service::requester::Requester;

use crate::App;
use crate::access::{Callers, Route, Row};
use crate::call::Call;
use crate::problem::Problem;

static TENANT: HeaderName = HeaderName::from_static("tenant");

/// The holder of an automation key who makes the call `R`.
#[derive(Clone, Debug)]
pub struct KeyHolder<R>(Requester, PhantomData<R>);

/// Somebody who makes the call `R`, which concerns no tenant.
#[derive(Clone, Debug)]
pub struct Visitor<R>(service::access::Visitor, PhantomData<R>);

/// A member of a tenant who makes the call `R` and may make it.
#[derive(Clone, Debug)]
pub struct Caller<R>(service::access::Caller, PhantomData<R>);

impl<R: Route> FromRequestParts<App> for KeyHolder<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let call = Call::of(&parts.extensions);
        let trail = |tenant: &TenantId, key: &AutomationKeyId| begin::<R>(&call, Log::Tenant(tenant.clone()), key);
        let caller = app.service.authenticate(single(&parts.headers, &AUTHORIZATION), trail).await?;
        call.set_tenant(&caller.tenant);
        Ok(Self(caller, PhantomData))
    }
}

impl<R: Route> FromRequestParts<App> for Visitor<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let credentials = app.service.authenticate_member(single(&parts.headers, &AUTHORIZATION)).await?;
        let trail = begin::<R>(&Call::of(&parts.extensions), own_log(&credentials), credentials.member());
        check_kind(&R::ROW, &credentials)?;
        Ok(Self(service::access::Visitor { credentials, trail }, PhantomData))
    }
}

impl<R: Route> FromRequestParts<App> for Caller<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (header, call) = (single(&parts.headers, &AUTHORIZATION), Call::of(&parts.extensions));
        let id = match named_tenant(&parts.headers) {
            Ok(id) => id,
            Err(missing) => {
                let credentials = app.service.authenticate_member(header).await?;
                begin::<R>(&call, own_log(&credentials), credentials.member());
                return Err(missing.into());
            }
        };
        let applicant = app.service.find_member(header, &id).await?;
        let (credentials, member) = (applicant.credentials.clone(), applicant.credentials.member());
        let log = if applicant.membership.is_some() { Log::Tenant(id.clone()) } else { own_log(&credentials) };
        let trail = begin::<R>(&call, log, &member);
        let (tenant, permissions) = applicant.enter()?;
        call.set_tenant(&id);
        check_kind(&R::ROW, &credentials)?;
        let demand = R::ROW.demand;
        demand.check(&tenant, &permissions)?;
        let (user_id, sign_in) = (member.to_string(), credentials.sign_in().cloned());
        Ok(Self(service::access::Caller { user_id, sign_in, tenant, permissions, demand, trail }, PhantomData))
    }
}

impl<R> Deref for KeyHolder<R> {
    type Target = Requester;

    fn deref(&self) -> &Requester {
        &self.0
    }
}

impl<R> Deref for Visitor<R> {
    type Target = service::access::Visitor;

    fn deref(&self) -> &service::access::Visitor {
        &self.0
    }
}

impl<R> Deref for Caller<R> {
    type Target = service::access::Caller;

    fn deref(&self) -> &service::access::Caller {
        &self.0
    }
}

/// The tenant that the header names, which has to stand there once.
fn named_tenant(headers: &HeaderMap) -> Result<TenantId, Error> {
    let is_named = headers.get_all(&TENANT).iter().any(|value| !value.is_empty());
    let named = single(headers, &TENANT).unwrap_or_default().parse();
    if is_named { named } else { Err(Error::invalid("tenant", "Tenant is missing")) }
}

/// The value of a header that stands there once and is text.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

/// The log of calls that no tenant should see.
fn own_log(credentials: &Credentials) -> Log {
    match credentials {
        Credentials::Token(tenant, _) => Log::Tenant(tenant.clone()),
        Credentials::Session(_) => Log::Member(credentials.member()),
    }
}

fn begin<R: Route>(call: &Call, log: Log, caller: impl ToString) -> Trail {
    let trail = Trail::begin(log, caller, R::ROW.name, call.request_id());
    call.follow(&trail, R::ROW.shown);
    trail
}

const fn check_kind(row: &Row, credentials: &Credentials) -> Result<(), Error> {
    match (row.callers, credentials) {
        (Callers::People, Credentials::Token(..)) => Err(Error::Forbidden("API tokens cannot make this call")),
        _ => Ok(()),
    }
}
