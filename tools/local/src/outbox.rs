//! Mail on this machine: one file each in a folder, that mail programs open.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use domain::mail::{Delivery, Mail, MailId};
use mail_builder::MessageBuilder;
use service::Clock;
use service::mailing::{Mailer, Sending};

/// What mail is from.
const SENDER: (&str, &str) = ("AppTego", "no-reply@apptego.localhost");

/// The folder.
#[derive(Clone, Debug)]
pub struct Outbox {
    folder: PathBuf,
    is_announced: bool,
}

impl Outbox {
    /// Keeps mail in `folder`.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder, is_announced: false }
    }

    /// The same, with a line on standard output for each mail.
    pub fn announced(self) -> Self {
        Self { is_announced: true, ..self }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A mail that comes again replaces itself. It is there as a whole or not at all.
    fn keep(&self, id: &MailId, mail: &Mail) -> std::io::Result<PathBuf> {
        std::fs::create_dir_all(&self.folder)?;
        let (path, part) = (self.folder.join(format!("{id}.eml")), self.folder.join(format!("{id}.part")));
        std::fs::write(&part, message(id, mail)?)?;
        std::fs::rename(&part, &path)?;
        Ok(path)
    }
}

impl Mailer for Outbox {
    fn send<'a>(&'a self, id: &'a MailId, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            let path = match self.keep(id, mail) {
                Ok(path) => path,
                Err(error) => return Delivery::Postponed(format!("{}: {error}", self.folder.display())),
            };
            if self.is_announced {
                let line = format!("mail to {}: {} ({})\n", mail.to, mail.subject, path.display());
                let _ = std::io::stdout().write_all(line.as_bytes());
            }
            Delivery::Sent
        })
    }
}

/// As it goes over the wire (RFC 5322).
fn message(id: &MailId, mail: &Mail) -> std::io::Result<Vec<u8>> {
    MessageBuilder::new()
        .from(SENDER)
        .to(mail.to.as_str())
        .subject(mail.subject.as_str())
        .date(Clock::system().now().as_second())
        .message_id(format!("{id}@apptego.localhost"))
        .text_body(mail.text.as_str())
        .write_to_vec()
}
