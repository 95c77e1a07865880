//! The map: which kinds of items stand where.

use super::error::{Error, invalid};
use super::header::{HEADER_LENGTH, Head};
use crate::reader::{Reader, widen};

/// `TYPE_*` codes of the map, with names for messages and the alignment of each item.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $alignment:literal, $name:literal;)*) => {
        /// A kind of item. Items of one kind stand together, one after another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            fn of(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$kind),)* _ => None }
            }

            pub(super) const fn code(self) -> u16 {
                match self { $(Self::$kind => $code,)* }
            }

            pub(super) const fn alignment(self) -> usize {
                match self { $(Self::$kind => $alignment,)* }
            }

            /// Its name in the format's document.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    Header = 0x0000, 4, "header_item";
    StringId = 0x0001, 4, "string_id_item";
    TypeId = 0x0002, 4, "type_id_item";
    ProtoId = 0x0003, 4, "proto_id_item";
    FieldId = 0x0004, 4, "field_id_item";
    MethodId = 0x0005, 4, "method_id_item";
    ClassDef = 0x0006, 4, "class_def_item";
    CallSiteId = 0x0007, 4, "call_site_id_item";
    MethodHandle = 0x0008, 4, "method_handle_item";
    Map = 0x1000, 4, "map_list";
    TypeList = 0x1001, 4, "type_list";
    AnnotationSetRefList = 0x1002, 4, "annotation_set_ref_list";
    AnnotationSet = 0x1003, 4, "annotation_set_item";
    ClassData = 0x2000, 1, "class_data_item";
    Code = 0x2001, 4, "code_item";
    StringData = 0x2002, 1, "string_data_item";
    DebugInfo = 0x2003, 1, "debug_info_item";
    Annotation = 0x2004, 1, "annotation_item";
    EncodedArray = 0x2005, 1, "encoded_array_item";
    AnnotationsDirectory = 0x2006, 4, "annotations_directory_item";
    HiddenApi = 0xf000, 4, "hiddenapi_class_data_item";
}

/// The tables that the header names too, in its order.
pub(super) const HEADER_TABLES: [Kind; 6] =
    [Kind::StringId, Kind::TypeId, Kind::ProtoId, Kind::FieldId, Kind::MethodId, Kind::ClassDef];

impl Kind {
    /// Whether its items stand in the part of the file that the header calls data.
    pub(super) const fn is_data(self) -> bool {
        self.code() >= Self::Map.code()
    }
}

/// One line of the map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) count: u32,
    pub(super) offset: u32,
}

/// Reads the map and compares it with the header. The entries are in the order of the file, each kind once.
pub(super) fn read(bytes: &[u8], head: &Head) -> Result<Vec<Entry>, Error> {
    let place = head.map_offset;
    let start = usize::try_from(place).ok().and_then(|place| bytes.get(place..));
    let start = start.filter(|_| place >= HEADER_LENGTH && place.is_multiple_of(4));
    let start = start.ok_or_else(|| invalid("map offset", 52, place, "a multiple of 4 within the file"))?;
    let mut reader = Reader::at(start, u64::from(place));
    let count = reader.u32("map size")?;
    let mut entries = Vec::<Entry>::new();
    for _ in 0..count {
        let offset = reader.offset();
        let entry = entry(&mut reader)?;
        let rule = if entries.iter().any(|other| other.kind == entry.kind) {
            "each kind of item stands in the map once"
        } else if entries.last().is_some_and(|last| last.offset >= entry.offset) {
            "the map is in the order of the file"
        } else if u64::from(entry.offset) >= widen(bytes.len()) {
            "it must lie within the file"
        } else if !usize::try_from(entry.offset).is_ok_and(|place| place.is_multiple_of(entry.kind.alignment())) {
            "items of this kind start at a multiple of 4"
        } else {
            entries.push(entry);
            continue;
        };
        return Err(invalid("map entry's offset", offset, entry.offset, rule));
    }
    agree(&entries, head)?;
    Ok(entries)
}

fn entry(reader: &mut Reader<'_>) -> Result<Entry, Error> {
    let place = reader.offset();
    let code = reader.u16("map entry's type")?;
    let kind =
        Kind::of(code).ok_or_else(|| invalid("map entry's type", place, code, "no such kind of item is known"))?;
    reader.u16("map entry")?;
    Ok(Entry { kind, count: reader.u32("map entry's size")?, offset: reader.u32("map entry's offset")? })
}

/// Header and map must name the same tables.
fn agree(entries: &[Entry], head: &Head) -> Result<(), Error> {
    let place = u64::from(head.map_offset);
    let found = |kind: Kind| entries.iter().find(|entry| entry.kind == kind);
    for (kind, offset) in [(Kind::Header, 0), (Kind::Map, head.map_offset)] {
        if found(kind).is_none_or(|entry| (entry.count, entry.offset) != (1, offset)) {
            return Err(invalid(kind.name(), place, offset, "the map must have it once and at this place"));
        }
    }
    for (kind, table) in HEADER_TABLES.into_iter().zip(head.tables) {
        let (count, offset) = found(kind).map_or((0, 0), |entry| (entry.count, entry.offset));
        if count != table.count {
            return Err(invalid(kind.name(), place, count, "header and map must have the same number of them"));
        }
        if count > 0 && offset != table.offset {
            return Err(invalid(kind.name(), place, offset, "header and map must have the same place for them"));
        }
    }
    Ok(())
}
