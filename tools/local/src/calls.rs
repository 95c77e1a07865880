//! Records the calls to AWS, and how many of them had to wait for each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// What was called, by every client that was made with its interceptor. Signing a URL calls nobody and is not recorded.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    /// Grows with everything that happens.
    time: usize,
    calls: Vec<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    name: String,
    begun: usize,
    ended: Option<usize>,
}

#[derive(Debug)]
struct Begun(usize);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

#[derive(Debug)]
struct Sent(usize);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Record {
    fn tick(&mut self) -> usize {
        self.time += 1;
        self.time
    }
}

impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "Recorder"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let begun = self.lock().tick();
        bag.interceptor_state().store_put(Begun(begun));
        Ok(())
    }

    // Signing a URL ends before anything is sent.
    fn read_after_transmit(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = bag.load::<Metadata>().ok_or("a call without a name")?.name().to_owned();
        let begun = bag.load::<Begun>().ok_or("a call that did not begin")?.0;
        let mut record = self.lock();
        record.calls.push(Call { name, begun, ended: None });
        bag.interceptor_state().store_put(Sent(record.calls.len() - 1));
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(index) = bag.load::<Sent>().map(|sent| sent.0) {
            let mut record = self.lock();
            let time = record.tick();
            record.calls[index].ended = Some(time);
        }
        Ok(())
    }
}

impl Recorder {
    /// What `Clients::connect` takes.
    pub fn interceptor(&self) -> SharedInterceptor {
        SharedInterceptor::new(self.clone())
    }

    /// The calls since the last look, in rounds: those of a round ran side by side, after those of the round before.
    pub fn rounds(&self) -> Vec<Vec<String>> {
        let mut calls = std::mem::take(&mut self.lock().calls);
        calls.sort_by_key(|call| call.begun);
        let mut depths: Vec<usize> = Vec::new();
        for call in &calls {
            let ended_before = |other: &Call| other.ended.is_some_and(|ended| ended < call.begun);
            let before = calls.iter().zip(&depths).filter(|(other, _)| ended_before(other)).map(|(_, depth)| depth + 1);
            depths.push(before.max().unwrap_or(0));
        }
        let mut rounds = vec![Vec::new(); depths.iter().max().map_or(0, |deepest| deepest + 1)];
        for (call, depth) in calls.into_iter().zip(depths) {
            rounds[depth].push(call.name);
        }
        rounds.iter_mut().for_each(|round| round.sort());
        rounds
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
