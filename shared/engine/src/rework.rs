//! Entries that get another content while they are packed: each is read, rewritten and packed by one thread.

use std::io::{self, Write};

use domain::control::ControlId;
use formats::dex::Dex;
use formats::elf;
use formats::limits::Limits;
use formats::piece::{Piece, copy_pieces};
use formats::proto::{NewNames, xml};
use formats::zip::{self, Archive, Deflater, Entry, EntrySource, Header, Method, Packed, Writer};
use signing::apk::{DigestKind, Hasher};

use crate::Error;
use crate::edits::{Content, Item};
use crate::error::BundlePart;
use crate::outcome::Change;

/// A packed library up to this length is kept until it is written; a longer one is packed a second time while it is written.
pub(crate) const KEPT: usize = 16 << 20;
/// What a library in work takes at most, in bytes.
const LIBRARY_COST: u64 = 20 << 20;

/// An entry that is ready to be written.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) body: Body,
    /// Digest of the new content, where scheme v1 asks for one.
    pub(crate) digest: Option<Vec<u8>>,
    pub(crate) changes: Vec<Change>,
    pub(crate) warnings: Vec<String>,
}

/// What is written.
#[derive(Debug)]
pub(crate) enum Body {
    /// The input's packed bytes: there was nothing to change.
    Unchanged,
    /// A new content, packed.
    Packed(Packed),
    /// Pieces of the input's content, packed in the course of writing.
    Spliced(Spliced),
    /// A new content, packed from the packed bytes of the input's where that was possible.
    Reused(zip::Spliced),
}

/// The content of a library as pieces of the input's, with what its header needs.
#[derive(Debug)]
pub(crate) struct Spliced {
    pieces: Vec<Piece>,
    crc32: u32,
    size: u64,
    packed_size: u64,
}

/// The memory that preparing an item takes, in bytes; `None` where there is nothing to prepare.
pub(crate) fn cost(item: &Item<'_>) -> Option<u64> {
    match item.content {
        Content::Copy(_) | Content::Unpack(_) | Content::New(Method::Stored, _) => None,
        Content::New(Method::Deflated, content) => Some(content.len() as u64),
        // The file, the new one, and that packed.
        Content::StripDex(entry) | Content::RenameReferences(entry) => Some(entry.size.saturating_mul(3)),
        Content::StripLibrary(_) => Some(LIBRARY_COST),
    }
}

/// Does the work on one item.
pub(crate) struct Rework<'a> {
    pub(crate) archive: &'a Archive<'a>,
    pub(crate) limits: &'a Limits,
    /// The digest that scheme v1 asks for.
    pub(crate) digest: Option<DigestKind>,
    /// The new names of resources.
    pub(crate) names: &'a NewNames,
}

impl Rework<'_> {
    /// Makes an item ready to be written.
    pub(crate) fn prepare(&self, item: &Item<'_>) -> Result<Prepared, Error> {
        match item.content {
            Content::Copy(_) | Content::Unpack(_) => Ok(Prepared::unchanged()),
            Content::New(method, content) => self.pack(method, content),
            Content::StripDex(entry) => self.strip_dex(entry),
            Content::StripLibrary(entry) => self.strip_library(entry),
            Content::RenameReferences(entry) => self.rename_references(entry),
        }
    }

    fn pack(&self, method: Method, content: &[u8]) -> Result<Prepared, Error> {
        let digest = self.digest.map(|kind| kind.digest(content));
        let packed = Packed::pack(method, content).map_err(Error::content)?;
        Ok(Prepared { body: Body::Packed(packed), digest, ..Prepared::unchanged() })
    }

    fn strip_dex(&self, entry: &Entry) -> Result<Prepared, Error> {
        let refused = |reason: formats::dex::Error| Error::Control {
            control: ControlId::DEBUG_INFO_OBFUSCATION,
            entry: entry.name.escape_debug().to_string(),
            reason: reason.to_string(),
        };
        let bytes = self.archive.read_entry(&entry.name, self.limits.dex_bytes).map_err(Error::content)?;
        let stripped = Dex::parse(&bytes, self.limits).and_then(|dex| dex.strip_debug_info()).map_err(refused)?;
        let Some((content, stripped)) = stripped else { return Ok(Prepared::unchanged()) };
        drop(bytes);
        let counts = [
            ("line tables", stripped.line_tables),
            ("local names", stripped.local_names),
            ("source files", stripped.source_files),
            ("strings", stripped.strings),
            ("types", stripped.types),
        ];
        let counted = counts.into_iter().filter(|(_, count)| *count > 0);
        let changes = counted.map(|(what, count)| Change::removed(&entry.name, what, count)).collect();
        let kept = stripped.pools_kept.then(|| {
            format!(
                "{}: names of local variables stay among its texts, because code that cannot be decoded may need the present numbering",
                entry.name
            )
        });
        Ok(Prepared { changes, warnings: kept.into_iter().collect(), ..self.pack(entry.method, &content)? })
    }

    /// Only what could be read as a document gets here.
    fn rename_references(&self, entry: &Entry) -> Result<Prepared, Error> {
        let bytes = self.archive.read_entry(&entry.name, self.limits.document_bytes).map_err(Error::content)?;
        let refused = |cause| Error::Bundle { part: BundlePart::Resources, entry: entry.name.clone(), cause };
        match xml::rename_references(&bytes, self.names, self.limits).map_err(refused)? {
            Some(renamed) => self.pack(entry.method, &renamed),
            None => Ok(Prepared::unchanged()),
        }
    }

    /// A library that cannot be edited without a guess stays as it is, with a warning: packers and tools put many things under this
    /// name that are no ELF files, or carry data that nothing declares.
    fn strip_library(&self, entry: &Entry) -> Result<Prepared, Error> {
        let source = EntrySource::new(self.archive, entry);
        let stripped = match elf::strip(&source, self.limits) {
            Ok(None) => return Ok(Prepared::unchanged()),
            Ok(Some(stripped)) => stripped,
            Err(elf::Error::Io(error)) => return Err(Error::of_source(error)),
            Err(reason) => {
                let warning = format!("{} was left as it is: {reason}", entry.name.escape_debug());
                return Ok(Prepared { warnings: vec![warning], ..Prepared::unchanged() });
            }
        };
        let section = |removed: &elf::Removed| {
            Change::removed(&entry.name, removed.name.as_str(), format!("{} bytes", removed.size))
        };
        let changes = stripped.removed.iter().map(section).collect();
        let (body, digest) = pack_pieces(self.archive, entry, stripped.pieces, self.digest, KEPT)?;
        Ok(Prepared { body, digest, changes, warnings: Vec::new() })
    }
}

