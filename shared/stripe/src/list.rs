//! Lists, which come in pages.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::transport::Request;

/// What a list has, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// Up to the number of pages that are followed.
    pub items: Vec<T>,
    /// Whether that is all.
    pub is_complete: bool,
}

#[derive(Deserialize)]
#[serde(rename = "list")]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    pub(crate) has_more: bool,
}

/// How far a list is followed.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Items of a page, 100 at most (Stripe's documentation, pagination).
    pub(crate) page: u8,
    pub(crate) pages: u8,
}

impl Client {
    /// `id` is what the next page starts after.
    pub(crate) async fn pages<T, F>(&self, path: &str, form: Form, bounds: Bounds, id: F) -> Result<Listing<T>, Error>
    where
        T: DeserializeOwned,
        F: Fn(&T) -> &str,
    {
        let form = form.with("limit", bounds.page.to_string());
        let mut items: Vec<T> = Vec::new();
        for _ in 0..bounds.pages {
            let form = form.clone().with_some("starting_after", items.last().map(&id));
            let page: Page<T> = self.call(&Request::get(path, form)).await?;
            let is_last = !page.has_more || page.data.is_empty();
            items.extend(page.data);
            if is_last {
                return Ok(Listing { items, is_complete: true });
            }
        }
        Ok(Listing { items, is_complete: false })
    }
}

impl<T> Listing<T> {
    pub(crate) fn try_map<U>(self, read: impl FnMut(T) -> Result<U, Error>) -> Result<Listing<U>, Error> {
        let items = self.items.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listing { items, is_complete: self.is_complete })
    }
}
