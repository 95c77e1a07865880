//! What a check has seen, and whether that was to be seen.

use std::any::Any;

/// What is to be seen of a behaviour that the local AWS is known not to have: on AWS, and there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) aws: &'static str,
    pub(crate) local: &'static str,
}

/// Of a check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    /// The local AWS does what it is known to do.
    KnownDifference(String),
    /// With what was seen, or how the check ended.
    Fails(String),
}

/// Judges a check that came to its end, or panicked, on the local AWS or on AWS.
pub(crate) fn judge(seen: Result<String, String>, expected: Expected, is_local: bool) -> Verdict {
    let Expected { aws, local } = expected;
    match seen {
        Err(panic) => Verdict::Fails(panic),
        Ok(seen) if is_local && seen == local => Verdict::KnownDifference(seen),
        Ok(seen) if is_local && seen == aws => {
            Verdict::Fails(format!("{seen} by now on the local AWS; expect it everywhere"))
        }
        Ok(seen) if is_local => Verdict::Fails(format!("{seen}, and known of the local AWS is: {local}")),
        Ok(seen) if seen == aws => Verdict::Holds,
        Ok(seen) => Verdict::Fails(format!("{seen} instead of {aws}")),
    }
}

/// Judges a check that expects the same everywhere, and ends where it does not find it.
pub(crate) fn judge_everywhere(ended: Result<(), String>) -> Verdict {
    ended.map_or_else(Verdict::Fails, |()| Verdict::Holds)
}

/// What a panic says.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a text".to_owned())
}

#[test]
fn a_known_difference_is_what_is_known_and_nothing_else() {
    let expected = Expected { aws: "refused", local: "taken" };
    let judged =
        |seen: Result<&str, &str>, is_local| judge(seen.map(str::to_owned).map_err(str::to_owned), expected, is_local);
    assert_eq!(judged(Ok("taken"), true), Verdict::KnownDifference("taken".into()));
    assert_eq!(judged(Ok("refused"), false), Verdict::Holds);
    for (seen, is_local) in [
        (Ok("refused"), true),
        (Ok("InternalError"), true),
        (Err("a resource could not be made"), true),
        (Ok("taken"), false),
        (Ok("InternalError"), false),
        (Err("a resource could not be made"), false),
    ] {
        let verdict = judged(seen, is_local);
        let (Ok(named) | Err(named)) = seen;
        assert!(matches!(&verdict, Verdict::Fails(text) if text.contains(named)), "{seen:?}: {verdict:?}");
    }
    assert_eq!(judge_everywhere(Err("it was not refused".into())), Verdict::Fails("it was not refused".into()));
    assert_eq!(judge_everywhere(Ok(())), Verdict::Holds);
}
