//! Every table key and every object key, and the only place that spells them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::attachment::{AttachmentId, AttachmentUploadId};
use domain::audit::Log;
use domain::conversation::ExchangeId;
use domain::credential::{ApiTokenId, AutomationKeyId};
use domain::custom_message::MessageUploadId;
use domain::document::DocumentId;
use domain::file_name::FileName;
use domain::id::{ApplicationId, JobId, Sha256Hex, SigningKeyId, TenantId};
use domain::library::{AppIdentifier, LibraryBuildId};
use domain::mail::MailId;
use domain::member::{EmailAddress, MemberId};
use domain::platform::{ConfigVersion, Platform};
use domain::sales_contact::Asker;
use domain::ticket::{CommentId, TicketId};
use domain::upload::UploadPath;
use domain::usage::Meter;

/// An item of the main table.
#[derive(Clone, Debug)]
pub(crate) enum ItemKey<'a> {
    AutomationKey(&'a AutomationKeyId),
    Tenant(&'a TenantId),
    Ledger(&'a TenantId),
    Configuration(&'a TenantId, ConfigVersion),
    Publications(&'a TenantId, ConfigVersion),
    PolicyKey(&'a TenantId),
    SigningKey(&'a TenantId, &'a SigningKeyId),
    Application(&'a TenantId, &'a ApplicationId),
    ApplicationBuild(&'a TenantId, &'a ApplicationId, JobId),
    Job(&'a TenantId, JobId),
    Progress(&'a TenantId, JobId),
    Saml(&'a TenantId),
    SamlGroups(&'a TenantId),
    Idempotency(&'a TenantId, &'a Sha256Hex),
    Person(&'a EmailAddress),
    PersonIdempotency(&'a EmailAddress, &'a Sha256Hex),
    Roster(&'a TenantId),
    Member(&'a TenantId, &'a MemberId),
    ApiToken(&'a ApiTokenId),
    Mail(&'a TenantId, &'a MailId),
    Ticket(&'a TenantId, &'a TicketId),
    TicketComment(&'a TenantId, &'a TicketId, &'a CommentId),
    Attachment(&'a TenantId, &'a AttachmentId),
    SalesContact(&'a Asker),
    Usage(&'a TenantId, Meter),
    Conversation(&'a TenantId, &'a MemberId),
    Exchange(&'a TenantId, &'a MemberId, &'a ExchangeId),
    Library(&'a TenantId, &'a AppIdentifier),
    Billing(&'a TenantId),
    StripeCustomer(&'a str),
    StripeEvent(&'a str),
    Purge(&'a TenantId),
    Receipt(&'a TenantId),
}

impl ItemKey<'_> {
    /// Partition and sort key.
    pub(crate) fn parts(&self) -> (String, String) {
        match self {
            Self::AutomationKey(id) => (format!("AUTOMATION_KEY#{id}"), "AUTOMATION_KEY".to_owned()),
            Self::Tenant(tenant) => (partition(tenant), "TENANT".to_owned()),
            Self::Ledger(tenant) => (partition(tenant), "LEDGER".to_owned()),
            Self::Configuration(tenant, version) => (partition(tenant), format!("CONFIGURATION#{version}")),
            Self::Publications(tenant, version) => (partition(tenant), format!("PUBLICATIONS#{version}")),
            Self::PolicyKey(tenant) => (partition(tenant), "POLICY_KEY".to_owned()),
            Self::SigningKey(tenant, id) => (partition(tenant), format!("SIGNING_KEY#{id}")),
            Self::Application(tenant, id) => (partition(tenant), format!("{APPLICATIONS}{id}")),
            Self::ApplicationBuild(tenant, id, job) => (partition(tenant), format!("{}{job}", application_builds(id))),
            Self::Job(tenant, job) => (partition(tenant), format!("{JOBS}{job}")),
            Self::Progress(tenant, job) => (partition(tenant), format!("{JOBS}{job}{PROGRESS}")),
            Self::Saml(tenant) => (partition(tenant), "SAML".to_owned()),
            Self::SamlGroups(tenant) => (partition(tenant), "SAML_GROUPS".to_owned()),
            Self::Idempotency(tenant, scope) => (partition(tenant), format!("IDEMPOTENCY#{scope}")),
            Self::Person(address) => (person(address), "PERSON".to_owned()),
            Self::PersonIdempotency(address, scope) => (person(address), format!("IDEMPOTENCY#{scope}")),
            Self::Roster(tenant) => (partition(tenant), "ROSTER".to_owned()),
            Self::Member(tenant, MemberId::Person(address)) => {
                (partition(tenant), format!("{PERSON_MEMBERS}{address}"))
            }
            Self::Member(tenant, MemberId::Token(id)) => (partition(tenant), format!("{TOKEN_MEMBERS}{id}")),
            Self::ApiToken(id) => (format!("API_TOKEN#{id}"), "API_TOKEN".to_owned()),
            Self::Mail(tenant, id) => (partition(tenant), format!("MAIL#{id}")),
            Self::Ticket(tenant, id) => (partition(tenant), format!("{TICKETS}{id}")),
            Self::TicketComment(tenant, ticket, id) => (partition(tenant), format!("{}{id}", ticket_comments(ticket))),
            Self::Attachment(tenant, id) => (partition(tenant), format!("ATTACHMENT#{id}")),
            Self::SalesContact(Asker::Person(address)) => (person(address), "SALES_CONTACT".to_owned()),
            Self::SalesContact(Asker::Member(tenant, member)) => (partition(tenant), format!("SALES_CONTACT#{member}")),
            Self::Usage(tenant, meter) => (partition(tenant), format!("USAGE#{}", meter.as_str())),
            Self::Conversation(tenant, member) => (partition(tenant), format!("CONVERSATION#{member}")),
            Self::Exchange(tenant, member, id) => (partition(tenant), format!("{}{id}", exchanges(member))),
            Self::Library(tenant, identifier) => (partition(tenant), format!("{LIBRARIES}{identifier}")),
            Self::Billing(tenant) => (partition(tenant), "BILLING".to_owned()),
            Self::StripeCustomer(customer) => (format!("STRIPE_CUSTOMER#{customer}"), "STRIPE_CUSTOMER".to_owned()),
            Self::StripeEvent(event) => (format!("STRIPE_EVENT#{event}"), "STRIPE_EVENT".to_owned()),
            Self::Purge(tenant) => (partition(tenant), "PURGE".to_owned()),
            Self::Receipt(tenant) => (format!("RECEIPT#{tenant}"), "RECEIPT".to_owned()),
        }
    }

    /// The key attributes.
    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        let (pk, sk) = self.parts();
        HashMap::from([("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))])
    }
}

/// Begins the sort keys of jobs and of their progress.
pub(crate) const JOBS: &str = "JOB#";
/// Ends the sort key of a job's progress.
pub(crate) const PROGRESS: &str = "#PROGRESS";
/// Begins the sort keys of applications.
pub(crate) const APPLICATIONS: &str = "APPLICATION#";
/// Begins the sort keys of the people of a tenant.
pub(crate) const PERSON_MEMBERS: &str = "MEMBER#";
/// Begins the sort keys of the API tokens of a tenant.
pub(crate) const TOKEN_MEMBERS: &str = "TOKEN#";

/// Begins the sort keys of support tickets.
pub(crate) const TICKETS: &str = "TICKET#";

/// Begins the sort keys of libraries.
pub(crate) const LIBRARIES: &str = "LIBRARY#";

/// Begins the sort keys of a ticket's comments.
pub(crate) fn ticket_comments(id: &TicketId) -> String {
    format!("TICKET_COMMENT#{id}#")
}

/// Begins the sort keys of what a member asked the assistant.
pub(crate) fn exchanges(member: &MemberId) -> String {
    format!("EXCHANGE#{member}#")
}

/// Begins the sort keys of an application's builds.
pub(crate) fn application_builds(id: &ApplicationId) -> String {
    format!("APPLICATION_BUILD#{id}#")
}

/// The partition of everything that belongs to a tenant and is found through it.
pub(crate) fn partition(tenant: &TenantId) -> String {
    format!("TENANT#{tenant}")
}

fn person(address: &EmailAddress) -> String {
    format!("PERSON#{address}")
}

/// The partition of a log in the events table.
pub(crate) fn audit_partition(log: &Log) -> String {
    match log {
        Log::Tenant(tenant) => format!("AUDIT#TENANT#{tenant}"),
        Log::Member(member) => format!("AUDIT#MEMBER#{member}"),
    }
}

/// Reads the key of a mail back.
pub(crate) fn read_mail_key(pk: &str, sk: &str) -> Option<(TenantId, MailId)> {
    Some((pk.strip_prefix("TENANT#")?.parse().ok()?, sk.strip_prefix("MAIL#")?.parse().ok()?))
}

/// Reads the key of a tenant back.
pub(crate) fn read_tenant_key(pk: &str, sk: &str) -> Option<TenantId> {
    pk.strip_prefix("TENANT#").filter(|_| sk == "TENANT")?.parse().ok()
}

/// Reads a job's sort key back.
pub(crate) fn read_job_key(pk: &str, sk: &str) -> Option<(TenantId, JobId)> {
    Some((pk.strip_prefix("TENANT#")?.parse().ok()?, sk.strip_prefix(JOBS)?.parse().ok()?))
}

/// Reads the key of a library back.
pub(crate) fn read_library_key(pk: &str, sk: &str) -> Option<(TenantId, AppIdentifier)> {
    Some((pk.strip_prefix("TENANT#")?.parse().ok()?, sk.strip_prefix(LIBRARIES)?.parse().ok()?))
}

/// Reads the object key of an upload, as a notification of S3 writes it: form-encoded.
pub fn read_upload_key(encoded: &str) -> Option<UploadPath> {
    let spaces = encoded.replace('+', " ");
    percent_encoding::percent_decode_str(&spaces).decode_utf8().ok()?.parse().ok()
}

/// Begins the key of every object of a tenant, in both buckets.
pub(crate) fn object_prefix(tenant: &TenantId) -> String {
    format!("{tenant}/")
}

/// An object of the artifacts bucket.
#[derive(Clone, Debug)]
pub(crate) enum ArtifactKey<'a> {
    Configuration(&'a TenantId, &'a Sha256Hex),
    Message(&'a TenantId, &'a Sha256Hex),
    MessageUpload(&'a TenantId, &'a MessageUploadId),
    Attachment(&'a TenantId, &'a Sha256Hex),
    AttachmentUpload(&'a TenantId, &'a AttachmentUploadId),
    Document(&'a TenantId, &'a DocumentId),
    Policy(&'a TenantId, &'a Sha256Hex),
    Builds(&'a TenantId, JobId),
    Icon(&'a TenantId, JobId),
    Output(&'a TenantId, JobId, u32, &'a FileName),
    Report(&'a TenantId, JobId, u32),
    Mapping(&'a TenantId, JobId, u32),
    LibraryBuild(&'a TenantId, &'a LibraryBuildId),
    LibraryPackage(&'a TenantId, &'a LibraryBuildId, u32, Platform),
}

impl ArtifactKey<'_> {
    /// The object key, or the prefix for `Builds` and `LibraryBuild`.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Configuration(tenant, digest) => format!("{tenant}/config/{digest}.json"),
            Self::Message(tenant, digest) => format!("{tenant}/messages/{digest}"),
            // The lifecycle rule of the bucket knows no wildcard in the middle of a key.
            Self::MessageUpload(tenant, id) => format!("message-uploads/{tenant}/{id}"),
            Self::Attachment(tenant, digest) => format!("{tenant}/attachments/{digest}"),
            Self::AttachmentUpload(tenant, id) => format!("attachment-uploads/{tenant}/{id}"),
            Self::Document(tenant, id) => format!("{tenant}/documents/{id}"),
            Self::Policy(tenant, digest) => format!("{tenant}/policies/{digest}.json"),
            Self::Builds(tenant, job) => format!("{tenant}/builds/{job}/"),
            Self::Icon(tenant, job) => format!("{tenant}/builds/{job}/icon"),
            Self::Output(tenant, job, attempt, name) => format!("{tenant}/builds/{job}/{attempt}/{}", name.as_str()),
            Self::Report(tenant, job, attempt) => format!("{tenant}/builds/{job}/{attempt}/build-report.json"),
            Self::Mapping(tenant, job, attempt) => format!("{tenant}/builds/{job}/{attempt}/resource-mapping.json"),
            Self::LibraryBuild(tenant, build) => format!("{tenant}/libraries/{build}/"),
            Self::LibraryPackage(tenant, build, attempt, platform) => {
                let name = match platform {
                    Platform::Android => "library.aar",
                    Platform::Ios => "library.xcframework.zip",
                };
                format!("{tenant}/libraries/{build}/{attempt}/{name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notification_keys_are_decoded_and_nothing_else_is_an_upload() {
        let tenant = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11";
        let path = read_upload_key(&format!("{tenant}/uploads/android/production/1700000000/my+app%2B%281%29.apk"));
        assert_eq!(path.unwrap().file_name.as_str(), "my app+(1).apk");
        for key in ["", "x", "%", "%ff%fe", "../x", &format!("{tenant}/builds/1/1/app.apk")] {
            assert!(read_upload_key(key).is_none(), "{key}");
        }
    }
}
