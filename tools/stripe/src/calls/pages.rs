//! Pages of lists.

use serde_json::Value;

use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::Named;

/// Items of a page, where nothing is asked for, and at most (Stripe's documentation, pagination).
const USUAL: usize = 10;
const MAX: usize = 100;

/// Which part of a list is asked for.
pub(super) struct Part {
    limit: usize,
    starting_after: Option<String>,
}

impl Part {
    pub(super) fn take(params: &mut Params) -> Result<Self, Refusal> {
        let limit = match params.take("limit") {
            None => USUAL,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=MAX).contains(limit));
                limit.ok_or_else(|| Refusal::bad_param("limit", &text))?
            }
        };
        Ok(Self { limit, starting_after: params.take("starting_after") })
    }

    /// Of `all` in the order of their making, the part that is asked for, newest first.
    pub(super) fn of<'a, T: Named + 'a>(
        &self,
        url: &str,
        all: impl DoubleEndedIterator<Item = &'a T>,
        write: impl Fn(&'a T) -> Value,
    ) -> Result<Value, Refusal> {
        let mut items = all.rev();
        if let Some(id) = &self.starting_after {
            items.find(|item| item.id() == id).ok_or_else(|| Refusal::missing(T::WHAT, id, "starting_after"))?;
        }
        let page = items.by_ref().take(self.limit).map(write).collect();
        Ok(render::list(url, page, items.next().is_some()))
    }
}
