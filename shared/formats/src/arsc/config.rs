//! For which devices a value is meant.

use std::fmt;

use crate::reader::Reader;

/// `ResTable_config`, byte by byte and without its length, so that configurations of every platform version can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Config(Vec<u8>);

/// How a field is shown.
#[derive(Clone, Copy)]
enum Form {
    Number,
    Letters,
}

use Form::{Letters, Number};

/// The fields in their order: name, length in bytes, form.
const FIELDS: [(&str, usize, Form); 27] = [
    ("mcc", 2, Number),
    ("mnc", 2, Number),
    ("language", 2, Letters),
    ("region", 2, Letters),
    ("orientation", 1, Number),
    ("touchscreen", 1, Number),
    ("density", 2, Number),
    ("keyboard", 1, Number),
    ("navigation", 1, Number),
    ("input_flags", 1, Number),
    ("grammatical_gender", 1, Number),
    ("screen_width", 2, Number),
    ("screen_height", 2, Number),
    ("sdk", 2, Number),
    ("minor_version", 2, Number),
    ("screen_layout", 1, Number),
    ("ui_mode", 1, Number),
    ("smallest_width_dp", 2, Number),
    ("width_dp", 2, Number),
    ("height_dp", 2, Number),
    ("script", 4, Letters),
    ("variant", 8, Letters),
    ("screen_layout_2", 1, Number),
    ("color_mode", 1, Number),
    ("padding", 2, Number),
    ("computed_script", 1, Number),
    ("numbering_system", 8, Letters),
];
/// Where the platform version stands.
const SDK_AT: usize = 20;
/// Fields that say nothing about every device: a value that sets one is for some devices only.
const SPECIAL: [&str; 18] = [
    "mcc",
    "mnc",
    "language",
    "region",
    "touchscreen",
    "keyboard",
    "navigation",
    "input_flags",
    "grammatical_gender",
    "screen_width",
    "screen_height",
    "minor_version",
    "ui_mode",
    "script",
    "variant",
    "screen_layout_2",
    "color_mode",
    "numbering_system",
];
/// `ResTable_config::screenLayout`: the size of the screen, and the size called normal.
const SCREEN_SIZE: u64 = 0x0f;
const NORMAL_SCREEN: u64 = 2;
/// The device that aapt describes packages for: a screen of that many dp, held upright.
const SCREEN: [u64; 2] = [320, 480];
const PORTRAIT: u64 = 1;

/// How closely a value is made for a device that it suits; the greater, the closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness([u64; 6]);

impl Config {
    /// Takes the configuration as it stands in a chunk's header: its length, then its fields.
    pub(super) fn read(header: &[u8]) -> Self {
        let mut reader = Reader::new(header);
        let length = reader.u32("configuration size").map_or(0, crate::chunk::index);
        let fields = reader.rest();
        Self::of_fields(fields.get(..length.saturating_sub(4)).unwrap_or(fields))
    }

    /// Takes the fields as they stand behind the length.
    pub(crate) fn of_fields(fields: &[u8]) -> Self {
        let meaningful = fields.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        Self(fields.get(..meaningful).unwrap_or_default().to_vec())
    }

    /// Whether the value is meant for every device.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// The platform version from which on the value counts, as in `xml-v28`; 0 for every version.
    pub fn sdk(&self) -> u16 {
        match self.0.get(SDK_AT..) {
            Some([low, high, ..]) => u16::from_le_bytes([*low, *high]),
            Some([low]) => u16::from(*low),
            _ => 0,
        }
    }

    /// Dots per inch; 0 where none is said, and the platform's `DENSITY_ANY` and `DENSITY_NONE`, 0xfffe and 0xffff.
    pub fn density(&self) -> u16 {
        u16::try_from(self.number("density")).unwrap_or(0)
    }

    /// Language and region as they are stored; zeros for every locale.
    pub fn locale(&self) -> [u8; 4] {
        let mut locale = [0; 4];
        let fields = [self.field("language"), self.field("region")].concat();
        locale.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        locale
    }

    /// How closely the value suits the device that aapt describes packages for, density aside: a phone held upright, of any locale and
    /// the latest platform. `None` when it is for others. The order of what counts is that of `ResTable_config::isBetterThan`.
    pub fn closeness(&self) -> Option<Closeness> {
        let [smallest, width, height] = ["smallest_width_dp", "width_dp", "height_dp"].map(|field| self.number(field));
        let (layout, orientation) = (self.number("screen_layout"), self.number("orientation"));
        let size = layout & SCREEN_SIZE;
        let [screen_width, screen_height] = SCREEN;
        let suits = SPECIAL.iter().all(|field| self.number(field) == 0)
            && smallest <= screen_width
            && width <= screen_width
            && height <= screen_height
            && layout & !SCREEN_SIZE == 0
            && size <= NORMAL_SCREEN
            && orientation <= PORTRAIT;
        let assumed = if size == 0 { NORMAL_SCREEN } else { size };
        let extent = width.saturating_add(height);
        suits.then_some(Closeness([smallest, extent, assumed, size, orientation, u64::from(self.sdk())]))
    }

