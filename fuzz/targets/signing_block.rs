//! Signing blocks: the input is what stands between the block's two lengths, in a package that is otherwise right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signing::apk::{Layout, claimed_certificates, signing_block_range, verify_apk};

fuzz_target!(|pairs: &[u8]| {
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    let end = pairs.len() + 32;
    let offset = (end as u32).to_le_bytes();
    let package =
        [size.as_slice(), pairs, &size, b"APK Sig Block 42", b"PK\x05\x06", &[0; 12], &offset, &[0; 2]].concat();
    let directory = end as u64;
    let block = signing_block_range(package.as_slice(), directory).expect("both lengths agree").expect("the magic");
    assert_eq!(block, 0..directory);
    let layout = Layout { signing_block: block, central_directory: directory, end_record: directory };
    let verified = verify_apk(package.as_slice(), &layout);
    let claimed = claimed_certificates(package.as_slice(), directory);
    if let Ok(signatures) = verified {
        // What was checked must be readable without checking, too.
        assert!(!claimed.expect("certificates").is_empty() && !signatures.signers.is_empty());
    }
});
