//! Strings, types and members as people write them.

use super::Dex;
use super::leb;
use super::survey::list;
use super::tables::row;
use super::text;
use super::value::Pool;

/// Longest text that is shown, in characters, and longest list.
const SHOWN: usize = 80;

impl Dex<'_> {
    /// What an index stands for.
    pub(super) fn show(&self, pool: Pool, index: u32) -> String {
        let tables = self.tables();
        let shown = match pool {
            Pool::String => tables.string(index).map(|_| format!("{:?}", self.show_text(index))),
            Pool::Type => tables.descriptor(index).map(|_| self.show_type(index)),
            Pool::Proto => tables.proto(index).map(|proto| {
                let (parameters, returns) = (self.show_list(proto.parameters), self.show_type(proto.returns));
                format!("({parameters}){returns}")
            }),
            Pool::Field | Pool::Enum => tables.field(index).map(|field| {
                let (class, name, of) =
                    (self.show_type(field.class), self.show_text(field.name), self.show_type(field.of));
                format!("{class}->{name}:{of}")
            }),
            Pool::Method => tables.method(index).map(|method| {
                let (class, name) = (self.show_type(method.class), self.show_text(method.name));
                format!("{class}->{name}{}", self.show(Pool::Proto, method.of))
            }),
            Pool::Handle => {
                let handle = self.handle(index);
                handle.map(|(kind, pool, index)| format!("method handle {kind} of {}", self.show(pool, index)))
            }
        };
        shown.unwrap_or_else(|| format!("{pool:?} {index}, which does not exist"))
    }

    /// The list of types at `offset`; nothing for 0.
    pub(super) fn show_list(&self, offset: u32) -> String {
        let types = match offset {
            0 => &[],
            _ => list(&mut self.at(offset), 2, "size of a type list").unwrap_or_default().as_chunks().0,
        };
        types.iter().take(SHOWN).map(|index| self.show_type(u32::from(u16::from_le_bytes(*index)))).collect()
    }

    pub(super) fn show_type(&self, index: u32) -> String {
        let descriptor = self.tables().descriptor(index);
        descriptor.map_or_else(|| self.show(Pool::Type, index), |descriptor| self.show_text(descriptor))
    }

    /// Kind of a method handle, and what it calls or accesses.
    pub(super) fn handle(&self, index: u32) -> Option<(u16, Pool, u32)> {
        let [a, b, _, _, c, d, _, _] = row(self.tables().handles, index)?;
        let kind = u16::from_le_bytes([*a, *b]);
        let pool = if kind < 4 { Pool::Field } else { Pool::Method };
        Some((kind, pool, u32::from(u16::from_le_bytes([*c, *d]))))
    }

    /// A string; a long one is cut.
    pub(super) fn show_text(&self, index: u32) -> String {
        let Some(offset) = self.tables().string(index) else { return String::new() };
        let mut reader = self.at(offset);
        let start = leb::unsigned(&mut reader, "length of a string").map_or(&[][..], |_| reader.rest());
        // No character takes more than three bytes, or twice three.
        let start =
            start.get(..SHOWN.saturating_mul(6)).unwrap_or(start).split(|byte| *byte == 0).next().unwrap_or_default();
        let text = text::decode(start);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text.into_owned(),
        }
    }
}
