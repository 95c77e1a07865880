//! What is done to packages: single bytes of every region changed, the end cut off.

use std::ops::Range;

use formats::limits::Limits;
use formats::zip::Archive;
use signing::apk::signing_block_range;

/// One damage.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    /// A byte with some of its bits turned round, and the region it is in.
    Byte {
        #[expect(dead_code, reason = "printed with disagreements")]
        region: &'static str,
        position: usize,
        mask: u8,
    },
    /// Only so many bytes are left.
    Cut(usize),
}

impl Damage {
    pub(crate) fn done_to(&self, package: &[u8]) -> Vec<u8> {
        let mut damaged = package.to_vec();
        match self {
            Self::Byte { position, mask, .. } => damaged[*position] ^= mask,
            Self::Cut(length) => damaged.truncate(*length),
        }
        damaged
    }

    /// For the judge.
    pub(crate) fn edits(&self) -> String {
        match self {
            Self::Byte { position, mask, .. } => format!("{position}:{}", *mask as i8),
            Self::Cut(length) => format!("cut:{length}"),
        }
    }
}

/// About `count` damages, spread over all regions of the package; the same ones each time.
pub(crate) fn of(package: &[u8], count: usize) -> Vec<Damage> {
    if count == 0 {
        return Vec::new();
    }
    let regions = regions(package);
    let each = count.div_ceil(regions.len());
    let mut damages: Vec<Damage> = regions
        .into_iter()
        .flat_map(|(region, range)| spread(range, each).map(move |position| (region, position)))
        .enumerate()
        .map(|(index, (region, position))| Damage::Byte { region, position, mask: 1 << (index * 5 % 8) })
        .collect();
    damages.extend([1, 23, package.len() / 3].map(|missing| Damage::Cut(package.len() - missing)));
    damages
}

/// Positions in a region, among them its first and last.
fn spread(range: Range<usize>, count: usize) -> impl Iterator<Item = usize> {
    let (start, length) = (range.start, range.len());
    let count = count.min(length);
    (0..count).map(move |index| start + index * (length - 1) / count.saturating_sub(1).max(1))
}

fn regions(package: &[u8]) -> Vec<(&'static str, Range<usize>)> {
    let archive = Archive::read(&package, &Limits::default()).expect("an archive");
    let directory = archive.directory_offset() as usize;
    let mut regions = vec![
        ("central directory", directory..archive.end_offset() as usize),
        ("first record of the central directory", directory..directory + 60),
        ("end record", archive.end_offset() as usize..package.len()),
    ];
    let entries = archive.entries();
    let longest = entries.iter().max_by_key(|entry| entry.packed_size).expect("an entry");
    let signature = entries.iter().filter(|entry| entry.name.starts_with("META-INF/")).collect::<Vec<_>>();
    for entry in [entries.first().expect("an entry"), longest].into_iter().chain(signature.into_iter().rev().take(3)) {
        let data = entry.data_offset as usize;
        regions.push(("header and name of an entry", entry.header_offset as usize..data));
        regions.push(("content of an entry", data..data + (entry.packed_size as usize).max(1)));
    }
    if let Some(block) = signing_block_range(&package, archive.directory_offset()).expect("a block or none") {
        let block = block.start as usize..block.end as usize;
        regions.push(("padding and end of the signing block", block.end - 60..block.end));
        for quarter in 0..8 {
            // The first pages hold the schemes, the rest is padding.
            let part = (block.len().min(4096) - 60) / 8;
            regions.push(("signing block", block.start + quarter * part..block.start + (quarter + 1) * part));
        }
    }
    regions
}
