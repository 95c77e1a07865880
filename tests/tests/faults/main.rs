//! What goes wrong around the use cases: faults at every call, races, time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod deletion;
mod index;
mod interleaving;
mod libraries;
mod lifecycle;
mod management;
mod purge;
mod races;
mod remains;
mod standing;
mod table;
mod wire;
mod world;
