//! DynamoDB, S3, SQS and KMS: the only place that knows table and object keys.
