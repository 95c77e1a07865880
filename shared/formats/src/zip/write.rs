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
/// The level that build tools use, too: higher ones cost much time for little.
const LEVEL: Compression = Compression::new(6);

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
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Path with `/` between the components.
    pub name: &'a str,
    /// How the content is packed.
    pub method: Method,
    /// The deflate level's hint among the general purpose flags; the others follow from the rest.
    pub level: u16,
    /// Times and attributes.
    pub attributes: Attributes,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Length in the archive, bytes.
    pub packed_size: u64,
    /// Length unpacked, bytes.
    pub size: u64,
}

/// The content of an entry as it stands in an archive.
#[derive(Clone, Debug)]
pub struct Packed {
    /// How it is packed.
    pub method: Method,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Length unpacked, bytes.
    pub size: u64,
    /// The packed bytes.
    pub bytes: Vec<u8>,
}

impl Packed {
    /// Packs a content that is in memory.
    pub fn pack(method: Method, content: &[u8]) -> Result<Self, Error> {
        let bytes = match method {
            Method::Stored => content.to_vec(),
            Method::Deflated => deflate(content)?,
        };
        Ok(Self { method, crc32: crc32fast::hash(content), size: widen(content.len()), bytes })
    }

    fn header<'a>(&self, name: &'a str, attributes: Attributes) -> Header<'a> {
        let packed_size = widen(self.bytes.len());
        Header { name, method: self.method, level: 0, attributes, crc32: self.crc32, packed_size, size: self.size }
    }
}

impl<W: Write> Writer<W> {
    /// Starts an archive at the sink's present position, which counts as offset 0.
    pub fn new(sink: W) -> Self {
        Self { sink, offset: 0, directory: Vec::new(), entries: 0 }
    }

    /// Copies an entry with its packed bytes as they are, in bounded pieces. They are not unpacked: see [`Archive::check_contents`].
    pub fn copy(&mut self, archive: &Archive<'_>, entry: &Entry) -> Result<(), Error> {
        self.copy_as(archive, entry, &entry.name)
    }

    /// Copies an entry under another name, with its packed bytes as they are.
    pub fn copy_as(&mut self, archive: &Archive<'_>, entry: &Entry, name: &str) -> Result<(), Error> {
        let header = Header { name, ..Header::of(entry) };
        self.put(&header, |sink| copy_range(archive.source(), entry.data_offset, entry.packed_size, sink))
    }

    /// Copies an entry unpacked, whatever its method was, under a name of the caller's.
    pub fn copy_stored(&mut self, archive: &Archive<'_>, entry: &Entry, name: &str) -> Result<(), Error> {
        let packed_size = entry.size;
        let header = Header { name, method: Method::Stored, packed_size, ..Header::of(entry) };
        self.put(&header, |sink| {
            let mut reader = archive.open(entry);
            while let Some(piece) = reader.next_piece()? {
                sink.write_all(piece)?;
            }
            Ok(())
        })
    }

    /// Writes a new entry, or one in the place of another.
    pub fn add(&mut self, name: &str, method: Method, attributes: Attributes, content: &[u8]) -> Result<(), Error> {
        let packed = Packed::pack(method, content)?;
        self.put(&packed.header(name, attributes), |sink| Ok(sink.write_all(&packed.bytes)?))
    }

    /// Writes an entry whose content is packed already.
    pub fn add_packed(&mut self, name: &str, attributes: Attributes, packed: &Packed) -> Result<(), Error> {
        self.put(&packed.header(name, attributes), |sink| Ok(sink.write_all(&packed.bytes)?))
    }

    /// Writes an entry of a known length whose packed content `write` produces; it has to produce exactly that many bytes.
    pub fn put(
        &mut self,
        header: &Header<'_>,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.header(header)?;
        let mut counted = Counted { sink: &mut self.sink, written: 0 };
        write(&mut counted)?;
        if counted.written != header.packed_size {
            let message = format!("{} bytes were written for an entry of {}", counted.written, header.packed_size);
            return Err(Error::Io(io::Error::other(message)));
        }
        self.advance(header.packed_size)
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

impl<'a> Header<'a> {
    /// The headers of an entry that is copied.
    pub fn of(entry: &'a Entry) -> Self {
        Self {
            name: &entry.name,
            method: entry.method,
            level: entry.flags & Entry::LEVEL,
            attributes: entry.attributes,
            crc32: entry.crc32,
            packed_size: entry.packed_size,
            size: entry.size,
        }
    }

    fn flags(&self) -> u16 {
        let level = match self.method {
            Method::Stored => 0,
            Method::Deflated => self.level & Entry::LEVEL,
        };
        if self.name.is_ascii() { level } else { level | Entry::UTF8 }
    }

    /// The fields that local header and directory record share, from "version needed" to "name length".
    fn common(&self, name_length: u16) -> Result<Vec<u8>, Error> {
        let version_needed: u16 = match self.method {
            Method::Stored => 10,
            Method::Deflated => 20,
        };
        let mut bytes = Vec::with_capacity(26);
        for field in [version_needed, self.flags(), self.method.number(), self.attributes.time, self.attributes.date] {
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

/// Deflates what is written to it, as [`Packed::pack`] does, for contents that are not in memory as a whole.
#[derive(Debug)]
pub struct Deflater<W: Write>(DeflateEncoder<W>);

impl<W: Write> Deflater<W> {
    /// Starts a stream.
    pub fn new(sink: W) -> Self {
        Self(DeflateEncoder::new(sink, LEVEL))
    }

    /// Ends the stream.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl Deflater<Vec<u8>> {
    /// What was written so far, up to a whole byte, without an end: more blocks can follow.
    pub(super) fn sync(mut self) -> io::Result<Vec<u8>> {
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

impl<W: Write> Write for Deflater<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Counts what goes through.
struct Counted<'a> {
    sink: &'a mut dyn Write,
    written: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.sink.write(bytes)?;
        self.written = self.written.saturating_add(widen(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn deflate(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut deflater = Deflater::new(Vec::new());
    deflater.write_all(content)?;
    deflater.finish()
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
