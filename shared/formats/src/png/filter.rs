//! The filters of rows (ISO/IEC 15948, clause 9): each byte is stored as its difference from what its neighbours predict.

use super::Error;

/// How the bytes of a row are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    None,
    Left,
    Above,
    Average,
    Paeth,
}

impl Filter {
    pub(super) fn of(number: u8) -> Result<Self, Error> {
        let filters = [Self::None, Self::Left, Self::Above, Self::Average, Self::Paeth];
        filters.get(usize::from(number)).copied().ok_or(Error::Pixels("a row has an unknown filter"))
    }

    /// Turns the differences of a row into its bytes. `above` is the row before, empty for the first; `pixel` is a pixel's length.
    pub(super) fn undo(self, row: &mut [u8], above: &[u8], pixel: usize) {
        for place in 0..row.len() {
            let predicted = self.predict(row, above, place, pixel);
            row.get_mut(place).into_iter().for_each(|byte| *byte = byte.wrapping_add(predicted));
        }
    }

    /// The differences of a row.
    pub(super) fn apply(self, row: &[u8], above: &[u8], pixel: usize) -> impl Iterator<Item = u8> {
        row.iter().enumerate().map(move |(place, byte)| byte.wrapping_sub(self.predict(row, above, place, pixel)))
    }

    fn predict(self, row: &[u8], above: &[u8], place: usize, pixel: usize) -> u8 {
        let before = place.checked_sub(pixel);
        let at = |row: &[u8], place: Option<usize>| place.and_then(|place| row.get(place)).copied().unwrap_or(0);
        match self {
            Self::None => 0,
            Self::Left => at(row, before),
            Self::Above => at(above, Some(place)),
            Self::Average => at(row, before).midpoint(at(above, Some(place))),
            Self::Paeth => paeth(at(row, before), at(above, Some(place)), at(above, before)),
        }
    }
}

/// The neighbour that is nearest to what the three make one expect.
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let [wide_left, wide_above, wide_corner] = [left, above, corner].map(i16::from);
    let expected = wide_left.wrapping_add(wide_above).wrapping_sub(wide_corner);
    let [to_left, to_above, to_corner] = [wide_left, wide_above, wide_corner].map(|it| expected.abs_diff(it));
    if to_left <= to_above && to_left <= to_corner {
        left
    } else if to_above <= to_corner {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_applied_can_be_undone() {
        let above: Vec<u8> = (0..64_u8).map(|byte| byte.wrapping_mul(37)).collect();
        let row: Vec<u8> = (0..64_u8).map(|byte| byte.wrapping_mul(91).wrapping_add(7)).collect();
        for number in 0..5 {
            let filter = Filter::of(number).unwrap();
            for above in [above.as_slice(), &[]] {
                let mut undone: Vec<u8> = filter.apply(&row, above, 4).collect();
                filter.undo(&mut undone, above, 4);
                assert_eq!(undone, row, "{filter:?}");
            }
        }
        assert_eq!(Filter::of(5), Err(Error::Pixels("a row has an unknown filter")));
    }

    /// The standard's own order of preference where neighbours are equally near: left, above, corner.
    #[test]
    fn the_nearest_neighbour_wins() {
        assert_eq!([paeth(10, 10, 10), paeth(1, 9, 5), paeth(9, 1, 5), paeth(5, 200, 100)], [10, 5, 5, 100]);
        assert_eq!([paeth(0, 255, 0), paeth(255, 0, 0), paeth(3, 5, 3)], [255, 255, 5]);
    }
}
