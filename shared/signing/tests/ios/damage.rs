//! Profiles that are cut off or changed: refused, or the same as before.

use signing::ios::ProvisioningProfile;

use crate::material::*;
use crate::support::installed;

#[test]
fn truncated_at_every_length() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    for options in ["", "-stream -indef"] {
        let whole = material.signed(&material.contents(), options);
        for length in 0..whole.len() {
            assert!(ProvisioningProfile::parse(&whole[..length]).is_err(), "{options}: cut to {length}");
        }
    }
}

/// Some bytes are not signed, such as those of certificates that nobody asks for; they must not count.
#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    for options in ["", "-noattr", "-stream -indef"] {
        let whole = material.signed(&material.contents(), options);
        let expected = format!("{:?}", ProvisioningProfile::parse(&whole).expect("a profile"));
        for position in 0..whole.len() {
            for mask in [0x01, 0x80] {
                let mut damaged = whole.clone();
                damaged[position] ^= mask;
                if let Ok(profile) = ProvisioningProfile::parse(&damaged) {
                    assert_eq!(format!("{profile:?}"), expected, "{options}: byte {position}");
                }
            }
        }
    }
}
