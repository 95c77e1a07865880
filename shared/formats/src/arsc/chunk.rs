//! The chunks of a package as they are kept in memory: every field and every byte beyond the known fields.

use std::borrow::Cow;

use crate::chunk::size_u32;
use crate::strings::{StringPool, Words};

/// `RES_TABLE_*` chunk types.
pub(super) mod kind {
    pub(in super::super) const TABLE: u16 = 0x0002;
    pub(in super::super) const PACKAGE: u16 = 0x0200;
    pub(in super::super) const TYPE: u16 = 0x0201;
    pub(in super::super) const TYPE_SPEC: u16 = 0x0202;
    pub(in super::super) const OVERLAYABLE: u16 = 0x0204;
    pub(in super::super) const OVERLAYABLE_POLICY: u16 = 0x0205;
}

/// `ResTable_type::flags`: the offsets are pairs of index and offset.
const SPARSE: u8 = 1;
/// `ResTable_type::flags`: the offsets have 16 bits and count words.
const OFFSET16: u8 = 1 << 1;
/// The offset of an entry that a configuration does not have.
pub(super) const NO_ENTRY: u32 = u32::MAX;
/// The same in 16 bits.
const NO_ENTRY_16: u16 = u16::MAX;

#[derive(Clone, Debug)]
pub(super) struct Package<'a> {
    pub(super) id: u32,
    /// 128 UTF-16 code units, ended by the first 0.
    pub(super) name: Cow<'a, [u8]>,
    /// The headers' offsets of the pools, for the case that no pool stands there.
    pub(super) stated_type_names: u32,
    pub(super) stated_key_names: u32,
    pub(super) last_public_type: u32,
    pub(super) last_public_key: u32,
    /// What comes on top of the types' ids in resource ids; old tables do not have the field.
    pub(super) type_id_offset: Option<u8>,
    pub(super) header_extra: &'a [u8],
    pub(super) parts: Vec<PackagePart<'a>>,
}

/// What a package is made of, in the order of the file.
#[derive(Clone, Debug)]
pub(super) enum PackagePart<'a> {
    /// The names of the types.
    TypeNames(Box<StringPool<'a>>),
    /// The names of the entries.
    KeyNames(Box<StringPool<'a>>),
    Spec(Box<Spec<'a>>),
    Type(Box<Type<'a>>),
    /// Chunks that are none of the above (libraries, overlayables, aliases, further pools and unknown ones), whole.
    Other(&'a [u8]),
}

/// `ResTable_typeSpec`: how many entries a type has, and by what they differ.
#[derive(Clone, Debug)]
pub(super) struct Spec<'a> {
    pub(super) id: u8,
    pub(super) reserved: u8,
    /// How many [`Type`]s follow; 0 in tables of older tools.
    pub(super) types: u16,
    pub(super) header_extra: &'a [u8],
    /// One for each entry.
    pub(super) flags: Words<'a>,
    pub(super) tail: &'a [u8],
}

/// `ResTable_type`: the values of a type's entries for one configuration.
#[derive(Clone, Debug)]
pub(super) struct Type<'a> {
    pub(super) id: u8,
    pub(super) flags: u8,
    pub(super) reserved: u16,
    /// Entries of the table of offsets.
    pub(super) count: u32,
    /// `ResTable_config` with its size, and whatever stands behind it in the header.
    pub(super) config: Cow<'a, [u8]>,
    pub(super) offsets: Cow<'a, [u8]>,
    /// Bytes between the offsets and the entries.
    pub(super) gap: Cow<'a, [u8]>,
    pub(super) entries: Cow<'a, [u8]>,
}

impl<'a> Package<'a> {
    pub(super) fn type_names(&self) -> Option<&StringPool<'a>> {
        self.parts.iter().find_map(|part| match part {
            PackagePart::TypeNames(pool) => Some(&**pool),
            _ => None,
        })
    }

    pub(super) fn key_names(&self) -> Option<&StringPool<'a>> {
        self.parts.iter().find_map(|part| match part {
            PackagePart::KeyNames(pool) => Some(&**pool),
            _ => None,
        })
    }

    pub(super) fn specs(&self) -> impl Iterator<Item = &Spec<'a>> {
        self.parts.iter().filter_map(|part| match part {
            PackagePart::Spec(spec) => Some(&**spec),
            _ => None,
        })
    }

    pub(super) fn types(&self) -> impl Iterator<Item = &Type<'a>> {
        self.parts.iter().filter_map(|part| match part {
            PackagePart::Type(chunk) => Some(&**chunk),
            _ => None,
        })
    }

    /// The name of a type; empty when the table does not have it.
    pub(super) fn type_name(&self, type_id: u8) -> String {
        let index = u32::from(type_id).saturating_sub(1);
        self.type_names().map_or_else(String::new, |pool| pool.decode(index))
    }

    /// The name of an entry; empty when the table does not have it.
    pub(super) fn key_name(&self, key: u32) -> String {
        self.key_names().map_or_else(String::new, |pool| pool.decode(key))
    }

    /// The resource id of an entry.
    pub(super) fn resource_id(&self, type_id: u8, index: u16) -> u32 {
        let type_id = u32::from(self.type_id_offset.unwrap_or(0)).saturating_add(u32::from(type_id));
        self.id << 24 | (type_id & 0xff) << 16 | u32::from(index)
    }

    /// The type and index that a resource id means in this package.
    pub(super) fn place_of(&self, resource_id: u32) -> Option<(u8, u16)> {
        let [package, type_id, high, low] = resource_id.to_be_bytes();
        let type_id = type_id.checked_sub(self.type_id_offset.unwrap_or(0))?;
        (u32::from(package) == self.id).then_some((type_id, u16::from_be_bytes([high, low])))
    }
}

