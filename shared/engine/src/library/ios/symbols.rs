//! The object file whose symbols are what the library carries.

use object::write::{MachOBuildVersion, Object, StandardSection, Symbol, SymbolSection};
use object::{BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

use super::target::Target;
use crate::library::{Error, Library};

/// An object file for the linker: the symbols of `AppTego.h`, in `__TEXT,__const`.
pub(super) fn of(library: &Library<'_>, target: Target) -> Result<Vec<u8>, Error> {
    let mut object = Object::new(BinaryFormat::MachO, target.architecture(), Endianness::Little);
    let build: MachOBuildVersion = target.build_version();
    object.set_macho_build_version(build);
    // The linker may then leave out what the app does not use.
    object.set_subsections_via_symbols();
    let length = (library.policy.len() as u64).to_le_bytes();
    let identifier = [library.app_identifier.as_bytes(), b"\0"].concat();
    let contents: [(&str, &[u8]); 4] = [
        ("AppTegoPolicy", library.policy),
        ("AppTegoPolicyLength", &length),
        ("AppTegoVerificationKey", library.verification_key),
        ("AppTegoAppIdentifier", &identifier),
    ];
    for (name, content) in contents {
        add(&mut object, name, content);
    }
    object.write().map_err(Error::Object)
}

fn add(object: &mut Object<'_>, name: &str, content: &[u8]) {
    let symbol = object.add_symbol(Symbol {
        name: name.into(),
        value: 0,
        size: 0,
        kind: SymbolKind::Data,
        scope: SymbolScope::Dynamic,
        weak: false,
        section: SymbolSection::Undefined,
        flags: SymbolFlags::None,
    });
    let section = object.section_id(StandardSection::ReadOnlyData);
    object.add_symbol_data(symbol, section, content, 8);
}
