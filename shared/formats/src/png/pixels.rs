//! Pixels between the form that Xcode packs and the plain one.

/// Changes a row of pixels into plain ones: red and blue change places, and with opacity, the fourth byte, colours are divided by it.
pub(super) fn make_plain(row: &mut [u8], pixel: usize) {
    for pixel in row.chunks_exact_mut(pixel) {
        match pixel {
            [blue, green, red, alpha] => {
                [*blue, *green, *red] = [*red, *green, *blue].map(|colour| divide(colour, *alpha));
            }
            [blue, _, red] => std::mem::swap(blue, red),
            _ => {}
        }
    }
}

/// The colour that multiplied by the opacity gives `colour`, to the nearest; black where nothing can be seen of it.
fn divide(colour: u8, alpha: u8) -> u8 {
    let scaled = u32::from(colour).saturating_mul(255).saturating_add(u32::from(alpha / 2));
    let divided = scaled.checked_div(u32::from(alpha)).unwrap_or(0);
    u8::try_from(divided).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opaque_colours_stay_and_change_places() {
        let mut row = [1, 2, 3, 255, 9, 8, 7, 255];
        make_plain(&mut row, 4);
        assert_eq!(row, [3, 2, 1, 255, 7, 8, 9, 255]);
        let mut row = [1, 2, 3, 4, 5, 6];
        make_plain(&mut row, 3);
        assert_eq!(row, [3, 2, 1, 6, 5, 4]);
    }

    #[test]
    fn colours_multiplied_again_are_what_they_were() {
        for alpha in 1..=255_u8 {
            for colour in 0..=alpha {
                let plain = divide(colour, alpha);
                let again = (u32::from(plain) * u32::from(alpha) + 127) / 255;
                assert_eq!(again, u32::from(colour), "{colour} of {alpha}");
            }
            assert_eq!(divide(255, alpha), 255, "more colour than opacity is as much as there can be");
        }
        assert_eq!(divide(200, 0), 0);
    }
}
