//! Two packages compared entry by entry: what changed, and the proof that nothing else did.
//!
//! Formats that are understood are compared by meaning: a DEX file without debug information is still the same code, a library without
//! symbols the same image, a resource table with an entry more has the same values. What differs in any other way is
//! [`Difference::Content`]. A difference that is understood still needs a control, packaging or signing that makes it.

mod document;
pub(crate) mod libraries;
mod pairs;
mod possible;
mod table;

use std::collections::HashMap;
use std::num::NonZero;
use std::thread;

use formats::dex::{self, same_code};
use formats::elf::{self, same_image};
use formats::limits::Limits;
use formats::proto;
use formats::zip::{Archive, Entry, EntryReader, EntrySource, Method};
use serde::Serialize;

pub use document::DocumentChange;
pub use table::TableChange;

use pairs::{Pairs, follows, wrong_reference};

use crate::entries;
use crate::error::of_archive;
use crate::parts::{Part, Parts};
use crate::{Check, Error, ios};

/// Bytes compared at a time.
const PIECE: u64 = 256 << 10;

/// Everything in which two packages differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Entries with the same name, attributes and packed bytes in both.
    pub same: usize,
    /// The others, in the order of the second package; those that are only in the first follow.
    pub entries: Vec<EntryDiff>,
    /// What differs in the archive around the entries, as sentences. No build makes such differences.
    pub archive: Vec<String>,
}

impl Diff {
    /// Whether every difference is one that a build makes.
    pub fn is_explained(&self) -> bool {
        self.archive.is_empty() && self.entries.iter().all(|entry| entry.objection.is_none())
    }
}

/// An entry that is not the same in both packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryDiff {
    /// Its name in the first package, where it is there.
    pub before: Option<String>,
    /// Its name in the second package, where it is there.
    pub after: Option<String>,
    /// In what it differs.
    pub differences: Vec<Difference>,
    /// A sentence about the first of these that no control, packaging or signing makes.
    pub objection: Option<String>,
}

impl EntryDiff {
    /// The name in the second package, or else in the first.
    pub fn name(&self) -> &str {
        self.after.as_deref().or(self.before.as_deref()).unwrap_or_default()
    }
}

/// One way in which an entry differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Difference {
    /// Only in the first package.
    Removed,
    /// Only in the second package.
    Added,
    /// The same content is packed in another way.
    Repacked {
        /// How it was packed.
        before: &'static str,
        /// How it is packed.
        after: &'static str,
    },
    /// Other times or attributes.
    Attributes,
    /// An XML document with the same elements and other attributes.
    Document {
        /// The attributes.
        changes: Vec<DocumentChange>,
    },
    /// Another name.
    Renamed,
    /// The same document in protobuf form, whose references carry the new names of what they refer to.
    References,
    /// A list of folders of libraries without some of them.
    Libraries {
        /// Those that are gone.
        removed: Vec<String>,
    },
    /// The same code without some or all debug information.
    DebugInformation {
        /// Methods that still have some.
        methods_left: u32,
        /// Classes that still name their source file.
        source_files_left: u32,
    },
    /// The same library image without some or all of its symbols and debug sections; in an iOS app, also with another signature.
    Symbols,
    /// The same code of an iOS app with another signature.
    Signature,
    /// What signing writes into a bundle of an iOS app: the list of its files, the profile.
    Sealing,
    /// A resource table in which every resource has the value that it had.
    Table {
        /// What else is different in it.
        changes: Vec<TableChange>,
    },
    /// An XML document with other elements or texts, and nothing new in it that is not known.
    Structure {
        /// The first thing that differs.
        detail: String,
    },
    /// Anything else.
    Content {
        /// The first thing that differs.
        detail: String,
    },
}

