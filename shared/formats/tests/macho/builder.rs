//! Builds small binaries field by field, so that a test can break exactly one of them.

pub(crate) const EXECUTABLE: u32 = 2;
pub(crate) const DYLIB: u32 = 6;

/// Where `__text` begins; in front of it there is room for more load commands.
const CODE: usize = 0x800;
const CODE_LENGTH: usize = 0x123;
/// Where `__LINKEDIT` begins.
pub(crate) const LINKEDIT: usize = 0x1000;

/// A symbol to be built.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    pub(crate) name: &'static str,
    pub(crate) kind: u8,
    pub(crate) section: u8,
    pub(crate) description: u16,
    pub(crate) value: u64,
}

pub(crate) const fn symbol(name: &'static str, kind: u8, description: u16) -> Symbol {
    let section = if kind & 0xEE == 0x0E { 1 } else { 0 };
    Symbol { name, kind, section, description, value: 0x900 }
}

/// What is to be built.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) wide: bool,
    pub(crate) kind: u32,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) indirect: Vec<u32>,
    /// Length of the code signature, if there is to be one.
    pub(crate) signature: Option<usize>,
    /// Load commands besides the usual ones.
    pub(crate) more_commands: Vec<Vec<u8>>,
    /// Whether there is a segment with debug information.
    pub(crate) debug: bool,
}

/// A shared library with symbols of each kind.
pub(crate) fn plan(wide: bool) -> Plan {
    let symbols = vec![
        symbol("/secret/path.o", 0x66, 1),
        symbol("_secret_function", 0x24, 0),
        symbol("_secret_local", 0x0E, 0),
        symbol("_used_private", 0x1E, 0),
        symbol("_exported", 0x0F, 0),
        symbol("_looked_for", 0x0F, 0x10),
        symbol("_united", 0x0F, 0x80),
        symbol("_imported", 0x01, 0x0100),
        symbol("dyld_stub_binder", 0x01, 0x0100),
    ];
    let indirect = vec![7, 3, 0x8000_0000, 8, 0xC000_0000, 7];
    Plan { wide, kind: DYLIB, symbols, indirect, signature: Some(64), more_commands: Vec::new(), debug: false }
}

/// A binary and where its parts stand.
#[derive(Clone)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    /// Name and offset of each load command.
    commands: Vec<(&'static str, usize)>,
    /// Where the load commands end.
    pub(crate) commands_end: usize,
}

