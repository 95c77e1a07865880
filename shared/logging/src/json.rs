//! A line of JSON for each event.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields as _, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// What Lambda's logging controls look for: without a valid `timestamp` (RFC 3339) every line counts as INFO.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>
#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    fields: Map<String, Value>,
}

/// Writes [`Line`]s. Their fields are the event's and those of every span around it: whoever looks for a build asks for `build.id`,
/// wherever it was said.
pub(crate) struct Lines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for Lines {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (mut timestamp, mut own, mut fields) = (String::new(), String::new(), Map::new());
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(recorded) = span.extensions().get::<FormattedFields<JsonFields>>() {
                fields.extend(read(&recorded.fields)?);
            }
        }
        context.format_fields(Writer::new(&mut own), event)?;
        fields.extend(read(&own)?);
        let line = Line { timestamp: &timestamp, level: event.metadata().level().as_str(), fields };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

/// Fields as [`JsonFields`] wrote them.
fn read(fields: &str) -> Result<Map<String, Value>, fmt::Error> {
    if fields.is_empty() { Ok(Map::new()) } else { serde_json::from_str(fields).map_err(|_| fmt::Error) }
}
