//! The entries of a type: where each one's fields stand.

use super::chunk::Type;
use super::error::Error;
use crate::chunk::index;
use crate::reader::Reader;

/// `ResTable_entry::flags`: a map and not a single value.
const COMPLEX: u16 = 1;
/// `ResTable_entry::flags`: key, type and value take eight bytes altogether (Android 14).
const COMPACT: u16 = 1 << 3;
/// Lengths of `ResTable_entry`, `ResTable_map_entry`, `Res_value` and `ResTable_map`.
const ENTRY_LENGTH: u16 = 8;
const MAP_ENTRY_LENGTH: u16 = 16;
const VALUE_LENGTH: u16 = 8;
const ITEM_LENGTH: usize = 12;

/// An entry that the platform could read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'e> {
    /// Index of its name.
    pub(super) key: u32,
    pub(super) is_compact: bool,
    pub(super) body: Body<'e>,
    /// Where it starts and ends, counted from the first entry.
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'e> {
    /// A value.
    Simple { kind: u8, data: u32 },
    /// A map: the resource it inherits from, and its items.
    Complex { parent: u32, items: &'e [[u8; ITEM_LENGTH]] },
}

impl<'e> Entry<'e> {
    /// Reads the entry at an offset from the first one; else says what is wrong with it.
    pub(super) fn read(entries: &'e [u8], offset: u32) -> Result<Self, &'static str> {
        if !offset.is_multiple_of(4) {
            return Err("not aligned");
        }
        let start = index(offset);
        let cut_off = "cut off";
        let mut reader = Reader::new(entries.get(start..).ok_or("outside the chunk")?);
        let mut fields = reader;
        let (Ok(size), Ok(flags), Ok(word)) =
            (fields.u16("entry size"), fields.u16("entry flags"), fields.u32("entry key"))
        else {
            return Err(cut_off);
        };
        if flags & COMPACT != 0 {
            let [_, kind] = flags.to_le_bytes();
            let body = Body::Simple { kind, data: word };
            let end = start.saturating_add(usize::from(ENTRY_LENGTH));
            return Ok(Self { key: u32::from(size), is_compact: true, body, start, end });
        }
        if size < ENTRY_LENGTH {
            return Err("shorter than its fields");
        }
        reader.take(usize::from(size), "entry").map_err(|_| cut_off)?;
        let here = |reader: Reader<'_>| entries.len().saturating_sub(reader.remaining());
        if flags & COMPLEX == 0 {
            let (kind, data) = simple(&mut reader).ok_or(cut_off)?;
            let body = Body::Simple { kind, data };
            return Ok(Self { key: word, is_compact: false, body, start, end: here(reader) });
        }
        if size < MAP_ENTRY_LENGTH || !size.is_multiple_of(4) {
            return Err("shorter than its fields");
        }
        let (Ok(parent), Ok(count)) = (fields.u32("parent"), fields.u32("count of items")) else { return Err(cut_off) };
        let items = reader.take(index(count).saturating_mul(ITEM_LENGTH), "items").map_err(|_| cut_off)?;
        let body = Body::Complex { parent, items: items.as_chunks().0 };
        Ok(Self { key: word, is_compact: false, body, start, end: here(reader) })
    }

    /// Every value of the entry with its kind: its own, or those of its items.
    pub(super) fn values(&self) -> impl Iterator<Item = (u8, u32)> + 'e {
        let (own, items): (_, &[_]) = match self.body {
            Body::Simple { kind, data, .. } => (Some((kind, data)), &[]),
            Body::Complex { items, .. } => (None, items),
        };
        own.into_iter().chain(items.iter().map(|item| item_value(item).1))
    }

    /// The bytes of an entry of one value.
    pub(super) fn simple(key: u32, kind: u8, data: u32) -> Vec<u8> {
        let mut bytes = [ENTRY_LENGTH.to_le_bytes(), [0, 0]].concat();
        bytes.extend(key.to_le_bytes());
        bytes.extend([VALUE_LENGTH.to_le_bytes(), [0, kind]].concat());
        bytes.extend(data.to_le_bytes());
        bytes
    }
}

/// Takes a value and returns its kind and data.
fn simple(reader: &mut Reader<'_>) -> Option<(u8, u32)> {
    let mut value = *reader;
    let size = value.u16("value size").ok().filter(|size| *size >= VALUE_LENGTH)?;
    value.u8("value").ok()?;
    let kind = value.u8("value type").ok()?;
    let data = value.u32("value data").ok()?;
    reader.take(usize::from(size), "value").ok()?;
    Some((kind, data))
}

/// The name of an item, and the kind and data of its value.
pub(super) fn item_value(item: &[u8; ITEM_LENGTH]) -> (u32, (u8, u32)) {
    let [a, b, c, d, _, _, _, kind, e, f, g, h] = *item;
    (u32::from_le_bytes([a, b, c, d]), (kind, u32::from_le_bytes([e, f, g, h])))
}

/// What stands at one index of a type.
pub(super) enum Slot<'e> {
    /// An entry that was not met before.
    Entry(Entry<'e>),
    /// An entry that another index refers to as well, and that was met there. (Tools merge equal ones.)
    Shared(Entry<'e>),
    /// An entry that the platform cannot read either.
    Unreadable(&'static str),
}

/// Each index of a type with what stands there; fails when entries lie partly over each other.
///
/// Every byte of the entries is looked at only once, however often the table of offsets refers to it.
pub(super) fn walk<'e>(chunk: &'e Type<'_>) -> impl Iterator<Item = Result<(u16, Slot<'e>), Error>> {
    let mut words = vec![Word::Unseen; chunk.entries.len() / 4];
    chunk.slots().map(move |(index, offset)| {
        let entry = match Entry::read(&chunk.entries, offset) {
            Ok(entry) => entry,
            Err(defect) => return Ok((index, Slot::Unreadable(defect))),
        };
        let overlapping = Error::Overlapping { type_id: chunk.id, offset };
        let start = words.get(entry.start / 4).copied();
        if start == Some(Word::Inside) {
            return Err(overlapping);
        }
        if start == Some(Word::Start) {
            return Ok((index, Slot::Shared(entry)));
        }
        let mut role = Word::Start;
        for word in words.iter_mut().take(entry.end.div_ceil(4)).skip(entry.start / 4) {
            if *word != Word::Unseen {
                return Err(overlapping);
            }
            *word = std::mem::replace(&mut role, Word::Inside);
        }
        Ok((index, Slot::Entry(entry)))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Unseen,
    Start,
    Inside,
}
