//! What programs ask for, compared with what they asked for.

use super::*;

/// What the check of signatures says of an app that was one thing and is protected as another.
fn exchanged(before: &[Item], after: &[u8], policy: &Policy, key: &IosIdentity) -> String {
    let (check, detail) = refusal(&ipa(before), &protected(after, policy, Some(key)), policy, Some(key));
    assert_eq!(check, Check::Signatures, "{detail}");
    detail
}

fn unpacked(bytes: &[u8]) -> Vec<Item> {
    let bytes = bytes.to_vec();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let entries = archive.entries().iter();
    entries
        .map(|entry| (entry.name.clone(), entry.method, archive.read_entry(&entry.name, 64 << 20).unwrap()))
        .collect()
}

#[test]
fn entitlements_that_got_lost_or_weaker_or_more() {
    let (none, granting, plain) = (Policy::default(), granting(), identity(&[]));
    let encrypts = Policy::from_iter([ControlId::STORAGE_ENCRYPTION_PREVENTION]);
    let encrypted = protected(&ipa(&input()), &encrypts, None);
    let bare = ipa(&input());
    let other = |key: &str| format!("{ROOT}: it asks for another {key} than before");
    assert_eq!(exchanged(&unpacked(&encrypted), &bare, &none, &plain), other(DATA_PROTECTION));

    let weak = identity(&[(DATA_PROTECTION, "NSFileProtectionCompleteUnlessOpen".into())]);
    // Whether the input's signature holds counts for nothing.
    let weakened = |name: &str, mut content: Vec<u8>| {
        let (old, new) = (b"<string>NSFileProtectionComplete</string>", b"<string>NSFileProtectionNone</string>    ");
        while let Some(at) = content.windows(old.len()).position(|window| window == old && name.ends_with("/Code")) {
            content[at..at + old.len()].copy_from_slice(new);
        }
        Some(content)
    };
    let unprotected = rewritten(&encrypted, weakened);
    let output = protected(&unprotected, &none, Some(&weak));
    check(&unprotected, &output, &none, Some(&weak)).unwrap();
    let (check_name, detail) = refusal(&encrypted, &output, &none, Some(&weak));
    assert_eq!((check_name, detail), (Check::Signatures, other(DATA_PROTECTION)));

    let debuggable = protected(&bare, &none, Some(&granting));
    let quiet = protected(&debuggable, &Policy::from_iter([ControlId::DEBUGGABLE_PREVENTION]), None);
    assert_eq!(exchanged(&unpacked(&debuggable), &quiet, &none, &granting), other("get-task-allow"));
    assert_eq!(exchanged(&unpacked(&quiet), &debuggable, &none, &granting), other("get-task-allow"));
    check(&debuggable, &protected(&debuggable, &none, Some(&plain)), &none, Some(&plain)).unwrap();
    let beta = identity(&[("beta-reports-active", true.into())]);
    check(&debuggable, &protected(&debuggable, &none, Some(&beta)), &none, Some(&beta)).unwrap();
}
