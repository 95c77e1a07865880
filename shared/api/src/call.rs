//! What is known of a request while it is answered: its id, its tenant, and the trail that its audit event comes from.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use domain::id::TenantId;
use service::audit::Trail;

use crate::shown::shown_fields;

/// A request, from its boundary to its handler.
#[derive(Clone, Debug)]
pub(crate) struct Call(Arc<State>);

#[derive(Debug)]
struct State {
    request_id: String,
    tenant: OnceLock<String>,
    trail: OnceLock<(Trail, &'static [&'static str])>,
}

impl Call {
    pub(crate) fn begin(request_id: String) -> Self {
        Self(Arc::new(State { request_id, tenant: OnceLock::new(), trail: OnceLock::new() }))
    }

    /// The call that a request belongs to; one of its own where nothing stands around the router.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(|| Self::begin(String::new()))
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Whose request it is, once that is known; for the log.
    pub(crate) fn set_tenant(&self, tenant: &TenantId) {
        self.0.tenant.get_or_init(|| tenant.to_string());
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.0.tenant.get().map(String::as_str)
    }

    /// From now on the call leaves an audit event, which shows these fields of its body.
    pub(crate) fn follow(&self, trail: &Trail, shown: &'static [&'static str]) {
        self.0.trail.get_or_init(|| (trail.clone(), shown));
    }

    pub(crate) fn trail(&self) -> Option<&Trail> {
        self.0.trail.get().map(|(trail, _)| trail)
    }

    /// Notes what the audit event may show of a body that could be read.
    pub(crate) fn note_body(&self, body: &[u8]) {
        let Some((trail, shown)) = self.0.trail.get().filter(|(_, shown)| !shown.is_empty()) else { return };
        trail.note(shown_fields(body, shown));
    }
}
