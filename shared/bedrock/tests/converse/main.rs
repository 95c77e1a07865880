//! The answerer against a scripted Converse, over HTTP and through the SDK.

mod answers;
mod failures;
mod hostile;
mod requests;
mod searches;
mod setup;
