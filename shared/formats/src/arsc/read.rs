//! Bytes to table: every chunk is checked here; entries are looked at when they are asked for, as the platform does.

use super::chunk::{Package, PackagePart, Spec, Type, kind};
use super::error::Error;
use super::{Part, Table};
use crate::chunk::{self, RawChunk, index, invalid};
use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::strings::{StringPool, Words};

/// Length of a package's name, in bytes.
const NAME_LENGTH: usize = 256;
/// Highest count of entries that the platform reads.
const MOST_ENTRIES: u32 = 0xffff;

impl<'a> Table<'a> {
    /// Reads a table; `limits` bound its length and the number of its chunks.
    ///
    /// Refused is what the platform refuses: chunks that do not fit into each other, types without a specification before them, more
    /// entries than ids, more packages than the header says.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if widen(bytes.len()) > limits.table_bytes {
            return Err(Error::TooLarge { length: bytes.len(), limit: limits.table_bytes });
        }
        let kind = Reader::new(bytes).u16("chunk type").map_err(Error::from)?;
        if kind != kind::TABLE {
            return Err(invalid("chunk type", 0, kind, "a resource table begins with type 0x2").into());
        }
        let mut file = Reader::new(bytes);
        let mut table = RawChunk::read(&mut file)?;
        let package_count = table.header.u32("package count")?;
        let mut parser = Parser { chunks: 0, limit: limits.table_chunks };
        let mut parts = Vec::new();
        while !table.body.is_empty() {
            let chunk = parser.next(&mut table.body)?;
            parser.part(chunk, &mut parts)?;
        }
        let packages = parts.iter().filter(|part| matches!(part, Part::Package(_))).count();
        if widen(packages) > u64::from(package_count) {
            let rule = "there are more packages than that";
            return Err(invalid("package count", 8, package_count, rule).into());
        }
        Ok(Self {
            original: Some(bytes),
            header_extra: table.header.rest(),
            package_count,
            parts,
            trailing: file.rest(),
            limit: limits.table_bytes,
        })
    }
}

struct Parser {
    chunks: u64,
    limit: u64,
}

impl Parser {
    fn next<'a>(&mut self, reader: &mut Reader<'a>) -> Result<RawChunk<'a>, Error> {
        self.chunks = self.chunks.saturating_add(1);
        if self.chunks > self.limit {
            return Err(Error::TooManyChunks { offset: reader.offset(), limit: self.limit });
        }
        Ok(RawChunk::read(reader)?)
    }

    fn part<'a>(&mut self, chunk: RawChunk<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Error> {
        let has_strings = parts.iter().any(|part| matches!(part, Part::Strings(_)));
        parts.push(match chunk.kind {
            chunk::STRING_POOL if !has_strings => Part::Strings(Box::new(StringPool::parse(chunk)?)),
            kind::PACKAGE => Part::Package(Box::new(self.package(chunk)?)),
            _ => Part::Other(chunk.whole),
        });
        Ok(())
    }

    fn package<'a>(&mut self, chunk: RawChunk<'a>) -> Result<Package<'a>, Error> {
        let RawChunk { offset, mut header, mut body, .. } = chunk;
        let mut package = Package {
            id: header.u32("package id")?,
            name: header.take(NAME_LENGTH, "package name")?.into(),
            stated_type_names: header.u32("offset of the type names")?,
            last_public_type: header.u32("last public type")?,
            stated_key_names: header.u32("offset of the entry names")?,
            last_public_key: header.u32("last public entry name")?,
            type_id_offset: type_id_offset(&mut header)?,
            header_extra: header.rest(),
            parts: Vec::new(),
        };
        if package.id > 0xff {
            return Err(invalid("package id", offset, package.id, "it must fit into eight bits").into());
        }
        let mut known_types = [false; 256];
        while !body.is_empty() {
            let at = body.offset().saturating_sub(offset);
            let part = match self.next(&mut body)? {
                chunk if chunk.kind == chunk::STRING_POOL => names(&package, at, chunk)?,
                chunk if chunk.kind == kind::TYPE_SPEC => {
                    let spec = spec(chunk, package.type_id_offset)?;
                    known_types.get_mut(usize::from(spec.id)).into_iter().for_each(|known| *known = true);
                    PackagePart::Spec(Box::new(spec))
                }
                chunk if chunk.kind == kind::TYPE => PackagePart::Type(Box::new(read_type(chunk, &known_types)?)),
                chunk => PackagePart::Other(chunk.whole),
            };
            package.parts.push(part);
        }
        Ok(package)
    }
}

