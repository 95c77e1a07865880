//! Packages that were changed after signing, and signing blocks that were never right.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

mod support;

use signing::apk::{Part, Problem, Scheme, Schemes, SignatureError, claimed_certificates, signing_block_range};
use signing::generate::NewKey;
use support::{TinyZip, block_of, framed, layout, pairs_of, signer, verify};

const V2_ID: u32 = 0x7109_871a;
const V3_ID: u32 = 0xf053_68c0;

#[test]
fn every_flipped_byte_outside_the_padding_is_noticed() {
    let zip = TinyZip::small();
    let package = zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28));
    let padding = padding_of(&package);
    for position in (0..package.len()).filter(|position| !padding.contains(position)) {
        let mut damaged = package.clone();
        damaged[position] ^= 0x10;
        // Another id in front of v2's value makes a package signed with v3 only, which devices from API 28 on accept.
        let noticed = verify(&damaged).map_or(true, |signatures| signatures.schemes() == [Scheme::V3]);
        assert!(noticed, "byte {position} of {}", package.len());
    }
}

#[test]
fn chunk_boundaries_are_digested() {
    let package = TinyZip::sample().signed(&signer(NewKey::P256), Schemes::for_min_sdk(28));
    for position in [(1 << 20) - 1, 1 << 20, (2 << 20) - 1, 2 << 20] {
        let mut damaged = package.clone();
        damaged[position] ^= 1;
        match verify(&damaged) {
            Err(SignatureError::Rejected { part, field: "digest", problem: Problem::ContentsChanged, .. }) => {
                assert_eq!(part, Part::Scheme(Scheme::V2));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_block_cut_anywhere_is_refused() {
    let zip = TinyZip::small();
    let package = zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28));
    let block = block_of(&package);
    for length in 0..block.len() {
        assert!(verify(&zip.with_block(&block[..length])).is_err(), "front {length}");
        assert!(verify(&zip.with_block(&block[block.len() - length..])).is_err(), "back {length}");
    }
}

#[test]
fn a_scheme_cut_anywhere_is_refused() {
    let zip = TinyZip::small();
    let pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    for (cut, (_, value)) in pairs.iter().enumerate().take(2) {
        for length in 0..value.len() {
            let mut pairs = pairs.clone();
            pairs[cut].1.truncate(length);
            let package = zip.with_block(&framed(&pairs));
            assert!(verify(&package).is_err(), "pair {cut} cut to {length}");
            let directory = layout(&package).expect("a layout").central_directory;
            // What it claims may still be readable; it must only not panic.
            let _ = claimed_certificates(package.as_slice(), directory);
        }
    }
}

#[test]
fn taking_v3_away_is_noticed() {
    let zip = TinyZip::small();
    let mut pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    pairs.retain(|(id, _)| *id != V3_ID);
    match verify(&zip.with_block(&framed(&pairs))) {
        Err(SignatureError::Rejected { field: "stripping protection", problem: Problem::Stripped(3), .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn schemes_of_two_signers_are_refused() {
    let zip = TinyZip::small();
    let mut pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    let other = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    pairs[1] = other[1].clone();
    match verify(&zip.with_block(&framed(&pairs))) {
        Err(SignatureError::Rejected { part: Part::Scheme(Scheme::V3), field: "certificate", .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_scheme_twice_is_refused() {
    let zip = TinyZip::small();
    let mut pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    pairs.push(pairs[0].clone());
    match verify(&zip.with_block(&framed(&pairs))) {
        Err(SignatureError::Rejected { part: Part::Block, problem: Problem::Duplicate, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn pairs_of_others_are_passed_over() {
    let zip = TinyZip::small();
    let mut pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    pairs.insert(0, (0x504b_4453, vec![7; 100]));
    assert!(verify(&zip.with_block(&framed(&pairs))).is_ok());
}

#[test]
fn what_cannot_be_checked_is_refused_by_number() {
    let zip = TinyZip::small();
    let mut pairs = pairs_of(&zip.signed(&signer(NewKey::P256), Schemes::for_min_sdk(28)));
    pairs.push((0x1b93_ad61, vec![0; 8]));
    match verify(&zip.with_block(&framed(&pairs))) {
        Err(SignatureError::Rejected { problem: Problem::Unsupported(0x1b93_ad61), .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn huge_sizes_cost_no_memory() {
    let zip = TinyZip::small();
    for size in [u64::MAX, u64::MAX - 7, 1 << 40, 4, 0] {
        let mut block = framed(&[(V2_ID, vec![0; 64])]);
        block[8..16].copy_from_slice(&size.to_le_bytes());
        assert!(verify(&zip.with_block(&block)).is_err(), "pair of {size:#x}");
        let end = block.len() - 24;
        let mut block = framed(&[(V2_ID, vec![0; 64])]);
        block[..8].copy_from_slice(&size.to_le_bytes());
        block[end..end + 8].copy_from_slice(&size.to_le_bytes());
        let package = zip.with_block(&block);
        let directory = (zip.entries.len() + block.len()) as u64;
        assert!(signing_block_range(package.as_slice(), directory).is_err(), "block of {size:#x}");
    }
    let value = [u32::MAX.to_le_bytes().as_slice(), &[0xff; 60]].concat();
    for id in [V2_ID, V3_ID] {
        assert!(verify(&zip.with_block(&framed(&[(id, value.clone())]))).is_err());
    }
}

#[test]
fn a_block_of_countless_pairs_is_refused() {
    let pairs = vec![(0x4272_6577, Vec::new()); 10_000];
    match verify(&TinyZip::small().with_block(&framed(&pairs))) {
        Err(SignatureError::Rejected { field: "pair", problem: Problem::TooMany(_), .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unsigned_package_is_unsigned() {
    let package = TinyZip::small().unsigned();
    assert!(matches!(verify(&package), Err(SignatureError::Unsigned)));
    let foreign = TinyZip::small().with_block(&framed(&[(1, vec![1])]));
    assert!(matches!(verify(&foreign), Err(SignatureError::Unsigned)));
    let directory = layout(&foreign).expect("a layout").central_directory;
    assert_eq!(claimed_certificates(foreign.as_slice(), directory).expect("readable"), []);
}

#[test]
fn same_contents_and_key_give_the_same_bytes() {
    for kind in [NewKey::Rsa2048, NewKey::P256, NewKey::P384] {
        let signer = signer(kind);
        let package = TinyZip::sample().signed(&signer, Schemes::for_min_sdk(28));
        assert!(package == TinyZip::sample().signed(&signer, Schemes::for_min_sdk(28)), "{kind:?}");
        assert_eq!(block_of(&package).len() % 4096, 0, "{kind:?}");
    }
}

/// Where the padding's bytes stand, which no scheme protects.
fn padding_of(package: &[u8]) -> std::ops::Range<usize> {
    let layout = layout(package).expect("a layout");
    let used: usize = pairs_of(package).iter().map(|(_, value)| 12 + value.len()).sum();
    let start = layout.signing_block.start as usize + 8 + used;
    // The pair's size is checked, its id and value are not.
    start + 8..layout.central_directory as usize - 24
}
