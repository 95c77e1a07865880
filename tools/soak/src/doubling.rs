//! Delivers messages twice: a copy of each that is chosen is sent some seconds later.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use fastrand::Rng;

use crate::findings::Findings;

/// The copy comes after so many seconds at most.
const LATEST: i32 = 10;
/// A notification that was looked at comes back after so many seconds at most.
const SOON: i32 = 4;

pub(crate) struct Doubler {
    client: aws_sdk_sqs::Client,
    state: Mutex<State>,
    sent: AtomicUsize,
}

struct State {
    rng: Rng,
    /// Messages for which it was decided; copies are not copied.
    seen: HashSet<String>,
}

impl Doubler {
    pub(crate) fn new(config: &SdkConfig, seed: u64) -> Self {
        let state = State { rng: Rng::with_seed(seed ^ 1), seen: HashSet::new() };
        Self { client: aws_sdk_sqs::Client::new(config), state: Mutex::new(state), sent: AtomicUsize::new(0) }
    }

    /// Doubles every second message, once.
    pub(crate) async fn consider(&self, queue: &str, id: &str, body: &str) -> anyhow::Result<()> {
        let Some(delay) = self.choose(id) else { return Ok(()) };
        let request = self.client.send_message().queue_url(queue).message_body(body).delay_seconds(delay);
        let copy = request.send().await?.message_id.unwrap_or_default();
        self.lock().seen.insert(copy);
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn choose(&self, id: &str) -> Option<i32> {
        let mut state = self.lock();
        let State { rng, seen } = &mut *state;
        (seen.insert(id.to_owned()) && rng.bool()).then(|| rng.i32(0..=LATEST))
    }

    /// Takes notifications away from the server now and then, and gives them back, late and some of them twice.
    pub(crate) async fn double_arrivals(self: Arc<Self>, queue: String) {
        loop {
            if let Err(error) = self.double_once(&queue).await {
                println!("soak: could not double notifications: {error:#}");
            }
            let pause = self.lock().rng.u64(200..1500);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn double_once(&self, queue: &str) -> anyhow::Result<()> {
        let request = self.client.receive_message().queue_url(queue).max_number_of_messages(10).wait_time_seconds(1);
        for message in request.send().await?.messages.unwrap_or_default() {
            let (id, body) = (message.message_id.unwrap_or_default(), message.body.unwrap_or_default());
            self.consider(queue, &id, &body).await?;
            let again = self.lock().rng.i32(1..=SOON);
            let request = self.client.change_message_visibility().queue_url(queue).visibility_timeout(again);
            request.receipt_handle(message.receipt_handle.unwrap_or_default()).send().await?;
        }
        Ok(())
    }

    /// A run in which nothing was disturbed shows nothing.
    pub(crate) fn judge(&self, findings: &Findings) {
        if self.sent.load(Ordering::Relaxed) == 0 {
            findings.add("no message was doubled");
        }
    }

    pub(crate) fn counts(&self) -> String {
        format!("messages    {} doubled\n", self.sent.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
