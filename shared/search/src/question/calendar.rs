//! What a time window means at a moment: half-open, in whole days of UTC unless hours or minutes are named.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use super::Refusal;
use super::time::{Amount, Period, Unit, Window};
use crate::column::Log;

/// From the first moment on, until before the second.
pub(super) type Moments = (Timestamp, Timestamp);

/// The moments of a window of `log`, or of everything that is kept where none is named.
pub(super) fn moments(window: Option<&Window>, log: Log, now: Timestamp) -> Result<Moments, Refusal> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let tomorrow = days_after(today, 1)?;
    let kept = days_after(today, log.retention_days().saturating_neg())?;
    let exact = |amount: &Amount| match amount.unit {
        Unit::Minute => Some(i64::from(amount.count).minutes()),
        Unit::Hour => Some(i64::from(amount.count).hours()),
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => None,
    };
    let (first, end) = match window {
        None => (kept, tomorrow),
        Some(Window::From(Period::Date { .. } | Period::Named { .. } | Period::Weekday(_))) => {
            return Err(Refusal::Ambiguous("on that day, or since then"));
        }
        Some(Window::Within(period) | Window::From(period)) => period.days(today, today)?,
        Some(Window::Rolling(amount) | Window::SinceAgo(amount)) => match exact(amount) {
            Some(span) => return exactly(now, span),
            None => (amount.days_before(today)?, tomorrow),
        },
        Some(Window::Since(period)) => (period.days(today, today)?.0, tomorrow),
        Some(Window::After(period)) => (period.days(today, today)?.1, tomorrow),
        Some(Window::Until(period)) => (kept, period.days(today, today)?.1),
        Some(Window::Before(period)) => (kept, period.days(today, today)?.0),
        Some(Window::Between(begin, end)) => between(*begin, *end, today)?,
    };
    Ok((midnight(first)?, midnight(end)?))
}

/// Of `from December to February`, December is the one before that February. `from November 20 to November 10` is a mistake, and not
/// the better part of a year.
fn between(begin: Period, end: Period, today: Date) -> Result<(Date, Date), Refusal> {
    const LONGEST_TURN: i32 = 183;
    let end = end.days(today, today)?;
    let (first, _) = begin.days(today, end.0)?;
    let is_turned = matches!(begin, Period::Date { year: None, .. } | Period::Named { year: None, .. })
        && first.year() != end.0.year();
    let length = end.0.since(first).map_err(|_| Refusal::NoSuchDate)?.get_days();
    if first > end.0 || (is_turned && length > LONGEST_TURN) { Err(Refusal::Backwards) } else { Ok((first, end.1)) }
}

/// Until the second in which `now` is, that included.
fn exactly(now: Timestamp, span: Span) -> Result<Moments, Refusal> {
    let second = Timestamp::from_second(now.as_second()).map_err(|_| Refusal::NoSuchDate)?;
    let begin = second.checked_sub(span).map_err(|_| Refusal::NoSuchDate)?;
    Ok((begin, second.checked_add(1.second()).map_err(|_| Refusal::NoSuchDate)?))
}

fn midnight(date: Date) -> Result<Timestamp, Refusal> {
    date.to_zoned(TimeZone::UTC).map(|moment| moment.timestamp()).map_err(|_| Refusal::NoSuchDate)
}

fn days_after(date: Date, days: i64) -> Result<Date, Refusal> {
    plus(date, Span::new().try_days(days))
}

fn plus(date: Date, span: Result<Span, jiff::Error>) -> Result<Date, Refusal> {
    span.and_then(|span| date.checked_add(span)).map_err(|_| Refusal::NoSuchDate)
}

impl Amount {
    /// The day so long before `today`: no moment of the length itself is left out.
    fn days_before(self, today: Date) -> Result<Date, Refusal> {
        let count = i64::from(self.count).saturating_neg();
        let span = match self.unit {
            Unit::Minute | Unit::Hour | Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Quarter => Span::new().try_months(count.saturating_mul(3)),
            Unit::Year => Span::new().try_years(count),
        };
        plus(today, span)
    }
}

impl Period {
    /// The first day and the one after the last. What has no year is the latest that begins no later than `anchor`.
    fn days(self, today: Date, anchor: Date) -> Result<(Date, Date), Refusal> {
        let day = |date| Ok((date, days_after(date, 1)?));
        let (first, end) = match self {
            Self::DaysAgo(days) => days_after(today, i64::from(days).saturating_neg()).and_then(day)?,
            Self::Weekday(weekday) => latest(weekday, anchor).and_then(day)?,
            Self::LastWeekday(weekday) => {
                days_after(anchor, -1).and_then(|date| latest(weekday, date)).and_then(day)?
            }
            Self::This(unit) => unit.around(today)?,
            Self::Last(unit) => unit.around(days_after(unit.around(today)?.0, -1)?)?,
            Self::Date { year, month, day: number } => in_year(year, anchor, month, number).and_then(day)?,
            Self::Named { weekday, year, month, day: number } => {
                let date = in_year(year, anchor, month, number)?;
                if date.weekday() != weekday {
                    return Err(Refusal::NoSuchDate);
                }
                day(date)?
            }
            Self::Month { year, month } => Unit::Month.around(in_year(year, anchor, month, 1)?)?,
            Self::Year(year) => Unit::Year.around(date(year, 1, 1)?)?,
        };
        if first > today { Err(Refusal::Future) } else { Ok((first, end)) }
    }
}

impl Unit {
    /// The week from Monday on, the month or the year that `date` is in.
    fn around(self, date: Date) -> Result<(Date, Date), Refusal> {
        let (first, length) = match self {
            Self::Minute | Self::Hour | Self::Day => (date, Span::new().try_days(1)),
            Self::Week => (latest(Weekday::Monday, date)?, Span::new().try_weeks(1)),
            Self::Month => (date.first_of_month(), Span::new().try_months(1)),
            Self::Quarter => (first_of_quarter(date)?, Span::new().try_months(3)),
            Self::Year => (date.first_of_year(), Span::new().try_years(1)),
        };
        Ok((first, plus(first, length)?))
    }
}

fn first_of_quarter(of: Date) -> Result<Date, Refusal> {
    let month = match of.month() {
        ..=3 => 1,
        4..=6 => 4,
        7..=9 => 7,
        10.. => 10,
    };
    date(of.year(), month, 1)
}

/// The latest such day, `date` included.
fn latest(weekday: Weekday, date: Date) -> Result<Date, Refusal> {
    days_after(date, i64::from(date.weekday().since(weekday)).saturating_neg())
}

/// The day of that year, or the latest one up to `anchor`.
fn in_year(year: Option<i16>, anchor: Date, month: i8, day: i8) -> Result<Date, Refusal> {
    /// 29 February is there once in four years, or in eight.
    const LONGEST_GAP: i16 = 8;
    match year {
        Some(year) => date(year, month, day),
        None => {
            let years = (0..=LONGEST_GAP).filter_map(|back| anchor.year().checked_sub(back));
            let mut dates = years.filter_map(|year| Date::new(year, month, day).ok());
            dates.find(|date| *date <= anchor).ok_or(Refusal::NoSuchDate)
        }
    }
}

fn date(year: i16, month: i8, day: i8) -> Result<Date, Refusal> {
    Date::new(year, month, day).map_err(|_| Refusal::NoSuchDate)
}
