//! From tokens to a condition.

use winnow::combinator::{alt, cut_err, delimited, opt, preceded, separated};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{Stateful, Stream, TokenSlice};
use winnow::token::any;

use super::error::{Error, ErrorKind, Expected};
use super::lexer::{Fault, Symbol, Token, tokens};
use super::{Condition, Literal, MAX_DEPTH, MAX_TERMS, Operator, Pattern};
use crate::column::{Column, Kind, Log};

/// What the text asks of a row of `log`.
pub(super) fn parse(log: Log, text: &str) -> Result<Option<Condition>, Error> {
    let located = |fault: Fault| {
        let before = text.get(..fault.offset).unwrap_or(text);
        Error { position: before.chars().count().saturating_add(1), kind: fault.kind }
    };
    let tokens = tokens(text).map_err(located)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let scope = Scope { log, end: text.len(), depth: 0, terms: 0 };
    let mut input = Input { input: TokenSlice::new(&tokens), state: scope };
    let condition = match disjunction.parse_next(&mut input) {
        Ok(condition) => condition,
        Err(ErrMode::Backtrack(fault) | ErrMode::Cut(fault)) => return Err(located(fault)),
        Err(ErrMode::Incomplete(_)) => return Err(located(input.fault(Expected::Condition))),
    };
    if input.is_empty() { Ok(Some(condition)) } else { Err(located(input.fault(Expected::End))) }
}

type Input<'t> = Stateful<TokenSlice<'t, Token>, Scope>;

/// What is known of the query around a place in it.
#[derive(Clone, Copy, Debug)]
struct Scope {
    log: Log,
    /// The text's length in bytes.
    end: usize,
    depth: usize,
    terms: usize,
}

impl ParserError<Input<'_>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'_>) -> Self {
        input.fault(Expected::Condition)
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

trait Place {
    /// The byte at which the next token begins.
    fn offset(&self) -> usize;
    /// Something else would have to stand here.
    fn fault(&self, expected: Expected) -> Fault;
}

impl Place for Input<'_> {
    fn offset(&self) -> usize {
        self.peek_token().map_or(self.state.end, |token| token.offset)
    }

    fn fault(&self, expected: Expected) -> Fault {
        Fault { offset: self.offset(), kind: ErrorKind::Expected(expected) }
    }
}

fn disjunction(input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    let parts: Vec<Condition> = separated(1.., conjunction, word("OR")).parse_next(input)?;
    Condition::any(parts).ok_or_else(|| ErrMode::from_input(input))
}

fn conjunction(input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    let parts: Vec<Condition> = separated(1.., cut_err(negation), word("AND")).parse_next(input)?;
    Condition::all(parts).ok_or_else(|| ErrMode::from_input(input))
}

fn negation(input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    let close = cut_err(expect(Symbol::Close, Expected::Close));
    alt((
        preceded(word("NOT"), nested(negation)).map(Condition::negated),
        delimited(symbol(Symbol::Open), nested(disjunction), close),
        comparison,
    ))
    .parse_next(input)
}

/// One level deeper. Whatever fails there ends the whole.
fn nested<'t>(
    mut parser: impl FnMut(&mut Input<'t>) -> ModalResult<Condition, Fault>,
) -> impl FnMut(&mut Input<'t>) -> ModalResult<Condition, Fault> {
    move |input| {
        if input.state.depth >= MAX_DEPTH {
            let offset = input.previous_tokens().next().map_or(0, |token| token.offset);
            return Err(ErrMode::Cut(Fault { offset, kind: ErrorKind::TooDeep }));
        }
        input.state.depth = input.state.depth.saturating_add(1);
        let condition = parser(input).map_err(ErrMode::cut)?;
        input.state.depth = input.state.depth.saturating_sub(1);
        Ok(condition)
    }
}

fn comparison(input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    let column = column(input)?;
    if word("IS").parse_next(input).is_ok() {
        let is_not = opt(word("NOT")).parse_next(input)?.is_some();
        if word("NULL").parse_next(input).is_err() {
            return Err(ErrMode::Cut(input.fault(Expected::Null)));
        }
        count_term(input)?;
        return Ok(negated_if(is_not, Condition::IsNull(column)));
    }
    let is_not = opt(word("NOT")).parse_next(input)?.is_some();
    let offset = input.offset();
    if word("LIKE").parse_next(input).is_ok() {
        return like(column, offset, input).map(|like| negated_if(is_not, like));
    }
    if word("IN").parse_next(input).is_ok() {
        return list(column, input).map(|list| negated_if(is_not, list));
    }
    if is_not {
        return Err(ErrMode::Cut(input.fault(Expected::LikeOrIn)));
    }
    let operator = operator(input)?;
    if operator.is_ordering() && column.kind == Kind::Boolean {
        let kind = ErrorKind::WrongOperator { column, operator: operator.as_str() };
        return Err(ErrMode::Cut(Fault { offset, kind }));
    }
    literal(column).map(|value| Condition::Compare(column, operator, value)).parse_next(input)
}

fn negated_if(is_not: bool, condition: Condition) -> Condition {
    if is_not { condition.negated() } else { condition }
}

