//! Writes archives front to back: every entry declared in full in its local header, no data descriptors, no undeclared bytes.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::reader::widen;
use crate::source::Source;

use super::read::CHUNK;
use super::{Archive, Attributes, Defect, Entry, Error, Method};

/// Stored entries start at multiples of this, so that Android can map them (zipalign's rule).
const ALIGNMENT: u16 = 4;
/// Stored native libraries start at page boundaries; 16 KiB is the largest page of today's devices.
const LIBRARY_ALIGNMENT: u16 = 16_384;
/// Extra field that Android's tools pad with: the alignment as a 16-bit number, then zeros.
const ALIGNMENT_FIELD: u16 = 0xD935;
/// Header of an extra field and the alignment itself.
const ALIGNMENT_FIELD_LENGTH: u64 = 6;
const HEADER: u64 = 30;

/// Writes the entries of an archive to `W` and collects its central directory. The same calls give the same bytes.
///
/// Names are not compared with each other: the caller must not give one twice.
#[derive(Debug)]
pub struct Writer<W> {
    sink: W,
    offset: u64,
    directory: Vec<u8>,
    entries: u64,
}

/// What both headers of an entry are made from.
struct Header<'a> {
    name: &'a str,
    flags: u16,
    method: Method,
    attributes: Attributes,
    crc32: u32,
    packed_size: u64,
    size: u64,
}

impl<W: Write> Writer<W> {
    /// Starts an archive at the sink's present position, which counts as offset 0.
    pub fn new(sink: W) -> Self {
        Self { sink, offset: 0, directory: Vec::new(), entries: 0 }
    }

    /// Copies an entry with its packed bytes as they are, in bounded pieces. They are not unpacked: see [`Archive::check_contents`].
    pub fn copy(&mut self, archive: &Archive<'_>, entry: &Entry) -> Result<(), Error> {
        self.header(&Header::of(entry, entry.method, entry.packed_size))?;
        copy_range(archive.source(), entry.data_offset, entry.packed_size, &mut self.sink)?;
        self.advance(entry.packed_size)
    }

    /// Copies an entry unpacked, whatever its method was.
    pub fn copy_stored(&mut self, archive: &Archive<'_>, entry: &Entry) -> Result<(), Error> {
        self.header(&Header::of(entry, Method::Stored, entry.size))?;
        let mut reader = archive.open(entry);
        while let Some(piece) = reader.next_piece()? {
            self.sink.write_all(piece)?;
        }
        self.advance(entry.size)
    }

    /// Writes a new entry, or one in the place of another.
    pub fn add(&mut self, name: &str, method: Method, attributes: Attributes, content: &[u8]) -> Result<(), Error> {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(content);
        let deflated = match method {
            Method::Stored => None,
            Method::Deflated => Some(deflate(content)?),
        };
        let packed = deflated.as_deref().unwrap_or(content);
        let flags = if name.is_ascii() { 0 } else { Entry::UTF8 };
        let (crc32, packed_size, size) = (hasher.finalize(), widen(packed.len()), widen(content.len()));
        self.header(&Header { name, flags, method, attributes, crc32, packed_size, size })?;
        self.sink.write_all(packed)?;
        self.advance(packed_size)
    }

    /// Ends the entries. What follows them (a signing block, the tail) goes to the returned sink.
    pub fn finish(self, comment: &[u8]) -> Result<(W, Tail), Error> {
        narrow("number of entries", self.entries, u64::from(u16::MAX).saturating_sub(1))?;
        narrow("comment length in bytes", widen(comment.len()), u16::MAX.into())?;
        let (entries, comment) = (self.entries, comment.to_vec());
        Ok((self.sink, Tail { entries_end: self.offset, directory: self.directory, entries, comment }))
    }

    fn header(&mut self, header: &Header<'_>) -> Result<(), Error> {
        let offset = narrow_u32("archive length in bytes", self.offset)?;
        let extra = header.extra_field(self.offset);
        let name_length = u16::try_from(header.name.len()).map_err(|_| {
            Error::entry(header.name, "name length", self.offset, Defect::UnsafeName("it is longer than 65,535 bytes"))
        })?;
        let common = header.common(name_length)?;

        let mut local = Vec::with_capacity(64);
        local.extend_from_slice(b"PK\x03\x04");
        local.extend_from_slice(&common);
        local.extend_from_slice(&u16::try_from(extra.len()).unwrap_or_default().to_le_bytes());
        local.extend_from_slice(header.name.as_bytes());
        local.extend_from_slice(&extra);
        self.sink.write_all(&local)?;

        let attributes = header.attributes;
        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&attributes.version_made_by.to_le_bytes());
        self.directory.extend_from_slice(&common);
        // No extra field, no comment, first disk.
        self.directory.extend_from_slice(&[0; 6]);
        self.directory.extend_from_slice(&attributes.internal.to_le_bytes());
        self.directory.extend_from_slice(&attributes.external.to_le_bytes());
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(header.name.as_bytes());
        self.entries = self.entries.saturating_add(1);
        self.advance(widen(local.len()))
    }

    fn advance(&mut self, length: u64) -> Result<(), Error> {
        self.offset = self.offset.saturating_add(length);
        narrow("archive length in bytes", self.offset, u64::from(u32::MAX).saturating_sub(1))
    }
}

