//! The typed value of an attribute.

use std::fmt;

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
    pub(super) const fn of(kind: u8, data: u32) -> Self {
        match kind {
            kind::REFERENCE | kind::DYNAMIC_REFERENCE => Self::Reference(data),
            kind::INT_DEC | kind::INT_HEX => Self::Int(data.cast_signed()),
            kind::BOOLEAN => Self::Boolean(data != 0),
            kind => Self::Other { kind, data },
        }
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
