//! The typed value of an attribute.

use std::fmt;

use super::chunk::TypedValue;
use super::error::Error;
use crate::strings::StringRef;

/// `Res_value::TYPE_*`, as far as this project tells them apart.
pub(super) mod kind {
    pub(in super::super) const REFERENCE: u8 = 0x01;
    pub(in super::super) const STRING: u8 = 0x03;
    pub(in super::super) const DYNAMIC_REFERENCE: u8 = 0x07;
    pub(in super::super) const INT_DEC: u8 = 0x10;
    pub(in super::super) const INT_HEX: u8 = 0x11;
    pub(in super::super) const BOOLEAN: u8 = 0x12;
}

/// What an attribute is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A number, decimal or hexadecimal.
    Int(i32),
    /// The resource with this id; 0 is `@null`.
    Reference(u32),
    /// Text.
    String(String),
    /// Any other kind, with its number and its 32 bits (`Res_value` in the platform's `ResourceTypes.h`).
    Other {
        /// `Res_value::dataType`.
        kind: u8,
        /// `Res_value::data`.
        data: u32,
    },
}

impl Value {
    /// The value of a kind that is not text.
    pub(crate) const fn of(kind: u8, data: u32) -> Self {
        match kind {
            kind::REFERENCE | kind::DYNAMIC_REFERENCE => Self::Reference(data),
            kind::INT_DEC | kind::INT_HEX => Self::Int(data.cast_signed()),
            kind::BOOLEAN => Self::Boolean(data != 0),
            kind => Self::Other { kind, data },
        }
    }

    /// As [`Self::of`], but kinds that mean the same stay apart, so that writing the value gives the same bytes.
    pub(crate) const fn exactly(kind: u8, data: u32) -> Self {
        match kind {
            kind::DYNAMIC_REFERENCE | kind::INT_HEX => Self::Other { kind, data },
            kind => Self::of(kind, data),
        }
    }

    /// The value as it is stored; `text` is where its text stands when it is one.
    pub(super) fn typed(&self, text: Option<StringRef>) -> Result<TypedValue, Error> {
        let (kind, data) = match (self, text) {
            (Self::Boolean(value), _) => (kind::BOOLEAN, if *value { u32::MAX } else { 0 }),
            (Self::Int(value), _) => (kind::INT_DEC, value.cast_unsigned()),
            (Self::Reference(id), _) => (kind::REFERENCE, *id),
            (Self::String(_), Some(text)) => (kind::STRING, text.0),
            (Self::Other { kind, data }, _) if *kind != kind::STRING => (*kind, *data),
            (Self::String(_) | Self::Other { .. }, _) => return Err(Error::Full { what: "string that is not text" }),
        };
        Ok(TypedValue { size: 8, reserved: 0, kind, data })
    }
}

impl fmt::Display for Value {
    /// As it would stand in an XML source; text in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Reference(0) => f.write_str("@null"),
            Self::Reference(id) => write!(f, "@{id:#010x}"),
            Self::String(text) => write!(f, "{text:?}"),
            Self::Other { kind, data } => write!(f, "(type {kind:#04x}){data:#010x}"),
        }
    }
}
