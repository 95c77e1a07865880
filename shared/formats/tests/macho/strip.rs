//! What goes and what stays, on binaries built for it.

use formats::limits::Limits;
use formats::macho::{Binary, DylibUse, FileKind, Platform, Remake, remake};

use crate::builder::*;
use crate::support::{SIGNATURE, judge, rewrite};

fn has(bytes: &[u8], name: &str) -> bool {
    bytes.windows(name.len()).any(|window| window == name.as_bytes())
}

fn names(bytes: &[u8]) -> Vec<&'static str> {
    let all = ["/secret/path.o", "_secret_function", "_secret_local", "_used_private", "_exported", "_looked_for"];
    let all = all.into_iter().chain(["_united", "_imported", "dyld_stub_binder", "radr://5614542"]);
    all.filter(|name| has(bytes, name)).collect()
}

#[test]
fn what_an_engine_must_know() {
    for wide in [false, true] {
        let built = plan(wide).build();
        let binary = Binary::read(&built.bytes).unwrap();
        assert!(!binary.is_fat());
        let slice = &binary.slices[0];
        assert_eq!(slice.cpu.to_string(), if wide { "arm64" } else { "armv7" });
        assert_eq!((slice.kind, slice.is_main(), slice.is_encrypted()), (FileKind::Dylib, false, false));
        assert_eq!(slice.encryption, Some(0));
        assert_eq!(slice.install_name.as_deref(), Some("@rpath/Small.framework/Small"));
        let dylibs: Vec<_> = slice.dylibs.iter().map(|dylib| (dylib.name.as_str(), dylib.usage)).collect();
        let expected = [("/usr/lib/libSystem.B.dylib", DylibUse::Required), ("@rpath/Weak.dylib", DylibUse::Weak)];
        assert_eq!(dylibs, expected);
        assert_eq!(slice.rpaths, ["@executable_path/Frameworks"]);
        assert_eq!(slice.uuid.map(|uuid| uuid[15]), Some(16));
        let build = slice.builds[0];
        let versions = (build.minimum_os.to_string(), build.sdk.to_string());
        assert_eq!((build.platform, versions), (Platform::Ios, ("13.1".to_owned(), "16.4.2".to_owned())));
        let end = built.bytes.len() as u64;
        assert_eq!(slice.signature, Some(end - 64..end));
        assert_eq!(slice.text, Some(0..LINKEDIT as u64));
    }
}

#[test]
fn encrypted_code_shows() {
    let built = plan(true).build().set("encryption", 16, 1);
    assert!(Binary::read(&built.bytes).unwrap().slices[0].is_encrypted());
}

/// Before there was a load command for platforms, there was one for each system, and none for simulators.
#[test]
fn older_load_commands_for_platforms() {
    for (number, name) in [(0x24, "macOS"), (0x25, "iOS"), (0x2F, "tvOS"), (0x30, "watchOS")] {
        let mut old = plan(true);
        old.more_commands.push(command(number, &[0x0008_0000, 0x000A_0200]));
        let built = old.build();
        let slice = Binary::read(&built.bytes).unwrap().slices.remove(0);
        assert_eq!(slice.builds[1].platform.to_string(), name);
        let intel = built.patch(4, &0x0100_0007_u32.to_le_bytes());
        let slice = Binary::read(&intel.bytes).unwrap().slices.remove(0);
        let build = slice.builds[1];
        let simulator = if number == 0x24 { name.to_owned() } else { format!("{name} simulator") };
        assert_eq!((build.platform.to_string(), build.platform.is_simulator()), (simulator, number != 0x24));
        assert_eq!(build.minimum_os.to_string(), "8.0");
    }
}

#[test]
fn a_library_keeps_what_others_may_use() {
    let folder = tempfile::tempdir().unwrap();
    for wide in [false, true] {
        let built = plan(wide).build();
        let (after, remade) = rewrite(&built.bytes, true).unwrap();
        let kept = ["_used_private", "_exported", "_looked_for", "_united", "_imported", "dyld_stub_binder"];
        assert_eq!(names(&after), kept);
        let removed: Vec<_> = remade.removed.iter().map(|removed| (removed.what, removed.count)).collect();
        assert_eq!(removed, [("debugging symbols", 2), ("symbols", 1)]);
        judge_symbols(&after, folder.path());
    }
}

#[test]
fn a_program_keeps_what_it_imports_and_what_dyld_looks_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = plan(true);
    program.kind = EXECUTABLE;
    let (after, _) = rewrite(&program.build().bytes, true).unwrap();
    let kept = ["_used_private", "_looked_for", "_united", "_imported", "dyld_stub_binder"];
    assert_eq!(names(&after), kept);
    judge_symbols(&after, folder.path());
}

