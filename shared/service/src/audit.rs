//! The trail of a call: what its audit event will say, and whether it is written yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::audit::{AuditEvent, EventNumber, Log};
use domain::error::Error;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Service;

/// One call of somebody who is known. A change writes the event in its own transaction; whoever answers the call writes
/// it for all others.
#[derive(Clone, Debug)]
pub struct Trail(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    log: Log,
    user_id: String,
    api_call: &'static str,
    request_id: String,
    raw_data: Map<String, Value>,
    /// When a change last tried to write the event.
    tried: Option<Timestamp>,
    written: bool,
}

impl Trail {
    /// A call that begins.
    pub fn begin(log: Log, user_id: impl ToString, api_call: &'static str, request_id: impl Into<String>) -> Self {
        let (user_id, request_id, raw_data) = (user_id.to_string(), request_id.into(), Map::new());
        Self(Arc::new(Mutex::new(State { log, user_id, api_call, request_id, raw_data, tried: None, written: false })))
    }

    /// Adds what was asked for: fields that nobody has to hide.
    pub fn note(&self, fields: impl IntoIterator<Item = (String, Value)>) {
        self.state().raw_data.extend(fields);
    }

    /// The log and the event of a change that is about to be made.
    pub(crate) fn event_of_change(&self, now: Timestamp) -> (Log, AuditEvent) {
        self.state().tried = Some(now);
        self.event(now, true)
    }

    /// The log and the event, for a call that ended at `now`.
    pub(crate) fn event(&self, now: Timestamp, successful: bool) -> (Log, AuditEvent) {
        let state = self.state();
        let event = AuditEvent {
            event: EventNumber::at(now),
            user_id: state.user_id.clone(),
            api_call: state.api_call.to_owned(),
            creation_time: now.as_second(),
            successful,
            raw_data: state.raw_data.clone(),
            request_id: state.request_id.clone(),
        };
        (state.log.clone(), event)
    }

    /// A change has written the event.
    pub(crate) fn close(&self) {
        self.state().written = true;
    }

    /// Who called.
    pub fn user_id(&self) -> String {
        self.state().user_id.clone()
    }

    // What a panic left behind is still a trail.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Writes the event of a call that was answered, unless a change has.
    pub async fn end_trail(&self, trail: &Trail, successful: bool) -> Result<(), Error> {
        if trail.state().written {
            return Ok(());
        }
        // A change whose answer was lost may have written the event: its number tells.
        let moment = trail.state().tried.unwrap_or_else(|| self.clock.now());
        let (log, event) = trail.event(moment, successful);
        self.store.write_event(&log, &event).await?;
        trail.close();
        Ok(())
    }
}
