//! Contents packed from the packed bits of old ones: always the right content, whoever packed the old one and whoever unpacks the
//! new one. A tool that is not installed is skipped, and said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use formats::limits::Limits;
use formats::piece::{Piece, copy_pieces};
use formats::source::Source;
use formats::zip::{Archive, Attributes, EntrySource, Method, Packed, Spliced, Splicer, Writer};
use proptest::prelude::*;

/// Bytes that may be packed anew in these tests.
const MOST: u64 = 64 << 20;

/// Something like code: words of a small vocabulary, numbers, and stretches that cannot be packed.
fn code(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut out = Vec::with_capacity(length + 64);
    while out.len() < length {
        let random = next();
        match random % 8 {
            0 => out.extend(random.to_le_bytes()),
            1 => out.extend([random as u8; 9]),
            2 if random % 64 == 2 => out.extend((0..500).flat_map(|_| next().to_le_bytes())),
            _ => out.extend(&b"push mov ldr str cmp add sub call ret nop "[(random % 37) as usize..][..5]),
        }
    }
    out.truncate(length);
    out
}

/// An archive with one entry, packed already.
fn archive_of(content: &[u8], packed: Vec<u8>) -> Vec<u8> {
    let packed =
        Packed { method: Method::Deflated, crc32: crc32fast::hash(content), size: content.len() as u64, bytes: packed };
    let mut writer = Writer::new(Vec::new());
    writer.add("before", Method::Deflated, Attributes::default(), b"something else").unwrap();
    writer.add_packed("binary", Attributes::default(), &packed).unwrap();
    let (mut bytes, tail) = writer.finish(b"").unwrap();
    tail.write(&mut bytes).unwrap();
    bytes
}

fn deflate(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(packed);
    decoder.read_to_end(&mut content).unwrap();
    assert_eq!(decoder.total_in(), packed.len() as u64, "the stream ends where the entry does");
    content
}

/// Splices, compares the content, and returns what was spliced and the new archive's entry, packed.
fn splice(bytes: &[u8], pieces: &[Piece]) -> Option<(Spliced, Vec<u8>)> {
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let entry = archive.entries().iter().find(|entry| entry.name == "binary").unwrap();
    let source = EntrySource::new(&archive, entry);
    let mut content = Vec::new();
    copy_pieces(&source, pieces, &mut content).unwrap();
    let mut all = Vec::new();
    // However the content comes, it is right; and if it comes in the same way, the bytes are the same.
    for chunk in [content.len().max(1), 10_007, 10_007] {
        let mut splicer = Splicer::plan(&archive, entry, pieces, MOST).unwrap()?;
        for part in content.chunks(chunk) {
            splicer.write_all(part).unwrap();
        }
        let spliced = splicer.finish().unwrap();
        let mut packed = Vec::new();
        spliced.write(&archive, &mut packed).unwrap();
        assert_eq!(packed.len() as u64, spliced.packed_size);
        assert_eq!((spliced.size, spliced.crc32), (content.len() as u64, crc32fast::hash(&content)));
        assert!(inflate(&packed) == content, "another content");
        all.push((spliced, packed));
    }
    assert!(all[1] == all[2]);
    all.pop()
}

/// What a signer does: another head, the same code, another tail.
fn signed(length: u64) -> Vec<Piece> {
    vec![
        Piece::Bytes(code(4000, 99)),
        Piece::Copy(4000..length - 30_000),
        Piece::Zeros(12),
        Piece::Bytes(code(20_000, 77)),
    ]
}

fn copied(spliced: &Spliced) -> u64 {
    let copies = spliced.pieces.iter().filter(|piece| matches!(piece, Piece::Copy(_)));
    copies.map(Piece::len).sum()
}

#[test]
fn most_of_a_signed_binary_is_copied() {
    let content = code(3 << 20, 5);
    for level in [3, 6, 9] {
        let bytes = archive_of(&content, deflate(&content, level));
        let (spliced, packed) = splice(&bytes, &signed(content.len() as u64)).unwrap();
        assert!(copied(&spliced) * 10 > spliced.packed_size * 8, "{} of {}", copied(&spliced), spliced.packed_size);
        assert!((packed.len() as u64) < bytes.len() as u64 * 11 / 10);
    }
}

