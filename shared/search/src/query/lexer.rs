//! From a text to tokens.

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, cut_err, delimited, eof, opt, preceded, repeat, repeat_till, terminated};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{any, one_of, take_while};

use super::error::ErrorKind;
use super::{MAX_LENGTH, Operator};

/// Something of a query, and the byte at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) symbol: Symbol,
    pub(super) offset: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Word(String),
    Integer(i64),
    Text(String),
    Operator(Operator),
    Open,
    Close,
    Comma,
}

impl Symbol {
    /// Whether it is this word of the language, in any case.
    pub(super) fn is_word(&self, expected: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(expected))
    }
}

/// What is wrong, and the byte at which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) kind: ErrorKind,
}

type Input<'t> = LocatingSlice<&'t str>;

impl<'t> ParserError<Input<'t>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'t>) -> Self {
        let kind = input.peek_token().map_or(ErrorKind::UnterminatedString, ErrorKind::UnexpectedCharacter);
        Self { offset: input.current_token_start(), kind }
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    if let Some((offset, _)) = text.char_indices().nth(MAX_LENGTH) {
        return Err(Fault { offset, kind: ErrorKind::TooLong });
    }
    let result: ModalResult<(Vec<Token>, &str), Fault> =
        preceded(multispace0, repeat_till(0.., terminated(token, multispace0), eof)).parse_next(&mut Input::new(text));
    match result {
        Ok((tokens, _)) => Ok(tokens),
        Err(ErrMode::Backtrack(fault) | ErrMode::Cut(fault)) => Err(fault),
        Err(ErrMode::Incomplete(_)) => Err(Fault { offset: text.len(), kind: ErrorKind::UnterminatedString }),
    }
}

fn token(input: &mut Input<'_>) -> ModalResult<Token, Fault> {
    let offset = input.current_token_start();
    let symbol = alt((
        string.map(Symbol::Text),
        number.map(Symbol::Integer),
        word.map(|word: &str| Symbol::Word(word.to_owned())),
        operator.map(Symbol::Operator),
        '('.value(Symbol::Open),
        ')'.value(Symbol::Close),
        ','.value(Symbol::Comma),
    ))
    .parse_next(input)?;
    Ok(Token { symbol, offset })
}

/// In single quotes, a quote in it doubled.
fn string(input: &mut Input<'_>) -> ModalResult<String, Fault> {
    let offset = input.current_token_start();
    let within = repeat(0.., alt(("''".value('\''), any.verify(|c| *c != '\''))));
    delimited('\'', within, cut_err('\'')).parse_next(input).map_err(|error: ErrMode<Fault>| match error {
        ErrMode::Cut(_) => ErrMode::Cut(Fault { offset, kind: ErrorKind::UnterminatedString }),
        other => other,
    })
}

fn number(input: &mut Input<'_>) -> ModalResult<i64, Fault> {
    let offset = input.current_token_start();
    let digits = (opt('-'), digit1).take().parse_next(input)?;
    // `1.5`, `1e3` and `0x1` are no two tokens beside each other.
    let rest = take_while(0.., |c: char| c.is_alphanumeric() || matches!(c, '.' | '_')).parse_next(input)?;
    let number = digits.parse().ok().filter(|_| rest.is_empty());
    number.ok_or(ErrMode::Cut(Fault { offset, kind: ErrorKind::InvalidNumber }))
}

fn word<'t>(input: &mut Input<'t>) -> ModalResult<&'t str, Fault> {
    let rest = take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_');
    (one_of(|c: char| c.is_ascii_alphabetic() || c == '_'), rest).take().parse_next(input)
}

fn operator(input: &mut Input<'_>) -> ModalResult<Operator, Fault> {
    let found = Operator::ALL.into_iter().find(|operator| input.starts_with(operator.as_str()));
    let operator = found.ok_or_else(|| ErrMode::from_input(input))?;
    operator.as_str().value(operator).parse_next(input)
}
