//! Images that Python packs as Xcode does come back as the images they were.

use formats::png::{Header, restore};

use crate::python::Pixels;

/// An image in which every byte differs from its neighbours, and every opacity has every colour somewhere.
pub(crate) fn motley(width: usize, height: usize, channels: usize) -> Pixels {
    let bytes = (0..width * height * channels).map(|place| match (channels, place % channels) {
        (4, 3) => u8::try_from(place / channels % 256).unwrap(),
        _ => u8::try_from((place * 7919 + place / 251 * 13) % 256).unwrap(),
    });
    Pixels { width, height, channels, bytes: bytes.collect() }
}

/// The pixels as far as a form that multiplies colours by their opacity keeps them apart.
fn multiplied(pixels: &Pixels) -> Vec<u8> {
    let multiply = |pixel: &[u8]| match *pixel {
        [red, green, blue, alpha] => {
            let times = |colour| u8::try_from((2 * u32::from(colour) * u32::from(alpha) + 255) / 510).unwrap();
            vec![times(red), times(green), times(blue), alpha]
        }
        _ => pixel.to_vec(),
    };
    pixels.bytes.chunks(pixels.channels).flat_map(multiply).collect()
}

#[test]
fn the_pixels_come_back() {
    for (width, height, channels) in [(1, 1, 4), (1, 9, 3), (7, 11, 4), (64, 64, 3), (120, 120, 4)] {
        let pixels = motley(width, height, channels);
        let plain = restore(&pixels.image("crush"), 1024).unwrap();
        let found = Pixels::of(&plain);
        assert_eq!((found.width, found.height, found.channels), (width, height, channels));
        assert_eq!(multiplied(&found), multiplied(&pixels), "{width} x {height} x {channels}");
    }
}

#[test]
fn opaque_pixels_come_back_exactly() {
    let mut pixels = motley(50, 20, 4);
    pixels.bytes.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
    assert_eq!(Pixels::of(&restore(&pixels.image("crush"), 50).unwrap()), pixels);
    let pixels = motley(50, 20, 3);
    assert_eq!(Pixels::of(&restore(&pixels.image("crush"), 50).unwrap()), pixels);
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let crushed = motley(60, 60, 4).image("crush");
    assert_eq!(restore(&crushed, 60), restore(&crushed, 1024));
}

#[test]
fn headers_of_both_forms_are_read_from_their_beginning() {
    let pixels = motley(31, 17, 4);
    for (form, is_crushed) in [("crush", true), ("plain", false)] {
        let image = pixels.image(form);
        let header = Header::read(&image[..Header::LENGTH]).unwrap();
        assert_eq!((header.width, header.height, header.is_crushed), (31, 17, is_crushed));
    }
}