impl Type<'_> {
    pub(super) const fn is_sparse(&self) -> bool {
        self.flags & SPARSE != 0
    }

    pub(super) const fn has_short_offsets(&self) -> bool {
        self.flags & OFFSET16 != 0 && !self.is_sparse()
    }

    /// Length of an item of the table of offsets.
    pub(super) const fn offset_length(flags: u8) -> usize {
        if flags & OFFSET16 != 0 && flags & SPARSE == 0 { 2 } else { 4 }
    }

    /// Each entry's index and its offset from the first entry, in the order of the table of offsets.
    pub(super) fn slots(&self) -> impl Iterator<Item = (u16, u32)> {
        let indices = 0..=u16::MAX;
        let short: &[[u8; 2]] = if self.has_short_offsets() { self.offsets.as_chunks().0 } else { &[] };
        let short = short.iter().map(|offset| of_short(*offset));
        let long: &[[u8; 4]] = if self.has_short_offsets() { &[] } else { self.offsets.as_chunks().0 };
        let sparse = self.is_sparse();
        let long = long.iter().zip(indices.clone()).map(move |(&item, place)| {
            let [a, b, c, d] = item;
            match sparse {
                true => (u16::from_le_bytes([a, b]), u32::from(u16::from_le_bytes([c, d])).saturating_mul(4)),
                false => (place, u32::from_le_bytes(item)),
            }
        });
        indices.zip(short).chain(long).filter(|(_, offset)| *offset != NO_ENTRY)
    }

    /// The offset of one entry: that of the first of [`slots`](Self::slots) with its index, found without looking at the others where the
    /// table of offsets has a place for each.
    pub(super) fn offset_of(&self, index: u16) -> Option<u32> {
        let place = usize::from(index);
        let offset = if self.is_sparse() {
            let mut items = self.offsets.as_chunks::<4>().0.iter();
            let [_, _, low, high] = *items.find(|[low, high, ..]| [*low, *high] == index.to_le_bytes())?;
            u32::from(u16::from_le_bytes([low, high])).saturating_mul(4)
        } else if self.has_short_offsets() {
            of_short(*self.offsets.as_chunks().0.get(place)?)
        } else {
            u32::from_le_bytes(*self.offsets.as_chunks().0.get(place)?)
        };
        (offset != NO_ENTRY).then_some(offset)
    }

    /// How many indices this chunk can speak of: one more than the highest.
    pub(super) fn index_count(&self) -> u32 {
        match self.is_sparse() {
            true => self.slots().map(|(index, _)| u32::from(index).saturating_add(1)).max().unwrap_or(0),
            false => self.count,
        }
    }

    /// Adds `entry` and lets `index` mean it. A table of offsets that cannot express it becomes one of 32-bit offsets.
    pub(super) fn place(&mut self, index: u16, entry: &[u8]) {
        let entries = self.entries.to_mut();
        entries.resize(entries.len().next_multiple_of(4), 0);
        let offset = size_u32(entries.len());
        entries.extend(entry);
        if offset / 4 >= u32::from(NO_ENTRY_16) && (self.is_sparse() || self.has_short_offsets()) {
            self.widen_offsets();
        }
        self.reserve(u32::from(index).saturating_add(1));
        self.set_offset(index, offset);
    }

    /// Makes room for indices below `count` in a table of offsets that has a place for each.
    pub(super) fn reserve(&mut self, count: u32) {
        if self.is_sparse() || count <= self.count {
            return;
        }
        let length = Self::offset_length(self.flags).saturating_mul(crate::chunk::index(count));
        self.offsets.to_mut().resize(length, 0xff);
        self.count = count;
        self.align_gap();
    }

    fn set_offset(&mut self, index: u16, offset: u32) {
        let words = u16::try_from(offset / 4).unwrap_or(NO_ENTRY_16);
        if self.is_sparse() {
            let [[a, b], [c, d]] = [index.to_le_bytes(), words.to_le_bytes()];
            let items = self.offsets.as_chunks::<4>().0;
            let place = items.partition_point(|&[low, high, ..]| u16::from_le_bytes([low, high]) < index);
            let known = items.get(place).is_some_and(|&[low, high, ..]| u16::from_le_bytes([low, high]) == index);
            let start = place.saturating_mul(4);
            let end = if known { start.saturating_add(4) } else { start };
            self.offsets.to_mut().splice(start..end, [a, b, c, d]);
            self.count = size_u32(self.offsets.len() / 4);
            return;
        }
        let short = words.to_le_bytes();
        let long = offset.to_le_bytes();
        let bytes: &[u8] = if self.has_short_offsets() { &short } else { &long };
        let start = usize::from(index).saturating_mul(bytes.len());
        if let Some(place) = self.offsets.to_mut().get_mut(start..start.saturating_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }

    fn widen_offsets(&mut self) {
        let mut offsets = vec![NO_ENTRY; crate::chunk::index(self.index_count())];
        for (index, offset) in self.slots() {
            if let Some(place) = offsets.get_mut(usize::from(index)) {
                *place = offset;
            }
        }
        self.count = size_u32(offsets.len());
        self.offsets = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        self.flags &= !(SPARSE | OFFSET16);
        self.align_gap();
    }

    /// The entries start at a multiple of 4.
    fn align_gap(&mut self) {
        if self.offsets.len().saturating_add(self.gap.len()).is_multiple_of(4) {
            return;
        }
        let gap = self.gap.to_mut();
        match gap.as_slice() {
            [.., 0, 0] => gap.truncate(gap.len().saturating_sub(2)),
            _ => gap.extend([0, 0]),
        }
    }
}

/// An offset of 16 bits, which counts words, in bytes.
fn of_short(offset: [u8; 2]) -> u32 {
    match u16::from_le_bytes(offset) {
        NO_ENTRY_16 => NO_ENTRY,
        words => u32::from(words).saturating_mul(4),
    }
}
