//! The grammar of time windows: what is said, before a clock gives it a meaning.

use jiff::civil::Weekday;
use winnow::combinator::{alt, opt, preceded, separated_pair};
use winnow::prelude::*;
use winnow::token::any;

use super::scanner::{Input, Parsed, phrase, word_in};
use super::words::Word;

/// A window of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// `yesterday`, `last week`, `on 2024-11-20`, `in November`.
    Within(Period),
    /// `from November 1`, which may be that day or all since.
    From(Period),
    /// `last 7 days`, `the past hour`.
    Rolling(Amount),
    /// `since Monday`.
    Since(Period),
    /// `since 3 hours ago`.
    SinceAgo(Amount),
    /// `after 2024-11-20`, which is over before the window begins.
    After(Period),
    /// `until yesterday`, which is part of the window.
    Until(Period),
    /// `before Monday`, which is not.
    Before(Period),
    /// `between Monday and Wednesday`, both of them parts of it.
    Between(Period, Period),
}

/// A time that has a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// So many days before today, which is 0.
    DaysAgo(u16),
    /// The latest one, today included.
    Weekday(Weekday),
    /// The latest one before today.
    LastWeekday(Weekday),
    /// The present one.
    This(Unit),
    /// The one before the present one.
    Last(Unit),
    /// A day; the latest one without a year.
    Date { year: Option<i16>, month: i8, day: i8 },
    /// The same with its day of the week, which has to be right.
    Named { weekday: Weekday, year: Option<i16>, month: i8, day: i8 },
    /// A month; the latest one without a year.
    Month { year: Option<i16>, month: i8 },
    /// A year.
    Year(i16),
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) count: u16,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

const WITHIN: &[&str] = &["in", "on", "from", "during", "for", "of", "over", "within"];
const MAY: i8 = 5;
const UP_TO: &[&str] = &["to", "until", "till", "through", "-", "\u{2013}"];

/// A window, with the preposition that leads it.
pub(super) fn window(input: &mut Input<'_>) -> Parsed<Window> {
    alt((
        between,
        preceded(opt(word_in(WITHIN)), rolling).map(Window::Rolling),
        since,
        preceded(word_in(&["after"]), dated).map(Window::After),
        preceded(word_in(&["before"]), dated).map(Window::Before),
        preceded(alt((word_in(&["until", "till", "through"]).void(), phrase(&["up", "to"]))), end).map(Window::Until),
        preceded(word_in(&["from"]), dated).map(Window::From),
        preceded(word_in(WITHIN), dated).map(Window::Within),
        period.map(Window::Within),
    ))
    .parse_next(input)
}

/// Whether a word by itself is a date, a month, a year or a length of time.
pub(super) fn is_time(word: &Word) -> bool {
    let is_date = iso_date(word).or_else(|| iso_month(word)).is_some();
    is_date || four_digits(&word.text).is_some_and(is_year) || compact(word).is_some()
}

fn between(input: &mut Input<'_>) -> Parsed<Window> {
    alt((
        days_of_month,
        preceded(word_in(&["between"]), separated_pair(dated, word_in(&["and"]), end)),
        preceded(opt(word_in(&["from", "since"])), separated_pair(dated, word_in(UP_TO), end)),
    ))
    .map(|(first, last)| Window::Between(first, last))
    .parse_next(input)
}

/// `between 1 and 5 November`, `November 1 to 5`.
fn days_of_month(input: &mut Input<'_>) -> Parsed<(Period, Period)> {
    let to = || alt((word_in(UP_TO), word_in(&["and"])));
    let lead = || word_in(&["between", "from", "since"]);
    let month_last = (lead(), day, to(), day, opt(word_in(&["of"])), month, opt(year_after_comma))
        .map(|(_, first, _, last, _, month, year)| (first, last, month, year));
    let month_first = (opt(lead()), month, day, to(), day, opt(year_after_comma))
        .map(|(_, month, first, _, last, year)| (first, last, month, year));
    let date = |day, month, year| Period::Date { year, month, day };
    alt((month_last, month_first))
        .map(|(first, last, month, year)| (date(first, month, year), date(last, month, year)))
        .parse_next(input)
}

/// The last part of a window: `now` is today.
fn end(input: &mut Input<'_>) -> Parsed<Period> {
    alt((dated, word_in(&["now"]).value(Period::DaysAgo(0)))).parse_next(input)
}

