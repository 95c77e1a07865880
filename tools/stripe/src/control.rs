//! `/standin`: what only a stand-in can do, over HTTP, for whoever tries things out by hand.

use axum::extract::{Path, State as Shared};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Standing;
use crate::faults::Fault;
use crate::state::{State, find_mut};

/// A move at most, and all together: ten years, and a hundred.
const MAX_MOVE: i64 = 10 * 366 * 86_400;
const MAX_MOVED: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

#[derive(Deserialize)]
struct Move {
    advance: i64,
}

#[derive(Deserialize)]
struct Card {
    declines: bool,
}

#[derive(Deserialize)]
struct Holding {
    hold: bool,
}

pub(crate) fn router() -> Router<Standing> {
    Router::new()
        .route("/standin/clock", post(advance))
        .route("/standin/faults", post(faults))
        .route("/standin/events", get(events).post(hold))
        .route("/standin/customers/{id}/card", post(card))
}

impl State {
    /// Moves time on, and lets happen what comes due on the way. Back it does not go.
    pub(crate) fn advance(&mut self, seconds: i64) -> Result<(), &'static str> {
        let moved = self.moved.saturating_add(SignedDuration::from_secs(seconds));
        if !(0..=MAX_MOVE).contains(&seconds) || moved > MAX_MOVED {
            return Err("the clock moves forward, ten years at a time, a hundred at most");
        }
        self.moved = moved;
        self.settle();
        Ok(())
    }

    /// Whether the bank says no from now on. A card that works again pays what is owed.
    pub(crate) fn set_card(&mut self, customer: &str, declines: bool) -> Result<(), String> {
        let found = find_mut(&mut self.customers, customer, "id").map_err(|refusal| refusal.body().to_string())?;
        found.declines = declines;
        let owed = self.subscriptions.iter().filter(|one| one.customer == customer && one.dunning.is_some());
        let owed: Vec<String> = owed.map(|one| one.id.clone()).collect();
        let now = self.now();
        if !declines {
            owed.iter().for_each(|id| self.recover(id, now));
        }
        Ok(())
    }
}

async fn advance(
    Shared(standing): Shared<Standing>,
    Json(Move { advance }): Json<Move>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let mut state = standing.state();
    state.advance(advance).map_err(|why| (StatusCode::BAD_REQUEST, why.to_owned()))?;
    Ok(Json(json!({ "now": state.now().as_second() })))
}

async fn faults(Shared(standing): Shared<Standing>, Json(faults): Json<Vec<Fault>>) -> StatusCode {
    standing.state().faults.add(faults);
    StatusCode::NO_CONTENT
}

async fn events(Shared(standing): Shared<Standing>) -> Json<Vec<Value>> {
    Json(standing.state().events.all())
}

async fn hold(Shared(standing): Shared<Standing>, Json(Holding { hold }): Json<Holding>) -> StatusCode {
    standing.state().events.hold(hold);
    StatusCode::NO_CONTENT
}

async fn card(
    Shared(standing): Shared<Standing>,
    Path(customer): Path<String>,
    Json(Card { declines }): Json<Card>,
) -> Result<StatusCode, (StatusCode, String)> {
    standing.state().set_card(&customer, declines).map_err(|why| (StatusCode::NOT_FOUND, why))?;
    Ok(StatusCode::NO_CONTENT)
}
