//! Lambda function maintenance.
