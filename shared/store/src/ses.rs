//! Mail by way of SES. Not among the store's clients: only the function that sends links it.

use aws_config::SdkConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use domain::mail::{Delivery, Mail};
use domain::member::EmailAddress;

/// What mail is from, for people.
const SENDER: &str = "AppTego";

/// A sender of mail.
#[derive(Clone, Debug)]
pub struct Ses {
    client: aws_sdk_sesv2::Client,
    from: Option<EmailAddress>,
}

impl Ses {
    /// Sends from `from`, an identity that SES has verified; without it, mail waits. `interceptors` see every call.
    pub fn new(config: &SdkConfig, interceptors: &[SharedInterceptor], from: Option<EmailAddress>) -> Self {
        let mut builder = aws_sdk_sesv2::config::Builder::from(config);
        for interceptor in interceptors {
            builder.push_interceptor(interceptor.clone());
        }
        Self { client: aws_sdk_sesv2::Client::from_conf(builder.build()), from }
    }

    /// As [`Self::new`], where the SDK's own environment says.
    pub async fn connect(from: Option<EmailAddress>) -> Self {
        Self::new(&aws_config::load_from_env().await, &[], from)
    }

    /// Hands a mail over.
    pub async fn send(&self, mail: &Mail) -> Delivery {
        let Some(from) = &self.from else { return Delivery::Postponed("there is no address to send from".to_owned()) };
        let (Ok(subject), Ok(text)) = (content(&mail.subject), content(&mail.text)) else {
            return Delivery::Refused("it cannot be put into a request".to_owned());
        };
        let message = Message::builder().subject(subject).body(Body::builder().text(text).build()).build();
        let request = self.client.send_email().from_email_address(format!("{SENDER} <{from}>"));
        let request = request.destination(Destination::builder().to_addresses(mail.to.as_str()).build());
        match request.content(EmailContent::builder().simple(message).build()).send().await {
            Ok(_) => Delivery::Sent,
            Err(error) => judge(&error),
        }
    }
}

fn content(text: &str) -> Result<Content, aws_sdk_sesv2::error::BuildError> {
    Content::builder().charset("UTF-8").data(text).build()
}

/// What SES does not take now and would never take, by its own words (API reference, SendEmail). It also rejects messages
/// of a sender that is not verified: that is the operators' to mend. Only codes are told: messages name addresses.
fn judge<R>(error: &SdkError<SendEmailError, R>) -> Delivery {
    let Some(refusal) = error.as_service_error() else { return Delivery::Postponed("SES did not answer".to_owned()) };
    let code = refusal.code().unwrap_or("no code").to_owned();
    let unverified = refusal.message().is_some_and(|message| message.contains("not verified"));
    match refusal {
        SendEmailError::MessageRejected(_) if !unverified => Delivery::Refused(code),
        SendEmailError::BadRequestException(_) => Delivery::Refused(code),
        _ => Delivery::Postponed(code),
    }
}
