//! Visibility, receive counts, dead letters and message groups of a standard queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use domain::id::TenantId;
use serde_json::{Value, json};
use store::{Clients, Names, Store, wakeups};
use tokio::time::{Instant, sleep};

use crate::suite::{Suite, TAG, gone, outcome, run};
use crate::verdict::Expected;

const WAKEUPS: &str = "shared/store/src/wakeups.rs";
const TEMPLATE: &str = "template.yaml";
const WORKER: &str = "functions/protection-worker/src/lib.rs";

/// Seconds for which a message of the suite's queue stays hidden.
const VISIBILITY: u64 = 3;

#[tokio::test]
async fn sqs() {
    let suite = Suite::start("sqs").await;
    run(suite, checks, removal).await;
}

struct Queue<'a> {
    client: &'a Client,
    url: String,
}

impl Queue<'_> {
    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
    }

    /// One message, waited for so many seconds.
    async fn receive(&self, wait: i32) -> Option<Message> {
        let request = self.client.receive_message().queue_url(&self.url).wait_time_seconds(wait);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        request.max_number_of_messages(1).send().await.unwrap().messages.unwrap_or_default().pop()
    }

    async fn taken(&self) -> Message {
        self.receive(10).await.expect("a message")
    }

    async fn delete(&self, message: &Message) {
        let request = self.client.delete_message().queue_url(&self.url);
        request.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
    }
}

fn attribute<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> &'a str {
    &message.attributes.as_ref().unwrap()[name]
}

fn dead_name(suite: &Suite) -> String {
    format!("{}-dead", suite.prefix)
}

async fn make(client: &Client, suite: &Suite) -> (String, String) {
    let create = async |name: String, attributes: Vec<(QueueAttributeName, String)>| {
        let request = client.create_queue().queue_name(name).tags(TAG.0, TAG.1);
        request.set_attributes(Some(attributes.into_iter().collect())).send().await.unwrap().queue_url.unwrap()
    };
    let dead = create(dead_name(suite), Vec::new()).await;
    let request = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = request.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
    let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 2 }).to_string();
    let attributes =
        [(QueueAttributeName::VisibilityTimeout, VISIBILITY.to_string()), (QueueAttributeName::RedrivePolicy, redrive)];
    (create(suite.prefix.clone(), attributes.into()).await, dead)
}

async fn checks(suite: &mut Suite) {
    let client = &Client::new(&suite.config);
    let (url, dead) = make(client, suite).await;
    let names = Names { build_queue_url: url.clone(), ..Names::default() };
    let store = Store::new(Clients::connect(&suite.config, &[]), names);
    let (queue, dead) = (Queue { client, url }, Queue { client, url: dead });
    let count = &MessageSystemAttributeName::ApproximateReceiveCount;

    suite
        .expect("a standard queue takes a message with a group, and carries both", WAKEUPS, async {
            let tenant = TenantId::from_bits(1);
            store.send_wakeup(&tenant, "1700000000".parse().unwrap()).await.unwrap();
            let message = queue.taken().await;
            let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            assert_eq!(body["tenant"], tenant.as_str());
            assert_eq!(attribute(&message, &MessageSystemAttributeName::MessageGroupId), tenant.as_str());
            queue.delete(&message).await;
        })
        .await;
    suite
        .expect(
            "a received message stays hidden for the visibility timeout, then comes back and counts",
            WORKER,
            async {
                queue.send("comes back").await;
                let begun = Instant::now();
                assert_eq!(attribute(&queue.taken().await, count), "1");
                assert!(queue.receive(1).await.is_none());
                let again = queue.taken().await;
                assert!(begun.elapsed() >= Duration::from_secs(VISIBILITY - 1), "{:?}", begun.elapsed());
                assert_eq!(attribute(&again, count), "2");
                queue.delete(&again).await;
            },
        )
        .await;
    suite
        .expect("a receiver makes its message come back sooner or later than that", WAKEUPS, async {
            queue.send("postponed").await;
            let first = queue.taken().await;
            store.postpone_wakeup(wakeups::Queue::Builds, first.receipt_handle().unwrap(), 0).await.unwrap();
            let again = queue.receive(2).await.expect("at once");
            store.postpone_wakeup(wakeups::Queue::Builds, again.receipt_handle().unwrap(), 60).await.unwrap();
            sleep(Duration::from_secs(VISIBILITY + 1)).await;
            assert!(queue.receive(1).await.is_none(), "the queue's own timeout counts no more");
            queue.delete(&again).await;
        })
        .await;
    let too_long = Expected { aws: "InvalidParameterValue", local: "any number is taken" };
    suite
        .expect_of_aws("a visibility of more than 12 hours is refused", WAKEUPS, too_long, async {
            queue.send("too long").await;
            let message = queue.taken().await;
            let request = client.change_message_visibility().queue_url(&queue.url).visibility_timeout(43_201);
            let refused = request.set_receipt_handle(message.receipt_handle.clone()).send().await;
            let seen = outcome(refused, "any number is taken");
            queue.delete(&message).await;
            seen
        })
        .await;
    suite
        .expect("a deleted message does not come back", TEMPLATE, async {
            queue.send("deleted").await;
            let message = queue.taken().await;
            queue.delete(&message).await;
            sleep(Duration::from_secs(VISIBILITY + 1)).await;
            assert!(queue.receive(1).await.is_none());
        })
        .await;
    suite
        .expect("a message that was received too often goes to the dead letters", TEMPLATE, async {
            queue.send("dead").await;
            for _ in 0..2 {
                let message = queue.taken().await;
                store.postpone_wakeup(wakeups::Queue::Builds, message.receipt_handle().unwrap(), 0).await.unwrap();
            }
            assert!(queue.receive(1).await.is_none(), "a third time");
            assert_eq!(dead.taken().await.body(), Some("dead"));
        })
        .await;
}

async fn removal(suite: &Suite) -> Result<(), String> {
    let client = Client::new(&suite.config);
    for name in [suite.prefix.clone(), dead_name(suite)] {
        remove_queue(&client, &name).await?;
    }
    Ok(())
}

/// By its name: a listing has a new queue only after a while.
pub(crate) async fn remove_queue(client: &Client, name: &str) -> Result<(), String> {
    let absent = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
    match client.get_queue_url().queue_name(name).send().await {
        Ok(found) => gone(client.delete_queue().set_queue_url(found.queue_url).send().await, absent),
        missing => gone(missing, absent),
    }
}
