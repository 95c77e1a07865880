//! Entries worked on at once, on several cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

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

    /// What `work` makes of each entry, in the order of the directory, on up to `threads` threads. Of several entries that fail,
    /// the first in that order among those tried decides.
    pub fn map_entries<T: Send, E: Send>(
        &self,
        threads: usize,
        work: &(dyn Fn(&Entry) -> Result<T, E> + Sync),
    ) -> Result<Vec<T>, E> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let take = || {
            let mut done = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if failed.load(Ordering::Relaxed) {
                    return done;
                }
                let Some(entry) = self.entries().get(position) else { return done };
                let result = work(entry);
                if result.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                done.push((position, result));
            }
        };
        let mut results = thread::scope(|scope| {
            let others: Vec<_> = (1..threads.min(self.entries().len())).map(|_| scope.spawn(take)).collect();
            let mut results = take();
            for other in others {
                results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            results
        });
        results.sort_unstable_by_key(|(position, _)| *position);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
