//! Types, rules, errors, the control catalogue and the job's transition table. No AWS, no HTTP, no clock, no environment.

pub mod access;
pub mod audit;
pub mod certificate;
pub mod configuration;
pub mod control;
pub mod credential;
pub mod error;
pub mod file_name;
pub mod https_url;
pub mod id;
pub mod job;
pub mod ledger;
pub mod member;
pub mod model;
pub mod permission;
pub mod phase;
pub mod plan;
pub mod platform;
pub mod policy;
pub mod progress;
pub mod saml;
pub mod tenant;
pub mod tenant_name;
pub mod time;
pub mod upload;
pub mod upload_request;
