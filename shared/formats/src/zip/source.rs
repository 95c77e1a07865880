//! An entry's unpacked content as a source of its own.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::reader::widen;
use crate::source::Source;

use super::{Archive, Entry, EntryReader, Error, Method};

/// The unpacked content of an entry, to be read at any offset.
///
/// A stored one is read in place. A deflated one is unpacked anew whenever a read lies before the last one, so that readers do well
/// to go from front to back. Length and CRC-32 are not compared: see [`Archive::check_contents`].
pub struct EntrySource<'a> {
    source: &'a dyn Source,
    entry: &'a Entry,
    stream: Mutex<Stream<'a>>,
}

/// Where unpacking stands: a piece and the offset of its first byte.
struct Stream<'a> {
    reader: EntryReader<'a>,
    piece: Vec<u8>,
    offset: u64,
}

impl std::fmt::Debug for EntrySource<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EntrySource").field("entry", self.entry).finish_non_exhaustive()
    }
}

impl<'a> EntrySource<'a> {
    /// The content of an entry of `archive`.
    pub fn new(archive: &Archive<'a>, entry: &'a Entry) -> Self {
        let source = archive.source();
        let stream = Stream { reader: EntryReader::new(source, entry), piece: Vec::new(), offset: 0 };
        Self { source, entry, stream: Mutex::new(stream) }
    }

    fn read_deflated(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Error> {
        // What an interrupted read left is still the truth about where the stream stands.
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if offset < stream.offset {
            *stream = Stream { reader: EntryReader::new(self.source, self.entry), piece: Vec::new(), offset: 0 };
        }
        while !buffer.is_empty() {
            let within = usize::try_from(offset.saturating_sub(stream.offset)).unwrap_or(usize::MAX);
            let available = stream.piece.get(within..).unwrap_or_default();
            if available.is_empty() {
                stream.advance()?;
                continue;
            }
            let taken = available.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(taken);
            now.copy_from_slice(available.get(..taken).unwrap_or_default());
            offset = offset.saturating_add(widen(taken));
            buffer = later;
        }
        Ok(())
    }
}

impl Stream<'_> {
    fn advance(&mut self) -> Result<(), Error> {
        self.offset = self.offset.saturating_add(widen(self.piece.len()));
        self.piece.clear();
        match self.reader.next_piece()? {
            Some(piece) => self.piece.extend_from_slice(piece),
            None => return Err(Error::Io(io::ErrorKind::UnexpectedEof.into())),
        }
        Ok(())
    }
}

impl Source for EntrySource<'_> {
    fn len(&self) -> u64 {
        self.entry.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(widen(buffer.len())).filter(|end| *end <= self.entry.size);
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        if self.entry.method == Method::Stored {
            return self.source.read_at(self.entry.data_offset.saturating_add(offset), buffer);
        }
        self.read_deflated(offset, buffer).map_err(|error| match error {
            Error::Io(error) => error,
            broken => io::Error::new(io::ErrorKind::InvalidData, broken),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::zip::{Attributes, Writer};

    #[test]
    fn a_content_reads_the_same_at_any_offset_and_in_any_order() {
        let content: Vec<u8> = (0..600_000_u32).flat_map(|number| (number % 1000).to_le_bytes()).collect();
        let mut writer = Writer::new(Vec::new());
        for (name, method) in [("stored", Method::Stored), ("deflated", Method::Deflated)] {
            writer.add(name, method, Attributes::default(), &content).unwrap();
        }
        let (mut bytes, tail) = writer.finish(b"").unwrap();
        tail.write(&mut bytes).unwrap();
        let archive = Archive::read(&bytes, &Limits::default()).unwrap();
        for entry in archive.entries() {
            let source = EntrySource::new(&archive, entry);
            assert_eq!(source.len(), widen(content.len()));
            for (offset, length) in
                [(0, 64), (1_000_000, 700_000), (10, 5), (2_399_990, 10), (262_140, 8), (0, 2_400_000)]
            {
                let mut found = vec![0; length];
                source.read_at(widen(offset), &mut found).unwrap();
                assert_eq!(
                    found.as_slice(),
                    content.get(offset..offset + length).unwrap(),
                    "{} at {offset}",
                    entry.name
                );
            }
            assert_eq!(source.read_at(2_399_999, &mut [0; 2]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert!(source.read_at(u64::MAX, &mut [0; 2]).is_err());
        }
    }
}