impl Plan {
    pub(crate) fn build(&self) -> Built {
        let mut tail = Tail { bytes: vec![0; LINKEDIT] };
        tail.bytes[CODE..CODE + CODE_LENGTH].fill(0x90);
        let debug = self.debug.then(|| tail.put(&[0xDB; 100]));
        if debug.is_some() {
            tail.bytes.resize(LINKEDIT + 0x400, 0);
        }
        let linkedit = tail.bytes.len();
        let rebase = tail.put(&[0x11; 21]);
        let starts = tail.put(&[0x22; 9]);
        let (symbols, strings) = self.symbol_tables();
        let symbols = tail.put(&symbols);
        let indirect: Vec<u8> = self.indirect.iter().flat_map(|number| number.to_le_bytes()).collect();
        let indirect = tail.put(&indirect);
        let strings = tail.put(&strings);
        let signature = self.signature.map(|length| {
            tail.bytes.resize(tail.bytes.len().next_multiple_of(16), 0);
            tail.put(&vec![0x55; length])
        });
        let end = tail.bytes.len();

        let mut commands: Vec<(&'static str, Vec<u8>)> = Vec::new();
        let text = [("__text", CODE, CODE_LENGTH)];
        commands.push(("text", self.segment("__TEXT", 0..LINKEDIT, &text)));
        if let Some((start, length)) = debug {
            let section = [("__debug_info", start, length)];
            commands.push(("debug", self.segment("__DWARF", start..linkedit, &section)));
        }
        commands.push(("linkedit", self.segment("__LINKEDIT", linkedit..end, &[])));
        let mut dyld = vec![rebase.0, rebase.1];
        dyld.resize(10, 0);
        commands.push(("dyld", command(0x8000_0022, &dyld)));
        commands.push(("symtab", command(0x2, &[symbols.0, self.symbols.len(), strings.0, strings.1])));
        commands.push(("dysymtab", command(0xB, &self.groups(indirect.0))));
        commands.extend(self.description());
        commands.push(("starts", command(0x26, &[starts.0, starts.1])));
        commands.push(("data", command(0x29, &[symbols.0, 0])));
        commands.extend(self.more_commands.iter().map(|bytes| ("more", bytes.clone())));
        if let Some((start, length)) = signature {
            commands.push(("signature", command(0x1D, &[start, length])));
        }
        self.assemble(tail.bytes, commands)
    }

    /// The load commands that tell of no table.
    fn description(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut commands = Vec::new();
        if self.kind == DYLIB {
            commands.push(("id", name(0xD, 24, "@rpath/Small.framework/Small")));
        }
        commands.push(("dylib", name(0xC, 24, "/usr/lib/libSystem.B.dylib")));
        commands.push(("weak", name(0x8000_0018, 24, "@rpath/Weak.dylib")));
        commands.push(("rpath", name(0x8000_001C, 12, "@executable_path/Frameworks")));
        commands.push(("uuid", [command(0x1B, &[]), (1..=16).collect()].concat()));
        commands.push(("build", command(0x32, &[2, 0x000D_0100, 0x0010_0402, 0])));
        let encryption =
            if self.wide { command(0x2C, &[CODE, CODE_LENGTH, 0, 0]) } else { command(0x21, &[CODE, CODE_LENGTH, 0]) };
        commands.push(("encryption", encryption));
        commands
    }

    fn assemble(&self, mut bytes: Vec<u8>, commands: Vec<(&'static str, Vec<u8>)>) -> Built {
        let (magic, cpu) = if self.wide { (0xFEED_FACF_u32, 0x0100_000C_u32) } else { (0xFEED_FACE, 12) };
        let model = if self.wide { 0 } else { 9 };
        let mut head = Vec::new();
        let mut places = Vec::new();
        let length: usize = commands.iter().map(|(_, bytes)| self.padded(bytes.clone()).len()).sum();
        for field in [magic, cpu, model, self.kind, commands.len() as u32, length as u32, 0x85] {
            head.extend(field.to_le_bytes());
        }
        if self.wide {
            head.extend([0; 4]);
        }
        for (name, bytes) in commands {
            places.push((name, head.len()));
            head.extend(self.padded(bytes));
        }
        assert!(head.len() + 16 <= CODE);
        bytes[..head.len()].copy_from_slice(&head);
        Built { bytes, commands: places, commands_end: head.len() }
    }

    fn symbol_tables(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut symbols, mut strings) = (Vec::new(), b" \0".to_vec());
        for symbol in &self.symbols {
            symbols.extend((strings.len() as u32).to_le_bytes());
            symbols.extend([symbol.kind, symbol.section]);
            symbols.extend(symbol.description.to_le_bytes());
            symbols.extend(self.word(symbol.value as usize));
            strings.extend(symbol.name.as_bytes());
            strings.push(0);
        }
        (symbols, strings)
    }

    fn groups(&self, indirect: usize) -> [usize; 18] {
        let count = |is: fn(u8) -> bool| self.symbols.iter().filter(|symbol| is(symbol.kind)).count();
        let locals = count(|kind| kind & 0xE0 != 0 || kind & 1 == 0);
        let undefined = count(|kind| kind & 0xEF == 0x01);
        let defined = self.symbols.len() - locals - undefined;
        let mut fields = [0; 18];
        fields[..6].copy_from_slice(&[0, locals, locals, defined, locals + defined, undefined]);
        fields[12] = if self.indirect.is_empty() { 0 } else { indirect };
        fields[13] = self.indirect.len();
        fields
    }

    fn segment(&self, name: &str, file: std::ops::Range<usize>, sections: &[(&str, usize, usize)]) -> Vec<u8> {
        let mut bytes = text16(name);
        let length = file.end - file.start;
        for value in [file.start, length.next_multiple_of(0x4000), file.start, length] {
            bytes.extend(self.word(value));
        }
        for value in [5, 5, sections.len() as u32, 0] {
            bytes.extend(u32::to_le_bytes(value));
        }
        for (section, start, length) in sections {
            bytes.extend(text16(section));
            bytes.extend(text16(name));
            bytes.extend(self.word(*start));
            bytes.extend(self.word(*length));
            let fields: &[u32] = &[*start as u32, 0, 0, 0, 0, 0, 0, 0];
            let fields = if self.wide { fields } else { &fields[..7] };
            bytes.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        }
        let mut out = command(if self.wide { 0x19 } else { 0x1 }, &[]);
        out.extend(bytes);
        out
    }

    fn padded(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.resize(bytes.len().next_multiple_of(if self.wide { 8 } else { 4 }), 0);
        let length = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    fn word(&self, value: usize) -> Vec<u8> {
        let bytes = (value as u64).to_le_bytes();
        if self.wide { bytes.to_vec() } else { bytes[..4].to_vec() }
    }
}

/// What is in `__LINKEDIT`, one table after another.
struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    /// Appends a table; returns where it stands and its length.
    fn put(&mut self, table: &[u8]) -> (usize, usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let start = self.bytes.len();
        self.bytes.extend(table);
        (start, table.len())
    }
}

/// A load command of 32-bit fields; its length is filled in later.
pub(crate) fn command(number: u32, fields: &[usize]) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(fields.iter().flat_map(|field| (*field as u32).to_le_bytes()));
    bytes
}

