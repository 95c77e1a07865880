//! From words to what they say, one after the other.

use std::net::IpAddr;

use domain::action::Action;
use domain::credential::{ApiTokenId, AutomationKeyId};
use domain::member::EmailAddress;
use winnow::combinator::{alt, not, opt, preceded};
use winnow::error::{EmptyError, ParserError as _};
use winnow::prelude::*;
use winnow::stream::{Stateful, TokenSlice};
use winnow::token::{any, take};

use super::term::{Key, Term};
use super::time::{self, Window};
use super::vocabulary::{Meaning, Vocabulary};
use super::words::Word;
use crate::column::Log;

/// Words that are left, and what words mean.
pub(super) type Input<'t> = Stateful<TokenSlice<'t, Word>, Known<'t>>;
pub(super) type Parsed<T> = Result<T, EmptyError>;

/// What words mean, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'t> {
    pub(super) vocabulary: &'t Vocabulary,
    pub(super) log: Log,
}

/// Something that a question says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A time.
    Window(Window),
    /// A word or more with a meaning.
    Meaning(Meaning),
    /// Somebody's calls: `by owner@example.com`.
    Caller(String),
    /// What is somebody's: `owner@example.com's calls`.
    Owner(String),
    /// An account that may be a caller or what a call was about.
    Account(String),
}

/// The next item.
pub(super) fn item(input: &mut Input<'_>) -> Parsed<Item> {
    alt((
        time::window.map(Item::Window),
        caller,
        alt((system, named_app, any.verify_map(app), address, device, app_version, action, country_code))
            .map(|term| Item::Meaning(Meaning::Term(term))),
        known.map(Item::Meaning),
    ))
    .parse_next(input)
}

/// The word, or another of these.
pub(super) fn word_in<'t>(texts: &'static [&'static str]) -> impl Parser<Input<'t>, &'t Word, EmptyError> {
    any.verify(move |word: &&Word| texts.contains(&word.text.as_str()))
}