fn column(input: &mut Input<'_>) -> ModalResult<Column, Fault> {
    let (offset, log) = (input.offset(), input.state.log);
    let Ok(name) = name.parse_next(input) else {
        return Err(ErrMode::Cut(input.fault(Expected::Condition)));
    };
    let unknown = || ErrorKind::UnknownColumn { log, name: name.chars().take(64).collect() };
    log.column(&name).ok_or_else(|| ErrMode::Cut(Fault { offset, kind: unknown() }))
}

/// A word that is none of the language's own.
fn name(input: &mut Input<'_>) -> ModalResult<String, Fault> {
    const RESERVED: [&str; 9] = ["AND", "OR", "NOT", "LIKE", "IN", "IS", "NULL", "TRUE", "FALSE"];
    any.verify_map(|token: &Token| match &token.symbol {
        Symbol::Word(word) if !RESERVED.iter().any(|reserved| token.symbol.is_word(reserved)) => Some(word.clone()),
        _ => None,
    })
    .parse_next(input)
}

fn operator(input: &mut Input<'_>) -> ModalResult<Operator, Fault> {
    let expected = input.fault(Expected::Operator);
    let mut operator = any.verify_map(|token: &Token| match token.symbol {
        Symbol::Operator(operator) => Some(operator),
        _ => None,
    });
    operator.parse_next(input).map_err(|_: ErrMode<Fault>| ErrMode::Cut(expected))
}

fn like(column: Column, offset: usize, input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    if !matches!(column.kind, Kind::Text | Kind::Version) {
        let kind = ErrorKind::WrongOperator { column, operator: "LIKE" };
        return Err(ErrMode::Cut(Fault { offset, kind }));
    }
    let expected = input.fault(Expected::Pattern);
    let mut pattern = any.verify_map(|token: &Token| match &token.symbol {
        Symbol::Text(text) => Some(Pattern::new(text)),
        _ => None,
    });
    let pattern = pattern.parse_next(input).map_err(|_: ErrMode<Fault>| ErrMode::Cut(expected))?;
    count_term(input)?;
    Ok(Condition::Like(column, pattern))
}

fn list(column: Column, input: &mut Input<'_>) -> ModalResult<Condition, Fault> {
    let open = cut_err(expect(Symbol::Open, Expected::Open));
    let close = cut_err(expect(Symbol::Close, Expected::CommaOrClose));
    let values = separated(1.., literal(column), symbol(Symbol::Comma));
    delimited(open, values, close).map(|values| Condition::In(column, values)).parse_next(input)
}

/// A literal of the column's kind.
fn literal<'t>(column: Column) -> impl FnMut(&mut Input<'t>) -> ModalResult<Literal, Fault> {
    move |input| {
        let missing = input.fault(Expected::Literal);
        let wrong = |kind| ErrMode::Cut(Fault { offset: missing.offset, kind });
        let Ok(token) = any::<_, ErrMode<Fault>>.parse_next(input) else {
            return Err(ErrMode::Cut(missing));
        };
        let value = match &token.symbol {
            Symbol::Text(text) => Literal::Text(text.clone()),
            Symbol::Integer(number) => Literal::Integer(*number),
            word if word.is_word("TRUE") => Literal::Boolean(true),
            word if word.is_word("FALSE") => Literal::Boolean(false),
            word if word.is_word("NULL") => return Err(wrong(ErrorKind::ComparedWithNull)),
            _ => return Err(ErrMode::Cut(missing)),
        };
        let fits = match column.kind {
            Kind::Integer => matches!(value, Literal::Integer(_)),
            Kind::Boolean => matches!(value, Literal::Boolean(_)),
            Kind::Text | Kind::Version => matches!(value, Literal::Text(_)),
        };
        if !fits {
            return Err(wrong(ErrorKind::WrongType(column)));
        }
        count_term(input)?;
        Ok(value)
    }
}

/// Counts the comparison or value that was just read.
fn count_term(input: &mut Input<'_>) -> ModalResult<(), Fault> {
    input.state.terms = input.state.terms.saturating_add(1);
    if input.state.terms > MAX_TERMS {
        let offset = input.previous_tokens().next().map_or(0, |token| token.offset);
        return Err(ErrMode::Cut(Fault { offset, kind: ErrorKind::TooManyTerms }));
    }
    Ok(())
}

fn word<'t>(expected: &'static str) -> impl Parser<Input<'t>, &'t Token, ErrMode<Fault>> {
    any.verify(move |token: &&Token| token.symbol.is_word(expected))
}

fn symbol<'t>(expected: Symbol) -> impl Parser<Input<'t>, &'t Token, ErrMode<Fault>> {
    any.verify(move |token: &&Token| token.symbol == expected)
}

/// The symbol, or what would have to stand there.
fn expect<'t>(expected: Symbol, what: Expected) -> impl FnMut(&mut Input<'t>) -> ModalResult<&'t Token, Fault> {
    move |input| {
        let missing = input.fault(what);
        symbol(expected.clone()).parse_next(input).map_err(|_| ErrMode::Backtrack(missing))
    }
}
