//! `Configuration`: for which devices a value is meant, as the platform's `ResTable_config`.

use super::wire::{Message, Value};
use crate::arsc::Config;

/// `Configuration.locale`
const LOCALE: u32 = 3;
/// Fields whose numbers stand in `ResTable_config` as they are: number, place there, bytes.
const NUMBERS: [(u32, usize, usize); 16] = [
    (1, 0, 2),
    (2, 2, 2),
    (5, 16, 2),
    (6, 18, 2),
    (7, 28, 2),
    (8, 30, 2),
    (9, 26, 2),
    (15, 8, 1),
    (18, 10, 2),
    (19, 9, 1),
    (21, 12, 1),
    (23, 13, 1),
    (24, 20, 2),
    (GENDER, 15, 1),
    (SIZE, 24, 1),
    (MODE, 25, 1),
];
const SIZE: u32 = 10;
const MODE: u32 = 16;
const GENDER: u32 = 26;
/// Fields that are a few bits of a byte: number, place of the byte, and the bits of each constant from 1 on.
const BITS: [(u32, usize, &[u8]); 8] = [
    (4, 24, &[0x40, 0x80]),
    (11, 24, &[0x20, 0x10]),
    (12, 44, &[0x02, 0x01]),
    (13, 45, &[0x02, 0x01]),
    (14, 45, &[0x08, 0x04]),
    (17, 25, &[0x20, 0x10]),
    (20, 14, &[0x01, 0x02, 0x03]),
    (22, 14, &[0x04, 0x08]),
];
/// Places of parts of the locale.
const LANGUAGE: usize = 4;
const REGION: usize = 6;
const SCRIPT: usize = 32;
const VARIANT: usize = 36;
/// Length of what is filled in here.
const LENGTH: usize = 46;

/// The configuration. What it cannot say, such as the name of a product, is left out.
pub(super) fn read(message: Message<'_>) -> Config {
    let mut bytes = vec![0; LENGTH];
    for field in message.fields().filter_map(Result::ok) {
        let Value::Varint(value) = field.value else {
            if field.number == LOCALE {
                locale(field.text("locale").unwrap_or_default(), &mut bytes);
            }
            continue;
        };
        if let Some((_, place, length)) = NUMBERS.iter().find(|(number, ..)| *number == field.number) {
            put(&mut bytes, *place, value.to_le_bytes().get(..*length).unwrap_or_default());
        }
        if let Some((_, place, constants)) = BITS.iter().find(|(number, ..)| *number == field.number) {
            let constant = usize::try_from(value).ok().and_then(|value| constants.get(value.checked_sub(1)?));
            put(&mut bytes, *place, constant.map_or(&[], std::slice::from_ref));
        }
    }
    Config::of_fields(&bytes)
}

/// Bits of several fields share a byte.
fn put(bytes: &mut [u8], place: usize, value: &[u8]) {
    let place = bytes.get_mut(place..).unwrap_or_default();
    place.iter_mut().zip(value).for_each(|(byte, new)| *byte |= new);
}

/// A BCP 47 tag: language, script, region and variant.
fn locale(tag: &str, bytes: &mut [u8]) {
    for (position, part) in tag.split('-').enumerate() {
        match (position, part.len()) {
            (0, 2) => put(bytes, LANGUAGE, part.as_bytes()),
            (0, _) => put(bytes, LANGUAGE, &packed(part, b'a')),
            (_, 4) if part.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                put(bytes, SCRIPT, part.as_bytes())
            }
            (_, 2) => put(bytes, REGION, part.as_bytes()),
            (_, 3) => put(bytes, REGION, &packed(part, b'0')),
            _ => put(bytes, VARIANT, part.as_bytes().get(..8).unwrap_or(part.as_bytes())),
        }
    }
}

/// Three letters or digits in two bytes, as `ResTable_config::packLanguageOrRegion` has them.
fn packed(part: &str, base: u8) -> [u8; 2] {
    let mut places = part.bytes().map(|byte| byte.wrapping_sub(base) & 0x7f);
    let mut next = || places.next().unwrap_or_default();
    let (first, second, third) = (next(), next(), next());
    [0x80 | third << 2 | second >> 3, second << 5 | first]
}

#[cfg(test)]
mod tests {
    use super::super::wire::Writer;
    use super::*;

    fn config(locale: &str, numbers: &[(u32, u32)]) -> String {
        let mut message = Writer::default();
        if !locale.is_empty() {
            message.bytes(LOCALE, locale);
        }
        for (number, value) in numbers {
            message.number(*number, *value);
        }
        read(Message::new(&message.finish())).to_string()
    }

    #[test]
    fn fields_stand_where_the_platform_has_them() {
        assert_eq!(config("", &[]), "default");
        assert_eq!(config("de-AT", &[(18, 480), (24, 28)]), "language=de region=AT density=480 sdk=28");
        assert_eq!(config("sr-Latn-RS", &[]), "language=sr region=RS script=Latn");
        // aapt2 packs `fil` so.
        assert_eq!(config("fil", &[]), "language=ad05");
        let bits = config("", &[(4, 2), (10, 3), (11, 1), (12, 1), (14, 1), (16, 6), (17, 1), (22, 2)]);
        assert_eq!(bits, "input_flags=8 screen_layout=163 ui_mode=38 screen_layout_2=2 color_mode=8");
    }
}
