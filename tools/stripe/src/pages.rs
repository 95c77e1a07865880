//! The hosted pages: checkout, portal, invoices. Plain, for people who try things out, and for tests that click.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde_json::Value;

use crate::api::Standing;
use crate::error::Refusal;
use crate::render;
use crate::state::{SessionStatus, State, SubscriptionStatus, find, find_mut};

/// What Stripe writes in place of in a success URL (Stripe's documentation, custom success page).
const SESSION_ID: &str = "{CHECKOUT_SESSION_ID}";

/// What came of a click: somewhere else to go, or what is wrong.
type Clicked = Result<Redirect, Failed>;

struct Failed(Refusal);

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let body = self.0.body();
        let message = body["error"]["message"].as_str().unwrap_or_default();
        (self.0.status, page("Not possible", &format!("<p>{}</p>", escape(message)))).into_response()
    }
}

pub(crate) fn router() -> Router<Standing> {
    Router::new()
        .route("/pay/{id}", get(checkout))
        .route("/pay/{id}/pay", post(pay))
        .route("/portal/{id}", get(portal))
        .route("/portal/{id}/{action}", post(act))
        .route("/invoice/{id}", get(invoice))
        .route("/invoice/{id}/pdf", get(pdf))
}

async fn checkout(Shared(standing): Shared<Standing>, Path(id): Path<String>) -> Result<Html<String>, Failed> {
    let state = standing.state();
    let session = find(&state.sessions, &id, "id")?;
    let price = state.price(&session.price, "price")?;
    let product = find(&state.products, &price.product, "product")?;
    if session.status != SessionStatus::Open {
        return Ok(page("Checkout", &format!("<p>This session is {}.</p>", session.status.as_str())));
    }
    let back = session.cancel_url.as_deref().unwrap_or("/");
    let body = format!(
        "<p>{}, {} a month</p><form method=post action=\"/pay/{}/pay\"><button name=card value=works>Pay</button> \
         <button name=card value=declines>Pay with a card that is declined</button></form><p><a href=\"{}\">Back</a></p>",
        escape(&product.name),
        dollars(price.amount),
        escape(&session.id),
        escape(back),
    );
    Ok(page("Checkout", &body))
}

async fn pay(Shared(standing): Shared<Standing>, Path(id): Path<String>, body: Bytes) -> Clicked {
    let declines = form_urlencoded::parse(&body).any(|(name, value)| name == "card" && value == "declines");
    let mut state = standing.state();
    if declines {
        return Err(Refusal::declined().into());
    }
    let now = state.now();
    let session = state.pay(&id, now)?;
    Ok(Redirect::to(&session.success_url.replace(SESSION_ID, &session.id)))
}

async fn portal(Shared(standing): Shared<Standing>, Path(id): Path<String>) -> Result<Html<String>, Failed> {
    let state = standing.state();
    let portal = find(&state.portals, &id, "id")?;
    let customer = find(&state.customers, &portal.customer, "customer")?;
    let subscriptions = state.subscriptions.iter().filter(|one| one.customer == customer.id);
    let mut body: String = subscriptions
        .map(|one| {
            let end = if one.cancel_at_period_end { "ends" } else { "renews" };
            format!("<p>{}: {}, {end} {}</p>", escape(&one.id), one.status.as_str(), one.period.1)
        })
        .collect();
    let actions = ["cancel", "resume", "card-works", "card-declines"];
    for action in actions {
        body.push_str(&format!(
            "<form method=post action=\"/portal/{}/{action}\"><button>{action}</button></form>",
            escape(&id)
        ));
    }
    let invoices = state.invoices.iter().filter(|invoice| invoice.customer == customer.id);
    body.extend(invoices.map(|invoice| format!("<p><a href=\"/invoice/{0}\">{0}</a></p>", escape(&invoice.id))));
    body.push_str(&format!("<p><a href=\"{}\">Back</a></p>", escape(portal.return_url.as_deref().unwrap_or("/"))));
    Ok(page(customer.name.as_deref().unwrap_or("Billing"), &body))
}

async fn act(Shared(standing): Shared<Standing>, Path((id, action)): Path<(String, String)>) -> Clicked {
    let mut state = standing.state();
    let customer = find(&state.portals, &id, "id")?.customer.clone();
    match action.as_str() {
        "cancel" => mark(&mut state, &customer, true),
        "resume" => mark(&mut state, &customer, false),
        "card-works" | "card-declines" => {
            let declines = action == "card-declines";
            state.set_card(&customer, declines).map_err(|_| Refusal::missing("customer", &customer, "id"))?;
        }
        _ => return Err(Refusal::missing("action", &action, "id").into()),
    }
    Ok(Redirect::to(&format!("/portal/{id}")))
}

/// Whether the customer's subscriptions end with their periods.
fn mark(state: &mut State, customer: &str, is_to_end: bool) {
    let now = state.now();
    let going = state.subscriptions.iter().filter(|one| one.status != SubscriptionStatus::Canceled);
    let theirs: Vec<String> = going.filter(|one| one.customer == customer).map(|one| one.id.clone()).collect();
    for id in theirs {
        if let Ok(subscription) = find_mut(&mut state.subscriptions, &id, "id") {
            subscription.cancel_at_period_end = is_to_end;
            subscription.canceled_at = is_to_end.then_some(now);
        }
        state.tell_subscription("customer.subscription.updated", &id, now);
    }
}

async fn invoice(Shared(standing): Shared<Standing>, Path(id): Path<String>) -> Result<Html<String>, Failed> {
    let state = standing.state();
    let invoice = find(&state.invoices, &id, "id")?;
    let lines = invoice.lines.iter();
    let lines: String =
        lines.map(|line| format!("<li>{}: {}</li>", escape(&line.description), dollars(line.amount))).collect();
    let total = dollars(invoice.total());
    let body = format!(
        "<ul>{lines}</ul><p>{total}, {}</p><p><a href=\"/invoice/{id}/pdf\">PDF</a></p>",
        invoice.status.as_str()
    );
    Ok(page(&invoice.number, &body))
}

async fn pdf(Shared(standing): Shared<Standing>, Path(id): Path<String>) -> Result<Response, Failed> {
    let state = standing.state();
    let invoice = find(&state.invoices, &id, "id")?;
    let written: Value = render::invoice(&state, invoice);
    let text = format!(
        "Invoice {}, {}, {}",
        invoice.number,
        dollars(invoice.total()),
        written["status"].as_str().unwrap_or("")
    );
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/pdf")], document(&text)).into_response())
}

/// A PDF of one line (ISO 32000-1, 7.5); `text` has no parentheses.
fn document(text: &str) -> String {
    let drawn = format!("BT /F1 14 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawn}\nendstream", drawn.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let (mut file, mut places) = ("%PDF-1.4\n".to_owned(), String::new());
    for (number, object) in (1..).zip(&objects) {
        places.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (start, count) = (file.len(), objects.len() + 1);
    let trailer = format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    format!("{file}xref\n0 {count}\n0000000000 65535 f \n{places}{trailer}")
}

fn page(title: &str, body: &str) -> Html<String> {
    let title = escape(title);
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>No money is moved.</p>{body}\n"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}${}.{:02}", cents.abs() / 100, cents.abs() % 100)
}
