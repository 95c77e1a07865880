//! Plan, edits, packaging and report; no AWS, no tokio.
