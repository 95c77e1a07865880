//! References from item to item by offset.

use super::Dex;
use super::annotations::{self, Directory};
use super::class_data::{self, Entry};
use super::error::{Error, invalid};
use super::map::Kind;
use super::survey::list;
use super::tables::{Class, Proto, Tables};
use crate::reader::widen;

/// A field of four bytes that holds the offset of an item. 0 means none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) field: &'static str,
    /// The kind of item that the field stands in.
    pub(super) holder: Kind,
    /// Where the field stands.
    pub(super) at: u64,
    /// Where it points to.
    pub(super) target: u32,
    /// What should start there.
    pub(super) kind: Kind,
}

/// Finds items by their offset. References mostly come in the order of their targets, and then this takes no search.
#[derive(Clone, Debug)]
pub(super) struct Finder<'s> {
    starts: &'s [u32],
    next: usize,
}

impl<'s> Finder<'s> {
    pub(super) const fn new(starts: &'s [u32]) -> Self {
        Self { starts, next: 0 }
    }

    /// The number of the item that starts at `offset`.
    pub(super) fn find(&mut self, offset: u32) -> Option<usize> {
        let found = if self.starts.get(self.next) == Some(&offset) {
            self.next
        } else {
            self.starts.binary_search(&offset).ok()?
        };
        self.next = found.saturating_add(1);
        Some(found)
    }
}

/// Goes through all references of four bytes, but those to debug information: the platform looks at them only when it needs them.
pub(super) fn walk(dex: &Dex<'_>, visit: &mut impl FnMut(Link) -> Result<(), Error>) -> Result<(), Error> {
    tables(dex, visit)?;
    for kind in [Kind::AnnotationSet, Kind::AnnotationSetRefList] {
        let (field, target_kind) = match kind {
            Kind::AnnotationSet => ("annotation of a set", Kind::Annotation),
            _ => ("annotation set of a parameter", Kind::AnnotationSet),
        };
        for mut reader in dex.items(kind) {
            let at = reader.offset().saturating_add(4);
            for (number, target) in (0_u64..).zip(list(&mut reader, 4, "size of an annotation set")?.as_chunks().0) {
                let at = at.saturating_add(number.saturating_mul(4));
                visit(Link { field, holder: kind, at, target: u32::from_le_bytes(*target), kind: target_kind })?;
            }
        }
    }
    directories(dex, visit)
}

fn tables(dex: &Dex<'_>, visit: &mut impl FnMut(Link) -> Result<(), Error>) -> Result<(), Error> {
    let Tables { strings, protos, classes, call_sites, .. } = *dex.tables();
    for (at, target) in rows(dex, Kind::StringId, strings) {
        let target = u32::from_le_bytes(*target);
        visit(Link { field: "offset of a string", holder: Kind::StringId, at, target, kind: Kind::StringData })?;
    }
    for (at, row) in rows(dex, Kind::ProtoId, protos) {
        let (at, target) = (at.saturating_add(8), Proto::of(row).parameters);
        visit(Link { field: "parameters of a prototype", holder: Kind::ProtoId, at, target, kind: Kind::TypeList })?;
    }
    for (at, row) in rows(dex, Kind::ClassDef, classes) {
        let class = Class::of(row);
        for (place, target, field, kind) in [
            (12, class.interfaces, "interfaces of a class", Kind::TypeList),
            (20, class.annotations, "annotations of a class", Kind::AnnotationsDirectory),
            (24, class.data, "data of a class", Kind::ClassData),
            (28, class.static_values, "static values of a class", Kind::EncodedArray),
        ] {
            visit(Link { field, holder: Kind::ClassDef, at: at.saturating_add(place), target, kind })?;
        }
    }
    for (at, target) in rows(dex, Kind::CallSiteId, call_sites) {
        let target = u32::from_le_bytes(*target);
        visit(Link { field: "offset of a call site", holder: Kind::CallSiteId, at, target, kind: Kind::EncodedArray })?;
    }
    Ok(())
}

fn directories(dex: &Dex<'_>, visit: &mut impl FnMut(Link) -> Result<(), Error>) -> Result<(), Error> {
    let holder = Kind::AnnotationsDirectory;
    for mut reader in dex.items(holder) {
        let mut at = reader.offset();
        let directory = Directory::read(&mut reader)?;
        visit(Link {
            field: "annotations of a class",
            holder,
            at,
            target: directory.class,
            kind: Kind::AnnotationSet,
        })?;
        at = at.saturating_add(12);
        for (table, kind) in [
            (directory.fields, Kind::AnnotationSet),
            (directory.methods, Kind::AnnotationSet),
            (directory.parameters, Kind::AnnotationSetRefList),
        ] {
            for row in annotations::rows(table) {
                at = at.saturating_add(8);
                visit(Link { field: "annotations of a member", holder, at, target: row.annotations, kind })?;
            }
        }
    }
    Ok(())
}

/// Whether each reference points to the start of an item of the right kind.
pub(super) fn check(dex: &Dex<'_>) -> Result<(), Error> {
    check_fields(dex)?;
    check_methods(dex)
}

fn check_fields(dex: &Dex<'_>) -> Result<(), Error> {
    const KINDS: [Kind; 8] = [
        Kind::StringData,
        Kind::TypeList,
        Kind::AnnotationsDirectory,
        Kind::ClassData,
        Kind::EncodedArray,
        Kind::AnnotationSet,
        Kind::AnnotationSetRefList,
        Kind::Annotation,
    ];
    let mut finders = KINDS.map(|kind| (kind, Finder::new(dex.starts(kind))));
    let mut taken = vec![false; dex.starts(Kind::StringData).len()];
    walk(dex, &mut |link| {
        let required = matches!(link.holder, Kind::StringId | Kind::CallSiteId);
        if link.target == 0 && !required {
            return Ok(());
        }
        let finder = finders.iter_mut().find(|(kind, _)| *kind == link.kind);
        let found = finder.and_then(|(_, finder)| finder.find(link.target));
        let Link { field, at: offset, target, kind, .. } = link;
        let found = found.ok_or(Error::Dangling { field, offset, target, kind: kind.name() })?;
        let taken = taken.get_mut(found).filter(|_| link.holder == Kind::StringId);
        // The platform refuses equal strings; and a long one could be read again and again.
        if taken.is_some_and(|taken| std::mem::replace(taken, true)) {
            return Err(invalid(field, offset, target, "another string has this place"));
        }
        Ok(())
    })
}

fn check_methods(dex: &Dex<'_>) -> Result<(), Error> {
    let mut finder = Finder::new(dex.starts(Kind::Code));
    for mut reader in dex.items(Kind::ClassData) {
        class_data::walk(&mut reader, &mut |entry| match entry {
            Entry::Method(method, body) if body.code != 0 && finder.find(body.code).is_none() => Err(Error::Dangling {
                field: "code of a method",
                offset: method.offset,
                target: body.code,
                kind: Kind::Code.name(),
            }),
            _ => Ok(()),
        })?;
    }
    Ok(())
}

/// The rows of a table, each with its place.
fn rows<'a, const N: usize>(
    dex: &Dex<'_>,
    kind: Kind,
    table: &'a [[u8; N]],
) -> impl Iterator<Item = (u64, &'a [u8; N])> + use<'a, N> {
    let start = dex.offset(kind);
    (0_u64..).zip(table).map(move |(row, bytes)| (start.saturating_add(row.saturating_mul(widen(N))), bytes))
}
