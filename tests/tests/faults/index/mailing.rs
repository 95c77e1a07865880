//! The fault-index table of mail.

use std::sync::Mutex;

use domain::mail::{Delivery, Mail, MailId};
use serde_json::json;
use service::mailing::{Mailed, Mailer, Sending};
use tests::functions;

use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, short};

/// Counts what it takes.
#[derive(Debug, Default)]
struct Counter(Mutex<Vec<MailId>>);

impl Mailer for Counter {
    fn send<'a>(&'a self, id: &'a MailId, _: &'a Mail) -> Sending<'a> {
        self.0.lock().unwrap().push(id.clone());
        Box::pin(async { Delivery::Sent })
    }
}

/// One mail is sent.
#[derive(Default)]
struct Send(Mutex<u32>);

impl UseCase for Send {
    type Subject = Counter;

    fn name(&self) -> String {
        "mail".to_owned()
    }

    async fn prepare(&self, world: &World) -> Counter {
        let number = {
            let mut number = self.0.lock().unwrap();
            *number += 1;
            *number
        };
        let (owner, person) = (world.bench.owner(), json!({ "user_id": format!("person{number}@example.com") }));
        assert_eq!(short(&owner.post("/frontend/add_user_to_tenant", person.clone()).await), "200");
        // There is room for twenty.
        assert_eq!(short(&owner.post("/frontend/remove_user_from_tenant", person).await), "200");
        Counter::default()
    }

    async fn act(&self, _: &World, entry: &Entry, counter: &Counter) -> String {
        match functions::deliver_mail(&entry.service, counter).await {
            Ok(done) if done.failed > 0 => "failed".to_owned(),
            Ok(done) => format!("{} sent", done.sent),
            Err(_) => "error".to_owned(),
        }
    }

    async fn recover(&self, world: &World, counter: Counter, _: Option<&str>) -> String {
        for _ in 0..2 {
            world.pass(61);
            functions::deliver_mail(world.service(), &counter).await.unwrap();
        }
        world.pass(7200);
        assert_eq!(functions::deliver_mail(world.service(), &counter).await.unwrap(), Mailed::default());
        match counter.0.into_inner().unwrap().as_slice() {
            [_] => "sent once".to_owned(),
            [first, second] if first == second => "sent twice".to_owned(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Send::default()).await, @"
    DeleteItem, GetItem, Query, UpdateItem
    undisturbed: 1 sent → sent once
    throttled: error → sent once | failed → sent once | failed → sent twice
    503 once: 1 sent → sent once
    done, then 500: error → sent once | failed → sent once
    done, then cut once: 0 sent → sent once | 1 sent → sent once
    conflict: makes no such call
    killed before: sent once | sent twice
    killed after: sent once
    ");
}
