//! How much of everything a package may hold before it is refused as hostile.

/// Bounds that every reader of hostile bytes takes as an argument. The defaults fit every app up to 2 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the package itself, in bytes.
    pub package_bytes: u64,
    /// Entries of an archive. Without ZIP64 the format itself allows 65,534.
    pub entries: u64,
    /// Length of an archive's central directory, in bytes; it is held in memory.
    pub directory_bytes: u64,
    /// Length of an entry's name, in bytes.
    pub name_bytes: u64,
    /// Length of all entries together once unpacked, in bytes.
    pub unpacked_bytes: u64,
    /// How many times longer than the archive its unpacked entries may be.
    pub unpacked_ratio: u64,
    /// Unpacked length from which on the ratio counts, in bytes: small archives of zeros do no harm.
    pub ratio_counts_from: u64,
    /// Length of one entry that is held in memory to be read or edited (a manifest), in bytes.
    pub document_bytes: u64,
    /// Length of new content that is held in memory until an output is written, in bytes, about: what is made beyond it is made a second
    /// time then.
    pub held_bytes: u64,
    /// Length of one DEX file, in bytes; it is held in memory twice while it is edited. 65,536 methods take 10 to 20 MB.
    pub dex_bytes: u64,
    /// Items and rows of one DEX file. Compilers make one of every 26 bytes; the shortest have one byte.
    pub dex_items: u64,
    /// Length of a resource table, in bytes; it is held in memory three times while it is edited (measured for protobuf form: a table of
    /// 57 MiB takes 174 MiB), and those of all modules of a bundle together may be as long. Those of the largest apps have some thirty
    /// megabytes.
    pub table_bytes: u64,
    /// Chunks of a resource table: one for each type and configuration, and a few more.
    pub table_chunks: u64,
    /// Entries of a resource table in protobuf form. Those of the largest apps have some hundred thousand. Whoever renames them holds their
    /// names several times over: a million different names take 1.3 GiB (measured, table of 47 MiB).
    pub table_entries: u64,
    /// Values of a property list, as often as each is named, and objects of a binary one; nodes and attributes of an XML document in
    /// protobuf form.
    pub values: u64,
    /// Levels of nested elements or messages in a document.
    pub depth: u32,
}

impl Limits {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            package_bytes: 2 * Self::GIB,
            entries: 65_534,
            directory_bytes: 32 * Self::MIB,
            name_bytes: 4 * Self::KIB,
            unpacked_bytes: 8 * Self::GIB,
            unpacked_ratio: 100,
            ratio_counts_from: 256 * Self::MIB,
            document_bytes: 16 * Self::MIB,
            held_bytes: 256 * Self::MIB,
            dex_bytes: 32 * Self::MIB,
            dex_items: 1_250_000,
            table_bytes: 64 * Self::MIB,
            table_chunks: 1 << 17,
            table_entries: 1 << 20,
            values: 1 << 18,
            depth: 128,
        }
    }
}
