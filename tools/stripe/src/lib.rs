//! A Stripe of our own for tests and for the local server: the calls that `stripe` makes, over the same HTTP, with state. It
//! has hosted pages that can be clicked through, signed webhooks, a clock that can be moved, and faults on demand. No money,
//! no persistence, and nothing that Stripe's specification does not have: tests/specification holds both to it.

mod api;
mod billing;
mod calls;
mod control;
mod delivery;
mod error;
mod events;
mod expand;
mod faults;
mod idempotency;
mod options;
mod pages;
mod params;
mod render;
mod standin;
mod state;

pub use events::Delivery;
pub use faults::Fault;
pub use options::{Clock, Options, Plan, Webhook};
pub use standin::{Standin, start};
