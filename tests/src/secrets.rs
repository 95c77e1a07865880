//! Every secret that the tests come across, and that none of them gets into the log or into an error.
//!
//! Whatever a process of the tests logs is kept, with our own crates at their most verbose. What is sent and answered is
//! looked through for secrets by [`crate::harness`]; when a bench is gone, nothing that was said may contain one.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Answer, root};

/// Shorter texts are found anywhere: they are no secrets, but what tests make up.
const SHORTEST: usize = 16;
/// Names a signature in a signed URL.
const SIGNATURE: &str = "X-Amz-Signature=";

/// Of this process.
static WATCH: LazyLock<Watch> = LazyLock::new(|| {
    let watch = Watch::default();
    tracing::subscriber::set_global_default(watch.subscriber()).expect("no other subscriber");
    watch
});

/// Of this process: it listens from now on.
pub fn watch() -> &'static Watch {
    &WATCH
}

/// What was said, and what may not be.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    secrets: BTreeSet<String>,
    said: Vec<u8>,
}

impl Watch {
    /// Keeps every line that is logged.
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        let own = ["functions", "shared", "tools"].into_iter().flat_map(crates);
        let filter: String = own.map(|name| format!("{name}=trace,")).collect();
        let filter = EnvFilter::new(format!("{filter}tests=trace,info"));
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).with_writer(self.clone()).finish()
    }

    /// Registers what an answer shows; an error may show nothing.
    pub fn note_answer(&self, answer: &Answer) {
        self.register_body(&answer.body);
        if !answer.status.is_success() {
            self.hear(format!("{:?}", answer.headers).as_bytes());
            self.hear(&answer.bytes);
        }
    }

    /// Keeps something that was said.
    fn hear(&self, error: &[u8]) {
        let mut seen = self.seen();
        seen.said.extend_from_slice(error);
        seen.said.push(b'\n');
    }

    /// Registers a secret.
    pub fn register(&self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.seen().secrets.insert(secret.to_owned());
        }
    }

    /// Registers what an `Authorization` header holds: a pair, a pair in Base64, or a JWT.
    pub fn register_authorization(&self, header: &str) {
        let credentials = header.split_once(' ').map_or(header, |(_, credentials)| credentials);
        self.register(credentials);
        let decoded = decode(credentials).unwrap_or_else(|| credentials.to_owned());
        for part in decoded.rsplit([':', '.']).take(1) {
            self.register(part);
        }
    }

    /// Registers the secrets of a body: `…_secret`, `…password` and the files of signing keys, and the signatures of signed URLs.
    pub fn register_body(&self, body: &Value) {
        match body {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let (true, Some(text)) = (is_secret(name), value.as_str()) {
                        self.register(text);
                    }
                    self.register_body(value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.register_body(value)),
            Value::String(text) => {
                for signature in text.split(SIGNATURE).skip(1) {
                    self.register(signature.split('&').next().unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    /// The lines with a secret in them.
    pub fn leaks(&self) -> Vec<String> {
        let seen = self.seen();
        let said = String::from_utf8_lossy(&seen.said);
        let leaked: Vec<&String> = seen.secrets.iter().filter(|secret| said.contains(secret.as_str())).collect();
        let has = |line: &&str| leaked.iter().any(|secret| line.contains(secret.as_str()));
        if leaked.is_empty() { Vec::new() } else { said.lines().filter(has).map(str::to_owned).collect() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks, when it is gone, whether a secret was said.
#[derive(Debug)]
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(watch().leaks(), Vec::<String>::new(), "a secret in the log or in an error");
        }
    }
}

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.seen().said.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Watch {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Whether a field of this name holds one.
fn is_secret(field: &str) -> bool {
    let files = ["keystore", "p12", "provisioning_profile"];
    field.ends_with("_secret") || field.ends_with("password") || files.contains(&field)
}

/// The crates in a folder of the project, as their modules are named.
fn crates(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder of crates");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace('-', "_")).collect()
}

fn decode(text: &str) -> Option<String> {
    use base64::Engine as _;
    String::from_utf8(base64::prelude::BASE64_STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "at_0123456789abcdefghijklmnopqrstuvwxyz";

    /// What is found of a line that our code and others would log.
    fn found(watch: &Watch, say: impl FnOnce()) -> usize {
        tracing::subscriber::with_default(watch.subscriber(), say);
        watch.leaks().len()
    }

    #[test]
    fn a_secret_is_found_in_a_message_a_field_a_span_and_an_error() {
        let said: [(&str, &dyn Fn()); 4] = [
            ("message", &|| tracing::trace!("refused {SECRET}")),
            ("field", &|| tracing::debug!(token = SECRET, "refused")),
            ("debug", &|| tracing::info!(headers = ?[("authorization", format!("Bearer {SECRET}"))], "refused")),
            ("span", &|| tracing::info_span!("call", token = SECRET).in_scope(|| tracing::info!("refused"))),
        ];
        for (place, say) in said {
            let watch = Watch::default();
            watch.register(SECRET);
            assert_eq!(found(&watch, say), 1, "{place}");
        }
        let watch = Watch::default();
        watch.register(SECRET);
        watch.hear(format!(r#"{{"error":"{SECRET}"}}"#).as_bytes());
        assert_eq!(watch.leaks().len(), 1);
        assert_eq!(found(&watch, || tracing::info!("nothing")), 1, "a line without one is none");
    }

    #[test]
    fn our_crates_are_heard_at_their_most_verbose_and_others_from_info_on() {
        let watch = Watch::default();
        watch.register(SECRET);
        let ours = || tracing::trace!(target: "frontend_users::api_tokens", "{SECRET}");
        assert_eq!(found(&watch, ours), 1);
        assert_eq!(found(&watch, || tracing::trace!(target: "store", "{SECRET}")), 2);
        assert_eq!(found(&watch, || tracing::info!(target: "aws_config", "{SECRET}")), 3);
        assert_eq!(found(&watch, || tracing::debug!(target: "aws_config", "{SECRET}")), 3);
    }

    #[test]
    fn secrets_are_recognised_where_they_are_sent_and_answered() {
        let registered = |tell: &dyn Fn(&Watch)| {
            let watch = Watch::default();
            tell(&watch);
            watch.seen().secrets.clone().into_iter().collect::<Vec<_>>()
        };
        let pair = format!("atk_x:{SECRET}");
        let encoded = base64::prelude::BASE64_STANDARD.encode(&pair);
        assert_eq!(registered(&|watch| watch.register_authorization(&format!("Bearer {pair}"))), [SECRET, &pair]);
        assert_eq!(registered(&|watch| watch.register_authorization(&format!("Bearer {encoded}"))), [&encoded, SECRET]);
        let jwt = format!("e30.{}.{}", "e".repeat(20), "s".repeat(20));
        assert_eq!(
            registered(&|watch| watch.register_authorization(&format!("Bearer {jwt}"))),
            [jwt.as_str(), &"s".repeat(20)]
        );
        assert_eq!(registered(&|watch| watch.register_authorization("Bearer x:y")), [""; 0]);
        let body = json!({ "a": [{ "token_secret": SECRET }], "keystore_password": "correct horse battery", "b": "x" });
        assert_eq!(registered(&|watch| watch.register_body(&body)), [SECRET, "correct horse battery"]);
        let key = json!({ "keystore": "MIIJ0123456789ab", "p12": "MIIJ0123456789cd", "provisioning_profile": "MIIJ0123456789ef" });
        assert_eq!(
            registered(&|watch| watch.register_body(&key)),
            ["MIIJ0123456789ab", "MIIJ0123456789cd", "MIIJ0123456789ef"]
        );
        let url = json!({ "part_urls": ["http://x/?X-Amz-Signature=0123456789abcdef&y=z"] });
        assert_eq!(registered(&|watch| watch.register_body(&url)), ["0123456789abcdef"]);
    }
}
