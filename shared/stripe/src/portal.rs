//! The billing portal: Stripe's own pages where a customer sees invoices and changes how to pay.

use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::id::{CustomerId, IdempotencyKey};
use crate::transport::Request;

/// A visit to the portal.
#[derive(Clone, Copy, Debug)]
pub struct NewPortalSession<'a> {
    /// Whose portal it is.
    pub customer: &'a CustomerId,
    /// Where its way back leads.
    pub return_url: &'a str,
}

#[derive(Deserialize)]
#[serde(rename = "billing_portal.session")]
pub(crate) struct Wire {
    url: String,
}

impl Client {
    /// Makes a session, and tells its address: whoever has it is the customer, for some minutes.
    pub async fn create_portal_session(
        &self,
        session: &NewPortalSession<'_>,
        key: &IdempotencyKey,
    ) -> Result<String, Error> {
        let form = Form::default().with("customer", session.customer.as_str()).with("return_url", session.return_url);
        Ok(self.call::<Wire>(&Request::post("billing_portal/sessions", form, key)).await?.url)
    }
}