/// The word at which a time is no longer understood, after a word that begins one.
pub(super) fn first_unknown<'t>(input: &mut Input<'t>) -> Option<&'t Word> {
    const BEGIN: &[&str] = &[
        "since", "last", "past", "this", "previous", "within", "between", "before", "after", "until", "till",
        "starting",
    ];
    const WITHIN_IT: &[&str] = &["from", "to", "through", "and", "the", "of", "on", "in"];
    let begin = opt(word_in(BEGIN)).parse_next(input).ok()?;
    begin?;
    while alt((
        word_in(BEGIN).void(),
        word_in(WITHIN_IT).void(),
        dated.void(),
        amount.void(),
        unit.void(),
        count.void(),
    ))
    .parse_next(input)
    .is_ok()
    {}
    input.peek_token()
}

/// `last week` is the week before this one, as page 003 has it; `the last week` and `past week` begin seven days before today, as
/// `last 7 days` does: with today, that is eight dates.
fn rolling(input: &mut Input<'_>) -> Parsed<Amount> {
    let past = || word_in(&["last", "past"]);
    let one = |unit| Amount { count: 1, unit };
    let short = unit.verify(|unit| matches!(unit, Unit::Minute | Unit::Hour | Unit::Day));
    alt((
        preceded((opt(word_in(&["the"])), past()), amount),
        preceded((word_in(&["the"]), past()), unit.map(one)),
        preceded(word_in(&["past"]), unit.map(one)),
        preceded(word_in(&["last"]), short.map(one)),
    ))
    .parse_next(input)
}

fn since(input: &mut Input<'_>) -> Parsed<Window> {
    let lead = alt((word_in(&["since"]).void(), phrase(&["starting", "from"]), phrase(&["starting"])));
    let beginning = (phrase(&["the"]), word_in(&["beginning", "start"]), phrase(&["of"])).void();
    let begin = alt((
        preceded(opt(beginning), dated).map(Window::Since),
        (amount, word_in(&["ago"])).map(|(amount, _)| Window::SinceAgo(amount)),
    ));
    preceded(lead, begin).parse_next(input)
}

/// A period, or a year or month that only a preposition makes one.
fn dated(input: &mut Input<'_>) -> Parsed<Period> {
    let may = word_in(&["may"]).value(Period::Month { year: None, month: MAY });
    alt((period, may, year.map(Period::Year))).parse_next(input)
}

fn period(input: &mut Input<'_>) -> Parsed<Period> {
    let long = || unit.verify(|unit| matches!(unit, Unit::Week | Unit::Month | Unit::Year));
    alt((
        day_before_today,
        preceded(word_in(&["this"]), long()).map(Period::This),
        preceded((opt(word_in(&["the"])), word_in(&["previous"])), long()).map(Period::Last),
        preceded(word_in(&["last"]), long()).map(Period::Last),
        (word_in(&["this"]), word_in(&["quarter"])).value(Period::This(Unit::Quarter)),
        (word_in(&["last", "previous"]), word_in(&["quarter"])).value(Period::Last(Unit::Quarter)),
        preceded(word_in(&["last"]), weekday).map(Period::LastWeekday),
        alt((named_date, weekday.map(Period::Weekday), date, month_of_year)),
    ))
    .parse_next(input)
}

/// `Friday, November 22`.
fn named_date(input: &mut Input<'_>) -> Parsed<Period> {
    let (weekday, _, date) = (weekday, opt(word_in(&[","])), date).parse_next(input)?;
    match date {
        Period::Date { year, month, day } => Ok(Period::Named { weekday, year, month, day }),
        other => Ok(other),
    }
}

fn day_before_today(input: &mut Input<'_>) -> Parsed<Period> {
    alt((
        word_in(&["today"]).value(Period::DaysAgo(0)),
        word_in(&["yesterday"]).value(Period::DaysAgo(1)),
        phrase(&["the", "day", "before", "yesterday"]).value(Period::DaysAgo(2)),
        days_ago,
    ))
    .parse_next(input)
}

fn days_ago(input: &mut Input<'_>) -> Parsed<Period> {
    let days = amount.verify_map(|amount| (amount.unit == Unit::Day).then_some(Period::DaysAgo(amount.count)));
    (days, word_in(&["ago"])).map(|(period, _)| period).parse_next(input)
}

/// `7 days`, `an hour`, `24h`.
fn amount(input: &mut Input<'_>) -> Parsed<Amount> {
    let spelled = (count, unit).map(|(count, unit)| Amount { count, unit });
    alt((spelled, any.verify_map(compact))).parse_next(input)
}

fn compact(word: &Word) -> Option<Amount> {
    let end = word.text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = word.text.split_at_checked(end)?;
    let unit = match unit {
        "min" | "mins" => Unit::Minute,
        "h" | "hr" | "hrs" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        _ => return None,
    };
    number(count).map(|count| Amount { count, unit })
}

