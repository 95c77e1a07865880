//! A scripted Converse of Amazon Bedrock for tests and the local server, over the same HTTP. It answers by a script, step by step, and
//! writes down what it was asked; where the script ends, it quotes what it was given. It refuses what the real one refuses of what is
//! sent here. It checks no signature and is no model.

mod check;
mod faithful;
mod request;
mod script;
mod server;

pub use request::Request;
pub use script::{Failure, Step};
pub use server::Standin;
