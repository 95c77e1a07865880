//! One entry as the central directory describes it.

/// The kind of a file in a Unix mode, and the one of symbolic links.
const FILE_TYPE: u32 = 0o170_000;
const SYMBOLIC_LINK: u32 = 0o120_000;
/// The system in "version made by" whose external attributes are a Unix mode.
const UNIX: u16 = 3;

/// How an entry's bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// As they are.
    Stored,
    /// As a raw deflate stream.
    Deflated,
}

impl Method {
    /// The format's number of the method.
    pub const fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }

    pub(super) const fn from_number(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Stored),
            8 => Some(Self::Deflated),
            _ => None,
        }
    }
}

/// What an entry carries besides its content; a rewritten archive keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Modification time, MS-DOS format.
    pub time: u16,
    /// Modification date, MS-DOS format.
    pub date: u16,
    /// Version and system of the program that made the entry; says how to read `external`.
    pub version_made_by: u16,
    /// Internal file attributes (bit 0: text).
    pub internal: u16,
    /// External file attributes; the Unix mode in the upper half.
    pub external: u32,
}

impl Default for Attributes {
    /// The fixed time that Android's build tools write, 1981-01-01 01:01:02, and no attributes.
    fn default() -> Self {
        Self { time: 0x0821, date: 0x0221, version_made_by: 0, internal: 0, external: 0 }
    }
}

/// One entry of a checked archive: what stands here agrees with its local header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path with `/` between the components; ends with `/` for folders.
    pub name: String,
    /// How the content is packed.
    pub method: Method,
    /// General purpose flags of the central directory.
    pub flags: u16,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Length in the archive, bytes.
    pub packed_size: u64,
    /// Length unpacked, bytes.
    pub size: u64,
    /// Times and attributes.
    pub attributes: Attributes,
    /// Offset of the local header.
    pub header_offset: u64,
    /// Offset of the packed content.
    pub data_offset: u64,
    /// Offset of the first byte that no longer belongs to the entry: behind its content or its data descriptor.
    pub end: u64,
}

impl Entry {
    pub(super) const ENCRYPTED: u16 = 1 << 0;
    /// Hints at the level of a deflate stream.
    pub(super) const LEVEL: u16 = 0b110;
    pub(super) const DATA_DESCRIPTOR: u16 = 1 << 3;
    pub(super) const STRONGLY_ENCRYPTED: u16 = 1 << 6;
    pub(super) const UTF8: u16 = 1 << 11;
    pub(super) const MASKED: u16 = 1 << 13;

    /// Whether the entry only names a folder.
    pub fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Whether the content is the target of a symbolic link.
    pub const fn is_symbolic_link(&self) -> bool {
        let Attributes { version_made_by, external, .. } = self.attributes;
        version_made_by >> 8 == UNIX && (external >> 16) & FILE_TYPE == SYMBOLIC_LINK
    }
}
