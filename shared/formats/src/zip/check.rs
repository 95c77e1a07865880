//! Entries worked on at once, on several cores.

use crate::parallel;
use crate::reader::widen;

use super::{Archive, Entry, EntryReader, Error};

impl Archive<'_> {
    /// Unpacks every entry and compares length and CRC-32, on up to `threads` threads, keeping nothing.
    ///
    /// `advance` is called with the number of unpacked bytes after each piece, from any of the threads; `false` ends the check
    /// with [`Error::Stopped`]. Of several defective entries the first in the order of the directory among those found is named.
    pub fn check_contents(&self, threads: usize, advance: &(dyn Fn(u64) -> bool + Sync)) -> Result<(), Error> {
        self.map_entries(threads, &|entry| self.check_content(entry, advance)).map(drop)
    }

    /// Unpacks one entry and compares length and CRC-32; `advance` as in [`check_contents`](Self::check_contents).
    pub fn check_content(&self, entry: &Entry, advance: &(dyn Fn(u64) -> bool + Sync)) -> Result<(), Error> {
        let mut reader = EntryReader::new(self.source, entry);
        while let Some(piece) = reader.next_piece()? {
            if !advance(widen(piece.len())) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    /// What `work` makes of each entry, in the order of the directory; as [`parallel::map`].
    pub fn map_entries<T: Send, E: Send>(
        &self,
        threads: usize,
        work: &(dyn Fn(&Entry) -> Result<T, E> + Sync),
    ) -> Result<Vec<T>, E> {
        parallel::map(self.entries(), threads, work)
    }
}
