//! Pictures that come with tickets: `pictures/` has them as Pillow wrote them; here they are damaged.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::attachment::{ImageType, MAX_BYTES};
use domain::error::Error;

const PNG: &[u8] = include_bytes!("pictures/pixel.png");
const BASELINE: &[u8] = include_bytes!("pictures/baseline.jpg");
/// Several scans.
const PROGRESSIVE: &[u8] = include_bytes!("pictures/progressive.jpg");
/// Restart markers in its scan.
const RESTARTING: &[u8] = include_bytes!("pictures/restarting.jpg");
const WHOLE: [(&[u8], ImageType); 4] =
    [(PNG, ImageType::Png), (BASELINE, ImageType::Jpeg), (PROGRESSIVE, ImageType::Jpeg), (RESTARTING, ImageType::Jpeg)];

const DAMAGED: &str = "The attachment is a damaged image";
const NO_IMAGE: &str = "Attachments must be PNG or JPEG images";
const GOES_ON: &str = "The attachment goes on behind the end of the image";
const SIDES: &str = "Attached images must be 1 to 16384 pixels wide and high";

fn refusal(content: &[u8]) -> String {
    match ImageType::of(content) {
        Err(error @ Error::Invalid { field: "attachment", .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

fn header(width: u32, height: u32) -> Vec<u8> {
    chunk(*b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat())
}

/// A PNG of these chunks.
fn png(chunks: &[&Vec<u8>]) -> Vec<u8> {
    chunks.iter().fold(PNG[..8].to_vec(), |content, chunk| [&content[..], chunk].concat())
}

/// A JPEG whose frame has these sides.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let frame = BASELINE.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    let mut content = BASELINE.to_vec();
    content[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    content[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    content
}

#[test]
fn whole_pictures_are_what_they_are() {
    for (content, kind) in WHOLE {
        assert_eq!(ImageType::of(content).unwrap(), kind);
    }
    for other in
        [&b""[..], b"GIF89a\x01\0\x01\0\0\0\0;", b"BM", b"<svg/>", b"%PDF-1.7", b"PK\x03\x04", b"RIFF\0\0\0\0WEBPVP8 "]
    {
        assert_eq!(refusal(other), NO_IMAGE, "{other:?}");
    }
}

#[test]
fn a_picture_that_ends_early_is_refused_wherever_it_ends() {
    for (content, _) in WHOLE {
        for length in 0..content.len() {
            let said = refusal(&content[..length]);
            assert!([DAMAGED, NO_IMAGE].contains(&said.as_str()), "{length}: {said}");
        }
    }
}

#[test]
fn what_stands_behind_the_end_is_refused() {
    for (content, _) in WHOLE {
        for behind in [&b"\0"[..], b"PK\x03\x04", b"<script>", b"\xff\xd9", PNG, BASELINE] {
            assert_eq!(refusal(&[content, behind].concat()), GOES_ON);
        }
    }
}

#[test]
fn what_stands_before_the_beginning_makes_it_no_picture() {
    for (content, _) in WHOLE {
        assert_eq!(refusal(&[b"<html>", content].concat()), NO_IMAGE);
    }
}

#[test]
fn every_byte_of_a_png_is_held_by_its_checksums() {
    for at in 0..PNG.len() {
        let mut content = PNG.to_vec();
        content[at] ^= 1;
        refusal(&content);
    }
}

#[test]
fn a_png_has_one_header_first_and_pixels_and_an_end() {
    let (first, pixels, end) = (&header(1, 1), &chunk(*b"IDAT", b"x"), &chunk(*b"IEND", b""));
    let text = &chunk(*b"tEXt", b"Comment\0x");
    assert!(ImageType::of(&png(&[first, text, pixels, text, end])).is_ok());
    let [short, long] = &[20, 22].map(|end| chunk(*b"IHDR", &first[8..end]));
    for chunks in [
        &[text, first, pixels, end][..],
        &[first, first, pixels, end],
        &[first, end],
        &[first, pixels, &chunk(*b"IEND", b"x")],
        &[short, pixels, end],
        &[long, pixels, end],
    ] {
        assert_eq!(refusal(&png(chunks)), DAMAGED);
    }
}

#[test]
fn a_jpeg_has_one_frame_before_its_scans() {
    let part = |from: &[u8], to: &[u8]| {
        let at = |marker: &[u8]| BASELINE.windows(2).position(|pair| pair == marker).unwrap();
        (at(from), at(to))
    };
    let (frame, behind) = part(b"\xff\xc0", b"\xff\xc4");
    let (scan, _) = part(b"\xff\xda", b"\xff\xda");
    let without = |from: usize, to: usize| [&BASELINE[..from], &BASELINE[to..]].concat();
    for content in [
        without(frame, behind),
        without(scan, BASELINE.len() - 2),
        [&BASELINE[..frame], &BASELINE[frame..behind], &BASELINE[frame..]].concat(),
        [&BASELINE[..scan], b"\xff\xd0", &BASELINE[scan..]].concat(),
        [&BASELINE[..scan], b"\xff\xd8", &BASELINE[scan..]].concat(),
        [&BASELINE[..scan], b"\xff\xfe\0\x01", &BASELINE[scan..]].concat(),
        [&BASELINE[..scan], b"\0", &BASELINE[scan..]].concat(),
    ] {
        assert_eq!(refusal(&content), DAMAGED);
    }
    let filled_in = [&BASELINE[..BASELINE.len() - 2], b"\xff\xff\xff\xd9"].concat();
    assert!(ImageType::of(&filled_in).is_ok());
    let commented = [&BASELINE[..scan], b"\xff\xfe\0\x04\xff\xd9", &BASELINE[scan..]].concat();
    assert!(ImageType::of(&commented).is_ok(), "an end within a segment is none");
}

#[test]
fn sides_are_1_to_16384_pixels() {
    let of = |width, height| png(&[&header(width, height), &chunk(*b"IDAT", b"x"), &chunk(*b"IEND", b"")]);
    for (width, height) in [(1, 1), (16_384, 1), (1, 16_384)] {
        assert!(ImageType::of(&of(width, height)).is_ok());
        assert!(ImageType::of(&jpeg(u16::try_from(width).unwrap(), u16::try_from(height).unwrap())).is_ok());
    }
    for (width, height) in [(0, 1), (1, 0), (16_385, 1), (1, 16_385), (65_535, 65_535)] {
        assert_eq!(refusal(&of(width, height)), SIDES);
        assert_eq!(refusal(&jpeg(u16::try_from(width).unwrap(), u16::try_from(height).unwrap())), SIDES);
    }
    assert_eq!(refusal(&of(u32::MAX, u32::MAX)), SIDES);
}

#[test]
fn five_megabytes_fit_and_a_byte_more_does_not() {
    let fill = |length| png(&[&header(1, 1), &chunk(*b"IDAT", &vec![0; length]), &chunk(*b"IEND", b"")]);
    let most = MAX_BYTES - fill(0).len();
    assert!(ImageType::of(&fill(most)).is_ok());
    assert_eq!(refusal(&fill(most + 1)), "Attachments can be up to 5 MB");
}
