//! How functions write their log: a line for each event, as Lambda's logging controls want it. Knows no function, no AWS and no HTTP.

mod json;

use std::io;
use std::panic::PanicHookInfo;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

/// How lines are written, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    json: bool,
    level: Level,
}

impl Settings {
    /// Reads the variables that Lambda sets from a function's LoggingConfig. Without them, text from INFO on.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let format = variable("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
        let level = variable("AWS_LAMBDA_LOG_LEVEL").and_then(|text| text.parse().ok());
        Self { json: format.eq_ignore_ascii_case("json"), level: level.unwrap_or(Level::INFO) }
    }
}

/// Writes the process's log, panics too, to standard output.
///
/// # Panics
/// Where the process has a log already.
pub fn init(variable: impl Fn(&str) -> Option<String>) {
    subscriber(Settings::read(variable), io::stdout).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Writes a line for each event to `writer`.
pub fn subscriber<W>(settings: Settings, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines = if settings.json {
        lines.fmt_fields(JsonFields::new()).event_format(json::Lines).boxed()
    } else {
        // CloudWatch has the time of each line.
        lines.with_target(false).without_time().boxed()
    };
    // Spans say whose line it is, which errors need as well.
    let spans = settings.level.max(Level::INFO);
    let wanted =
        move |metadata: &Metadata<'_>| *metadata.level() <= if metadata.is_span() { spans } else { settings.level };
    registry().with(lines).with(filter_fn(wanted).with_max_level_hint(spans))
}

/// The standard library's own words would be no line of JSON.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(panic.place = place, error = panic.payload_as_str(), "panicked");
}