/// Packs a content that is made of pieces of the entry's; with the digest that is asked for. The packed bytes are kept where they are
/// `kept` at most.
pub(crate) fn pack_pieces(
    archive: &Archive<'_>,
    entry: &Entry,
    pieces: Vec<Piece>,
    digest: Option<DigestKind>,
    kept: usize,
) -> Result<(Body, Option<Vec<u8>>), Error> {
    let mut measured = Measured::new(entry.method, digest, kept);
    copy_pieces(&EntrySource::new(archive, entry), &pieces, &mut measured).map_err(Error::of_source)?;
    measured.finish(pieces)
}

impl Prepared {
    fn unchanged() -> Self {
        Self { body: Body::Unchanged, digest: None, changes: Vec::new(), warnings: Vec::new() }
    }
}

impl Body {
    /// The bytes that it holds in memory.
    pub(crate) fn held(&self) -> usize {
        let of_piece = |piece: &Piece| if let Piece::Bytes(bytes) = piece { bytes.len() } else { 0 };
        let of_pieces = |pieces: &[Piece]| pieces.iter().map(of_piece).sum();
        match self {
            Self::Unchanged => 0,
            Self::Packed(packed) => packed.bytes.len(),
            Self::Spliced(spliced) => of_pieces(&spliced.pieces),
            Self::Reused(spliced) => of_pieces(&spliced.pieces),
        }
    }

    /// Writes the entry under `name`; `false` where there is nothing new to write.
    pub(crate) fn write<W: Write>(
        &self,
        writer: &mut Writer<W>,
        archive: &Archive<'_>,
        name: &str,
        entry: &Entry,
    ) -> Result<bool, zip::Error> {
        match self {
            Self::Unchanged => return Ok(false),
            Self::Packed(packed) => writer.add_packed(name, entry.attributes, packed)?,
            Self::Spliced(spliced) => {
                let write = |sink: &mut dyn Write| Ok(spliced.write(archive, entry, sink)?);
                writer.put(&spliced.header(name, entry), write)?;
            }
            Self::Reused(spliced) => {
                let write = |sink: &mut dyn Write| Ok(spliced.write(archive, sink)?);
                writer.put(&Header { name, ..spliced.header(entry) }, write)?;
            }
        }
        Ok(true)
    }
}

impl Spliced {
    /// The headers of the entry.
    fn header<'a>(&self, name: &'a str, entry: &'a Entry) -> Header<'a> {
        let Self { crc32, size, packed_size, .. } = *self;
        Header { name, crc32, size, packed_size, level: 0, ..Header::of(entry) }
    }

    /// Writes the packed content.
    fn write(&self, archive: &Archive<'_>, entry: &Entry, sink: &mut dyn Write) -> io::Result<()> {
        let source = EntrySource::new(archive, entry);
        match entry.method {
            Method::Stored => copy_pieces(&source, &self.pieces, sink),
            Method::Deflated => {
                let mut deflater = Deflater::new(sink);
                copy_pieces(&source, &self.pieces, &mut deflater)?;
                deflater.finish().map(drop)
            }
        }
    }
}

/// Learns what an entry's header needs to know about a content, and keeps the packed bytes while they are few.
struct Measured {
    crc: crc32fast::Hasher,
    digest: Option<Hasher>,
    packed: Option<Deflater<Kept>>,
}

impl Measured {
    fn new(method: Method, digest: Option<DigestKind>, kept: usize) -> Self {
        let kept = || Kept { bytes: Some(Vec::new()), length: 0, most: kept };
        let packed = (method == Method::Deflated).then(|| Deflater::new(kept()));
        Self { crc: crc32fast::Hasher::new(), digest: digest.map(DigestKind::hasher), packed }
    }

    fn finish(self, pieces: Vec<Piece>) -> Result<(Body, Option<Vec<u8>>), Error> {
        let (crc32, size) = (self.crc.finalize(), pieces.iter().map(Piece::len).sum());
        let digest = self.digest.map(Hasher::finish);
        let spliced = |packed_size| Body::Spliced(Spliced { pieces, crc32, size, packed_size });
        let Some(packed) = self.packed else { return Ok((spliced(size), digest)) };
        let kept = packed.finish().map_err(Error::of_source)?;
        let body = match kept.bytes {
            Some(bytes) => Body::Packed(Packed { method: Method::Deflated, crc32, size, bytes }),
            None => spliced(kept.length),
        };
        Ok((body, digest))
    }
}

impl Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crc.update(bytes);
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        if let Some(packed) = &mut self.packed {
            packed.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts bytes, and keeps them up to a limit.
struct Kept {
    bytes: Option<Vec<u8>>,
    length: u64,
    most: usize,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len() as u64;
        match &mut self.bytes {
            Some(kept) if kept.len() + bytes.len() <= self.most => kept.extend_from_slice(bytes),
            _ => self.bytes = None,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
