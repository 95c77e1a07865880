//! The behaviours of AWS that this project relies on, each with the file that does. `./dev test` holds the local AWS
//! against them, `./dev aws-contract --real` an account. What the local AWS does otherwise is named, and is what has to
//! be seen there.
//!
//! What takes a deployed function is not here: that Lambda gives back only those messages that a partial batch response
//! names, and polls with the function's role.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a behaviour that is not as expected ends its check")]

mod dynamodb;
mod kms;
mod s3;
mod secrets;
mod sqs;
mod suite;
mod verdict;
