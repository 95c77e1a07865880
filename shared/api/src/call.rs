//! What is known of a request while it is answered: its id, its tenant, and the trail that its audit event comes from.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use bytes::Bytes;
use domain::id::TenantId;
use service::audit::Trail;

use crate::shown::shown_fields;

/// A request, from its boundary to its handler.
#[derive(Clone, Debug)]
pub(crate) struct Call(Arc<State>);

#[derive(Debug)]
struct State {
    request_id: String,
    /// `None` where it is larger than [`crate::server::MAX_BODY_BYTES`].
    body: Option<Bytes>,
    tenant: OnceLock<String>,
    trail: OnceLock<Trail>,
}

impl Call {
    pub(crate) fn begin(request_id: String, body: Option<Bytes>) -> Self {
        Self(Arc::new(State { request_id, body, tenant: OnceLock::new(), trail: OnceLock::new() }))
    }

    /// The call that a request belongs to; one of its own where nothing stands around the router.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(|| Self::begin(String::new(), Some(Bytes::new())))
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

    /// From now on the call leaves an audit event, which shows these fields of its body, also where it is refused.
    pub(crate) fn follow(&self, trail: &Trail, shown: &'static [&'static str]) {
        if let (Some(body), false) = (&self.0.body, shown.is_empty()) {
            trail.note(shown_fields(body, shown));
        }
        self.0.trail.get_or_init(|| trail.clone());
    }

    pub(crate) fn has_readable_body(&self) -> bool {
        self.0.body.is_some()
    }

    pub(crate) fn trail(&self) -> Option<&Trail> {
        self.0.trail.get()
    }
}
