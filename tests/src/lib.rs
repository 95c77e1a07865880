//! Cross-function tests.
