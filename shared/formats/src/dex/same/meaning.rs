//! What indices stand for: the same numbers in both files for the same strings, types, lists and prototypes.

use std::collections::HashMap;
use std::hash::Hash;

use super::super::Dex;
use super::super::error::Error;
use super::super::links::Finder;
use super::super::map::Kind;
use super::super::survey::{list, string_data};
use super::super::tables::{Member, Proto};
use super::super::value::Pool;
use super::Difference;

/// No list, which means the same as an empty one.
const EMPTY: u32 = u32::MAX;

/// The numbers given so far, for both files.
#[derive(Debug, Default)]
pub(super) struct Meanings<'a> {
    strings: HashMap<&'a [u8], u32>,
    lists: HashMap<Vec<u32>, u32>,
    protos: HashMap<[u32; 3], u32>,
}

/// One of the files.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// "first" or "second".
    which: &'static str,
    pub(super) dex: Dex<'a>,
    /// The meaning of each string.
    strings: Vec<u32>,
    /// The meaning of each list of types.
    lists: Vec<u32>,
    /// The meaning of each prototype.
    protos: Vec<u32>,
}

impl<'a> Side<'a> {
    pub(super) fn new(which: &'static str, dex: Dex<'a>, known: &mut Meanings<'a>) -> Result<Self, Difference> {
        let mut side = Self { which, dex, strings: Vec::new(), lists: Vec::new(), protos: Vec::new() };
        side.resolve(known).map_err(|error| side.unreadable(error))?;
        Ok(side)
    }

    fn resolve(&mut self, known: &mut Meanings<'a>) -> Result<(), Error> {
        for offset in self.dex.tables.strings {
            let mut reader = self.dex.at(u32::from_le_bytes(*offset));
            let whole = reader.rest();
            string_data(&mut reader)?;
            // With its length in UTF-16, which is written before it.
            let length = whole.len().saturating_sub(reader.remaining());
            self.strings.push(number(&mut known.strings, whole.get(..length).unwrap_or_default()));
        }
        for mut reader in self.dex.items(Kind::TypeList) {
            let types = list(&mut reader, 2, "size of a type list")?.as_chunks().0.iter();
            let types: Vec<u32> = types.map(|index| self.type_(u32::from(u16::from_le_bytes(*index)))).collect();
            self.lists.push(if types.is_empty() { EMPTY } else { number(&mut known.lists, types) });
        }
        for proto in self.dex.tables.protos.iter().map(Proto::of) {
            let meaning = [self.string(proto.shorty), self.type_(proto.returns), self.list(proto.parameters)];
            self.protos.push(number(&mut known.protos, meaning));
        }
        Ok(())
    }

    /// What an index stands for; `None` if it stands for nothing.
    pub(super) fn meaning(&self, pool: Pool, index: u32) -> Option<[u32; 4]> {
        let member = |member: &Member, of: u32| [self.type_(member.class), of, self.string(member.name), 0];
        Some(match pool {
            Pool::String => [*at(&self.strings, index)?, 0, 0, 0],
            Pool::Type => [self.string(self.dex.tables.descriptor(index)?), 0, 0, 0],
            Pool::Proto => [*at(&self.protos, index)?, 0, 0, 0],
            Pool::Field | Pool::Enum => {
                let field = self.dex.tables.field(index)?;
                member(&field, self.type_(field.of))
            }
            Pool::Method => {
                let method = self.dex.tables.method(index)?;
                member(&method, at(&self.protos, method.of).copied().unwrap_or(EMPTY))
            }
            Pool::Handle => {
                let (kind, pool, index) = self.dex.handle(index)?;
                let [class, of, name, _] = self.meaning(pool, index)?;
                [class, of, name, u32::from(kind)]
            }
        })
    }

    pub(super) fn string(&self, index: u32) -> u32 {
        at(&self.strings, index).copied().unwrap_or(EMPTY)
    }

    pub(super) fn type_(&self, index: u32) -> u32 {
        self.dex.tables.descriptor(index).map_or(EMPTY, |descriptor| self.string(descriptor))
    }

    /// The meaning of the list of types at `offset`.
    pub(super) fn list(&self, offset: u32) -> u32 {
        let item = Finder::new(self.dex.starts(Kind::TypeList)).find(offset);
        item.and_then(|item| self.lists.get(item)).copied().unwrap_or(EMPTY)
    }

    pub(super) const fn unreadable(&self, error: Error) -> Difference {
        Difference::Unreadable { which: self.which, error }
    }
}

fn at(numbers: &[u32], index: u32) -> Option<&u32> {
    usize::try_from(index).ok().and_then(|index| numbers.get(index))
}

/// The number of `meaning`, which is the next free one if it is new.
fn number<M: Eq + Hash>(known: &mut HashMap<M, u32>, meaning: M) -> u32 {
    let next = u32::try_from(known.len()).unwrap_or(EMPTY);
    *known.entry(meaning).or_insert(next)
}