fn type_id_offset(header: &mut Reader<'_>) -> Result<Option<u8>, Error> {
    if header.is_empty() {
        return Ok(None);
    }
    let at = header.offset();
    let offset = header.u32("type id offset")?;
    let fits =
        u8::try_from(offset).map_err(|_| invalid("type id offset", at, offset, "it must fit into eight bits"))?;
    Ok(Some(fits))
}

/// A pool of names, told by its place in the package.
fn names<'a>(package: &Package<'_>, at: u64, chunk: RawChunk<'a>) -> Result<PackagePart<'a>, Error> {
    if at == u64::from(package.stated_type_names) {
        return Ok(PackagePart::TypeNames(Box::new(StringPool::parse(chunk)?)));
    }
    if at == u64::from(package.stated_key_names) {
        return Ok(PackagePart::KeyNames(Box::new(StringPool::parse(chunk)?)));
    }
    Ok(PackagePart::Other(chunk.whole))
}

fn spec<'a>(chunk: RawChunk<'a>, type_id_offset: Option<u8>) -> Result<Spec<'a>, Error> {
    let RawChunk { offset, mut header, mut body, .. } = chunk;
    let id = type_id(&mut header)?;
    if id.checked_add(type_id_offset.unwrap_or(0)).is_none() {
        return Err(invalid("type id", offset, id, "with the package's offset it must fit into eight bits").into());
    }
    let reserved = header.u8("reserved field")?;
    let types = header.u16("types count")?;
    let count = entry_count(&mut header)?;
    let flags = Words::new(body.take(index(count).saturating_mul(4), "flags of the entries")?);
    Ok(Spec { id, reserved, types, header_extra: header.rest(), flags, tail: body.rest() })
}

fn read_type<'a>(chunk: RawChunk<'a>, known_types: &[bool; 256]) -> Result<Type<'a>, Error> {
    let RawChunk { offset, mut header, mut body, .. } = chunk;
    let id = type_id(&mut header)?;
    if known_types.get(usize::from(id)) != Some(&true) {
        return Err(invalid("type id", offset, id, "no specification of that type comes before").into());
    }
    let flags = header.u8("type flags")?;
    let reserved = header.u16("reserved field")?;
    let count = entry_count(&mut header)?;
    let start = header.u32("start of the entries")?;
    let config = header.rest().into();
    header.u32("configuration size")?;
    let offsets = Type::offset_length(flags).saturating_mul(index(count));
    let offsets = body.take(offsets, "offsets of the entries")?.into();
    let gap = offset.saturating_add(u64::from(start)).checked_sub(body.offset());
    let gap = gap.filter(|_| start.is_multiple_of(4)).and_then(|gap| usize::try_from(gap).ok());
    let rule = "it must be a multiple of 4 behind the table of offsets";
    let gap = gap.ok_or_else(|| invalid("start of the entries", offset, start, rule))?;
    let gap = body.take(gap, "start of the entries")?.into();
    Ok(Type { id, flags, reserved, count, config, offsets, gap, entries: body.rest().into() })
}

fn type_id(header: &mut Reader<'_>) -> Result<u8, Error> {
    let at = header.offset();
    match header.u8("type id")? {
        0 => Err(invalid("type id", at, 0_u8, "types are counted from 1").into()),
        id => Ok(id),
    }
}

fn entry_count(header: &mut Reader<'_>) -> Result<u32, Error> {
    let at = header.offset();
    let count = header.u32("entry count")?;
    match count {
        0..=MOST_ENTRIES => Ok(count),
        _ => Err(invalid("entry count", at, count, "a type has at most 0xffff entries").into()),
    }
}
