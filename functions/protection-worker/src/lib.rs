//! Lambda function protection-worker.
