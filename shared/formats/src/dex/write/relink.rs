//! The offsets, once every item has its place.

use super::super::code::DEBUG_INFO_AT;
use super::super::error::Error;
use super::super::links::{self, Finder, Link};
use super::super::map::Kind;
use super::{Writer, put};
use crate::reader::Reader;

impl Writer<'_, '_> {
    /// Gives all fields that hold an offset the new one; those in class data have it already.
    pub(super) fn relink(&mut self) -> Result<(), Error> {
        let mut out = std::mem::take(&mut self.out);
        let mut places: Vec<_> =
            self.written.iter().map(|written| (written, Finder::new(self.dex.starts(written.kind)))).collect();
        let mut place = |kind: Kind, target: u32| {
            let (written, finder) = places.iter_mut().find(|(written, _)| written.kind == kind)?;
            finder.find(target).and_then(|item| written.starts.get(item)).copied()
        };
        links::walk(self.dex, &mut |link| {
            if let Some(at) = self.field(&link) {
                let new = if link.target == 0 { 0 } else { place(link.kind, link.target).unwrap_or_default() };
                put(&mut out, at, &new.to_le_bytes());
            }
            Ok(())
        })?;
        if !self.strip {
            self.relink_debug_info(&mut out, &mut place)?;
        }
        self.out = out;
        Ok(())
    }

    /// Where a field now stands; `None` if it is gone.
    fn field(&self, link: &Link) -> Option<usize> {
        let old = usize::try_from(link.at.checked_sub(self.dex.offset(link.holder))?).ok()?;
        let within = match link.holder {
            Kind::StringId => {
                let index = u32::try_from(old / 4).ok().filter(|index| self.renumber.strings.keeps(*index))?;
                usize::try_from(self.renumber.strings.of(index)).ok()?.checked_mul(4)?
            }
            // No other section that holds offsets changes its length.
            _ => old,
        };
        self.written(link.holder)?.offset.checked_add(within)
    }

    fn relink_debug_info(&self, out: &mut [u8], place: &mut impl FnMut(Kind, u32) -> Option<u32>) -> Result<(), Error> {
        let starts = self.written(Kind::Code).map_or(&[][..], |written| &written.starts);
        for (start, mut reader) in starts.iter().zip(self.dex.items(Kind::Code)) {
            let (offset, target) = debug_info(&mut reader)?;
            let field = "debug information of a method";
            let new = if target == 0 { Some(0) } else { place(Kind::DebugInfo, target) };
            let new = new.ok_or(Error::Dangling { field, offset, target, kind: Kind::DebugInfo.name() })?;
            let at = usize::try_from(*start).unwrap_or(usize::MAX).saturating_add(DEBUG_INFO_AT);
            put(out, at, &new.to_le_bytes());
        }
        Ok(())
    }
}

/// Where a code item says that its debug information is, and where it says so.
fn debug_info(reader: &mut Reader<'_>) -> Result<(u64, u32), Error> {
    reader.take(DEBUG_INFO_AT, "registers")?;
    Ok((reader.offset(), reader.u32("debug information offset")?))
}
