//! The guides as what answers are made of.

use std::fmt;
use std::sync::{Arc, OnceLock};

use retrieval::{Found, Index, page_of};

/// The guides, and where readers find them. Clones share the index, which is made when it is first needed.
#[derive(Clone)]
pub struct Guides {
    index: Arc<OnceLock<Index<'static>>>,
    base: Arc<str>,
}

/// A passage of the guides.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    /// Its headings, the title first: `Billing › Cancel`.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// Markdown.
    pub text: String,
    /// How well it fits: larger is better, within one search only.
    pub score: f32,
}

impl Guides {
    /// The guides, which stand at `base`, without a slash at its end.
    pub fn at(base: &str) -> Self {
        Self { index: Arc::default(), base: base.trim_end_matches('/').into() }
    }

    /// Other guides than this product's, by path and content, which stand at `base`.
    pub fn of(files: impl IntoIterator<Item = (&'static str, &'static str)>, base: &str) -> Self {
        let index = OnceLock::from(Index::new(files));
        Self { index: Arc::new(index), ..Self::at(base) }
    }

    /// At most `limit` passages that may answer a question, the best first; none, where the guides say nothing of it.
    pub fn search(&self, question: &str, limit: usize) -> Vec<Quotation> {
        let index = self.index.get_or_init(Index::of_guides);
        index.search(question, limit).into_iter().map(|found| self.quote(&found)).collect()
    }

    fn quote(&self, found: &Found<'_, 'static>) -> Quotation {
        let passage = found.passage;
        Quotation {
            title: passage.headings.join(" › "),
            url: format!("{}/{}", self.base, passage.page()),
            text: self.linked(passage.text),
            score: found.score,
        }
    }

    /// The text with its links to other guides made absolute.
    fn linked(&self, text: &str) -> String {
        let mut pieces = text.split("](");
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |linked, piece| {
            match piece.split_once(')').and_then(|(link, rest)| Some((page_of(link)?, rest))) {
                Some((page, rest)) => format!("{linked}]({}/{page}){rest}", self.base),
                None => format!("{linked}]({piece}"),
            }
        })
    }
}

impl fmt::Debug for Guides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guides").field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_other_guides_become_absolute() {
        let guides = Guides::at("https://app.example.com/documents/guides");
        let text = "See [plans](plans-and-limits.md#limits), [this](https://example.com/a.md) and [that](billing.md).";
        let expected = "See [plans](https://app.example.com/documents/guides/plans-and-limits.html#limits), \
            [this](https://example.com/a.md) and [that](https://app.example.com/documents/guides/billing.html).";
        assert_eq!(guides.linked(text), expected);
    }
}
