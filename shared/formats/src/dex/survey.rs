//! The walk over all items of a file: where each one starts, whether what it refers to exists, and what strings and types are used for.

use super::annotations;
use super::class_data::{self, Entry};
use super::code::{self, Catch, Code};
use super::debug::{self, Named};
use super::error::{Error, invalid};
use super::instruction::Operand;
use super::leb;
use super::map::Kind;
use super::tables::{Class, Member, Proto, Tables, count};
use super::value::{self, Levels, Part, Pool};
use crate::reader::{Reader, widen};

/// What a string or type is used for: bits of a mark.
pub(super) mod used {
    /// A name, or a type anywhere but in debug information.
    pub(in super::super) const NAME: u8 = 1;
    /// A constant of code, of a field, of an annotation or of a call site.
    pub(in super::super) const VALUE: u8 = 2;
    /// Debug information or a source file.
    pub(in super::super) const DEBUG: u8 = 4;
    /// A type's descriptor.
    pub(in super::super) const DESCRIPTOR: u8 = 8;
    /// A class that is defined here.
    pub(in super::super) const DEFINED: u8 = 16;
}

/// What is learnt about a file while it is walked.
#[derive(Clone, Debug)]
pub(super) struct Survey<'a> {
    tables: Tables<'a>,
    levels: Levels,
    /// What each string is used for.
    pub(super) strings: Vec<u8>,
    /// What each type is used for.
    pub(super) types: Vec<u8>,
    /// Names of parameters and local variables.
    pub(super) local_names: u32,
    /// Classes with a source file.
    pub(super) source_files: u32,
    /// Code items with debug information.
    pub(super) debugged: u32,
    /// Whether there is code that no compiler writes: with unknown opcodes, indices of nothing, or half an instruction. The
    /// platform loads the file all the same, and packers hide code in this way until it runs.
    pub(super) strange_code: bool,
    /// Starts of one method's handlers; kept for its memory.
    handlers: Vec<u32>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(tables: Tables<'a>, depth: u32) -> Self {
        Self {
            tables,
            levels: Levels::new(depth),
            strings: vec![0; tables.strings.len()],
            types: vec![0; tables.types.len()],
            local_names: 0,
            source_files: 0,
            debugged: 0,
            strange_code: false,
            handlers: Vec::new(),
        }
    }

    /// Checks the tables' references to each other. `offset` says where a table stands.
    pub(super) fn tables(&mut self, offset: impl Fn(Kind) -> u64) -> Result<(), Error> {
        let Tables { types, protos, fields, methods, classes, handles, .. } = self.tables;
        for (place, row) in places(types, offset(Kind::TypeId)) {
            // Whether it is needed depends on whether the type is.
            let table = ("string", "descriptor of a type");
            once(&mut self.strings, u32::from_le_bytes(*row), used::DESCRIPTOR, table, place)?;
        }
        for (place, row) in places(protos, offset(Kind::ProtoId)) {
            let proto = Proto::of(row);
            self.string(proto.shorty, used::NAME, "short form of a prototype", place)?;
            self.type_(proto.returns, "return type of a prototype", place)?;
        }
        for (place, row) in places(fields, offset(Kind::FieldId)) {
            let field = Member::of(row);
            self.type_(field.class, "class of a field", place)?;
            self.type_(field.of, "type of a field", place)?;
            self.string(field.name, used::NAME, "name of a field", place)?;
        }
        for (place, row) in places(methods, offset(Kind::MethodId)) {
            let method = Member::of(row);
            self.type_(method.class, "class of a method", place)?;
            self.row(Pool::Proto, method.of, "prototype of a method", place)?;
            self.string(method.name, used::NAME, "name of a method", place)?;
        }
        for (place, row) in places(classes, offset(Kind::ClassDef)) {
            self.class(&Class::of(row), place)?;
        }
        for (place, [kind, _, _, _, low, high, _, _]) in places(handles, offset(Kind::MethodHandle)) {
            let pool = if *kind < 4 { Pool::Field } else { Pool::Method };
            self.row(pool, u32::from(u16::from_le_bytes([*low, *high])), "target of a method handle", place)?;
        }
        Ok(())
    }

    fn class(&mut self, class: &Class, place: u64) -> Result<(), Error> {
        once(&mut self.types, class.class, used::DEFINED | used::NAME, ("type", "type of a class"), place)?;
        if let Some(superclass) = class.superclass() {
            self.type_(superclass, "superclass", place)?;
        }
        if let Some(source_file) = class.source_file() {
            self.string(source_file, used::DEBUG, "source file", place)?;
            self.source_files = self.source_files.saturating_add(1);
        }
        Ok(())
    }

    /// Reads one item and checks what it refers to by index.
    pub(super) fn item(&mut self, kind: Kind, reader: &mut Reader<'a>) -> Result<(), Error> {
        let levels = self.levels;
        match kind {
            Kind::TypeList => self.type_list(reader),
            Kind::AnnotationSet | Kind::AnnotationSetRefList => list(reader, 4, "size of an annotation set").map(drop),
            Kind::AnnotationsDirectory => self.directory(reader),
            Kind::ClassData => class_data::walk(reader, &mut |entry| self.member(entry)),
            Kind::Code => self.code(reader),
            Kind::StringData => string_data(reader).map(drop),
            Kind::DebugInfo => self.debug_info(reader),
            Kind::EncodedArray => value::array(reader, levels, &mut |offset, part| self.part(offset, part)),
            Kind::Annotation => {
                reader.u8("visibility of an annotation")?;
                value::annotation(reader, levels, &mut |offset, part| self.part(offset, part))
            }
            Kind::Map => list(reader, 12, "map size").map(drop),
            Kind::HiddenApi => self.hidden_api(reader),
            // The tables are read as a whole.
            _ => Ok(()),
        }
    }

    fn type_list(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let offset = reader.offset();
        for index in list(reader, 2, "size of a type list")?.as_chunks().0 {
            self.type_(u32::from(u16::from_le_bytes(*index)), "type in a list", offset)?;
        }
        Ok(())
    }

    fn directory(&self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let offset = reader.offset();
        let directory = annotations::Directory::read(reader)?;
        for (pool, members) in
            [(Pool::Field, directory.fields), (Pool::Method, directory.methods), (Pool::Method, directory.parameters)]
        {
            for member in annotations::rows(members) {
                self.row(pool, member.member, "annotated member", offset)?;
            }
        }
        Ok(())
    }

    fn member(&self, entry: Entry<'_>) -> Result<(), Error> {
        match entry {
            Entry::Field(field) => self.row(Pool::Field, field.index, "field of a class", field.offset),
            Entry::Method(method, _) => self.row(Pool::Method, method.index, "method of a class", method.offset),
            Entry::Counts(..) | Entry::Fields(_) => Ok(()),
        }
    }

    fn code(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        let code = Code::read(reader)?;
        self.debugged = self.debugged.saturating_add(u32::from(code.debug_info != 0));
        for instruction in code.instructions() {
            let (marks, index, mark) = match instruction.operand {
                Operand::Nothing | Operand::Other => continue,
                Operand::String => (&mut self.strings, u32::from(instruction.unit(1)), used::VALUE),
                Operand::LongString => (&mut self.strings, instruction.long(1), used::VALUE),
                Operand::Type => (&mut self.types, u32::from(instruction.unit(1)), used::NAME),
                Operand::Unknown => {
                    self.strange_code = true;
                    continue;
                }
            };
            match usize::try_from(index).ok().and_then(|index| marks.get_mut(index)) {
                Some(marks) => *marks |= mark,
                None => self.strange_code = true,
            }
        }
        if code.guarded().len() > 0 { self.handlers(&code, reader) } else { Ok(()) }
    }

    fn handlers(&mut self, code: &Code<'_>, reader: &mut Reader<'_>) -> Result<(), Error> {
        let start = reader.offset();
        let mut starts = std::mem::take(&mut self.handlers);
        starts.clear();
        code::handlers(reader, &mut |offset, catch| match catch {
            Catch::Type(index, _) => self.type_(index, "type of a handler", offset),
            Catch::Handler(place, _) => {
                starts.push(place);
                Ok(())
            }
            Catch::Handlers(_) | Catch::All(_) => Ok(()),
        })?;
        for guarded in code.guarded() {
            if starts.binary_search(&u32::from(guarded.handler)).is_err() {
                return Err(invalid("handler of a guarded range", start, guarded.handler, "no handler starts there"));
            }
        }
        self.handlers = starts;
        Ok(())
    }

    fn debug_info(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let offset = reader.offset();
        debug::walk(reader, &mut |named| match named {
            Named::Name(index) => {
                self.local_names = self.local_names.saturating_add(1);
                self.string(index, used::DEBUG, "name in debug information", offset)
            }
            Named::String(index) => self.string(index, used::DEBUG, "string in debug information", offset),
            Named::Type(index) => {
                let table = ("type", "type in debug information");
                mark(&mut self.types, index, used::DEBUG, table, offset)
            }
        })
    }

    fn part(&mut self, offset: u64, part: Part<'_>) -> Result<(), Error> {
        match part {
            Part::Plain(_) | Part::Count(_) => Ok(()),
            Part::AnnotationType(index) => self.type_(index, "type of an annotation", offset),
            Part::Name(index) => self.string(index, used::NAME, "name of an annotation's element", offset),
            Part::Index(Pool::String, index) => self.string(index, used::VALUE, "encoded value", offset),
            Part::Index(Pool::Type, index) => self.type_(index, "encoded value", offset),
            Part::Index(pool, index) => self.row(pool, index, "encoded value", offset),
        }
    }

    /// The flags of classes that only the platform's own files have.
    fn hidden_api(&self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let offset = reader.offset();
        let length = reader.u32("size of hidden API data")?;
        let least = u64::from(count(self.tables.classes)).saturating_add(1).saturating_mul(4);
        if u64::from(length) < least {
            return Err(invalid("size of hidden API data", offset, length, "each class has an offset in it"));
        }
        let rest = usize::try_from(length).ok().and_then(|length| length.checked_sub(4)).unwrap_or(usize::MAX);
        reader.take(rest, "hidden API data")?;
        Ok(())
    }

    fn string(&mut self, index: u32, purpose: u8, field: &'static str, offset: u64) -> Result<(), Error> {
        mark(&mut self.strings, index, purpose, ("string", field), offset)
    }

    fn type_(&mut self, index: u32, field: &'static str, offset: u64) -> Result<(), Error> {
        mark(&mut self.types, index, used::NAME, ("type", field), offset)
    }

    /// A row of a table that no edit renumbers.
    fn row(&self, pool: Pool, index: u32, field: &'static str, offset: u64) -> Result<(), Error> {
        let (table, count) = match pool {
            Pool::Proto => ("prototype", count(self.tables.protos)),
            Pool::Handle => ("method handle", count(self.tables.handles)),
            Pool::String => ("string", count(self.tables.strings)),
            Pool::Type => ("type", count(self.tables.types)),
            Pool::Field | Pool::Enum => ("field", count(self.tables.fields)),
            Pool::Method => ("method", count(self.tables.methods)),
        };
        if index < count { Ok(()) } else { Err(Error::OutOfRange { field, offset, table, index, count }) }
    }
}

