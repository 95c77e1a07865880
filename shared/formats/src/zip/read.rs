//! Contents of entries, streamed: unpacked, and compared with the declared length and checksum.

use std::io::{self, BufRead, Read};

use flate2::bufread::DeflateDecoder;

use crate::reader::widen;
use crate::source::Source;

use super::{Archive, Defect, Entry, Error, Method};

/// Bytes read from the source at a time.
pub(super) const CHUNK: usize = 256 << 10;

impl<'a> Archive<'a> {
    /// Opens an entry of this archive for reading its content.
    pub fn open(&self, entry: &'a Entry) -> EntryReader<'a> {
        EntryReader::new(self.source, entry)
    }

    /// The whole content of an entry, checked, if it has at most `most` bytes.
    ///
    /// # Errors
    /// [`Error::Missing`], a content longer than `most`, a broken one, or a failing source.
    pub fn read_entry(&self, name: &str, most: u64) -> Result<Vec<u8>, Error> {
        let entry = self.entry(name).ok_or_else(|| Error::Missing { name: name.escape_debug().to_string() })?;
        if entry.size > most {
            let defect = Defect::TooLarge { size: entry.size, limit: most };
            return Err(Error::entry(name, "uncompressed size", entry.header_offset, defect));
        }
        let mut content = Vec::new();
        let mut reader = EntryReader::new(self.source, entry);
        while let Some(piece) = reader.next_piece()? {
            content.extend_from_slice(piece);
        }
        Ok(content)
    }
}

/// Reads the content of one entry piece by piece. The last piece is followed by the check of length and CRC-32: a content
/// is right only when [`next_piece`](Self::next_piece) has returned `None`.
pub struct EntryReader<'a> {
    entry: &'a Entry,
    packed: Packed<'a>,
    unpacked: u64,
    crc: crc32fast::Hasher,
    buffer: Box<[u8]>,
}

impl std::fmt::Debug for EntryReader<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EntryReader").field("entry", self.entry).finish_non_exhaustive()
    }
}

enum Packed<'a> {
    Stored(Section<'a>),
    Deflated(Box<DeflateDecoder<Section<'a>>>),
}

impl<'a> EntryReader<'a> {
    pub(super) fn new(source: &'a dyn Source, entry: &'a Entry) -> Self {
        let section = Section::new(source, entry.data_offset, entry.packed_size);
        let packed = match entry.method {
            Method::Stored => Packed::Stored(section),
            Method::Deflated => Packed::Deflated(Box::new(DeflateDecoder::new(section))),
        };
        // One byte more than declared, so that a longer content shows.
        let length = usize::try_from(entry.size).unwrap_or(CHUNK).saturating_add(1).min(CHUNK);
        let buffer = vec![0; length].into_boxed_slice();
        Self { entry, packed, unpacked: 0, crc: crc32fast::Hasher::new(), buffer }
    }

    /// The next bytes of the content; `None` after the last, when length and checksum are right.
    pub fn next_piece(&mut self) -> Result<Option<&[u8]>, Error> {
        let read = match &mut self.packed {
            Packed::Stored(section) => section.read(&mut self.buffer)?,
            Packed::Deflated(decoder) => match decoder.read(&mut self.buffer) {
                Ok(read) => read,
                Err(error) => return self.refuse_stream(error),
            },
        };
        self.unpacked = self.unpacked.saturating_add(widen(read));
        if self.unpacked > self.entry.size {
            return self.refuse("it unpacks to more bytes than declared");
        }
        if read == 0 {
            return self.finish().map(|()| None);
        }
        let piece = self.buffer.get(..read).unwrap_or_default();
        self.crc.update(piece);
        Ok(Some(piece))
    }

    fn finish(&self) -> Result<(), Error> {
        if self.unpacked < self.entry.size {
            return self.refuse("it unpacks to fewer bytes than declared");
        }
        let left = match &self.packed {
            Packed::Stored(section) => section.left(),
            Packed::Deflated(decoder) => decoder.get_ref().left(),
        };
        if left != 0 {
            return self.refuse("it ends before the declared compressed size");
        }
        let (found, expected) = (self.crc.clone().finalize(), self.entry.crc32);
        if found != expected {
            let defect = Defect::Crc { found, expected };
            return Err(Error::entry(&self.entry.name, "content", self.entry.data_offset, defect));
        }
        Ok(())
    }

    /// flate2 reports a broken stream as invalid input and a cut-off one as an unexpected end; the rest comes from the source.
    fn refuse_stream<T>(&self, error: io::Error) -> Result<T, Error> {
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => self.refuse("not a deflate stream"),
            io::ErrorKind::UnexpectedEof => self.refuse("it ends before the stream does"),
            _ => Err(Error::Io(error)),
        }
    }

    fn refuse<T>(&self, reason: &'static str) -> Result<T, Error> {
        Err(Error::entry(&self.entry.name, "content", self.entry.data_offset, Defect::Deflate(reason)))
    }
}

/// A buffered range of the source.
pub(super) struct Section<'a> {
    source: &'a dyn Source,
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl<'a> Section<'a> {
    pub(super) fn new(source: &'a dyn Source, start: u64, length: u64) -> Self {
        Self { source, position: start, end: start.saturating_add(length), buffer: Vec::new(), used: 0 }
    }

    fn left(&self) -> u64 {
        let buffered = widen(self.buffer.len().saturating_sub(self.used));
        self.end.saturating_sub(self.position).saturating_add(buffered)
    }
}

impl BufRead for Section<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.buffer.len() {
            let wanted = self.end.saturating_sub(self.position).min(widen(CHUNK));
            self.buffer.resize(usize::try_from(wanted).unwrap_or(CHUNK), 0);
            self.source.read_at(self.position, &mut self.buffer)?;
            self.position = self.position.saturating_add(wanted);
            self.used = 0;
        }
        Ok(self.buffer.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.used = self.used.saturating_add(amount);
    }
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let taken = available.len().min(out.len());
        if let (Some(from), Some(to)) = (available.get(..taken), out.get_mut(..taken)) {
            to.copy_from_slice(from);
        }
        self.consume(taken);
        Ok(taken)
    }
}
