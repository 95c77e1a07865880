//! Small Mach-O files for the tests, which their tools accept.

use signing::code::ExecSegment;

const HEADER: usize = 32;
/// Length of the code in the file.
const TEXT: usize = 0x4000;
/// Length of what the linker leaves behind it.
const LINKEDIT: usize = 48;
const BASE: u64 = 0x1_0000_0000;
const CODE_LIMIT: usize = TEXT + LINKEDIT;

/// Whether it is to be an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Executable,
    Library,
}

/// Where the signature begins.
pub(crate) const fn code_limit() -> u64 {
    CODE_LIMIT as u64
}

pub(crate) fn exec_segment(kind: Kind) -> ExecSegment {
    ExecSegment { base: 0, limit: TEXT as u64, is_main: kind == Kind::Executable }
}

/// The file up to its signature, for which so many bytes are reserved; with 0, a file without one.
pub(crate) fn code(kind: Kind, signature: u64) -> Vec<u8> {
    let mut commands = vec![
        segment("__TEXT", BASE, TEXT as u64, 0, TEXT as u64, 5),
        segment("__LINKEDIT", BASE + TEXT as u64, 0x4000, TEXT as u64, LINKEDIT as u64 + signature, 1),
        // LC_BUILD_VERSION: iOS, 15.0 and later, SDK 17.0.
        command(0x32, &[2_u32, 15 << 16, 17 << 16, 0].map(u32::to_le_bytes).concat()),
        // LC_SYMTAB, empty.
        command(0x2, &[TEXT as u32, 0, TEXT as u32, LINKEDIT as u32].map(u32::to_le_bytes).concat()),
    ];
    match kind {
        // LC_MAIN.
        Kind::Executable => commands.push(command(0x8000_0028, &[0x1000_u64, 0].map(u64::to_le_bytes).concat())),
        // LC_ID_DYLIB.
        Kind::Library => {
            let mut content = [24_u32, 1, 0x1_0000, 0x1_0000].map(u32::to_le_bytes).concat();
            content.extend(b"@rpath/Sample\0\0\0");
            commands.push(command(0xd, &content));
        }
    }
    if signature > 0 {
        // LC_CODE_SIGNATURE.
        commands.push(command(0x1d, &[CODE_LIMIT as u32, signature as u32].map(u32::to_le_bytes).concat()));
    }
    let file_type = match kind {
        Kind::Executable => 2_u32,
        Kind::Library => 6,
    };
    let length: usize = commands.iter().map(Vec::len).sum();
    let mut file = Vec::new();
    for field in [0xfeed_facf_u32, 0x0100_000c, 0, file_type, commands.len() as u32, length as u32, 0x0020_0085, 0] {
        file.extend(field.to_le_bytes());
    }
    assert_eq!(file.len(), HEADER);
    file.extend(commands.concat());
    file.extend((file.len()..CODE_LIMIT).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]));
    file
}

fn segment(name: &str, address: u64, memory: u64, offset: u64, length: u64, protection: u32) -> Vec<u8> {
    let mut content = name.as_bytes().to_vec();
    content.resize(16, 0);
    content.extend([address, memory, offset, length].map(u64::to_le_bytes).concat());
    let section = name == "__TEXT";
    content.extend([protection, protection, u32::from(section), 0].map(u32::to_le_bytes).concat());
    if section {
        content.extend(b"__text\0\0\0\0\0\0\0\0\0\0__TEXT\0\0\0\0\0\0\0\0\0\0");
        content.extend([address + 0x1000, length - 0x1000].map(u64::to_le_bytes).concat());
        content.extend([0x1000_u32, 2, 0, 0, 0x8000_0400, 0, 0, 0].map(u32::to_le_bytes).concat());
    }
    command(0x19, &content)
}

fn command(number: u32, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32 + 8;
    [number.to_le_bytes().as_slice(), &length.to_le_bytes(), content].concat()
}