fn mark(
    marks: &mut [u8],
    index: u32,
    purpose: u8,
    (table, field): (&'static str, &'static str),
    offset: u64,
) -> Result<(), Error> {
    let count = count(marks);
    let found = usize::try_from(index).ok().and_then(|index| marks.get_mut(index));
    *found.ok_or(Error::OutOfRange { field, offset, table, index, count })? |= purpose;
    Ok(())
}

/// As [`mark`], for what only one thing may be: the platform refuses types with one descriptor, and classes with one type.
fn once(
    marks: &mut [u8],
    index: u32,
    purpose: u8,
    table: (&'static str, &'static str),
    offset: u64,
) -> Result<(), Error> {
    let found = usize::try_from(index).ok().and_then(|index| marks.get(index));
    if found.is_some_and(|found| found & purpose & !used::NAME != 0) {
        return Err(invalid(table.1, offset, index, "another one has it already"));
    }
    mark(marks, index, purpose, table, offset)
}

/// The rows of a table that starts at `offset`, each with its place.
fn places<const N: usize>(table: &[[u8; N]], offset: u64) -> impl Iterator<Item = (u64, &[u8; N])> {
    (0_u64..).zip(table).map(move |(row, bytes)| (offset.saturating_add(row.saturating_mul(widen(N))), bytes))
}

/// The bytes of a list that begins with the number of its entries.
pub(super) fn list<'a>(reader: &mut Reader<'a>, entry: usize, field: &'static str) -> Result<&'a [u8], Error> {
    let count = reader.u32(field)?;
    let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(entry)).unwrap_or(usize::MAX);
    Ok(reader.take(length, field)?)
}

/// The text of a `string_data_item`, in modified UTF-8 and without its terminator.
pub(super) fn string_data<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    leb::unsigned(reader, "length of a string")?;
    let rest = reader.rest();
    let length = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let text = reader.take(length, "string")?;
    reader.u8("end of a string")?;
    Ok(text)
}