/// Compares two packages, and judges each difference by whether a build makes it: a control, all of which count as enabled, packaging
/// or signing. `advance` hears of every piece of bytes that was read, from any thread; `false` ends it with
/// [`Error::Stopped`].
///
/// # Errors
/// A content that cannot be unpacked, or a source that cannot be read.
pub fn diff(
    before: &Archive<'_>,
    after: &Archive<'_>,
    limits: &Limits,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Diff, Error> {
    let mut diff = compare(before, after, limits, advance)?;
    possible::judge_all(&mut diff, before, after, limits)?;
    diff.archive.extend(entries::misplaced(before, after, &diff));
    if before.comment() != after.comment() {
        diff.archive.push("the archive's comment is another".to_owned());
    }
    let undeclared = after.gaps().iter().find(|gap| **gap != after.before_directory() || !has_block(after));
    diff.archive.extend(undeclared.map(|gap| format!("undeclared bytes from offset {} to {}", gap.start, gap.end)));
    Ok(diff)
}

/// Whether what stands before the directory is a signing block.
fn has_block(archive: &Archive<'_>) -> bool {
    let block = signing::apk::signing_block_range(archive.source(), archive.directory_offset());
    block.is_ok_and(|block| block == Some(archive.before_directory()))
}

/// As [`diff`], on archives that are open.
pub(crate) fn compare(
    before: &Archive<'_>,
    after: &Archive<'_>,
    limits: &Limits,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Diff, Error> {
    let parts = Parts::of(after);
    let pairs = Pairs::read(before, after, &parts, limits)?;
    let comparison = Comparison { before, after, parts: &parts, limits, pairs: &pairs, advance };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let compared = after.map_entries(threads, &|new| match pairs.partner(before, new) {
        Some(old) => comparison.entries(old, new),
        None => Ok(vec![Difference::Added]),
    })?;
    let pairs_after = after.entries().iter().zip(compared).filter(|(_, differences)| !differences.is_empty());
    let mut entries: Vec<EntryDiff> = pairs_after
        .map(|(new, differences)| EntryDiff {
            before: pairs.partner(before, new).map(|old| old.name.clone()),
            after: Some(new.name.clone()),
            differences,
            objection: None,
        })
        .collect();
    let same = after.entries().len() - entries.len();
    let removed = before.entries().iter().filter(|old| !pairs.has_partner(old));
    entries.extend(removed.map(|old| EntryDiff {
        before: Some(old.name.clone()),
        after: None,
        differences: vec![Difference::Removed],
        objection: None,
    }));
    Ok(Diff { same, entries, archive: Vec::new() })
}

struct Comparison<'a> {
    before: &'a Archive<'a>,
    after: &'a Archive<'a>,
    parts: &'a Parts,
    limits: &'a Limits,
    pairs: &'a Pairs,
    advance: &'a (dyn Fn(u64) -> bool + Sync),
}

impl Comparison<'_> {
    fn entries(&self, old: &Entry, new: &Entry) -> Result<Vec<Difference>, Error> {
        let mut differences = self.changes(old, new)?;
        differences.extend(self.left_behind(new)?);
        Ok(differences)
    }

    fn changes(&self, old: &Entry, new: &Entry) -> Result<Vec<Difference>, Error> {
        let mut differences = Vec::new();
        if old.name != new.name {
            differences.push(Difference::Renamed);
        }
        if old.attributes != new.attributes {
            differences.push(Difference::Attributes);
        }
        let declared_same = (old.size, old.crc32) == (new.size, new.crc32);
        if declared_same
            && old.method == new.method
            && old.packed_size == new.packed_size
            && self.same_bytes(old, new)?
        {
            return Ok(differences);
        }
        if declared_same && self.same_content(old, new)? {
            let name = |method| if method == Method::Stored { "stored" } else { "deflated" };
            differences.push(Difference::Repacked { before: name(old.method), after: name(new.method) });
            return Ok(differences);
        }
        differences.extend(self.content(old, new)?);
        Ok(differences)
    }

    /// A reference that did not follow when what it refers to got another name.
    fn left_behind(&self, entry: &Entry) -> Result<Option<Difference>, Error> {
        let part = self.parts.part(&entry.name);
        let most = match part {
            _ if self.pairs.new_names.is_empty() => return Ok(None),
            Part::Table => self.limits.table_bytes,
            Part::Manifest | Part::Document => self.limits.document_bytes,
            _ => return Ok(None),
        };
        let bytes = self.after.read_entry(&entry.name, most).map_err(|error| of_archive(Check::Contents, error))?;
        Ok(self.pairs.left_behind(part, &bytes, self.limits).map(|detail| Difference::Content { detail }))
    }

    /// In what two contents differ, by their format.
    fn content(&self, old: &Entry, new: &Entry) -> Result<Vec<Difference>, Error> {
        if let Some(difference) = ios::content((self.before, old), (self.after, new), self.limits)? {
            return Ok(vec![difference]);
        }
        if let Some(table) = self.pairs.tables.get(&old.name) {
            return Ok(vec![table.clone()]);
        }
        let difference = match self.parts.part(&old.name) {
            Part::Code => self.code(old, new)?,
            Part::Library => self.library(old, new)?,
            Part::Manifest | Part::Document => return self.documents(old, new),
            Part::Libraries => self.libraries(old, new)?,
            Part::Table | Part::Other => {
                let detail = format!("other bytes (length before {}, after {})", old.size, new.size);
                Difference::Content { detail }
            }
        };
        Ok(vec![difference])
    }

    fn libraries(&self, old: &Entry, new: &Entry) -> Result<Difference, Error> {
        let (old, new) = self.both(old, new, self.limits.document_bytes)?;
        Ok(match libraries::removed(&old, &new) {
            Ok(removed) => Difference::Libraries { removed },
            Err(detail) => Difference::Content { detail },
        })
    }

    fn code(&self, old: &Entry, new: &Entry) -> Result<Difference, Error> {
        let (old, new) = self.both(old, new, self.limits.dex_bytes)?;
        Ok(match same_code(&old, &new, self.limits) {
            Ok(dex::Same { debug_infos, source_files }) => {
                Difference::DebugInformation { methods_left: debug_infos, source_files_left: source_files }
            }
            Err(difference) => Difference::Content { detail: difference.to_string() },
        })
    }

    fn library(&self, old: &Entry, new: &Entry) -> Result<Difference, Error> {
        let (old, new) = (EntrySource::new(self.before, old), EntrySource::new(self.after, new));
        match same_image(&old, &new, self.limits) {
            Ok(()) => Ok(Difference::Symbols),
            Err(elf::Difference::Io(error)) => Err(Error::Source(error)),
            Err(difference) => Ok(Difference::Content { detail: difference.to_string() }),
        }
    }

    fn documents(&self, old: &Entry, new: &Entry) -> Result<Vec<Difference>, Error> {
        let (old, new) = self.both(old, new, self.limits.document_bytes)?;
        let parse = |bytes: &[u8]| self.parts.document(bytes, self.limits);
        let (Ok(before), Ok(after)) = (parse(&old), parse(&new)) else {
            let form = if self.parts.is_bundle() { "XML in protobuf form" } else { "binary XML" };
            return Ok(vec![Difference::Content { detail: format!("one of them is not {form}") }]);
        };
        Ok(match document::compare(&before, &after) {
            Ok(changes) if self.parts.is_bundle() => self.messages(&old, &new, changes),
            Ok(changes) => vec![Difference::Document { changes }],
            Err(_) if self.parts.is_bundle() && !proto::adds_nothing_unknown(&old, &new) => {
                vec![Difference::Content { detail: "fields that are not known were added".to_owned() }]
            }
            Err(detail) => vec![Difference::Structure { detail }],
        })
    }

    /// The differences of two documents in protobuf form that have the same elements and texts, beside attributes that differ.
    fn messages(&self, old: &[u8], new: &[u8], changes: Vec<DocumentChange>) -> Vec<Difference> {
        let names: &HashMap<u32, String> = &self.pairs.new_names;
        let compared = match changes.is_empty() {
            true => proto::same_document(old, new),
            false => proto::same_but_attributes(old, new),
        };
        let references = match compared {
            Ok(same) => same.references,
            Err(difference) => return vec![Difference::Content { detail: difference.to_string() }],
        };
        if let Some((id, name)) = references.iter().find(|(id, name)| !follows(**id, name, names)) {
            return vec![Difference::Content { detail: wrong_reference(*id, name) }];
        }
        let follow = (changes.is_empty() || !references.is_empty()).then_some(Difference::References);
        let document = (!changes.is_empty()).then_some(Difference::Document { changes });
        document.into_iter().chain(follow).collect()
    }

    fn both(&self, old: &Entry, new: &Entry, most: u64) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let read = |archive: &Archive<'_>, entry: &Entry| {
            archive.read_entry(&entry.name, most).map_err(|error| of_archive(Check::Contents, error))
        };
        Ok((read(self.before, old)?, read(self.after, new)?))
    }

    /// Compares the packed bytes.
    fn same_bytes(&self, old: &Entry, new: &Entry) -> Result<bool, Error> {
        let length = old.packed_size;
        let (mut one, mut two) = (buffer(length), buffer(length));
        let mut position = 0;
        while position < length {
            let wanted = (length - position).min(PIECE);
            one.truncate(wanted as usize);
            two.truncate(wanted as usize);
            self.before.source().read_at(old.data_offset + position, &mut one).map_err(Error::Source)?;
            self.after.source().read_at(new.data_offset + position, &mut two).map_err(Error::Source)?;
            if one != two {
                return Ok(false);
            }
            position += wanted;
            self.advance(wanted)?;
        }
        Ok(true)
    }

    /// Compares the unpacked content. Both readers give pieces of any length.
    fn same_content(&self, old: &Entry, new: &Entry) -> Result<bool, Error> {
        let failed = |error| of_archive(Check::Contents, error);
        let (mut old, mut new): (EntryReader<'_>, EntryReader<'_>) = (self.before.open(old), self.after.open(new));
        let mut pending: Vec<u8> = Vec::new();
        while let Some(piece) = old.next_piece().map_err(failed)? {
            while pending.len() < piece.len() {
                let Some(more) = new.next_piece().map_err(failed)? else { return Ok(false) };
                pending.extend_from_slice(more);
            }
            if !pending.starts_with(piece) {
                return Ok(false);
            }
            pending.drain(..piece.len());
            self.advance(piece.len() as u64)?;
        }
        Ok(pending.is_empty() && new.next_piece().map_err(failed)?.is_none())
    }

    fn advance(&self, bytes: u64) -> Result<(), Error> {
        if (self.advance)(bytes) { Ok(()) } else { Err(Error::Stopped) }
    }
}

fn buffer(length: u64) -> Vec<u8> {
    vec![0; length.min(PIECE) as usize]
}
