//! Tests of the string pool.
