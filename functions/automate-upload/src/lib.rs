//! Lambda function automate-upload.
