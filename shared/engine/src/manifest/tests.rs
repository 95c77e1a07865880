//! Tests of the manifest and its controls.
