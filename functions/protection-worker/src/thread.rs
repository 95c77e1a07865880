//! Work on a thread of its own, whose lines in the log are the build's as well.

use tokio::task::{JoinError, spawn_blocking};
use tracing::Span;

/// Waits for what `work` makes; fails where it panicked.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work)).await
}

#[cfg(test)]
mod tests {
    use tracing::Instrument as _;

    use super::*;

    #[tokio::test]
    async fn the_thread_works_in_the_span_of_the_build() {
        // For every thread of the process.
        logging::init(|_| None);
        let build = tracing::info_span!("build");
        let name = run(|| Span::current().metadata().map(tracing::Metadata::name)).instrument(build).await.unwrap();
        assert_eq!(name, Some("build"));
    }
}
