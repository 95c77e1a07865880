//! Tests of binary XML.