#[test]
fn two_slices_are_copied_each() {
    let content = code(4 << 20, 6);
    let bytes = archive_of(&content, deflate(&content, 6));
    let pieces = [
        Piece::Bytes(vec![1; 5000]),
        Piece::Copy(5000..2_000_000),
        Piece::Bytes(vec![2; 9000]),
        Piece::Zeros(300),
        Piece::Copy(2_100_000..4_000_000),
        Piece::Copy(4_100_000..4_100_500),
    ];
    let (spliced, _) = splice(&bytes, &pieces).unwrap();
    assert_eq!(spliced.pieces.iter().filter(|piece| matches!(piece, Piece::Copy(_))).count(), 2);
}

/// From the beginning on, nothing has to stand in front of what is kept; and all of it may be kept.
#[test]
fn from_the_beginning_and_to_the_end() {
    let content = code(1 << 20, 7);
    let bytes = archive_of(&content, deflate(&content, 6));
    let length = content.len() as u64;
    for pieces in [
        vec![Piece::Copy(0..length)],
        vec![Piece::Copy(0..length), Piece::Zeros(5)],
        vec![Piece::Zeros(5), Piece::Copy(0..length)],
        vec![Piece::Copy(1..length)],
    ] {
        let (spliced, _) = splice(&bytes, &pieces).unwrap();
        assert!(copied(&spliced) * 10 > spliced.packed_size * 8);
    }
}

#[test]
fn what_cannot_be_spliced() {
    let content = code(500_000, 8);
    let plan = |bytes: &[u8], pieces: &[Piece], most| {
        let archive = Archive::read(&bytes, &Limits::default()).unwrap();
        let entry = archive.entries().last().unwrap();
        Splicer::plan(&archive, entry, pieces, most).unwrap().is_some()
    };
    let whole = [Piece::Copy(0..500_000)];
    let packed = deflate(&content, 6);
    let good = archive_of(&content, packed.clone());
    assert!(plan(&good, &whole, MOST));
    // More to pack than may be held: the last block at least.
    assert!(!plan(&good, &whole, 10));
    assert!(!plan(&good, &[Piece::Bytes(vec![0; 1000])], 999));
    assert!(plan(&good, &[Piece::Bytes(vec![0; 1000])], 1000));
    // No stream at all, one that is cut off, and one with something behind it.
    assert!(!plan(&archive_of(&content, vec![0xFF; 1000]), &whole, MOST));
    assert!(!plan(&archive_of(&content, packed[..packed.len() / 2].to_vec()), &whole, MOST));
    assert!(!plan(&archive_of(&content, [&packed[..], &[0; 9]].concat()), &whole, MOST));
    // One block for all of it, as zlib-rs writes at level 1: there is no seam inside.
    assert!(!plan(&archive_of(&content, deflate(&content, 1)), &signed(500_000), 100_000));
    // Nothing but headers of blocks.
    let endless = [0b0000_0010, 0b0000_1000, 0b0010_0000, 0b1000_0000, 0].repeat(20_000);
    assert!(!plan(&archive_of(&content, endless), &whole, MOST));
    let mut writer = Writer::new(Vec::new());
    writer.add("stored", Method::Stored, Attributes::default(), &content).unwrap();
    let (mut bytes, tail) = writer.finish(b"").unwrap();
    tail.write(&mut bytes).unwrap();
    assert!(!plan(&bytes, &whole, MOST));
}

#[test]
fn a_content_of_another_length_is_refused() {
    let content = code(300_000, 9);
    let bytes = archive_of(&content, deflate(&content, 6));
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let plan = || Splicer::plan(&archive, archive.entries().last().unwrap(), &[Piece::Copy(0..300_000)], MOST);
    let mut long = plan().unwrap().unwrap();
    long.write_all(&content).unwrap();
    let error = long.write_all(&[0]).unwrap_err();
    assert_eq!(error.to_string(), "the content is longer than its pieces");
    let mut short = plan().unwrap().unwrap();
    short.write_all(&content[..299_999]).unwrap();
    assert_eq!(short.finish().unwrap_err().to_string(), "the content is shorter than its pieces");
}

