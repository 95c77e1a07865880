//! Contents of all entries checked at once, on several cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::reader::widen;

use super::{Archive, Error};

impl Archive<'_> {
    /// Unpacks every entry and compares length and CRC-32, on up to `threads` threads, keeping nothing.
    ///
    /// `advance` is called with the number of unpacked bytes after each piece, from any of the threads; `false` ends the check
    /// with [`Error::Stopped`]. Of several defective entries the first in the order of the directory among those found is named.
    pub fn check_contents(&self, threads: usize, advance: &(dyn Fn(u64) -> bool + Sync)) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let check = || {
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if failed.load(Ordering::Relaxed) {
                    return None;
                }
                let entry = self.entries().get(position)?;
                if let Err(error) = self.check_content(entry, advance) {
                    failed.store(true, Ordering::Relaxed);
                    return Some((position, error));
                }
            }
        };
        let first = thread::scope(|scope| {
            let others: Vec<_> = (1..threads.min(self.entries().len())).map(|_| scope.spawn(check)).collect();
            let own = check();
            let joined = others
                .into_iter()
                .filter_map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.chain(own).min_by_key(|(position, _)| *position)
        });
        first.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn check_content(&self, entry: &super::Entry, advance: &(dyn Fn(u64) -> bool + Sync)) -> Result<(), Error> {
        let mut reader = super::EntryReader::new(self.source, entry);
        while let Some(piece) = reader.next_piece()? {
            if !advance(widen(piece.len())) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }
}