/// Where no local symbol is left, one that means nothing is put in front, as strip does: the number 0 is not for indirect ones.
#[test]
fn number_zero_is_not_for_indirect_symbols() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = plan(true);
    library.indirect.retain(|number| *number != 3);
    let (after, _) = rewrite(&library.build().bytes, true).unwrap();
    assert_eq!(names(&after).last(), Some(&"radr://5614542"));
    judge_symbols(&after, folder.path());
    library.indirect.clear();
    let (after, _) = rewrite(&library.build().bytes, true).unwrap();
    assert!(!has(&after, "radr://5614542"));
}

/// A symbol that stands for another one has that one's name as its value.
#[test]
fn names_of_aliases_stay() {
    for wide in [false, true] {
        let mut library = plan(wide);
        let strings = 2 + "/secret/path.o".len() + 1 + "_secret_function".len() + 1;
        let alias = Symbol { value: strings as u64, ..symbol("_alias", 0x0B, 0) };
        library.symbols.insert(5, alias);
        library.indirect.clear();
        let (after, _) = rewrite(&library.build().bytes, true).unwrap();
        assert!(has(&after, "_secret_local") && has(&after, "_alias") && !has(&after, "_secret_function"));
    }
}

#[test]
fn debug_sections_become_zeros() {
    let folder = tempfile::tempdir().unwrap();
    for wide in [false, true] {
        let mut library = plan(wide);
        library.debug = true;
        let before = library.build();
        let (after, remade) = rewrite(&before.bytes, true).unwrap();
        assert!(before.bytes.contains(&0xDB) && !after.contains(&0xDB));
        assert_eq!((remade.removed[0].what, remade.removed[0].count), ("debug sections", 1));
        judge_symbols(&after, folder.path());
        let (kept, _) = rewrite(&before.bytes, false).unwrap();
        assert!(kept.contains(&0xDB));
    }
}

#[test]
fn a_binary_without_symbols_stays_as_it_is() {
    for debug in [false, true] {
        let mut bare = plan(true);
        bare.symbols.clear();
        bare.indirect.clear();
        bare.debug = debug;
        let before = bare.build();
        let (after, remade) = rewrite(&before.bytes, true).unwrap();
        assert_eq!(remade.removed.len(), usize::from(debug));
        let (limit, end) = (after.len() - SIGNATURE as usize, before.commands_end);
        assert_eq!(limit, before.bytes.len() - 64);
        assert_eq!(after[end + 0x400..limit] == before.bytes[end + 0x400..limit], !debug);
    }
}

/// The signature begins at a multiple of 16 and ends with the segment, whose pages are whole.
#[test]
fn the_fields_that_a_signature_needs() {
    for wide in [false, true] {
        for signature in [None, Some(64)] {
            let mut library = plan(wide);
            library.signature = signature;
            let (after, remade) = rewrite(&library.build().bytes, false).unwrap();
            let limit = remade.slices[0].code_limit;
            assert!(limit.is_multiple_of(16));
            assert_eq!(remade.slices[0].executable, 0..LINKEDIT as u64);
            let slice = Binary::read(&after).unwrap().slices.remove(0);
            assert_eq!(slice.signature, Some(limit..limit + SIGNATURE));
            let (memory, file) = if wide { (32, 48) } else { (28, 36) };
            let at = library.build().at("linkedit");
            let field = |offset: usize| u32::from_le_bytes(after[at + offset..][..4].try_into().unwrap());
            assert_eq!((field(memory), u64::from(field(file))), (0x4000, limit + SIGNATURE - LINKEDIT as u64));
        }
    }
}

#[test]
fn each_slice_gets_its_own_signature() {
    let (first, second) = (plan(false).build().bytes, plan(true).build().bytes);
    for wide in [false, true] {
        let whole = fat(&[&first, &second], 14, wide);
        let binary = Binary::read(&whole).unwrap();
        let remade = remake(&whole, &binary, Remake { strip: true }, &Limits::default()).unwrap();
        let layout = remade.layout(&[100, 20_000]).unwrap();
        let lengths: Vec<u64> =
            layout.slices.iter().map(|placed| placed.signature.end - placed.signature.start).collect();
        assert_eq!(lengths, [100, 20_000]);
        assert_eq!(layout.slices[0].signature.start, 16_384 + remade.slices[0].code_limit);
        assert_eq!(layout.slices[1].signature.start, 32_768 + remade.slices[1].code_limit);
        assert_eq!(layout.slices[1].signature.end, layout.len);
        assert!(remade.layout(&[100]).is_err());
        assert!(remade.layout(&[100, u64::from(u32::MAX)]).is_err());
        rewrite(&whole, true).unwrap();
    }
}

/// The tools do not look into the made-up tables of dyld, but into everything about symbols.
fn judge_symbols(bytes: &[u8], folder: &std::path::Path) {
    let mut bytes = bytes.to_vec();
    // What stands there is no opcode; without it, the tools have nothing to say.
    let binary = bytes.clone();
    let at = binary.windows(8).position(|window| window == [0x22, 0, 0, 0x80, 0x30, 0, 0, 0]).unwrap();
    bytes[at + 8..at + 16].fill(0);
    judge(&bytes, folder);
}
