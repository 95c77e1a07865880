//! Signing blocks: the input is what stands between the block's two lengths, in a package that is otherwise right.
#![no_main]

use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};
use libfuzzer_sys::fuzz_target;
use signing::apk::{Platforms, claimed_certificates, claimed_lineage, verify_apk};

fuzz_target!(|pairs: &[u8]| {
    let mut writer = Writer::new(Vec::new());
    writer.add("a", Method::Stored, Attributes::default(), b"a").expect("an entry");
    let (mut package, tail) = writer.finish(b"").expect("an archive");
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    package.extend([size.as_slice(), pairs, &size, b"APK Sig Block 42"].concat());
    let end = tail.end(package.len() as u64).expect("an end record");
    package.extend_from_slice(tail.directory());
    package.extend(end);
    let archive = Archive::read(&package, &Limits::default()).expect("an archive");
    let directory = archive.directory_offset();

    let verified = verify_apk(&archive, Platforms { min_sdk: 24, target_sdk: 34 }, &|_| true);
    let claimed = claimed_certificates(&package, directory);
    let lineage = claimed_lineage(&package, directory);
    if let Ok(signatures) = verified {
        // What was checked must be readable without checking, too.
        assert!(!claimed.expect("certificates").is_empty() && !signatures.signers.is_empty());
        assert_eq!(lineage.expect("a lineage or none"), signatures.lineage);
    }
});
