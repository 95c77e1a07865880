//! The fault-index table of tickets, and of requests to be called by sales.

use api::access::{AddTicketComment, CreateTicket, RequestSalesContact};
use serde_json::json;

use super::managing::tables;
use crate::management::{Before, Manage};

/// A picture, of one pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptV";

#[tokio::test(flavor = "multi_thread")]
async fn tickets_comments_and_requests_survive_every_fault() {
    let tables = tables([
        Manage::new::<CreateTicket>(|_| json!({ "subject": "Build question", "description": "Why?" })).once(),
        Manage::new::<AddTicketComment>(|_| json!({ "comment_text": "Here is more.", "attachment": PICTURE }))
            .after(Before::Ticket)
            .once(),
        Manage::new::<RequestSalesContact>(|_| json!({ "tier": "ENTERPRISE" })).once(),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # create support ticket, request sales contact
    BatchGetItem, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # add support ticket comment
    BatchGetItem, GetItem, PutObject, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}
