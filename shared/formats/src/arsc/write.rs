//! Table to bytes: the reader's mirror image.

use std::borrow::Cow;

use super::chunk::{Package, PackagePart, Spec, Type, kind};
use super::error::Error;
use super::{Part, Table};
use crate::chunk::{put_header, size_u32};
use crate::reader::widen;

/// Lengths of the headers without what is optional or unknown.
const TABLE_HEADER: usize = 12;
const PACKAGE_HEADER: usize = 284;
const SPEC_HEADER: usize = 16;
const TYPE_HEADER: usize = 20;

impl Table<'_> {
    /// The table's bytes: those that were parsed while nothing was edited, else built from its parts.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        self.original.map_or_else(|| self.build().into(), Cow::Borrowed)
    }

    /// Whether an edit was made since the table was parsed.
    pub const fn is_edited(&self) -> bool {
        self.original.is_none()
    }

    fn build(&self) -> Vec<u8> {
        let length = self.length();
        let mut out = Vec::with_capacity(length.saturating_add(self.trailing.len()));
        put_header(&mut out, kind::TABLE, size_u32(self.header_length()), size_u32(length));
        out.extend(self.package_count.to_le_bytes());
        out.extend(self.header_extra);
        for part in &self.parts {
            match part {
                Part::Strings(pool) => pool.write(&mut out),
                Part::Package(package) => package.write(&mut out),
                Part::Other(bytes) => out.extend(*bytes),
            }
        }
        out.extend(self.trailing);
        out
    }

    /// Fails when the table has become longer than it may be.
    pub(super) fn check_length(&self) -> Result<(), Error> {
        match widen(self.length()) > self.limit {
            true => Err(Error::Full { what: "byte" }),
            false => Ok(()),
        }
    }

    fn header_length(&self) -> usize {
        TABLE_HEADER.saturating_add(self.header_extra.len())
    }

    /// The chunk's length in bytes.
    fn length(&self) -> usize {
        let parts = self.parts.iter().map(|part| match part {
            Part::Strings(pool) => pool.length(),
            Part::Package(package) => package.length(),
            Part::Other(bytes) => bytes.len(),
        });
        parts.fold(self.header_length(), usize::saturating_add)
    }
}

impl Package<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        put_header(out, kind::PACKAGE, size_u32(self.header_length()), size_u32(self.length()));
        out.extend(self.id.to_le_bytes());
        out.extend(self.name.iter());
        let (type_names, key_names) = self.pool_offsets();
        let fields = [type_names, self.last_public_type, key_names, self.last_public_key];
        out.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        out.extend(self.type_id_offset.iter().flat_map(|offset| u32::from(*offset).to_le_bytes()));
        out.extend(self.header_extra);
        for part in &self.parts {
            match part {
                PackagePart::TypeNames(pool) | PackagePart::KeyNames(pool) => pool.write(out),
                PackagePart::Spec(spec) => spec.write(out),
                PackagePart::Type(it) => it.write(out),
                PackagePart::Other(bytes) => out.extend(*bytes),
            }
        }
    }

    /// Where the pools of names start; what the header said where there is none.
    fn pool_offsets(&self) -> (u32, u32) {
        let mut offsets = (self.stated_type_names, self.stated_key_names);
        let mut here = self.header_length();
        for part in &self.parts {
            match part {
                PackagePart::TypeNames(_) => offsets.0 = size_u32(here),
                PackagePart::KeyNames(_) => offsets.1 = size_u32(here),
                _ => {}
            }
            here = here.saturating_add(part.length());
        }
        // One pool can serve for both.
        let shared = self.stated_key_names == self.stated_type_names && self.key_names().is_none();
        if shared { (offsets.0, offsets.0) } else { offsets }
    }

    fn header_length(&self) -> usize {
        let offset_field = if self.type_id_offset.is_some() { 4 } else { 0 };
        PACKAGE_HEADER.saturating_add(offset_field).saturating_add(self.header_extra.len())
    }

    fn length(&self) -> usize {
        self.parts.iter().map(PackagePart::length).fold(self.header_length(), usize::saturating_add)
    }
}

impl PackagePart<'_> {
    fn length(&self) -> usize {
        match self {
            Self::TypeNames(pool) | Self::KeyNames(pool) => pool.length(),
            Self::Spec(spec) => sum([spec.header_length(), spec.flags.bytes().len(), spec.tail.len(), 0]),
            Self::Type(it) => sum([it.header_length(), it.offsets.len(), it.gap.len(), it.entries.len()]),
            Self::Other(bytes) => bytes.len(),
        }
    }
}

impl Spec<'_> {
    fn header_length(&self) -> usize {
        SPEC_HEADER.saturating_add(self.header_extra.len())
    }

    fn write(&self, out: &mut Vec<u8>) {
        let header = self.header_length();
        let length = sum([header, self.flags.bytes().len(), self.tail.len(), 0]);
        put_header(out, kind::TYPE_SPEC, size_u32(header), size_u32(length));
        out.extend([self.id, self.reserved]);
        out.extend(self.types.to_le_bytes());
        out.extend(self.flags.count().to_le_bytes());
        out.extend(self.header_extra);
        out.extend(self.flags.bytes());
        out.extend(self.tail);
    }
}

impl Type<'_> {
    fn header_length(&self) -> usize {
        TYPE_HEADER.saturating_add(self.config.len())
    }

    fn write(&self, out: &mut Vec<u8>) {
        let header = self.header_length();
        let entries = sum([header, self.offsets.len(), self.gap.len(), 0]);
        put_header(out, kind::TYPE, size_u32(header), size_u32(entries.saturating_add(self.entries.len())));
        out.extend([self.id, self.flags]);
        out.extend(self.reserved.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(size_u32(entries).to_le_bytes());
        for bytes in [&self.config, &self.offsets, &self.gap, &self.entries] {
            out.extend(bytes.iter());
        }
    }
}

fn sum(lengths: [usize; 4]) -> usize {
    lengths.into_iter().fold(0, usize::saturating_add)
}
