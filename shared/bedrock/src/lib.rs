//! Answers by a model at Amazon Bedrock (Converse). It knows the guides, the query language and what it is asked: no tenant, no store, no
//! clock.
//!
//! **What goes out**: our instructions, passages of the public guides, the message or question, and what was said before. Nothing else is
//! given to it.
//!
//! **What comes back** is taken for the text of a stranger. An answer is plain text of bounded length. A search is read by the same gate
//! as the grammar's ([`search::question::Answer::check`]); whatever is none is a refusal.
//!
//! **Texts from outside** (messages, history, passages) stand between marks that no such text can contain, and always in turns of the
//! user, whose authority is below that of the system prompt. There our instructions stand alone: a passage that is hostile, or that a
//! question brings up at the wrong moment, is data beside a question and never an instruction.

mod answer;
mod call;
mod client;
mod interpret;
mod language;
mod limits;
mod model_id;
mod text;

pub use client::Bedrock;
pub use limits::Limits;
pub use model_id::{BadModelId, ModelId};
