//! Webhooks as they come: in order, or as badly as a test wants.

use secrecy::SecretString;
use stripe::webhook::Rejection;
use stripe_standin::{Clock, Options, start};

use crate::receiver::{Receiver, SECRET};
use crate::{DAY, KEY, beginning, bench};

#[tokio::test]
async fn events_come_in_order_and_are_tried_again() {
    let bench = bench().await;
    let (receiver, webhook) = Receiver::start(2).await;
    bench.standin.send_events_to(webhook);
    let (customer, _) = bench.subscribed("team").await;
    bench.standin.advance(40 * DAY).unwrap();
    bench.standin.told().await;
    assert_eq!(receiver.kinds(), bench.happened());
    assert!(bench.standin.waiting_events().is_empty());
    let statuses: Vec<Option<u16>> = bench.standin.deliveries().iter().map(|delivery| delivery.status).collect();
    assert_eq!(statuses[..3], [Some(503), Some(503), Some(200)]);
    let taken = receiver.taken.lock().unwrap();
    assert!(taken.iter().all(|event| event.as_ref().unwrap().customer.as_ref() == Some(&customer)));
}

#[tokio::test]
async fn without_a_receiver_events_wait() {
    let bench = bench().await;
    bench.subscribed("team").await;
    assert_eq!(bench.standin.waiting_events().len(), 4);
    let (receiver, webhook) = Receiver::start(0).await;
    bench.standin.send_events_to(webhook);
    bench.standin.told().await;
    assert_eq!(receiver.kinds(), bench.happened());
}

#[tokio::test]
async fn a_test_can_hold_reorder_and_repeat() {
    let bench = bench().await;
    let (receiver, webhook) = Receiver::start(0).await;
    bench.standin.send_events_to(webhook);
    bench.standin.hold_events(true);
    bench.subscribed("team").await;
    let ids = bench.standin.waiting_events();
    assert_eq!((ids.len(), receiver.kinds().len()), (4, 0));
    let order = [&ids[3], &ids[1], &ids[3]];
    let delivered = bench.standin.deliver(&order).await;
    assert!(delivered.iter().all(|delivery| delivery.status == Some(200)), "{delivered:?}");
    assert_eq!(bench.standin.waiting_events(), [ids[0].clone(), ids[2].clone()]);
    bench.standin.hold_events(false);
    bench.standin.told().await;
    // And once more, long after.
    bench.standin.deliver(&ids[..1]).await;
    let taken: Vec<String> =
        receiver.taken.lock().unwrap().iter().map(|event| event.as_ref().unwrap().id.to_string()).collect();
    assert_eq!(taken, [3, 1, 3, 0, 2, 0].map(|place: usize| ids[place].clone()));
}

#[tokio::test]
async fn forgeries_are_found() {
    let bench = bench().await;
    let (receiver, webhook) = Receiver::start(0).await;
    bench.standin.send_events_to(webhook);
    let event =
        r#"{"object":"event","id":"evt_1","type":"a","created":1,"livemode":false,"data":{"object":{"object":"x"}}}"#;
    assert_eq!(bench.standin.forge(event.to_owned(), &SecretString::from("whsec_mine")).await, Some(400));
    assert_eq!(receiver.taken.lock().unwrap().pop(), Some(Err(Rejection::Signature)));
    assert_eq!(bench.standin.forge(event.to_owned(), &SecretString::from(SECRET)).await, Some(200));
    assert_eq!(bench.standin.forge("{}".to_owned(), &SecretString::from(SECRET)).await, Some(400));
}

#[tokio::test]
async fn ids_are_the_same_each_time_and_differ_by_tag() {
    let ids = async |tag: &str| {
        let options = Options { tag: tag.to_owned(), ..Options::new(KEY.into(), Clock::fixed(beginning())) };
        let standin = start(options).await.unwrap();
        let bench = crate::Bench { standin, ..bench().await };
        let config =
            stripe::Config { base_url: bench.standin.base_url().to_owned(), ..stripe::Config::new(KEY.into()) };
        let bench = crate::Bench { client: stripe::Client::new(&config).unwrap(), ..bench };
        let (customer, subscription) = bench.subscribed("team").await;
        (customer, subscription.id)
    };
    let first = ids("a").await;
    assert_eq!(first, ids("a").await);
    assert_ne!(first, ids("b").await);
}
