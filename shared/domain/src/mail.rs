//! Mail that the service sends.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;
use crate::member::EmailAddress;
use crate::tenant_name::TenantName;

/// Names a mail that waits to be sent: a UUID, hyphenated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailId(String);

impl FromStr for MailId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let word = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if word && text.len() == 36 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("mail_id", "Invalid mail id"))
        }
    }
}

string_conversions!(MailId);

/// A mail, as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Mail {
    /// Tells somebody that they were added to a tenant. Its name has neither line breaks nor markup in it.
    pub fn invitation(to: &EmailAddress, tenant: &TenantName, by: &str, portal_url: &str) -> Self {
        Self {
            to: to.clone(),
            subject: format!("You were added to {tenant} on AppTego"),
            text: format!(
                "{by} added you to the tenant \"{tenant}\" on AppTego.\n\n\
                 Sign in with this e-mail address, or sign up with it first:\n{portal_url}\n\n\
                 You have no permissions yet; an administrator of the tenant assigns them.\n\
                 If you did not expect this, you need not do anything.\n"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_says_who_where_and_what_to_do() {
        let name = "Example Tenant".parse().unwrap();
        let to = "new@example.com".parse().unwrap();
        let mail = Mail::invitation(&to, &name, "owner@example.com", "https://app.apptego.com");
        assert_eq!(mail.subject, "You were added to Example Tenant on AppTego");
        assert!(mail.text.starts_with("owner@example.com added you to the tenant \"Example Tenant\""));
        assert!(mail.text.contains("\nhttps://app.apptego.com\n"));
    }
}
