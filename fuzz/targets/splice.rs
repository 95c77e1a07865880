//! Eight bytes that choose an edit, and any bytes behind them as a deflate stream: what is packed from it unpacks to the edited
//! content.
#![no_main]

use std::io::{Read, Write};

use flate2::read::DeflateDecoder;
use formats::limits::Limits;
use formats::piece::{Piece, copy_pieces};
use formats::zip::{Archive, Attributes, Method, Packed, Splicer, Writer};
use libfuzzer_sys::fuzz_target;

/// Longest content, bytes.
const LONGEST: u64 = 1 << 20;

/// The content of a stream that fills `packed`; `None` where there is none, or a longer one.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(packed);
    decoder.by_ref().take(LONGEST).read_to_end(&mut content).ok()?;
    let whole = decoder.read(&mut [0]).ok()? == 0 && decoder.total_in() == packed.len() as u64;
    whole.then_some(content)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((edit, packed)) = bytes.split_first_chunk::<8>() else { return };
    let Some(content) = unpack(packed) else { return };
    let [a, b, c, d, e, f, g, h] = *edit;
    let (size, length) = (content.len() as u64, content.len() as u64 + 1);
    let start = u64::from(u32::from_le_bytes([a, b, c, 0])) % length;
    let end = (start + u64::from(u32::from_le_bytes([d, e, f, 0]))).min(size);
    let pieces = [Piece::Zeros(g.into()), Piece::Copy(start..end), Piece::Bytes(vec![g; h.into()])];

    let entry = Packed { method: Method::Deflated, crc32: 0, size, bytes: packed.to_vec() };
    let mut writer = Writer::new(Vec::new());
    writer.add_packed("entry", Attributes::default(), &entry).expect("short");
    let (mut archive, tail) = writer.finish(b"").expect("short");
    tail.write(&mut archive).expect("memory");
    let Ok(archive) = Archive::read(&archive, &Limits::default()) else { return };

    let entry = archive.entries().first().expect("one");
    let Some(mut splicer) = Splicer::plan(&archive, entry, &pieces, 2 * LONGEST).expect("memory") else {
        // The shortest blocks have ten bits.
        assert!(packed.len() > 4096, "a stream that unpacks, and of few blocks");
        return;
    };
    let mut expected = Vec::new();
    copy_pieces(&content, &pieces, &mut expected).expect("memory");
    splicer.write_all(&expected).expect("as long as the pieces");
    let spliced = splicer.finish().expect("as long as the pieces");
    let mut packed = Vec::new();
    spliced.write(&archive, &mut packed).expect("memory");
    assert_eq!(packed.len() as u64, spliced.packed_size);
    let mut found = Vec::new();
    let mut decoder = DeflateDecoder::new(&packed[..]);
    decoder.read_to_end(&mut found).expect("a stream");
    assert!(found == expected && decoder.total_in() == spliced.packed_size);
});
