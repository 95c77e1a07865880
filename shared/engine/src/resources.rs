//! Resource tables in both forms, as controls ask for them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use formats::arsc::{self, Content, EntryName, RenamedName, Variant};
use formats::axml::Value;
use formats::limits::Limits;
use formats::proto::{self, NewNames};

use crate::module::Form;

/// The resource table of a module.
#[derive(Clone, Debug)]
pub(crate) enum Resources<'a> {
    /// `resources.arsc`
    Compiled(arsc::Table<'a>),
    /// `resources.pb`
    Bundle(proto::Table<'a>),
}

/// What an entry that should be a file is for a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The file of this path.
    File(String),
    /// What another resource is.
    Alias(u32),
}

impl Target {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::String(path) => Some(Self::File(path)),
            Value::Reference(id) if id != 0 => Some(Self::Alias(id)),
            _ => None,
        }
    }
}

/// Why a table cannot be read or edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Compiled(#[from] arsc::Error),
    #[error(transparent)]
    Bundle(#[from] proto::Error),
}

/// Does the same with a table of either form.
macro_rules! either {
    ($table:expr, $inner:ident => $call:expr) => {
        match $table {
            Resources::Compiled($inner) => $call,
            Resources::Bundle($inner) => $call,
        }
    };
}

impl<'a> Resources<'a> {
    /// Reads a table; one without packages where there are no bytes.
    pub(crate) fn parse(bytes: &'a [u8], form: Form, limits: &Limits) -> Result<Self, Error> {
        Ok(match form {
            Form::Apk if bytes.is_empty() => Self::Compiled(arsc::Table::empty(limits)),
            Form::Apk => Self::Compiled(arsc::Table::parse(bytes, limits)?),
            Form::Bundle if bytes.is_empty() => Self::Bundle(proto::Table::empty(limits)),
            Form::Bundle => Self::Bundle(proto::Table::parse(bytes, limits)?),
        })
    }

    pub(crate) fn to_bytes(&self) -> Cow<'_, [u8]> {
        either!(self, table => table.to_bytes())
    }

    /// What an entry that should be a file is, for each configuration; `None` where it is anything else for some of them. An entry that
    /// is not there has no configurations.
    pub(crate) fn targets(&self, id: u32) -> Option<Vec<Target>> {
        match self {
            Self::Compiled(table) => {
                let variants = table.resource(id).map(|resource| resource.variants).unwrap_or_default();
                let value = |variant: Variant| match variant.content {
                    Content::Simple(value) => Target::of(value),
                    Content::Complex { .. } => None,
                };
                variants.into_iter().map(value).collect()
            }
            Self::Bundle(table) => {
                let targets: Vec<Target> =
                    table.values_of(id).map(|(_, value)| Target::of(value)).collect::<Option<_>>()?;
                Some(targets).filter(|targets| targets.len() == table.variants_of(id))
            }
        }
    }

    /// The truth value that an entry has where no other one is closer.
    pub(crate) fn switch(&self, id: u32) -> Option<bool> {
        let default = |(config, value): (arsc::Config, Option<Value>)| match value {
            Some(Value::Boolean(value)) if config.is_default() => Some(value),
            _ => None,
        };
        match self {
            Self::Compiled(table) => {
                table.values_of(id).map(|(config, value)| (config, value.plain())).find_map(default)
            }
            Self::Bundle(table) => table.values_of(id).map(|(config, value)| (config, Some(value))).find_map(default),
        }
    }

    pub(crate) fn find(&self, type_name: &str, name: &str) -> Option<u32> {
        either!(self, table => table.find(type_name, name))
    }

    /// Adds an entry that is a file, to a package of the app's name where there is none.
    pub(crate) fn add_file(&mut self, package: &str, type_name: &str, name: &str, path: &str) -> Result<u32, Error> {
        either!(self, table => {
            table.ensure_package(package)?;
            Ok(table.add_file(type_name, name, path)?)
        })
    }

    pub(crate) fn own_package_name(&self) -> Option<String> {
        either!(self, table => table.own_package_name())
    }

    pub(crate) fn entry_names(&self) -> Result<Vec<EntryName>, Error> {
        Ok(match self {
            Self::Compiled(table) => table.entry_names()?,
            Self::Bundle(table) => table.entry_names(),
        })
    }

    pub(crate) fn file_paths(&self) -> Result<BTreeSet<String>, Error> {
        Ok(match self {
            Self::Compiled(table) => table.file_paths()?,
            Self::Bundle(table) => table.file_paths(),
        })
    }

    pub(crate) fn visit_texts(&self, visit: impl FnMut(&str)) -> Result<(), Error> {
        match self {
            Self::Compiled(table) => table.visit_texts(visit)?,
            Self::Bundle(table) => table.visit_texts(visit),
        }
        Ok(())
    }

    /// Gives entries and files other names; see [`arsc::Table::rename`].
    pub(crate) fn rename(
        &mut self,
        name: impl FnMut(&str, &str) -> Option<String>,
        paths: &HashMap<String, String>,
    ) -> Result<Vec<RenamedName>, Error> {
        either!(self, table => Ok(table.rename(name, paths)?))
    }

    /// Lets references follow their entries; those of a compiled table are ids alone.
    pub(crate) fn rename_references(&mut self, names: &NewNames) -> Result<(), Error> {
        match self {
            Self::Compiled(_) => Ok(()),
            Self::Bundle(table) => Ok(table.rename_references(names)?),
        }
    }
}
