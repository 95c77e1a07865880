//! A file as text: for tests and reviews, not for reading it back.

use std::fmt::Write as _;

use super::annotations::{Annotated, Directory, rows};
use super::class_data::{self, Defined, Entry};
use super::code::{Catch, Code, handlers};
use super::instruction::{Instruction, Operand};
use super::survey::list;
use super::tables::{Class, count};
use super::value::{self, Levels, Part, Pool};
use super::{Dex, Error};

/// Everything that a file says, line by line: sections, tables, then classes with their annotations, members and code. Indices are
/// shown as what they stand for. Long texts are cut, and debug information only said to be there.
///
/// # Errors
/// None that is known, as the file was parsed.
pub fn dump(dex: &Dex<'_>) -> Result<String, Error> {
    let mut dump = Dump { dex, out: String::new() };
    dump.tables()?;
    for class in dex.tables.classes {
        dump.class(&Class::of(class))?;
    }
    Ok(dump.out)
}

struct Dump<'d, 'a> {
    dex: &'d Dex<'a>,
    out: String,
}

impl Dump<'_, '_> {
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to memory does not fail.
        let _ = writeln!(self.out, "{:width$}{text}", "", width = depth.saturating_mul(2));
    }

    fn tables(&mut self) -> Result<(), Error> {
        let (dex, tables) = (self.dex, self.dex.tables);
        self.line(0, &format!("DEX 0{}, {} bytes", dex.version(), dex.bytes.len()));
        for section in &dex.sections {
            self.line(1, &format!("{:#06x} {} × {}", section.offset, section.count, section.kind.name()));
        }
        for (index, _) in (0..).zip(tables.strings) {
            self.line(0, &format!("string {index}: {:?}", dex.show_text(index)));
        }
        for (name, pool, count) in [
            ("type", Pool::Type, count(tables.types)),
            ("prototype", Pool::Proto, count(tables.protos)),
            ("field", Pool::Field, count(tables.fields)),
            ("method", Pool::Method, count(tables.methods)),
            ("handle", Pool::Handle, count(tables.handles)),
        ] {
            for index in 0..count {
                self.line(0, &format!("{name} {index}: {}", dex.show(pool, index)));
            }
        }
        for (index, offset) in tables.call_sites.iter().enumerate() {
            let array = self.array(u32::from_le_bytes(*offset))?;
            self.line(0, &format!("call site {index}:{array}"));
        }
        Ok(())
    }

    fn class(&mut self, class: &Class) -> Result<(), Error> {
        let dex = self.dex;
        self.line(0, &format!("class {} {:#x}", dex.show_type(class.class), class.access));
        if let Some(superclass) = class.superclass() {
            self.line(1, &format!("extends {}", dex.show_type(superclass)));
        }
        if class.interfaces != 0 {
            self.line(1, &format!("implements {}", dex.show_list(class.interfaces)));
        }
        if let Some(source_file) = class.source_file() {
            self.line(1, &format!("source file {}", dex.show_text(source_file)));
        }
        if class.annotations != 0 {
            self.annotations(class.annotations)?;
        }
        if class.static_values != 0 {
            let array = self.array(class.static_values)?;
            self.line(1, &format!("static values{array}"));
        }
        if class.data != 0 {
            class_data::walk(&mut dex.at(class.data), &mut |entry| self.member(entry))?;
        }
        Ok(())
    }

    fn member(&mut self, entry: Entry<'_>) -> Result<(), Error> {
        let (defined, [first, second], pool, code) = match entry {
            Entry::Field(field) => (field, ["static field", "instance field"], Pool::Field, 0),
            Entry::Method(method, body) => (method, ["direct method", "virtual method"], Pool::Method, body.code),
            Entry::Counts(..) | Entry::Fields(_) => return Ok(()),
        };
        let Defined { first_list, index, access, .. } = defined;
        let list = if first_list { first } else { second };
        self.line(1, &format!("{list} {} {access:#x}", self.dex.show(pool, index)));
        if code == 0 { Ok(()) } else { self.code(code) }
    }

    fn code(&mut self, offset: u32) -> Result<(), Error> {
        let mut reader = self.dex.at(offset);
        let code = Code::read(&mut reader)?;
        let debug = if code.debug_info == 0 { "" } else { ", debug information" };
        self.line(2, &format!("registers {}, ins {}, outs {}{debug}", code.registers, code.ins, code.outs));
        code.instructions().for_each(|instruction| self.instruction(&instruction));
        for range in code.guarded() {
            self.line(2, &format!("guarded {} + {} by the handler at {}", range.start, range.length, range.handler));
        }
        if code.guarded().len() > 0 {
            handlers(&mut reader, &mut |_, catch| {
                let text = match catch {
                    Catch::Handlers(_) => return Ok(()),
                    Catch::Handler(place, _) => format!("handler at {place}"),
                    Catch::Type(index, address) => format!("  {} to {address}", self.dex.show_type(index)),
                    Catch::All(address) => format!("  everything to {address}"),
                };
                self.line(2, &text);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction<'_>) {
        let units: Vec<_> = instruction.units.iter().map(|unit| format!("{:04x}", u16::from_le_bytes(*unit))).collect();
        let named = match instruction.operand {
            Operand::String => self.dex.show(Pool::String, u32::from(instruction.unit(1))),
            Operand::LongString => self.dex.show(Pool::String, instruction.long(1)),
            Operand::Type => self.dex.show(Pool::Type, u32::from(instruction.unit(1))),
            Operand::Nothing | Operand::Other | Operand::Unknown => String::new(),
        };
        self.line(2, format!("{:04x}: {} {named}", instruction.at, units.join(" ")).trim_end());
    }

    fn annotations(&mut self, offset: u32) -> Result<(), Error> {
        let directory = Directory::read(&mut self.dex.at(offset))?;
        self.set("class", directory.class)?;
        for (pool, table) in [(Pool::Field, directory.fields), (Pool::Method, directory.methods)] {
            for Annotated { member, annotations } in rows(table) {
                self.set(&self.dex.show(pool, member), annotations)?;
            }
        }
        for Annotated { member, annotations } in rows(directory.parameters).filter(|row| row.annotations != 0) {
            let sets = list(&mut self.dex.at(annotations), 4, "size of an annotation set")?.as_chunks().0;
            for (parameter, set) in sets.iter().enumerate() {
                let member = self.dex.show(Pool::Method, member);
                self.set(&format!("parameter {parameter} of {member}"), u32::from_le_bytes(*set))?;
            }
        }
        Ok(())
    }

    fn set(&mut self, of: &str, offset: u32) -> Result<(), Error> {
        if offset == 0 {
            return Ok(());
        }
        let annotations = list(&mut self.dex.at(offset), 4, "size of an annotation set")?.as_chunks().0;
        for annotation in annotations.iter().map(|offset| u32::from_le_bytes(*offset)).filter(|offset| *offset != 0) {
            let mut reader = self.dex.at(annotation);
            let visibility = reader.u8("visibility of an annotation")?;
            let mut text = String::new();
            value::annotation(&mut reader, Levels::new(u32::MAX), &mut |_, part| self.part(&mut text, part))?;
            self.line(1, &format!("annotation of {of}, visibility {visibility}:{text}"));
        }
        Ok(())
    }

    fn array(&self, offset: u32) -> Result<String, Error> {
        let mut text = String::new();
        value::array(&mut self.dex.at(offset), Levels::new(u32::MAX), &mut |_, part| self.part(&mut text, part))?;
        Ok(text)
    }

    fn part(&self, text: &mut String, part: Part<'_>) -> Result<(), Error> {
        let shown = match part {
            Part::Plain(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Part::Index(pool, index) => self.dex.show(pool, index),
            Part::Count(count) => format!("×{count}"),
            Part::AnnotationType(index) => self.dex.show_type(index),
            Part::Name(index) => format!("{}=", self.dex.show_text(index)),
        };
        text.push(' ');
        text.push_str(&shown);
        Ok(())
    }
}
