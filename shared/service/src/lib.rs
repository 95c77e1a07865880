//! Use cases: what the functions call.
