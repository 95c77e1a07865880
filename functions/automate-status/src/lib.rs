//! Lambda function automate-status.