    /// The bytes of a field, as far as they are there.
    fn field(&self, name: &str) -> &[u8] {
        let before = FIELDS.iter().take_while(|(field, ..)| *field != name);
        let start = before.fold(0_usize, |start, (_, length, _)| start.saturating_add(*length));
        let length = FIELDS.iter().find(|(field, ..)| *field == name).map_or(0, |(_, length, _)| *length);
        let field = self.0.get(start..).unwrap_or_default();
        field.get(..length).unwrap_or(field)
    }

    fn number(&self, name: &str) -> u64 {
        number(self.field(name))
    }
}

fn number(field: &[u8]) -> u64 {
    field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl fmt::Display for Config {
    /// `default`, or the fields that are set, such as `sdk=28 density=480`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default() {
            return f.write_str("default");
        }
        let mut rest = self.0.as_slice();
        let mut separator = "";
        for (name, length, form) in FIELDS {
            let (field, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            if field.iter().all(|byte| *byte == 0) {
                continue;
            }
            write!(f, "{separator}{name}=")?;
            separator = " ";
            let letters = field.trim_ascii_end().split(|byte| *byte == 0).next().unwrap_or_default();
            match form {
                Letters if letters.iter().all(u8::is_ascii_alphanumeric) => {
                    f.write_str(&String::from_utf8_lossy(letters))?;
                }
                Letters => write!(f, "{}", hex(field))?,
                Number => write!(f, "{}", number(field))?,
            }
        }
        if !rest.is_empty() {
            write!(f, "{separator}more={}", hex(rest))?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn config(fields: &[(usize, &[u8])]) -> Config {
        let mut header = vec![0; 64];
        for (at, bytes) in [(0, &[64][..])].iter().chain(fields) {
            header.get_mut(*at..).unwrap().iter_mut().zip(*bytes).for_each(|(place, byte)| *place = *byte);
        }
        Config::read(&header)
    }

    #[test]
    fn shows_the_fields_that_are_set() {
        assert_eq!(config(&[]).to_string(), "default");
        let shown = config(&[(8, b"deAT"), (14, &[0xe0, 1]), (24, &[28, 0]), (61, &[9])]).to_string();
        assert_eq!(shown, "language=de region=AT density=480 sdk=28 more=09");
        assert_eq!(config(&[(8, &[0xe8, 0x2c])]).to_string(), "language=e82c");
    }

    #[test]
    fn density_and_locale_are_read() {
        assert_eq!([config(&[]).density(), config(&[(14, &[0xe0, 1])]).density()], [0, 480]);
        assert_eq!(config(&[(14, &[0xfe, 0xff])]).density(), 0xfffe);
        let locales: [&[(usize, &[u8])]; 4] = [&[], &[(8, b"de")], &[(8, b"deAT")], &[(10, b"AT")]];
        let locales = locales.map(|fields| config(fields).locale());
        assert_eq!(locales, [[0; 4], *b"de\0\0", *b"deAT", *b"\0\0AT"]);
    }

    #[test]
    fn what_is_closer_to_the_device_of_aapt_is_greater() {
        // Bytes of `ResTable_config`: width, height and smallest width in dp, the layout of the screen, orientation, platform version.
        let rising: [&[(usize, &[u8])]; 9] = [
            &[],
            &[(24, &[21, 0])],
            &[(12, &[1])],
            &[(28, &[2])],
            &[(32, &[100, 0])],
            &[(34, &[200, 0])],
            &[(32, &[64, 1]), (34, &[0xe0, 1])],
            &[(30, &[0x40, 1])],
            &[(30, &[0x40, 1]), (24, &[26, 0])],
        ];
        let closeness = rising.map(|fields| config(fields).closeness().unwrap());
        assert!(closeness.is_sorted() && closeness.windows(2).all(|pair| pair.first() != pair.last()), "{closeness:?}");
        assert_eq!(config(&[(14, &[0xe0, 1])]).closeness(), config(&[]).closeness(), "density is another matter");
        assert!(config(&[(28, &[1])]).closeness() < config(&[]).closeness(), "a small screen is not what it has");
    }

    #[test]
    fn what_is_for_other_devices_is_told() {
        let others: [&[(usize, &[u8])]; 12] = [
            &[(4, &[1])],
            &[(8, b"de")],
            &[(10, b"AT")],
            &[(12, &[2])],
            &[(13, &[1])],
            &[(28, &[3])],
            &[(28, &[0x40])],
            &[(29, &[0x20])],
            &[(30, &[0x58, 2])],
            &[(32, &[0x41, 1])],
            &[(34, &[0xe1, 1])],
            &[(44, b"8601")],
        ];
        for fields in others {
            assert_eq!(config(fields).closeness(), None, "{}", config(fields));
        }
    }

    #[test]
    fn compares_over_lengths() {
        assert_eq!(Config::read(&[28, 0, 0, 0]), config(&[]));
        assert_eq!(config(&[(24, &[28, 0])]).sdk(), 28);
        assert_eq!(Config::read(&[4, 0, 0, 0, 1, 1]), Config::default());
        assert_eq!(Config::read(&[]), Config::default());
    }
}
