//! What references into the resource table lead to.

use std::cmp::Reverse;

use formats::arsc::{self, Closeness, Config, SingleValue};
use formats::axml::Value;
use formats::limits::Limits;

use crate::module::Form;
use crate::resources::Resources as Table;

/// As many references as the platform follows from one value (`ResTable::resolveReference`): they may lead in circles.
const MOST_STEPS: usize = 20;
/// The longest text that is read, in bytes or UTF-16 code units: more than any path, and than what is shown of a label.
const LONGEST: usize = 4 << 10;
/// Files of an icon that are looked at: one for each density, and some more for other languages and versions.
const MOST_FILES: usize = 32;
/// The highest density that is preferred, in dots per inch: xxxhdpi.
const HIGHEST_DENSITY: u16 = 640;
/// The density of files for which none is said: mdpi.
const USUAL_DENSITY: u16 = 160;

/// The resource table of an app; one that is broken or not there leads nowhere.
pub(super) struct Resources<'a>(Option<Table<'a>>);

impl<'a> Resources<'a> {
    pub(super) fn read(table: &'a [u8], form: Form, limits: &Limits) -> Self {
        Self(Table::parse(table, form, limits).ok())
    }

    /// The text that a value is or leads to, for the default locale.
    pub(super) fn text(&self, mut value: Value) -> Option<String> {
        for _ in 0..=MOST_STEPS {
            match value {
                Value::String(text) => return Some(text),
                Value::Int(number) => return Some(number.to_string()),
                Value::Reference(id) => value = self.closest(id)?,
                Value::Boolean(_) | Value::Other { .. } => return None,
            }
        }
        None
    }

    /// The value of an entry for a device as aapt assumes it; where there is none, that of the first locale, as aapt shows it.
    fn closest(&self, id: u32) -> Option<Value> {
        let table = self.0.as_ref()?;
        let ranked =
            values_of(table, id).map(|(config, value)| ((config.closeness(), Reverse(config.locale())), value));
        let (_, value) = ranked.reduce(|known, found| if found.0 > known.0 { found } else { known })?;
        value.plain().or_else(|| value.text().map(Value::String))
    }

    /// The paths of the files that a value leads to, those first that make the best icon.
    pub(super) fn files(&self, value: Value) -> Vec<String> {
        let (table, id) = match (&self.0, value) {
            (_, Value::String(path)) => return vec![path],
            (Some(table), Value::Reference(id)) => (table, id),
            _ => return Vec::new(),
        };
        let mut found: Vec<(Rank, Single<'_>)> = Vec::new();
        let mut entries = vec![(id, true)];
        let mut looked_at = 0;
        while let Some((id, suits)) = entries.get(looked_at).copied() {
            looked_at += 1;
            for (config, value) in values_of(table, id) {
                let rank = Rank::of(&config, suits);
                match value.plain() {
                    Some(Value::Reference(id)) => follow(&mut entries, id, rank.suits),
                    Some(_) => {}
                    None => keep(&mut found, rank, value),
                }
            }
        }
        found.sort_by_key(|(rank, _)| Reverse(*rank));
        found.truncate(MOST_FILES);
        found.into_iter().filter_map(|(_, value)| value.text()).collect()
    }
}

/// A value that stands alone.
enum Single<'t> {
    /// Its text, if it is one, is still in the table: looking at an entry takes no memory whatever the table says.
    Compiled(&'t arsc::Table<'t>, SingleValue),
    /// A table in protobuf form says its texts as often as it has them.
    Bundle(Value),
}

fn values_of<'t>(table: &'t Table<'_>, id: u32) -> Box<dyn Iterator<Item = (Config, Single<'t>)> + 't> {
    match table {
        Table::Compiled(table) => {
            Box::new(table.values_of(id).map(move |(config, value)| (config, Single::Compiled(table, value))))
        }
        Table::Bundle(table) => Box::new(table.values_of(id).map(|(config, value)| (config, Single::Bundle(value)))),
    }
}

impl Single<'_> {
    /// The value, unless it is text.
    fn plain(&self) -> Option<Value> {
        match self {
            Self::Compiled(_, value) => value.plain(),
            Self::Bundle(Value::String(_)) => None,
            Self::Bundle(value) => Some(value.clone()),
        }
    }

    /// The text of a value that is one, and no more of it than the longest that is read.
    fn text(&self) -> Option<String> {
        match self {
            Self::Compiled(table, value) => table.text(*value, LONGEST),
            Self::Bundle(Value::String(text)) => Some(text.chars().take(LONGEST).collect()),
            Self::Bundle(_) => None,
        }
    }
}

/// How good an icon a file makes; the greater, the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Whether it is for every device, and not for one language or a screen at night.
    suits: bool,
    density: u16,
    closeness: Option<Closeness>,
}

impl Rank {
    fn of(config: &Config, suits: bool) -> Self {
        let closeness = config.closeness();
        let density = match config.density() {
            0 => USUAL_DENSITY,
            density @ 1..=HIGHEST_DENSITY => density,
            _ => 0,
        };
        Self { suits: suits && closeness.is_some(), density, closeness }
    }
}

fn follow(entries: &mut Vec<(u32, bool)>, id: u32, suits: bool) {
    if entries.len() <= MOST_STEPS && entries.iter().all(|(known, _)| *known != id) {
        entries.push((id, suits));
    }
}

/// Adds a file; of very many only the best are kept.
fn keep<'t>(found: &mut Vec<(Rank, Single<'t>)>, rank: Rank, value: Single<'t>) {
    found.push((rank, value));
    if found.len() > 2 * MOST_FILES {
        found.sort_by_key(|(rank, _)| Reverse(*rank));
        found.truncate(MOST_FILES);
    }
}
