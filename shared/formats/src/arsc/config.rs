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

impl Config {
    /// Takes the configuration as it stands in a chunk's header: its length, then its fields.
    pub(super) fn read(header: &[u8]) -> Self {
        let mut reader = Reader::new(header);
        let length = reader.u32("configuration size").map_or(0, crate::chunk::index);
        let fields = reader.rest();
        let fields = fields.get(..length.saturating_sub(4)).unwrap_or(fields);
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
                Number => {
                    write!(f, "{}", field.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))?
                }
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
    fn compares_over_lengths() {
        assert_eq!(Config::read(&[28, 0, 0, 0]), config(&[]));
        assert_eq!(config(&[(24, &[28, 0])]).sdk(), 28);
        assert_eq!(Config::read(&[4, 0, 0, 0, 1, 1]), Config::default());
        assert_eq!(Config::read(&[]), Config::default());
    }
}