fn unit(input: &mut Input<'_>) -> Parsed<Unit> {
    any.verify_map(|word: &Word| match word.text.as_str() {
        "minute" | "minutes" | "min" | "mins" => Some(Unit::Minute),
        "hour" | "hours" | "h" | "hr" | "hrs" => Some(Unit::Hour),
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week),
        "month" | "months" => Some(Unit::Month),
        "year" | "years" => Some(Unit::Year),
        _ => None,
    })
    .parse_next(input)
}

fn count(input: &mut Input<'_>) -> Parsed<u16> {
    const SPELLED: [&str; 13] =
        ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    any.verify_map(|word: &Word| match word.text.as_str() {
        "a" | "an" => Some(1),
        "thirty" => Some(30),
        "sixty" => Some(60),
        "ninety" => Some(90),
        other => number(other).or_else(|| {
            let index = SPELLED.iter().position(|spelled| *spelled == other)?;
            u16::try_from(index).ok()
        }),
    })
    .parse_next(input)
}

/// From 1 to 9999.
fn number(digits: &str) -> Option<u16> {
    let plain = digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|count| plain && *count > 0)
}

fn weekday(input: &mut Input<'_>) -> Parsed<Weekday> {
    any.verify_map(|word: &Word| match word.text.as_str() {
        "monday" | "mon" => Some(Weekday::Monday),
        "tuesday" | "tue" | "tues" => Some(Weekday::Tuesday),
        "wednesday" | "wed" => Some(Weekday::Wednesday),
        "thursday" | "thu" | "thur" | "thurs" => Some(Weekday::Thursday),
        "friday" | "fri" => Some(Weekday::Friday),
        "saturday" | "sat" => Some(Weekday::Saturday),
        "sunday" | "sun" => Some(Weekday::Sunday),
        _ => None,
    })
    .parse_next(input)
}

/// `2024-11-20`, `November 20, 2024`, `the 20th of November`.
fn date(input: &mut Input<'_>) -> Parsed<Period> {
    let month_first = (month, day, opt(year_after_comma)).map(|(month, day, year)| Period::Date { year, month, day });
    let day_first = (opt(word_in(&["the"])), day, opt(word_in(&["of"])), month, opt(year_after_comma))
        .map(|(_, day, _, month, year)| Period::Date { year, month, day });
    alt((any.verify_map(iso_date), month_first, day_first)).parse_next(input)
}

/// `2024-11`, `November 2024`, `November`.
fn month_of_year(input: &mut Input<'_>) -> Parsed<Period> {
    let with_year = (month, year).map(|(month, year)| Period::Month { year: Some(year), month });
    // Alone, `may` is a verb.
    let alone = month.verify(|month| *month != MAY).map(|month| Period::Month { year: None, month });
    alt((any.verify_map(iso_month), with_year, alone)).parse_next(input)
}

/// The ISO 8601 form of a day. Whether there is such a day is seen later.
fn iso_date(word: &Word) -> Option<Period> {
    let (month, day) = word.text.rsplit_once('-')?;
    let Period::Month { year, month } = of_iso_month(month)? else { return None };
    Some(Period::Date { year, month, day: two_digits(day)? })
}

fn iso_month(word: &Word) -> Option<Period> {
    of_iso_month(&word.text)
}

fn of_iso_month(text: &str) -> Option<Period> {
    let (year, month) = text.split_once('-')?;
    Some(Period::Month { year: Some(four_digits(year)?), month: two_digits(month)? })
}

fn two_digits(text: &str) -> Option<i8> {
    text.parse().ok().filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn four_digits(text: &str) -> Option<i16> {
    text.parse().ok().filter(|_| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn year(input: &mut Input<'_>) -> Parsed<i16> {
    any.verify_map(|word: &Word| four_digits(&word.text).filter(|year| is_year(*year))).parse_next(input)
}

fn is_year(year: i16) -> bool {
    (1970..=2999).contains(&year)
}

fn year_after_comma(input: &mut Input<'_>) -> Parsed<i16> {
    preceded(opt(word_in(&[","])), year).parse_next(input)
}

fn day(input: &mut Input<'_>) -> Parsed<i8> {
    any.verify_map(|word: &Word| {
        let text = word.text.as_str();
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| text.strip_suffix(ending)).unwrap_or(text);
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    })
    .parse_next(input)
}

pub(super) fn month(input: &mut Input<'_>) -> Parsed<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    any.verify_map(|word: &Word| {
        let text = word.text.as_str();
        let is_named = |name: &&str| **name == *text || (text.len() == 3 && name.starts_with(text));
        let index = MONTHS.iter().position(|name| is_named(name) || (text == "sept" && *name == "september"))?;
        i8::try_from(index.checked_add(1)?).ok()
    })
    .parse_next(input)
}
