//! Annotations and arrays of constants.

use super::super::annotations::{Annotated, Directory, rows};
use super::super::error::Error;
use super::super::survey::list;
use super::super::tables::count;
use super::super::value::{self, Levels, Part, Pool};
use super::meaning::Side;
use super::{Comparison, Difference, differs, number};

impl Comparison<'_> {
    pub(super) fn directory(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        let (before, after) = (directory(&self.before, before)?, directory(&self.after, after)?);
        self.items("class", before.class, after.class, Self::set)?;
        type Compare<'a> = fn(&mut Comparison<'a>, u32, u32) -> Result<(), Difference>;
        let tables: [(Pool, _, _, Compare<'_>); 3] = [
            (Pool::Field, before.fields, after.fields, Self::set),
            (Pool::Method, before.methods, after.methods, Self::set),
            (Pool::Method, before.parameters, after.parameters, Self::sets),
        ];
        for (pool, before, after, compare) in tables {
            number("number of annotated members", [count(before), count(after)])?;
            for (before, after) in rows(before).zip(rows(after)) {
                self.annotated(pool, before, after, compare)?;
            }
        }
        Ok(())
    }

    fn annotated(
        &mut self,
        pool: Pool,
        before: Annotated,
        after: Annotated,
        compare: fn(&mut Self, u32, u32) -> Result<(), Difference>,
    ) -> Result<(), Difference> {
        self.index(pool, before.member, after.member)?;
        self.items("annotations", before.annotations, after.annotations, compare)
            .map_err(|difference| difference.within(|| self.before.dex.show(pool, before.member)))
    }

    /// Sets of the parameters of a method.
    fn sets(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        self.list(before, after, "parameter", Self::set)
    }

    fn set(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        self.list(before, after, "annotation", Self::annotation)
    }

    /// Lists of offsets.
    fn list(
        &mut self,
        before: u32,
        after: u32,
        what: &'static str,
        compare: fn(&mut Self, u32, u32) -> Result<(), Difference>,
    ) -> Result<(), Difference> {
        let (before, after) = (offsets(&self.before, before)?, offsets(&self.after, after)?);
        number("number of annotations", [count(before), count(after)])?;
        for (before, after) in before.iter().zip(after) {
            self.items(what, u32::from_le_bytes(*before), u32::from_le_bytes(*after), compare)?;
        }
        Ok(())
    }

    fn annotation(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        let ((before, before_parts), (after, after_parts)) =
            (annotation(&self.before, before, self.levels)?, annotation(&self.after, after, self.levels)?);
        number("visibility", [u32::from(before), u32::from(after)])?;
        self.parts(&before_parts, &after_parts)
    }

    pub(super) fn array(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        let before = array(&self.before, before, self.levels)?;
        let after = array(&self.after, after, self.levels)?;
        self.parts(&before, &after)
    }

    fn parts(&self, before: &[Part<'_>], after: &[Part<'_>]) -> Result<(), Difference> {
        for (place, (before, after)) in before.iter().zip(after).enumerate() {
            self.part(before, after).map_err(|difference| difference.within(|| format!("part {place}")))?;
        }
        // The number of values comes first, so that lists of different lengths differ there already.
        number("number of parts", [count(before), count(after)])
    }

    fn part(&self, before: &Part<'_>, after: &Part<'_>) -> Result<(), Difference> {
        match (before, after) {
            (Part::AnnotationType(before), Part::AnnotationType(after)) => self.index(Pool::Type, *before, *after),
            (Part::Name(before), Part::Name(after)) => self.index(Pool::String, *before, *after),
            (Part::Index(before_pool, before), Part::Index(after_pool, after)) if before_pool == after_pool => {
                self.index(*before_pool, *before, *after)
            }
            _ if before == after => Ok(()),
            _ => Err(differs("value", format!("{before:?}"), format!("{after:?}"))),
        }
    }
}

fn directory<'a>(side: &Side<'a>, offset: u32) -> Result<Directory<'a>, Difference> {
    Directory::read(&mut side.dex.at(offset)).map_err(|error| side.unreadable(error))
}

/// Visibility and parts of an annotation.
fn annotation<'a>(side: &Side<'a>, offset: u32, levels: Levels) -> Result<(u8, Vec<Part<'a>>), Difference> {
    let mut reader = side.dex.at(offset);
    let visibility = reader.u8("visibility of an annotation").map_err(|error| side.unreadable(error.into()))?;
    let mut parts = Vec::new();
    let read = value::annotation(&mut reader, levels, &mut |_, part| push(&mut parts, part));
    read.map_err(|error| side.unreadable(error))?;
    Ok((visibility, parts))
}

fn array<'a>(side: &Side<'a>, offset: u32, levels: Levels) -> Result<Vec<Part<'a>>, Difference> {
    let mut parts = Vec::new();
    let read = value::array(&mut side.dex.at(offset), levels, &mut |_, part| push(&mut parts, part));
    read.map_err(|error| side.unreadable(error))?;
    Ok(parts)
}

fn push<'a>(parts: &mut Vec<Part<'a>>, part: Part<'a>) -> Result<(), Error> {
    parts.push(part);
    Ok(())
}

fn offsets<'a>(side: &Side<'a>, offset: u32) -> Result<&'a [[u8; 4]], Difference> {
    let bytes = list(&mut side.dex.at(offset), 4, "size of an annotation set");
    Ok(bytes.map_err(|error| side.unreadable(error))?.as_chunks().0)
}
