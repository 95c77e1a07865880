//! Finds the passages of the guides that answer a question. No AWS, no network, no clock; the guides are part of the binary.
//!
//! Guides are cut at their headings ([`Passage`]), ranked by BM25 over stems for each sentence of a message, and left out where
//! too little of the sentence stands in them: a question about something else finds nothing.

mod guides;
mod passage;
mod search;
mod sentence;
mod words;

pub use guides::GUIDES;
pub use passage::{Heading, Passage, headings, page_of};
pub use search::{Found, Index, MAX_QUESTION};