/// These words in this order.
pub(super) fn phrase<'t>(texts: &'static [&'static str]) -> impl Parser<Input<'t>, (), EmptyError> {
    take(texts.len())
        .verify(move |words: &&[Word]| words.iter().map(|word| word.text.as_str()).eq(texts.iter().copied()))
        .void()
}

/// The longest phrase of the vocabulary.
fn known(input: &mut Input<'_>) -> Parsed<Meaning> {
    let (length, meaning) = input.state.vocabulary.longest(input).ok_or_else(|| EmptyError::from_input(input))?;
    take(length).parse_next(input)?;
    Ok(meaning)
}

fn caller(input: &mut Input<'_>) -> Parsed<Item> {
    let owner = any.verify_map(|word: &Word| account(word).filter(|_| word.genitive));
    let led = preceded(
        (word_in(&["by", "from"]), opt(word_in(&["the", "an"])), opt(kind_of_account)),
        any.verify_map(account),
    );
    let operator =
        (word_in(&["by"]), opt(word_in(&["the", "an"])), word_in(&["operator"])).map(|_| "operator".to_owned());
    let bare = preceded(opt(kind_of_account), any.verify_map(account));
    alt((owner.map(Item::Owner), led.map(Item::Caller), operator.map(Item::Caller), bare.map(Item::Account)))
        .parse_next(input)
}

fn kind_of_account(input: &mut Input<'_>) -> Parsed<()> {
    alt((
        phrase(&["api", "token"]),
        phrase(&["automation", "key"]),
        word_in(&["user", "users", "account", "token", "key"]).void(),
    ))
    .parse_next(input)
}

/// As the audit log names callers: addresses in lower case, ids as they are.
fn account(word: &Word) -> Option<String> {
    let address = word.raw.parse::<EmailAddress>().map(String::from);
    let token = || word.raw.parse::<ApiTokenId>().map(String::from);
    let key = || word.raw.parse::<AutomationKeyId>().map(String::from);
    address.or_else(|_| token()).or_else(|_| key()).ok()
}

/// `Android 14`, `iOS 17.2`, `Android 13 or later`.
fn system(input: &mut Input<'_>) -> Parsed<Term> {
    let platform = any.verify_map(|word: &Word| match word.text.as_str() {
        platform @ ("android" | "ios") => Some(platform),
        _ => None,
    });
    let version = any.verify(|word: &&Word| {
        let parts = word.text.split('.');
        // `on Android 2024` is about a year.
        word.text.len() <= 16
            && !time::is_time(word)
            && parts.into_iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    // `on Android 14 November` is about a day.
    let later = word_in(&["later", "newer", "above", "higher", "up"]).value(" later");
    let earlier = word_in(&["earlier", "older", "below", "lower"]).value(" earlier");
    let range = opt(preceded(word_in(&["or", "and"]), alt((later, earlier))));
    (platform, opt(word_in(&["version"])), version, not(time::month), range)
        .map(|(platform, _, version, (), range)| {
            Term::new(Key::System, format!("{platform} {}{}", version.text, range.unwrap_or_default()))
        })
        .parse_next(input)
}

fn named_app(input: &mut Input<'_>) -> Parsed<Term> {
    let name = any.verify_map(|word: &Word| identifier(word, 2));
    preceded(word_in(&["app", "application"]), name).map(|name| Term::new(Key::App, name)).parse_next(input)
}

/// An identifier of an app that nobody takes for anything else: of three parts or more.
fn app(word: &Word) -> Option<Term> {
    identifier(word, 3).map(|name| Term::new(Key::App, name))
}

/// Parts of letters, digits, hyphens and underscores, between dots, each of them beginning with a letter.
fn identifier(word: &Word, parts: usize) -> Option<String> {
    let is_part = |part: &str| {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        part.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && part.bytes().all(sign)
    };
    // The first part is a domain's last: two letters or more.
    let first = word.raw.split('.').next().unwrap_or_default();
    let enough = word.raw.split('.').count() >= parts && (2..=255).contains(&word.raw.len()) && first.len() >= 2;
    (enough && word.raw.split('.').all(is_part)).then(|| word.raw.clone())
}

fn address(input: &mut Input<'_>) -> Parsed<Term> {
    let address = any.verify_map(|word: &Word| word.text.parse::<IpAddr>().ok());
    let lead = alt((phrase(&["ip", "address"]), phrase(&["ip"]), phrase(&["address"])));
    preceded(opt(lead), address).map(|address| Term::new(Key::Address, address.to_string())).parse_next(input)
}

fn device(input: &mut Input<'_>) -> Parsed<Term> {
    let id = || {
        any.verify(|word: &&Word| {
            let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
            let long = (3..=64).contains(&word.raw.len());
            long && word.raw.bytes().all(sign) && word.raw.bytes().any(|byte| byte.is_ascii_digit())
        })
    };
    let bare = id().verify(|word: &&Word| !time::is_time(word));
    preceded(word_in(&["device"]), alt((preceded(word_in(&["id"]), id()), bare)))
        .map(|id: &Word| Term::new(Key::Device, id.raw.clone()))
        .parse_next(input)
}

fn app_version(input: &mut Input<'_>) -> Parsed<Term> {
    let version = any.verify(|word: &&Word| {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'+');
        word.raw.len() <= 32 && word.raw.starts_with(|c: char| c.is_ascii_digit()) && word.raw.bytes().all(sign)
    });
    preceded(phrase(&["app", "version"]), version)
        .map(|version: &Word| Term::new(Key::AppVersion, version.raw.clone()))
        .parse_next(input)
}

fn action(input: &mut Input<'_>) -> Parsed<Term> {
    let action = || {
        any.verify_map(|word: &Word| {
            let mut actions = Action::ALL.into_iter().filter(|action| !action.is_for_buttons_only());
            let found = actions.find(|action| action.to_string().eq_ignore_ascii_case(&word.text));
            found.map(|action| action.to_string())
        })
    };
    let mut values = vec![preceded(word_in(&["action", "actions"]), action()).parse_next(input)?];
    while let Some(value) = opt(preceded(word_in(&["or", "and", ","]), action())).parse_next(input)? {
        values.push(value);
    }
    Ok(Term { key: Key::Action, values })
}

/// `in DE`, `in France or DE`: only as it is written in ISO 3166, and only where capitals mean something. The audit log has no countries.
fn country_code(input: &mut Input<'_>) -> Parsed<Term> {
    if input.state.log == Log::Audit {
        return Err(EmptyError::from_input(input));
    }
    let code = any.verify_map(|word: &Word| super::vocabulary::country_of_code(&word.raw));
    let is_listed = input.previous_tokens().next().is_some_and(|word| matches!(word.text.as_str(), "and" | "or" | ","));
    let lead = opt(word_in(&["in", "from"])).verify(move |lead| is_listed || lead.is_some());
    let term = preceded(lead, code).map(|code| Term::new(Key::Country, code)).parse_next(input)?;
    let written = |word: &Word| word.raw.contains(char::is_lowercase);
    let calm = input.previous_tokens().any(written) || input.iter().any(written);
    if calm { Ok(term) } else { Err(EmptyError::from_input(input)) }
}
