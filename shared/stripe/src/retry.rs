//! When a call is tried again, and how long that waits: Stripe's rules ("Advanced error handling") as its own clients apply
//! them, and 429 besides, which comes before a call has any effect.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

/// Before the second try; doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// Asked for more, nobody would wait in any case.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// What an answer's head says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    /// Never by trying again.
    Refused,
    /// Perhaps later.
    Again,
    /// Stripe's fault, and Stripe knows that another try would find the same.
    Failed,
}

pub(crate) fn judge(status: StatusCode, headers: &HeaderMap) -> Verdict {
    if status.is_success() {
        return Verdict::Done;
    }
    let is_ours = status.as_u16() < 500 && status != StatusCode::TOO_MANY_REQUESTS;
    match headers.get("stripe-should-retry").map(http::HeaderValue::as_bytes) {
        Some(b"true") => Verdict::Again,
        Some(b"false") if is_ours => Verdict::Refused,
        Some(b"false") => Verdict::Failed,
        _ if is_ours && status != StatusCode::CONFLICT => Verdict::Refused,
        _ => Verdict::Again,
    }
}

/// How long the answer asks to be left alone, in whole seconds; Stripe writes no dates here.
pub(crate) fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_ASKED))
}

/// After this many tries; `jitter` is from 0 to 1. At least half, so that there is a pause, the rest spread out, so that
/// those who failed together do not come back together.
pub(crate) fn wait(tries: u32, jitter: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    doubled.min(LONGEST_WAIT).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn statuses_decide_where_stripe_says_nothing() {
        for (status, verdict) in [
            (200, Verdict::Done),
            (302, Verdict::Refused),
            (400, Verdict::Refused),
            (401, Verdict::Refused),
            (402, Verdict::Refused),
            (404, Verdict::Refused),
            (409, Verdict::Again),
            (429, Verdict::Again),
            (500, Verdict::Again),
            (503, Verdict::Again),
        ] {
            assert_eq!(judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new()), verdict, "{status}");
            let unclear = headers("stripe-should-retry", "perhaps");
            assert_eq!(judge(StatusCode::from_u16(status).unwrap(), &unclear), verdict, "{status}");
        }
    }

    #[test]
    fn stripe_decides_where_it_says_something() {
        let (yes, no) = (headers("stripe-should-retry", "true"), headers("stripe-should-retry", "false"));
        assert_eq!(judge(StatusCode::BAD_REQUEST, &yes), Verdict::Again);
        assert_eq!(judge(StatusCode::CONFLICT, &no), Verdict::Refused);
        assert_eq!(judge(StatusCode::INTERNAL_SERVER_ERROR, &no), Verdict::Failed);
        assert_eq!(judge(StatusCode::TOO_MANY_REQUESTS, &no), Verdict::Failed);
        assert_eq!(judge(StatusCode::OK, &yes), Verdict::Done);
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!((wait(1, 0.0), wait(1, 1.0)), (Duration::from_millis(125), FIRST_WAIT));
        assert_eq!(wait(3, 1.0), Duration::from_secs(1));
        assert_eq!((wait(9, 1.0), wait(u32::MAX, 2.0)), (LONGEST_WAIT, LONGEST_WAIT));
    }

    #[test]
    fn asked_waits_are_seconds() {
        assert_eq!(asked_wait(&headers("retry-after", "7")), Some(Duration::from_secs(7)));
        assert_eq!(asked_wait(&headers("retry-after", "99999999")), Some(LONGEST_ASKED));
        for other in ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", ""] {
            assert_eq!(asked_wait(&headers("retry-after", other)), None, "{other}");
        }
    }
}
