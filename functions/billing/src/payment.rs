//! Subscriptions of a tenant (page 003, "Billing Helpers").

use api::access::{
    CancelSubscription, CheckSubscription, CreateCheckoutSession, CreatePortalSession, ListInvoices, UpdateSubscription,
};
use api::fields::NoFields;
use api::{ApiResult, App, Caller, ErrorBody, JsonBody};
use axum::Json;
use axum::extract::State;
use domain::billing::plan_key;
use serde::{Deserialize, Serialize};
use stripe::{Invoice, InvoiceStatus};
use utoipa::ToSchema;

/// Whether the tenant pays for something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionAnswer {
    /// `active` or `inactive`.
    #[schema(example = "active")]
    subscription: &'static str,
}

/// Check the subscription
///
/// Asked of Stripe. A subscription whose renewal could not be paid yet is active as long as Stripe tries again.
#[utoipa::path(
    post, path = "/frontend/payment/check-subscription", tag = "billing", request_body = NoFields,
    responses((status = 200, description = "Whether the tenant pays for something", body = SubscriptionAnswer))
)]
pub(crate) async fn check_subscription(
    State(app): State<App>,
    caller: Caller<CheckSubscription>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<SubscriptionAnswer>> {
    let is_active = app.service.has_subscription(&caller).await?;
    Ok(Json(SubscriptionAnswer { subscription: if is_active { "active" } else { "inactive" } }))
}

/// What is to be paid for.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PlanFields {
    /// A plan that is sold, such as `team` or `enterprise`.
    #[schema(required = true, nullable = false, example = "team")]
    subscription: Option<String>,
}

/// A page at Stripe.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageAnswer {
    /// Its address, for a browser.
    #[schema(example = "https://checkout.stripe.com/...")]
    url: String,
}

/// Create a checkout session
///
/// A tenant has one subscription: a page that was begun before can no longer be paid. The plan changes when Stripe tells that it is paid.
#[utoipa::path(
    post, path = "/frontend/payment/create-checkout-session", tag = "billing", request_body = PlanFields,
    responses(
        (status = 200, description = "Where the plan can be bought", body = PageAnswer),
        (status = 400, description = "The plan is missing or not sold, or billing is not set up", body = ErrorBody),
        (status = 409, description = "The tenant has a subscription, is pending deletion, or another checkout was begun at the same time", body = ErrorBody),
    )
)]
pub(crate) async fn create_checkout_session(
    State(app): State<App>,
    caller: Caller<CreateCheckoutSession>,
    JsonBody { value: fields, .. }: JsonBody<PlanFields>,
) -> ApiResult<Json<PageAnswer>> {
    let url = app.service.create_checkout(&caller, &plan_key(fields.subscription)?).await?;
    Ok(Json(PageAnswer { url }))
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoneAnswer {
    /// Always true.
    success: bool,
    /// For people.
    #[schema(example = "Subscription updated successfully")]
    message: &'static str,
}

/// Update the subscription
///
/// At once: the difference for the period that is paid already is paid now. A subscription that was to end goes on.
#[utoipa::path(
    post, path = "/frontend/payment/update-subscription", tag = "billing", request_body = PlanFields,
    responses(
        (status = 200, description = "The plan is another", body = DoneAnswer),
        (status = 400, description = "The plan is missing or not sold, there is no subscription, or the payment was declined", body = ErrorBody),
    )
)]
pub(crate) async fn update_subscription(
    State(app): State<App>,
    caller: Caller<UpdateSubscription>,
    JsonBody { value: fields, .. }: JsonBody<PlanFields>,
) -> ApiResult<Json<DoneAnswer>> {
    app.service.update_subscription(&caller, &plan_key(fields.subscription)?).await?;
    Ok(Json(DoneAnswer { success: true, message: "Subscription updated successfully" }))
}

/// Cancel the subscription
///
/// The plan stays until the period that is paid ends.
#[utoipa::path(
    post, path = "/frontend/payment/cancel-subscription", tag = "billing", request_body = NoFields,
    responses(
        (status = 200, description = "It ends with the period", body = DoneAnswer),
        (status = 400, description = "There is no subscription", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_subscription(
    State(app): State<App>,
    caller: Caller<CancelSubscription>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<DoneAnswer>> {
    app.service.cancel_subscription(&caller).await?;
    Ok(Json(DoneAnswer { success: true, message: "Subscription will be cancelled at the end of the billing period" }))
}

/// Create a billing portal session
#[utoipa::path(
    post, path = "/frontend/payment/create-portal-session", tag = "billing", request_body = NoFields,
    responses(
        (status = 200, description = "Where the tenant sees and changes how it pays", body = PageAnswer),
        (status = 400, description = "The tenant has never begun to pay", body = ErrorBody),
    )
)]
pub(crate) async fn create_portal_session(
    State(app): State<App>,
    caller: Caller<CreatePortalSession>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<PageAnswer>> {
    Ok(Json(PageAnswer { url: app.service.create_portal_session(&caller).await? }))
}

/// What the tenant was asked to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvoiceList {
    /// The latest first.
    invoices: Vec<ListedInvoice>,
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedInvoice {
    /// Names it.
    #[schema(example = "in_123")]
    id: String,
    /// As it is printed; null for a draft.
    #[schema(required = true, example = "ABCD-0001")]
    number: Option<String>,
    /// In units of the currency.
    #[schema(example = 99.0)]
    amount_paid: f64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    #[schema(example = "paid")]
    status: &'static str,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created: i64,
    /// What it pays for begins then, Unix seconds.
    #[schema(example = 1_732_740_000)]
    period_start: i64,
    /// And ends then.
    #[schema(example = 1_735_332_000)]
    period_end: i64,
    /// The PDF; null for a draft.
    #[schema(required = true, example = "https://pay.stripe.com/invoice/.../pdf")]
    invoice_pdf: Option<String>,
    /// Where it can be seen and paid; null for a draft.
    #[schema(required = true, example = "https://invoice.stripe.com/...")]
    hosted_invoice_url: Option<String>,
}

/// List invoices
#[utoipa::path(
    post, path = "/frontend/payment/list-invoices", tag = "billing", request_body = NoFields,
    responses((status = 200, description = "What the tenant was asked to pay", body = InvoiceList))
)]
pub(crate) async fn list_invoices(
    State(app): State<App>,
    caller: Caller<ListInvoices>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<InvoiceList>> {
    let invoices = app.service.invoices(&caller).await?;
    Ok(Json(InvoiceList { invoices: invoices.into_iter().map(ListedInvoice::from).collect() }))
}

impl From<Invoice> for ListedInvoice {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id.to_string(),
            number: invoice.number,
            amount_paid: invoice.amount_paid.major(),
            currency: invoice.amount_paid.currency,
            status: status(invoice.status),
            created: invoice.created.as_second(),
            period_start: invoice.period.start.as_second(),
            period_end: invoice.period.end.as_second(),
            invoice_pdf: invoice.invoice_pdf,
            hosted_invoice_url: invoice.hosted_invoice_url,
        }
    }
}

const fn status(status: InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Draft => "draft",
        InvoiceStatus::Open => "open",
        InvoiceStatus::Paid => "paid",
        InvoiceStatus::Uncollectible => "uncollectible",
        InvoiceStatus::Void => "void",
        InvoiceStatus::Other => "other",
    }
}
