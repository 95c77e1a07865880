//! Protobuf documents and resource tables, as app bundles carry them: the forms that aapt2 links for bundletool.
//!
//! The messages are those of aapt2's `Resources.proto` and `Configuration.proto`. Everything works on the wire format: what an edit does
//! not touch keeps its bytes, unknown fields with them, and what was not edited at all is written back byte for byte. Readers of protobuf
//! accept more than writers make (fields that stand twice, values of several kinds at once), and do not agree on what it means: such bytes
//! are refused here.

mod config;
mod error;
mod names;
mod rewrite;
mod schema;
mod table;
mod value;
pub mod wire;
pub mod xml;

pub use error::Error;
pub use names::NewNames;
pub use table::{Same, Table, adds_nothing_unknown, same_but_attributes, same_document, same_values, visit_references};
