//! Lambda function upload-arrival.