/// Streams of every kind of block, from zlib itself, which also unpacks what was spliced from them.
#[test]
fn python_packs_and_unpacks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let content = code(1 << 20, 10);
    std::fs::write(folder.join("content"), &content).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zip/streams.py");
    let python = |mode: &str| -> Option<Vec<String>> {
        let Ok(output) = Command::new("python3").arg(&script).arg(mode).arg(folder).output() else {
            eprintln!("SKIPPED: python3 cannot be started");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    };
    let Some(streams) = python("pack") else { return };
    assert!(streams.len() > 20);
    let mut spliced_streams = 0;
    for name in &streams {
        let bytes = archive_of(&content, std::fs::read(folder.join(name)).unwrap());
        let Some((spliced, packed)) = splice(&bytes, &signed(content.len() as u64)) else { continue };
        std::fs::write(folder.join(format!("{name}.spliced")), packed).unwrap();
        spliced_streams += usize::from(copied(&spliced) > 0);
    }
    let mut expected = Vec::new();
    copy_pieces(&content, &signed(content.len() as u64), &mut expected).unwrap();
    std::fs::write(folder.join("expected"), expected).unwrap();
    assert_eq!(python("unpack"), Some(vec![format!("{} right", streams.len())]));
    assert_eq!(spliced_streams, streams.len());
}

#[test]
fn unzip_accepts_a_spliced_entry() {
    let content = code(2 << 20, 11);
    let bytes = archive_of(&content, deflate(&content, 6));
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let entry = archive.entries().last().unwrap();
    let source = EntrySource::new(&archive, entry);
    let pieces = signed(source.len());
    let mut splicer = Splicer::plan(&archive, entry, &pieces, MOST).unwrap().unwrap();
    copy_pieces(&source, &pieces, &mut splicer).unwrap();
    let spliced = splicer.finish().unwrap();
    let mut writer = Writer::new(tempfile::NamedTempFile::new().unwrap());
    writer.put(&spliced.header(entry), |sink| Ok(spliced.write(&archive, sink)?)).unwrap();
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
    for (program, arguments) in [("unzip", &["-t"][..]), ("python3", &["-m", "zipfile", "-t"])] {
        match Command::new(program).args(arguments).arg(file.path()).output() {
            Ok(output) => assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stdout)),
            Err(error) => eprintln!("SKIPPED: {program} cannot be started: {error}"),
        }
    }
}

/// Packs a content in parts, each ended by a flush of some kind.
fn deflate_in_parts(content: &[u8], level: u32, parts: &[(usize, u8)]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(content.len() * 2 + 100_000);
    let mut rest = content;
    let mut compress = Compress::new(Compression::new(level), false);
    for (length, flush) in parts {
        let (part, later) = rest.split_at((*length).min(rest.len()));
        rest = later;
        let all = [FlushCompress::None, FlushCompress::Partial, FlushCompress::Sync, FlushCompress::Full];
        let flush = all[usize::from(*flush)];
        compress.compress_vec(part, &mut packed, flush).unwrap();
    }
    loop {
        let before = compress.total_in();
        let status = compress.compress_vec(rest, &mut packed, FlushCompress::Finish).unwrap();
        rest = &rest[(compress.total_in() - before) as usize..];
        if status == Status::StreamEnd {
            return packed;
        }
        packed.reserve(100_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_edit_of_any_stream(
        seed in any::<u32>(),
        length in 100_000_usize..900_000,
        parts in prop::collection::vec((1000_usize..200_000, 0_u8..4), 0..6),
        level in 0_u32..10,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..400_000, 0_usize..3000), 1..5),
    ) {
        let content = code(length, seed);
        let packed = deflate_in_parts(&content, level, &parts);
        prop_assert!(inflate(&packed) == content, "the test packs wrongly");
        let bytes = archive_of(&content, packed);
        let mut pieces = Vec::new();
        let mut from = 0;
        for (start, length, more) in edits {
            let start = (start.index(content.len()) as u64).max(from);
            let end = (start + length).min(content.len() as u64);
            pieces.push(Piece::Bytes(code(more, seed ^ 1)));
            pieces.push(Piece::Copy(start..end));
            from = end;
        }
        splice(&bytes, &pieces).expect("so little can be packed anew");
    }
}