impl Header<'_> {
    fn of(entry: &Entry, method: Method, packed_size: u64) -> Header<'_> {
        // The deflate level hints and the encoding of the name stay; sizes stand in the header now.
        let kept = match method {
            Method::Stored => Entry::UTF8,
            Method::Deflated => Entry::UTF8 | 0b110,
        };
        Header {
            name: &entry.name,
            flags: entry.flags & kept,
            method,
            attributes: entry.attributes,
            crc32: entry.crc32,
            packed_size,
            size: entry.size,
        }
    }

    /// The fields that local header and directory record share, from "version needed" to "name length".
    fn common(&self, name_length: u16) -> Result<Vec<u8>, Error> {
        let version_needed: u16 = match self.method {
            Method::Stored => 10,
            Method::Deflated => 20,
        };
        let mut bytes = Vec::with_capacity(26);
        for field in [version_needed, self.flags, self.method.number(), self.attributes.time, self.attributes.date] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&self.crc32.to_le_bytes());
        bytes.extend_from_slice(&narrow_u32("compressed size in bytes", self.packed_size)?.to_le_bytes());
        bytes.extend_from_slice(&narrow_u32("uncompressed size in bytes", self.size)?.to_le_bytes());
        bytes.extend_from_slice(&name_length.to_le_bytes());
        Ok(bytes)
    }

    /// The extra field that moves the content of a header at `offset` to its alignment; empty where it stands right.
    fn extra_field(&self, offset: u64) -> Vec<u8> {
        let alignment = match self.method {
            Method::Deflated => return Vec::new(),
            Method::Stored if self.name.ends_with(".so") => LIBRARY_ALIGNMENT,
            Method::Stored => ALIGNMENT,
        };
        let content = offset.saturating_add(HEADER).saturating_add(widen(self.name.len()));
        if content.is_multiple_of(alignment.into()) {
            return Vec::new();
        }
        let content = content.saturating_add(ALIGNMENT_FIELD_LENGTH);
        let aligned = content.checked_next_multiple_of(alignment.into()).unwrap_or(content);
        let padding = usize::try_from(aligned.saturating_sub(content)).unwrap_or_default();
        // The alignment counts as content of the field.
        let length = u16::try_from(padding.saturating_add(2)).unwrap_or_default();
        let mut field = Vec::with_capacity(padding.saturating_add(6));
        field.extend_from_slice(&ALIGNMENT_FIELD.to_le_bytes());
        field.extend_from_slice(&length.to_le_bytes());
        field.extend_from_slice(&alignment.to_le_bytes());
        field.resize(field.len().saturating_add(padding), 0);
        field
    }
}

/// Everything that follows the entries of a written archive.
#[derive(Clone, Debug)]
pub struct Tail {
    /// Offset of the first byte behind the last entry.
    pub entries_end: u64,
    directory: Vec<u8>,
    entries: u64,
    comment: Vec<u8>,
}

impl Tail {
    /// The central directory. Its bytes do not depend on where it stands.
    pub fn directory(&self) -> &[u8] {
        &self.directory
    }

    /// The end record of an archive whose central directory starts at `directory_offset`.
    pub fn end(&self, directory_offset: u64) -> Result<Vec<u8>, Error> {
        let size = narrow_u32("central directory in bytes", widen(self.directory.len()))?;
        let offset = narrow_u32("archive length in bytes", directory_offset)?;
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX).to_le_bytes();
        let comment_length = u16::try_from(self.comment.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(self.comment.len().saturating_add(22));
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        bytes.extend_from_slice(&entries);
        bytes.extend_from_slice(&entries);
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&comment_length.to_le_bytes());
        bytes.extend_from_slice(&self.comment);
        Ok(bytes)
    }

    /// Writes directory and end record directly behind the entries.
    pub fn write(&self, sink: &mut dyn Write) -> Result<(), Error> {
        sink.write_all(&self.directory)?;
        sink.write_all(&self.end(self.entries_end)?)?;
        Ok(())
    }
}

fn deflate(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content)?;
    encoder.finish()
}

fn copy_range(source: &dyn Source, start: u64, length: u64, sink: &mut dyn Write) -> Result<(), Error> {
    let end = start.saturating_add(length);
    let mut position = start;
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(CHUNK).min(CHUNK)];
    while position < end {
        let wanted = end.saturating_sub(position).min(widen(CHUNK));
        let piece = buffer.get_mut(..usize::try_from(wanted).unwrap_or_default()).unwrap_or_default();
        source.read_at(position, piece)?;
        sink.write_all(piece)?;
        position = position.saturating_add(wanted);
    }
    Ok(())
}

fn narrow(what: &'static str, found: u64, limit: u64) -> Result<(), Error> {
    if found > limit { Err(Error::Limit { what, found, limit }) } else { Ok(()) }
}

fn narrow_u32(what: &'static str, found: u64) -> Result<u32, Error> {
    u32::try_from(found).map_err(|_| Error::Limit { what, found, limit: u32::MAX.into() })
}
