//! Signatures with one thing wrong in them, and what is said of it.

use signing::code::{By, Sealed, read, verify};

use crate::macho::Kind;
use crate::parts::{CODE_DIRECTORY, DER_ENTITLEMENTS, ENTITLEMENTS, SIGNATURE, range};
use crate::signatures::{CODE_RESOURCES, File, INFO_PLIST, entitlements, sealed, sha256, signed};

/// Nobody's signature, so that what is sealed can be sealed again.
fn sound() -> File {
    signed(Kind::Executable, Some(&entitlements()), By::AdHoc)
}

/// A number put in the place of the one at this offset.
fn with(signature: &[u8], offset: usize, number: u32) -> Vec<u8> {
    replaced(signature, offset, &number.to_be_bytes())
}

fn replaced(signature: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut changed = signature.to_vec();
    changed[offset..offset + bytes.len()].copy_from_slice(bytes);
    changed
}

/// The signature with other content in this blob, and its digest in the code directory.
fn resealed(signature: &[u8], number: u32, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let (place, mut changed) = (range(signature, number), signature.to_vec());
    change(&mut changed[place.clone()]);
    let digests = [&signature[place.clone()], &changed[place]].map(sha256);
    let at = signature.windows(32).position(|bytes| bytes == digests[0]).expect("the digest");
    replaced(&changed, at, &digests[1])
}

