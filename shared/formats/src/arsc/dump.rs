//! A table as text: for tests, reviews and reports, not for reading it back.

use std::fmt::Write as _;

use super::chunk::{Package, PackagePart, Type};
use super::entry::{Entry, Slot, walk};
use super::{Content, Part, Table, Value};
use crate::strings::StringPool;

/// Longest text that is shown, in characters.
const SHOWN: usize = 256;

/// Everything that a table says, line by line: the pools' kinds, the types with their configurations, each entry with its id, name and
/// value. An entry that several ids share is shown in full once. Long texts are cut.
pub fn dump(table: &Table<'_>) -> String {
    let mut dump = Dump { table, out: String::new() };
    for part in &table.parts {
        match part {
            Part::Strings(pool) => dump.line(0, &format!("strings: {}", describe(pool))),
            Part::Package(package) => dump.package(package),
            Part::Other(bytes) => dump.line(0, &format!("other chunk of {} bytes", bytes.len())),
        }
    }
    dump.out
}

struct Dump<'t> {
    table: &'t Table<'t>,
    out: String,
}

impl Dump<'_> {
    fn package(&mut self, package: &Package<'_>) {
        self.line(0, &format!("package {:#04x} {}", package.id, package.name()));
        for part in &package.parts {
            match part {
                PackagePart::TypeNames(pool) => self.line(1, &format!("type names: {}", describe(pool))),
                PackagePart::KeyNames(pool) => self.line(1, &format!("entry names: {}", describe(pool))),
                PackagePart::Spec(spec) => {
                    let name = package.type_name(spec.id);
                    self.line(1, &format!("type {:#04x} {name}: {} entries", spec.id, spec.flags.count()));
                }
                PackagePart::Type(chunk) => self.values(package, chunk),
                PackagePart::Other(bytes) => self.line(1, &format!("other chunk of {} bytes", bytes.len())),
            }
        }
    }

    fn values(&mut self, package: &Package<'_>, chunk: &Type<'_>) {
        let form = match (chunk.is_sparse(), chunk.has_short_offsets()) {
            (true, _) => " (sparse)",
            (_, true) => " (16-bit offsets)",
            _ => "",
        };
        self.line(2, &format!("{:#04x} {}{form}", chunk.id, chunk.config()));
        for slot in walk(chunk) {
            match slot {
                Err(error) => self.line(3, &error.to_string()),
                Ok((index, slot)) => self.slot(package, package.resource_id(chunk.id, index), &slot),
            }
        }
    }

    fn slot(&mut self, package: &Package<'_>, id: u32, slot: &Slot<'_>) {
        match slot {
            Slot::Unreadable(defect) => self.line(3, &format!("{id:#010x} is {defect}")),
            Slot::Shared(entry) => {
                let name = package.key_name(entry.key);
                self.line(3, &format!("{id:#010x} {name}: shares its entry with one above"));
            }
            Slot::Entry(entry) => self.entry(id, &package.key_name(entry.key), entry),
        }
    }

    fn entry(&mut self, id: u32, name: &str, entry: &Entry<'_>) {
        let compact = if entry.is_compact { " (compact)" } else { "" };
        match self.table.content(entry) {
            Content::Simple(value) => self.line(3, &format!("{id:#010x} {name}: {}{compact}", show(&value))),
            Content::Complex { parent, items } => {
                let parent = if parent == 0 { String::new() } else { format!(" parent {parent:#010x}") };
                self.line(3, &format!("{id:#010x} {name}:{parent} {} items", items.len()));
                for (name, value) in items {
                    self.line(4, &format!("{name:#010x}: {}", show(&value)));
                }
            }
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        let indent = depth.saturating_mul(2);
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }
}

fn describe(pool: &StringPool<'_>) -> String {
    let encoding = if pool.is_utf8() { "UTF-8" } else { "UTF-16" };
    let sorted = if pool.is_sorted() { ", sorted" } else { "" };
    format!("{encoding}, {} strings, {} styles{sorted}", pool.count(), pool.style_count())
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", text.chars().take(SHOWN).collect::<String>()),
        value => value.to_string(),
    }
}
