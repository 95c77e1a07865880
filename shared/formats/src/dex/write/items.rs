//! Writing the items of one section, with new indices.

use super::super::Section;
use super::super::class_data::{self, Entry};
use super::super::code::{Catch, Code, DEBUG_INFO_AT, UNITS_AT, handlers, put_catch};
use super::super::error::Error;
use super::super::instruction::Operand;
use super::super::leb;
use super::super::links::Finder;
use super::super::map::Kind;
use super::super::survey::{list, string_data};
use super::super::tables::NO_INDEX;
use super::super::value::{self, Levels, Part, Pool};
use super::renumber::Renumber;
use super::{Writer, narrow, put};
use crate::reader::Reader;

/// Values were measured when the file was parsed.
const ANY_DEPTH: Levels = Levels::new(u32::MAX);

impl<'a> Writer<'_, 'a> {
    /// Appends all items of a section and returns where each starts. Offsets in them are still the old ones.
    pub(super) fn section(&mut self, section: &Section) -> Result<Vec<u32>, Error> {
        let kind = section.kind;
        match kind {
            Kind::StringId => self.kept_rows(section, |writer, index| writer.renumber.strings.keeps(index)),
            Kind::TypeId => {
                let start = self.out.len();
                self.kept_rows(section, |writer, index| writer.renumber.types.keeps(index));
                self.strings_at(start, 4, 0);
            }
            Kind::Code => return self.items(section, Self::code),
            Kind::ClassData => return self.class_data(section),
            Kind::StringData if self.renumber.strings.removed() > 0 => return self.string_data(section),
            Kind::EncodedArray if !self.renumber.is_identity() => return self.items(section, Self::array),
            Kind::Annotation if !self.renumber.is_identity() => return self.items(section, Self::annotation),
            _ => {
                let start = self.out.len();
                let starts = self.copy(section);
                self.renumber_rows(section, start)?;
                return Ok(starts);
            }
        }
        Ok(Vec::new())
    }

    /// Appends a section as it is.
    fn copy(&mut self, section: &Section) -> Vec<u32> {
        let here = self.here();
        self.out.extend_from_slice(self.dex.section_bytes(section.kind));
        section.starts.iter().map(|start| start.wrapping_sub(section.offset).wrapping_add(here)).collect()
    }

    fn kept_rows(&mut self, section: &Section, keeps: impl Fn(&Self, u32) -> bool) {
        let rows: &[[u8; 4]] = self.dex.section_bytes(section.kind).as_chunks().0;
        for (index, row) in (0..).zip(rows) {
            if keeps(self, index) {
                self.out.extend_from_slice(row);
            }
        }
    }

    /// Gives the rows of a section that was copied to `start` their new indices.
    fn renumber_rows(&mut self, section: &Section, start: usize) -> Result<(), Error> {
        match section.kind {
            Kind::ProtoId => {
                self.strings_at(start, 12, 0);
                self.types_at(start, 12, 4);
            }
            Kind::FieldId => {
                self.short_types_at(start, 8, 0);
                self.short_types_at(start, 8, 2);
                self.strings_at(start, 8, 4);
            }
            Kind::MethodId => {
                self.short_types_at(start, 8, 0);
                self.strings_at(start, 8, 4);
            }
            Kind::ClassDef => {
                self.types_at(start, 32, 0);
                self.types_at(start, 32, 8);
                if self.strip {
                    self.rows_at(start, 32, 16, |_, _: [u8; 4]| NO_INDEX.to_le_bytes());
                }
            }
            Kind::TypeList => self.type_lists(section, start)?,
            _ => {}
        }
        Ok(())
    }

    /// Changes the field at `at` of each row of `length` bytes from `start` to the end.
    fn rows_at<const N: usize>(
        &mut self,
        start: usize,
        length: usize,
        at: usize,
        new: impl Fn(&Self, [u8; N]) -> [u8; N],
    ) {
        let mut out = std::mem::take(&mut self.out);
        for row in out.get_mut(start..).unwrap_or_default().chunks_exact_mut(length) {
            if let Some(field) = row.get_mut(at..).and_then(|field| field.first_chunk_mut()) {
                *field = new(self, *field);
            }
        }
        self.out = out;
    }

    fn strings_at(&mut self, start: usize, length: usize, at: usize) {
        if self.renumber.strings.removed() > 0 {
            let new = |writer: &Self, old| writer.renumber.strings.of(u32::from_le_bytes(old)).to_le_bytes();
            self.rows_at(start, length, at, new);
        }
    }

    /// No type's index is [`NO_INDEX`], so that a missing superclass stays missing.
    fn types_at(&mut self, start: usize, length: usize, at: usize) {
        if self.renumber.types.removed() > 0 {
            let new = |writer: &Self, old| writer.renumber.types.of(u32::from_le_bytes(old)).to_le_bytes();
            self.rows_at(start, length, at, new);
        }
    }

    fn short_types_at(&mut self, start: usize, length: usize, at: usize) {
        if self.renumber.types.removed() > 0 {
            self.rows_at(start, length, at, |writer, old| writer.short_type(u16::from_le_bytes(old)).to_le_bytes());
        }
    }

    /// A type's new index is never larger than the old one.
    fn short_type(&self, old: u16) -> u16 {
        u16::try_from(self.renumber.types.of(u32::from(old))).unwrap_or(old)
    }

    fn type_lists(&mut self, section: &Section, start: usize) -> Result<(), Error> {
        if self.renumber.types.removed() == 0 {
            return Ok(());
        }
        for item in &section.starts {
            let old = list(&mut self.dex.at(*item), 2, "size of a type list")?;
            let within = usize::try_from(item.saturating_sub(section.offset)).unwrap_or_default();
            let places = (start.saturating_add(within).saturating_add(4)..).step_by(2);
            for (at, index) in places.zip(old.as_chunks().0) {
                let new = self.short_type(u16::from_le_bytes(*index));
                put(&mut self.out, at, &new.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Appends each item of a section with `write`.
    fn items(
        &mut self,
        section: &Section,
        write: fn(&mut Self, &mut Reader<'a>) -> Result<(), Error>,
    ) -> Result<Vec<u32>, Error> {
        let mut starts = Vec::with_capacity(section.starts.len());
        for item in &section.starts {
            self.align(section.kind);
            starts.push(self.here());
            write(self, &mut self.dex.at(*item))?;
        }
        Ok(starts)
    }

    fn string_data(&mut self, section: &Section) -> Result<Vec<u32>, Error> {
        let mut starts = Vec::with_capacity(section.starts.len());
        for (item, start) in section.starts.iter().enumerate() {
            if !self.renumber.keeps_data(item) {
                starts.push(0);
                continue;
            }
            starts.push(self.here());
            let mut reader = self.dex.at(*start);
            let whole = reader.rest();
            string_data(&mut reader)?;
            let length = whole.len().saturating_sub(reader.remaining());
            self.out.extend_from_slice(whole.get(..length).unwrap_or_default());
        }
        Ok(starts)
    }

    /// Field and method indices do not change; the code is already in its place.
    fn class_data(&mut self, section: &Section) -> Result<Vec<u32>, Error> {
        let mut out = std::mem::take(&mut self.out);
        let code = self.written(Kind::Code).map_or(&[][..], |written| &written.starts);
        let mut finder = Finder::new(self.dex.starts(Kind::Code));
        let mut starts = Vec::with_capacity(section.starts.len());
        for item in &section.starts {
            starts.push(narrow(out.len()));
            class_data::walk(&mut self.dex.at(*item), &mut |entry| {
                match entry {
                    Entry::Counts(_, bytes) | Entry::Fields(bytes) => out.extend_from_slice(bytes),
                    Entry::Field(_) => {}
                    Entry::Method(_, body) => {
                        out.extend_from_slice(body.before);
                        let new = finder.find(body.code).and_then(|item| code.get(item)).copied();
                        leb::put_unsigned(&mut out, new.unwrap_or_default());
                    }
                }
                Ok(())
            })?;
        }
        self.out = out;
        Ok(starts)
    }

    fn array(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        value::array(reader, ANY_DEPTH, &mut |_, part| self.part(part))
    }

    fn annotation(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        self.out.push(reader.u8("visibility of an annotation")?);
        value::annotation(reader, ANY_DEPTH, &mut |_, part| self.part(part))
    }

    fn part(&mut self, part: Part<'_>) -> Result<(), Error> {
        let Renumber { strings, types, .. } = &self.renumber;
        let part = match part {
            Part::AnnotationType(index) => Part::AnnotationType(types.of(index)),
            Part::Name(index) => Part::Name(strings.of(index)),
            Part::Index(Pool::String, index) => Part::Index(Pool::String, strings.of(index)),
            Part::Index(Pool::Type, index) => Part::Index(Pool::Type, types.of(index)),
            other => other,
        };
        value::put(&mut self.out, part);
        Ok(())
    }

    fn code(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        let code = Code::read(reader)?;
        let start = self.out.len();
        self.out.extend_from_slice(code.fixed);
        if self.strip {
            put(&mut self.out, start.saturating_add(DEBUG_INFO_AT), &[0; 4]);
        }
        if !self.renumber.is_identity() {
            self.instructions(&code, start.saturating_add(UNITS_AT));
        }
        if code.guarded().len() > 0 { self.handlers(&code, reader) } else { Ok(()) }
    }

    /// Gives the instructions that were copied to `start` their new indices.
    fn instructions(&mut self, code: &Code<'_>, start: usize) {
        for instruction in code.instructions() {
            let at = instruction.at.saturating_add(1).saturating_mul(2).saturating_add(start);
            let old = instruction.unit(1);
            match instruction.operand {
                Operand::Nothing | Operand::Other | Operand::Unknown => {}
                Operand::String => {
                    let new = u16::try_from(self.renumber.strings.of(u32::from(old))).unwrap_or(old);
                    put(&mut self.out, at, &new.to_le_bytes());
                }
                Operand::LongString => {
                    let new = self.renumber.strings.of(instruction.long(1));
                    put(&mut self.out, at, &new.to_le_bytes());
                }
                Operand::Type => {
                    let new = self.short_type(old);
                    put(&mut self.out, at, &new.to_le_bytes());
                }
            }
        }
    }

    /// Appends the handlers and tells the guarded ranges, which end the output, where they now stand.
    fn handlers(&mut self, code: &Code<'_>, reader: &mut Reader<'_>) -> Result<(), Error> {
        let start = self.out.len();
        let mut places = Vec::new();
        handlers(reader, &mut |_, catch| {
            let catch = match catch {
                Catch::Handler(old, _) => {
                    places.push((old, self.out.len().saturating_sub(start)));
                    catch
                }
                Catch::Type(index, address) => Catch::Type(self.renumber.types.of(index), address),
                Catch::Handlers(_) | Catch::All(_) => catch,
            };
            put_catch(&mut self.out, catch);
            Ok(())
        })?;
        let guarded = code.guarded();
        let fields = start.saturating_sub(guarded.len().saturating_mul(8)).saturating_add(6);
        for (at, guarded) in (fields..).step_by(8).zip(guarded) {
            let place = places.binary_search_by_key(&u32::from(guarded.handler), |(old, _)| *old);
            let new = place.ok().and_then(|place| places.get(place)).and_then(|(_, new)| u16::try_from(*new).ok());
            put(&mut self.out, at, &new.unwrap_or(guarded.handler).to_le_bytes());
        }
        Ok(())
    }
}
