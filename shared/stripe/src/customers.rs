//! Customers: who pays.

use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::form::{Form, Metadata};
use crate::id::{CustomerId, IdempotencyKey};
use crate::transport::Request;

/// A customer to be.
#[derive(Clone, Copy, Debug)]
pub struct NewCustomer<'a> {
    /// As invoices show it.
    pub name: &'a str,
    /// Where invoices and receipts go.
    pub email: Option<&'a str>,
    /// What we know the customer by.
    pub metadata: &'a Metadata,
}

#[derive(Deserialize)]
#[serde(rename = "customer")]
pub(crate) struct Wire {
    id: CustomerId,
}

impl Client {
    /// Makes a customer.
    pub async fn create_customer(&self, customer: &NewCustomer<'_>, key: &IdempotencyKey) -> Result<CustomerId, Error> {
        let form = Form::default().with("name", customer.name).with_some("email", customer.email);
        let form = form.with_metadata("metadata", customer.metadata);
        Ok(self.call::<Wire>(&Request::post("customers", form, key)).await?.id)
    }
}