fn name(number: u32, start: usize, text: &str) -> Vec<u8> {
    let mut bytes = command(number, &[start]);
    bytes.resize(start, 0);
    bytes.extend(text.as_bytes());
    bytes.push(0);
    bytes
}

fn text16(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}

impl Built {
    /// Where a load command stands.
    pub(crate) fn at(&self, name: &str) -> usize {
        self.commands.iter().find(|(command, _)| *command == name).unwrap().1
    }

    /// Overwrites the bytes at `offset`.
    pub(crate) fn patch(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Overwrites the 32-bit field at `field` of a load command, which counts from the beginning of the command.
    pub(crate) fn set(self, name: &str, field: usize, value: u32) -> Self {
        let offset = self.at(name) + field;
        self.patch(offset, &value.to_le_bytes())
    }

    /// The 32-bit field at `field` of a load command.
    pub(crate) fn field(&self, name: &str, field: usize) -> u32 {
        let start = self.at(name) + field;
        u32::from_le_bytes(self.bytes[start..start + 4].try_into().unwrap())
    }
}

/// A fat file of these slices, each aligned to `1 << alignment`.
pub(crate) fn fat(slices: &[&[u8]], alignment: u32, wide: bool) -> Vec<u8> {
    let mut out = if wide { vec![0xCA, 0xFE, 0xBA, 0xBF] } else { vec![0xCA, 0xFE, 0xBA, 0xBE] };
    out.extend((slices.len() as u32).to_be_bytes());
    let entry = if wide { 32 } else { 20 };
    let mut end = 8 + entry * slices.len();
    let mut starts = Vec::new();
    for slice in slices {
        let start = end.next_multiple_of(1 << alignment);
        starts.push(start);
        end = start + slice.len();
        out.extend(slice[4..12].chunks(4).flat_map(|field| field.iter().rev().copied().collect::<Vec<u8>>()));
        if wide {
            out.extend((start as u64).to_be_bytes());
            out.extend((slice.len() as u64).to_be_bytes());
        } else {
            out.extend((start as u32).to_be_bytes());
            out.extend((slice.len() as u32).to_be_bytes());
        }
        out.extend(alignment.to_be_bytes());
        out.extend(vec![0; if wide { 4 } else { 0 }]);
    }
    for (slice, start) in slices.iter().zip(starts) {
        out.resize(start, 0);
        out.extend(*slice);
    }
    out
}
