//! Rewriting a binary for a new code signature.

use std::ops::Range;

use crate::limits::Limits;
use crate::piece::{Piece, Pieces};
use crate::reader::widen;
use crate::source::Source;

use super::command::{number, put_u32};
use super::fat::FatTable;
use super::header::{Cpu, Header, Width};
use super::linkedit::TableKind;
use super::segment::Segment;
use super::strip::strip;
use super::{Binary, Error, Slice};

/// `LC_CODE_SIGNATURE`: number, length, offset and length of the signature.
const SIGNATURE_COMMAND: u32 = 16;
/// Signatures start at multiples of this, as codesign_allocate places them.
const SIGNATURE_ALIGNMENT: u64 = 16;

/// What to do besides making room for a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remake {
    /// Whether to take out symbols that dyld does not need.
    pub strip: bool,
}

/// A binary without its signature, ready to get another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remade {
    /// In the order of the file.
    pub slices: Vec<RemadeSlice>,
    /// What is no longer there, besides the old signatures.
    pub removed: Vec<Removed>,
    pub(super) fat: Option<FatTable>,
}

/// A slice without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemadeSlice {
    /// The processor.
    pub cpu: Cpu,
    /// Bytes in front of the signature, all of which it covers.
    pub code_limit: u64,
    /// Base and limit of the executable segment, as a code directory has them.
    pub executable: Range<u64>,
    /// Whether it is a program.
    pub is_main: bool,
    /// Header and load commands, but for what depends on the length of the signature.
    pub(super) head: Vec<u8>,
    /// What follows them, up to the code limit.
    pub(super) body: Vec<Piece>,
    pub(super) width: Width,
    /// Where `dataoff` of `LC_CODE_SIGNATURE` stands in `head`.
    pub(super) signature_field: u64,
    pub(super) linkedit: Segment,
}

/// Something that was removed from a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The processor of the slice.
    pub cpu: Cpu,
    /// What was removed.
    pub what: &'static str,
    /// How many there were.
    pub count: u64,
}

/// Says how a binary is to be written for a new signature: the old one cut off, a load command for it where there was none, and
/// symbols taken out if that is wanted.
///
/// Without stripping, the source is not read at all. Memory is bounded by `limits`.
///
/// # Errors
/// Binaries that cannot be edited without a guess; see [`Error`].
pub fn remake(source: &dyn Source, binary: &Binary, options: Remake, limits: &Limits) -> Result<Remade, Error> {
    let mut remade = Remade { slices: Vec::new(), removed: Vec::new(), fat: binary.fat.clone() };
    for (number, slice) in binary.slices.iter().enumerate() {
        let named = |error: Error| if binary.is_fat() { error.in_slice(number, slice.range.start) } else { error };
        let strip = options.strip.then_some(limits);
        let (slice, removed) = RemadeSlice::plan(source, slice, strip).map_err(named)?;
        remade.slices.push(slice);
        remade.removed.extend(removed);
    }
    Ok(remade)
}

impl RemadeSlice {
    fn plan(source: &dyn Source, slice: &Slice, limits: Option<&Limits>) -> Result<(Self, Vec<Removed>), Error> {
        let linkedit = check_linkedit(slice)?.clone();
        let executable = slice.text.clone().ok_or(Error::Missing("segment __TEXT"))?;
        let mut head = slice.head.clone();
        let signature_field = match slice.table(TableKind::CodeSignature) {
            Some(signature) => signature.field,
            None => add_signature_command(slice, &mut head)?,
        };
        let mut body = Pieces { length: widen(head.len()), ..Pieces::default() };
        let removed = match limits {
            Some(limits) => strip(source, slice, limits, &mut head, &mut body)?,
            None => {
                body.copy(slice.in_file(body.length..slice.content_end()));
                Vec::new()
            }
        };
        let code_limit = body.length.checked_next_multiple_of(SIGNATURE_ALIGNMENT).unwrap_or(u64::MAX);
        body.zeros_up_to(code_limit);
        let remade = Self {
            cpu: slice.cpu,
            code_limit,
            executable,
            is_main: slice.is_main(),
            head,
            body: body.pieces,
            width: slice.header.width,
            signature_field,
            linkedit,
        };
        Ok((remade, removed))
    }
}

/// The segment that a signature is appended to: the last one in the file and in memory.
fn check_linkedit(slice: &Slice) -> Result<&Segment, Error> {
    if !slice.kind.is_signed() {
        return Err(Error::Kind(slice.kind.to_string()));
    }
    let linkedit = slice.segment(Segment::LINKEDIT).ok_or(Error::Missing("segment __LINKEDIT"))?;
    let length = slice.length();
    if linkedit.file.end != length {
        let (offset, found) = (linkedit.command, linkedit.file.end);
        return Error::invalid("filesize of __LINKEDIT", offset, found, "it ends where the slice ends");
    }
    match slice.segments.iter().find(|segment| segment.address > linkedit.address) {
        Some(behind) => {
            let rule = "no segment is mapped behind __LINKEDIT";
            Error::invalid("vmaddr", behind.command, behind.address, rule)
        }
        None => Ok(linkedit),
    }
}

/// Appends an empty `LC_CODE_SIGNATURE`; returns where its `dataoff` stands.
fn add_signature_command(slice: &Slice, head: &mut Vec<u8>) -> Result<u64, Error> {
    let offset = slice.header.commands_end();
    if slice.slack < SIGNATURE_COMMAND.into() {
        return Err(Error::NoRoom { offset, wanted: SIGNATURE_COMMAND.into(), free: slice.slack });
    }
    for field in [number::CODE_SIGNATURE, SIGNATURE_COMMAND, 0, 0] {
        head.extend(field.to_le_bytes());
    }
    put_u32(head, Header::COUNT_FIELD, slice.header.command_count.saturating_add(1));
    put_u32(head, Header::LENGTH_FIELD, slice.header.commands_length.saturating_add(SIGNATURE_COMMAND));
    Ok(offset.saturating_add(8))
}