fn replace(blob: &mut [u8], old: &[u8], new: &[u8]) {
    let at = blob.windows(old.len()).position(|bytes| bytes == old).expect("the old bytes");
    blob[at..at + new.len()].copy_from_slice(new);
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let whole = sound().signed.bytes;
    let directory = range(&whole, CODE_DIRECTORY).start;
    let [xml, der] = [ENTITLEMENTS, DER_ENTITLEMENTS].map(|number| range(&whole, number).start);
    // The second entry of the index is that of the requirements, the third that of the entitlements in XML.
    let without_xml = with(&whole, 12 + 2 * 8, 9);
    let rows = [
        ("nothing", Vec::new()),
        ("another magic number", with(&whole, 0, 0xfade_0cc1)),
        ("longer than it is", with(&whole, 4, 1 << 20)),
        ("shorter than its own header", with(&whole, 4, 7)),
        ("shorter than its index", with(&whole, 4, 20)),
        ("a thousand blobs", with(&whole, 8, 1000)),
        ("a blob behind the end", with(&whole, 16, 1 << 20)),
        ("a blob at the end", with(&whole, 16, whole.len() as u32)),
        ("one number twice", with(&whole, 12 + 8, 0)),
        ("no code directory", with(&whole, 12, 9)),
        ("a blob longer than the signature", with(&whole, xml + 4, u32::MAX)),
        ("something else as the code directory", with(&whole, 16, xml as u32)),
        ("version 1", with(&whole, directory + 8, 1)),
        ("a version to come", with(&whole, directory + 8, 0x3_0000)),
        ("digests before the beginning", with(&whole, directory + 16, 8)),
        ("digests behind the end", with(&whole, directory + 16, 1 << 20)),
        ("an identifier behind the end", with(&whole, directory + 20, 1 << 20)),
        ("an identifier at the end", with(&whole, directory + 20, range(&whole, CODE_DIRECTORY).len() as u32)),
        ("an empty identifier", replaced(&whole, directory + 88, b"\0")),
        ("an identifier that is no text", replaced(&whole, directory + 88, b"\xff")),
        ("a thousand special slots", with(&whole, directory + 24, 1000)),
        ("four thousand million pages", with(&whole, directory + 28, u32::MAX)),
        ("digests of another length", replaced(&whole, directory + 36, &[20])),
        ("another hash function", replaced(&whole, directory + 37, &[4])),
        ("a scatter table", with(&whole, directory + 44, 88)),
        ("a team behind the end", with(&whole, directory + 48, 1 << 20)),
        ("something else as the entitlements", with(&whole, xml, 0xfade_7172)),
        ("entitlements that are no list", replaced(&whole, xml + 8, b"<plist>")),
        ("something else as the DER entitlements", with(&without_xml, der, 0xfade_7171)),
        ("DER entitlements of another version", replaced(&without_xml, der + 8 + 6, &[2])),
        ("DER entitlements cut off", replaced(&without_xml, der + 8 + 2, &[1, 0])),
    ];
    let rows = rows.map(|(what, bytes)| format!("{what}: {}", read(&bytes).expect_err("it must be refused")));
    insta::assert_snapshot!(rows.join("\n"), @"
    nothing: code signature: magic number of a blob at offset 0 is cut off: 4 bytes wanted, 0 there
    another magic number: code signature: magic number of the signature at offset 0 is 0xfade0cc1, which is not supported
    longer than it is: code signature: signature at offset 0 is cut off: 1048576 bytes wanted, 2384 there
    shorter than its own header: code signature: length of a blob at offset 4 reaches past the end of what holds it
    shorter than its index: code signature: offset of a blob at offset 0 is cut off: 52 bytes wanted, 20 there
    a thousand blobs: code signature: number of blobs at offset 8 is more than the 32 that are accepted
    a blob behind the end: code signature: offset of a blob at offset 0 is cut off: 1048576 bytes wanted, 2381 there
    a blob at the end: code signature: offset of a blob at offset 0 is cut off: 2384 bytes wanted, 2381 there
    one number twice: code signature: number of a blob at offset 20 appears twice
    no code directory: code signature: code directory at offset 0 is missing
    a blob longer than the signature: code signature: blob at offset 552 is cut off: 4294967295 bytes wanted, 1829 there
    something else as the code directory: code signature: magic number of the code directory at offset 552 is 0xfade7171, which is not supported
    version 1: code signature: version of the code directory at offset 60 is 0x1, which is not supported
    a version to come: code signature: version of the code directory at offset 60 is 0x30000, which is not supported
    digests before the beginning: code signature: special slots at offset 52 reaches past the end of what holds it
    digests behind the end: code signature: special slots at offset 52 is cut off: 1048352 bytes wanted, 488 there
    an identifier behind the end: code signature: identifier at offset 52 is cut off: 1048576 bytes wanted, 488 there
    an identifier at the end: code signature: identifier at offset 540 reaches past the end of what holds it
    an empty identifier: code signature: identifier at offset 140 is empty
    an identifier that is no text: code signature: identifier at offset 140 is not UTF-8
    a thousand special slots: code signature: number of special slots at offset 76 is more than the 32 that are accepted
    four thousand million pages: code signature: digests of the pages at offset 380 is cut off: 137438953440 bytes wanted, 160 there
    digests of another length: code signature: length of a digest at offset 88 does not agree with the hash function
    another hash function: code signature: hash function at offset 88 is 0x4, which is not supported
    a scatter table: code signature: offset of the scatter table at offset 96 is 0x58, which is not supported
    a team behind the end: code signature: team identifier at offset 52 is cut off: 1048576 bytes wanted, 488 there
    something else as the entitlements: code signature: magic number of the entitlements at offset 552 is 0xfade7172, which is not supported
    entitlements that are no list: code signature: entitlements: property list: <plist>, and values stand within one <plist>, at offset 142
    something else as the DER entitlements: code signature: magic number of the DER entitlements at offset 1761 is 0xfade7171, which is not supported
    DER entitlements of another version: code signature: version of the DER entitlements at offset 1769 is not 1
    DER entitlements cut off: code signature: DER entitlements at offset 2029 is followed by bytes that belong to nothing
    ");
    assert_eq!(read(&without_xml).expect("claims").entitlements, Some(entitlements()), "DER is read where XML is not");
}

#[test]
fn what_is_not_as_it_was_signed_is_named() {
    let file = sound();
    let whole = &file.signed.bytes;
    let directory = range(whole, CODE_DIRECTORY).start;
    let end = range(whole, SIGNATURE).end;
    let other = Sealed { info_plist: Some(b"other"), ..sealed() };
    let key = b"get-task-allow";
    let longer = [whole.as_slice(), &[0; 16]].concat();
    let rows = [
        ("the code limit", with(whole, directory + 32, 4096), sealed()),
        ("pages of 8 KiB", replaced(whole, directory + 39, &[13]), sealed()),
        ("fewer pages", with(whole, directory + 28, 4), sealed()),
        ("one blob for two", with(whole, 12 + 8 + 4, directory as u32), sealed()),
        ("bytes behind the end", replaced(whole, end, &[1]), sealed()),
        ("an unknown blob", with(whole, 12 + 8, 11), sealed()),
        ("no requirements", with(whole, 12 + 8, 0x2_0000), sealed()),
        ("another Info.plist", whole.clone(), other),
        ("no Info.plist", whole.clone(), Sealed { info_plist: None, ..sealed() }),
        ("no list of files", whole.clone(), Sealed { code_resources: None, ..sealed() }),
        ("Info.plist as the list", whole.clone(), Sealed { code_resources: Some(INFO_PLIST), ..sealed() }),
        ("the list as Info.plist", whole.clone(), Sealed { info_plist: Some(CODE_RESOURCES), ..sealed() }),
        ("changed entitlements", replaced(whole, range(whole, ENTITLEMENTS).start + 300, b"?"), sealed()),
        (
            "other entitlements in XML",
            resealed(whole, ENTITLEMENTS, |blob| replace(blob, b".shared", b".stolen")),
            sealed(),
        ),
        (
            "other entitlements in DER",
            resealed(whole, DER_ENTITLEMENTS, |blob| replace(blob, b".shared", b".stolen")),
            sealed(),
        ),
        (
            "a boolean in another encoding",
            resealed(whole, DER_ENTITLEMENTS, |blob| replace(blob, &[1, 1, 0xff], &[1, 1, 0x01])),
            sealed(),
        ),
        ("the debugger denied in the flags", replaced(whole, directory + 80, &1_u64.to_be_bytes()), sealed()),
        (
            "no debugger in both lists",
            resealed(
                &resealed(whole, ENTITLEMENTS, |blob| replace(blob, key, b"got-task-allow")),
                DER_ENTITLEMENTS,
                |blob| {
                    replace(blob, key, b"got-task-allow");
                },
            ),
            sealed(),
        ),
        ("the flag of nobody's signature taken off", with(whole, directory + 12, 0), sealed()),
        ("signed data where nobody signed", with(&with(&longer, end - 4, 16), 4, end as u32 + 8), sealed()),
        (
            "keys in another order",
            resealed(whole, DER_ENTITLEMENTS, |blob| replace(blob, b"keychain-", b"aeychain-")),
            sealed(),
        ),
    ];
    let rows = rows.map(|(what, bytes, sealed)| {
        let refused = verify(&file.code, &bytes, sealed, &|_| true).expect_err(what);
        format!("{what}: {refused}")
    });
    insta::assert_snapshot!(rows.join("\n"), @"
    the code limit: code signature: code limit at offset 84 does not agree with where the signature begins
    pages of 8 KiB: code signature: length of a page at offset 52 is 0xd, which is not supported
    fewer pages: code signature: number of pages at offset 52 does not agree with the length of the code
    one blob for two: code signature: blob at offset 52 does not agree with the end of the blob before it
    bytes behind the end: code signature: signature at offset 2381 is followed by bytes that belong to nothing
    an unknown blob: code signature: digest of a blob at offset 52 is not the digest of what was signed: that was changed since
    no requirements: code signature: digest of a blob at offset 52 is not the digest of what was signed: that was changed since
    another Info.plist: code signature: digest of Info.plist at offset 52 is not the digest of what was signed: that was changed since
    no Info.plist: code signature: digest of Info.plist at offset 52 does not agree with what there is to sign
    no list of files: code signature: digest of CodeResources at offset 52 does not agree with what there is to sign
    Info.plist as the list: code signature: digest of CodeResources at offset 52 is not the digest of what was signed: that was changed since
    the list as Info.plist: code signature: digest of Info.plist at offset 52 is not the digest of what was signed: that was changed since
    changed entitlements: code signature: digest of the entitlements at offset 52 is not the digest of what was signed: that was changed since
    other entitlements in XML: code signature: DER entitlements at offset 1761 does not agree with those in XML
    other entitlements in DER: code signature: DER entitlements at offset 1761 does not agree with those in XML
    a boolean in another encoding: code signature: value of an entitlement at offset 1903 is not of a known type
    the debugger denied in the flags: code signature: flags of the executable segment at offset 1761 does not agree with the entitlements
    no debugger in both lists: code signature: flags of the executable segment at offset 1761 does not agree with the entitlements
    the flag of nobody's signature taken off: code signature: signed data at offset 2381 is missing
    signed data where nobody signed: code signature: signed data at offset 2373 does not agree with the flags of the code directory
    keys in another order: code signature: DER entitlements at offset 1769 is not in the one encoding that they have
    ");
}

#[test]
fn checking_stops_when_it_should() {
    let file = sound();
    let stopped = verify(&file.code, &file.signed.bytes, sealed(), &|_| false).expect_err("it must stop");
    assert_eq!(stopped.to_string(), "checking the code signature was stopped");
}
