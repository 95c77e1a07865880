//! The framework's code: a static library for each processor, and a fat file of them where there are several.

use std::io::{self, Cursor};
use std::num::TryFromIntError;

use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};
use object::read::archive::ArchiveFile;
use object::read::macho::{LoadCommandVariant, MachHeader as _, MachOFile64};
use object::{Endianness, Object as _, ObjectSymbol as _, macho};

use super::target::Target;
use super::{Agent, symbols};
use crate::library::{Error, Library};

/// Static libraries in a fat file start at multiples of 2 to the power of this, as `lipo` has it.
const ALIGNMENT: u32 = 3;

/// The code for these targets.
pub(super) fn of(library: &Library<'_>, agent: Option<&Agent<'_>>, targets: &[Target]) -> Result<Vec<u8>, Error> {
    let thin = targets
        .iter()
        .map(|target| Ok((*target, archive(library, agent, *target)?)))
        .collect::<Result<Vec<(Target, Vec<u8>)>, Error>>()?;
    match <[_; 1]>::try_from(thin) {
        Ok([(_, only)]) => Ok(only),
        Err(thin) => fat(&thin).map_err(|error| Error::StaticLibrary(io::Error::other(error))),
    }
}

/// The agent's members, and before them the object of the library's own symbols.
fn archive(library: &Library<'_>, agent: Option<&Agent<'_>>, target: Target) -> Result<Vec<u8>, Error> {
    let own = symbols::of(library, target)?;
    let mut members = vec![member("apptego.o".to_owned(), &own)];
    if let Some(agent) = agent {
        for (name, object) in objects(agent.library(target), target)? {
            members.push(member(name, object));
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    write_archive_to_stream(&mut bytes, &members, ArchiveKind::Darwin, false, None).map_err(Error::StaticLibrary)?;
    Ok(bytes.into_inner())
}

fn member<'a>(name: String, content: &'a [u8]) -> NewArchiveMember<'a> {
    NewArchiveMember::new(content, &DEFAULT_OBJECT_READER, name)
}

/// The members of the agent's static library, each an object file for the target.
fn objects(library: &[u8], target: Target) -> Result<Vec<(String, &[u8])>, Error> {
    let part = format!("static library for {target:?}");
    let archive = ArchiveFile::parse(library).map_err(|error| Error::agent(&part, error))?;
    let mut found = Vec::new();
    for member in archive.members() {
        let member = member.map_err(|error| Error::agent(&part, error))?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let refused = |reason: &dyn ToString| Error::agent(&part, format!("{name:?}: {}", reason.to_string()));
        let content = member.data(library).map_err(|error| refused(&error))?;
        check(content, target).map_err(|reason| refused(&reason))?;
        found.push((name, content));
    }
    if found.is_empty() { Err(Error::agent(part, "it has no members")) } else { Ok(found) }
}

/// That a member is an object file for the target, with names that the archive's table of contents can list.
fn check(content: &[u8], target: Target) -> Result<(), String> {
    let file = MachOFile64::<Endianness>::parse(content).map_err(|error| error.to_string())?;
    let (header, endian) = (file.macho_header(), file.endian());
    if header.filetype(endian) != macho::MH_OBJECT {
        return Err("it is no object file".to_owned());
    }
    if [header.cputype(endian), header.cpusubtype(endian)] != target.cpu() {
        return Err(format!("it is not for {}", target.processor()));
    }
    match platform(&file, content).map_err(|error| error.to_string())? {
        Some(found) if found != target.platform() => {
            return Err(format!("it is for platform {found} (LC_BUILD_VERSION), not {}", target.platform()));
        }
        // Assembled code often names none; linkers take it.
        _ => {}
    }
    match file.symbols().find_map(|symbol| symbol.name_bytes().err()) {
        Some(error) => Err(error.to_string()),
        None => Ok(()),
    }
}

/// The platform that an object file is for, by `LC_BUILD_VERSION`'s number, where it names one.
fn platform(file: &MachOFile64<'_, Endianness>, content: &[u8]) -> Result<Option<u32>, object::Error> {
    let (header, endian) = (file.macho_header(), file.endian());
    let mut commands = header.load_commands(endian, content, 0)?;
    while let Some(command) = commands.next()? {
        match command.variant()? {
            LoadCommandVariant::BuildVersion(build) => return Ok(Some(build.platform.get(endian))),
            // What compilers write for systems before iOS 12, when simulators ran on Intel's processors alone.
            LoadCommandVariant::VersionMin(minimum) if minimum.cmd.get(endian) == macho::LC_VERSION_MIN_IPHONEOS => {
                let is_simulator = header.cputype(endian) == macho::CPU_TYPE_X86_64;
                return Ok(Some(if is_simulator { macho::PLATFORM_IOSSIMULATOR } else { macho::PLATFORM_IOS }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// `fat_header` and `fat_arch` of `mach-o/fat.h`, big-endian, and the static libraries.
fn fat(thin: &[(Target, Vec<u8>)]) -> Result<Vec<u8>, TryFromIntError> {
    let mut table = [macho::FAT_MAGIC, u32::try_from(thin.len())?].map(u32::to_be_bytes).concat();
    let start = table.len() + thin.len() * size_of::<macho::FatArch32>();
    let mut contents = Vec::new();
    for (target, library) in thin {
        let offset = (start + contents.len()).next_multiple_of(1 << ALIGNMENT);
        contents.resize(offset - start, 0);
        contents.extend(library);
        let [cpu, variant] = target.cpu();
        let (offset, length) = (u32::try_from(offset)?, u32::try_from(library.len())?);
        table.extend([cpu, variant, offset, length, ALIGNMENT].map(u32::to_be_bytes).concat());
    }
    table.extend(contents);
    Ok(table)
}
