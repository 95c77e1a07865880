//! The flags by which the platform's own files hide classes' members from apps.

use super::super::class_data::{self, Entry};
use super::super::error::{Error, invalid};
use super::super::leb;
use super::super::map::Kind;
use super::super::tables::Class;
use super::meaning::Side;
use super::{Comparison, Difference, differs};

impl Comparison<'_> {
    pub(super) fn hidden_api(&self) -> Result<(), Difference> {
        let read = |side: &Side<'_>| flags(side).map_err(|error| side.unreadable(error));
        let (before, after) = (read(&self.before)?, read(&self.after)?);
        if before == after {
            return Ok(());
        }
        let number = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
        let shown = |flags: &[Vec<u32>]| format!("{:?}", flags.get(number));
        Err(differs(format!("hidden API flags of class {number}"), shown(&before), shown(&after)))
    }
}

/// The flags of each class's members, in the order of its class data; nothing for files without them.
fn flags(side: &Side<'_>) -> Result<Vec<Vec<u32>>, Error> {
    let Some(start) = side.dex.starts(Kind::HiddenApi).first() else { return Ok(Vec::new()) };
    let mut head = side.dex.at(*start);
    let length = head.u32("size of hidden API data")?;
    // The flags of no two classes overlap.
    let mut left = length;
    let mut all = Vec::with_capacity(side.dex.tables.classes.len());
    for class in side.dex.tables.classes.iter().map(Class::of) {
        let place = head.offset();
        let offset = head.u32("offset of a class's hidden API flags")?;
        let mut flags = Vec::new();
        if offset != 0 && class.data != 0 {
            let mut reader = side.dex.at(start.saturating_add(offset));
            class_data::walk(&mut side.dex.at(class.data), &mut |entry| {
                if matches!(entry, Entry::Field(_) | Entry::Method(..)) {
                    flags.push(leb::unsigned(&mut reader, "hidden API flags")?);
                    let rule = "flags of different classes must not overlap";
                    left = left.checked_sub(1).ok_or_else(|| invalid("hidden API flags", place, offset, rule))?;
                }
                Ok(())
            })?;
        }
        all.push(flags);
    }
    Ok(all)
}
