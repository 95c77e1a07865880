//! Prices and the products that they are of.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::client::Client;
use crate::error::Error;
use crate::form::{Form, Metadata};
use crate::id::{PriceId, ProductId};
use crate::list::{Bounds, Page};
use crate::money::Money;
use crate::transport::Request;

/// The field of a product's metadata that names the plan it gives.
pub const PLAN_FIELD: &str = "plan";

/// Ids in one question: a page's size at most, and enough for what one customer can have bought.
const MAX_PRODUCTS: usize = 100;

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Names it.
    pub id: ProductId,
    /// As invoices show it; empty where it was deleted.
    pub name: String,
    /// What was written down with it.
    pub metadata: Metadata,
}

/// What something costs, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Names it.
    pub id: PriceId,
    /// What callers know it by.
    pub lookup_key: Option<String>,
    /// For one unit, where the price is that simple.
    pub unit: Option<Money>,
    /// `month`, `year`; none for what is paid once.
    pub interval: Option<String>,
    /// What it is the price of.
    pub product: Product,
}

#[derive(Clone, Deserialize)]
#[serde(rename = "product")]
pub(crate) struct WireProduct {
    pub(crate) id: ProductId,
    /// Neither is there once it was deleted.
    #[serde(default)]
    name: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename = "price")]
pub(crate) struct WirePrice {
    pub(crate) id: PriceId,
    pub(crate) lookup_key: Option<String>,
    currency: String,
    unit_amount: Option<i64>,
    recurring: Option<WireRecurring>,
    pub(crate) product: Expandable,
}

#[derive(Deserialize)]
#[serde(rename = "price.recurring")]
pub(crate) struct WireRecurring {
    interval: String,
}

/// Stripe writes the id alone, where it was not asked for the whole.
#[derive(Clone)]
pub(crate) enum Expandable {
    Id(ProductId),
    Whole(Product),
}

impl Product {
    /// The plan that it gives.
    pub fn plan(&self) -> Option<&str> {
        self.metadata.get(PLAN_FIELD).map(String::as_str)
    }
}

impl From<WireProduct> for Product {
    fn from(WireProduct { id, name, metadata }: WireProduct) -> Self {
        Self { id, name, metadata }
    }
}

impl Client {
    /// The active price that callers know by this key; among active ones Stripe lets one have it.
    pub async fn find_price(&self, lookup_key: &str) -> Result<Option<Price>, Error> {
        let form = Form::default().with_each("lookup_keys", [lookup_key]).with("active", "true");
        let form = form.with("limit", "2").with_each("expand", ["data.product"]);
        let page: Page<WirePrice> = self.call(&Request::get("prices", form)).await?;
        let found = page.data.into_iter().find(|price| price.lookup_key.as_deref() == Some(lookup_key));
        found.map(price).transpose()
    }

    /// Products by their ids: a list of subscriptions cannot be asked for them, five levels down (Stripe expands four).
    pub(crate) async fn products(&self, ids: &[ProductId]) -> Result<BTreeMap<ProductId, Product>, Error> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(MAX_PRODUCTS) {
            let form = Form::default().with_each("ids", ids.iter().map(ProductId::as_str));
            let bounds = Bounds { page: 100, pages: 1 };
            let listed = self.pages("products", form, bounds, |product: &WireProduct| product.id.as_str()).await?;
            found.extend(listed.items.into_iter().map(|product| (product.id.clone(), product.into())));
        }
        Ok(found)
    }
}

fn price(wire: WirePrice) -> Result<Price, Error> {
    let WirePrice { id, lookup_key, currency, unit_amount, recurring, product } = wire;
    let Expandable::Whole(product) = product else { return Err(Error::content("a price without its product")) };
    let unit = unit_amount.map(|minor| Money::new(minor, &currency));
    Ok(Price { id, lookup_key, unit, interval: recurring.map(|recurring| recurring.interval), product })
}

impl<'de> Deserialize<'de> for Expandable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpandableVisitor)
    }
}

struct ExpandableVisitor;

impl<'de> Visitor<'de> for ExpandableVisitor {
    type Value = Expandable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id or an object")
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<Expandable, E> {
        id.parse().map(Expandable::Id).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expandable, A::Error> {
        let product = WireProduct::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Expandable::Whole(product.into()))
    }
}
