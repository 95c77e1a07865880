//! What programs ask for, and the controls that decide about it.

use domain::control::ControlId;
use domain::policy::Policy;
use engine::Status;
use fixtures::ios::{ROOT, TEAM, app, identity};
use fixtures::macho::{Binary, fat};
use formats::macho;
use formats::plist::Value;

use crate::app::{Output, only, replace, run, run_archive};

const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";

#[test]
fn an_app_that_was_never_signed_gets_what_every_app_has() {
    let identity = identity(&[]);
    let output = run(&app(), &Policy::default(), Some(&identity)).unwrap();
    for (bundle, id) in
        [(ROOT.to_owned(), "com.example.small"), (format!("{ROOT}/PlugIns/Share.appex"), "com.example.small.share")]
    {
        let claims = output.claims(&bundle);
        let entitlements = claims.entitlements.unwrap();
        assert_eq!(entitlements.get("application-identifier"), Some(&format!("{TEAM}.{id}").into()));
        assert_eq!(entitlements.get("com.apple.developer.team-identifier"), Some(&TEAM.into()));
        assert_eq!((claims.identifier.as_str(), claims.team_id.as_deref(), claims.is_ad_hoc), (id, Some(TEAM), false));
        assert_eq!(output.content(&format!("{bundle}/embedded.mobileprovision")), identity.profile().bytes());
    }
    let framework = output.claims(&format!("{ROOT}/Frameworks/Shared.framework"));
    assert_eq!((framework.entitlements, framework.team_id.as_deref()), (None, Some(TEAM)));
    assert!(output.archive().entry(&format!("{ROOT}/Frameworks/Shared.framework/embedded.mobileprovision")).is_none());
}

#[test]
fn debuggers_are_refused_whatever_the_profile_grants() {
    let development = identity(&[("get-task-allow", true.into())]);
    let debuggable = run(&app(), &Policy::default(), Some(&development)).unwrap();
    assert_eq!(debuggable.claims(ROOT).entitlements.unwrap().get("get-task-allow"), Some(&true.into()));

    let policy = only(ControlId::DEBUGGABLE_PREVENTION);
    for key in [Some(&development), None] {
        let output = run_archive(&debuggable.bytes, &policy, key).unwrap();
        for bundle in [ROOT.to_owned(), format!("{ROOT}/PlugIns/Share.appex"), format!("{ROOT}/AppClips/Clip.app")] {
            assert!(!output.claims(&bundle).entitlements.unwrap().contains_key("get-task-allow"), "{bundle}");
        }
        let outcome = output.outcome(ControlId::DEBUGGABLE_PREVENTION);
        assert_eq!(outcome.changes.len(), 5, "each program");
        assert_eq!((outcome.changes[0].before.as_deref(), outcome.changes[0].after.as_deref()), (Some("true"), None));
    }
    let release = run(&app(), &Policy::default(), Some(&identity(&[]))).unwrap();
    let output = run_archive(&release.bytes, &policy, None).unwrap();
    assert_eq!(output.outcome(ControlId::DEBUGGABLE_PREVENTION).status, Status::AlreadyInPlace);
}

#[test]
fn signing_again_gives_no_debugger_what_was_refused_it() {
    let protected = run(&app(), &only(ControlId::DEBUGGABLE_PREVENTION), None).unwrap();
    let development = identity(&[("get-task-allow", true.into())]);
    let again = run_archive(&protected.bytes, &Policy::default(), Some(&development)).unwrap();
    let entitlements = again.claims(ROOT).entitlements.unwrap();
    assert!(entitlements.get("get-task-allow").is_none_or(|value| *value == false.into()), "{entitlements:?}");
}

#[test]
fn files_are_encrypted_where_the_profile_grants_it() {
    let policy = only(ControlId::STORAGE_ENCRYPTION_PREVENTION);
    let granted = identity(&[(DATA_PROTECTION, "NSFileProtectionComplete".into())]);
    let output = run(&app(), &policy, Some(&granted)).unwrap();
    let complete = Value::from("NSFileProtectionComplete");
    for bundle in [ROOT.to_owned(), format!("{ROOT}/PlugIns/Share.appex")] {
        assert_eq!(output.claims(&bundle).entitlements.unwrap().get(DATA_PROTECTION), Some(&complete));
    }
    let error = run(&app(), &policy, Some(&identity(&[]))).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "control_not_applicable");
    assert!(error.to_string().contains("does not grant com.apple.developer.default-data-protection"), "{error}");

    let ad_hoc = run(&app(), &policy, None).unwrap();
    assert_eq!(ad_hoc.claims(ROOT).entitlements.unwrap().get(DATA_PROTECTION), Some(&complete));
    let warnings = ad_hoc.outcome(ControlId::STORAGE_ENCRYPTION_PREVENTION).warnings.join("\n");
    assert!(warnings.contains("only under a provisioning profile that grants it"), "{warnings}");
}

#[test]
fn a_program_that_the_profile_does_not_cover_fails_the_build() {
    let mut items = app();
    let entry = format!("{ROOT}/PlugIns/Share.appex/Info.plist");
    crate::app::replace(&mut items, &entry, fixtures::ios::info("org.elsewhere.share", "Code", &[]));
    let error = run(&items, &Policy::default(), Some(&identity(&[]))).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "signing_failed");
    let sentence = error.to_string();
    assert!(sentence.contains("PlugIns/Share.appex") && sentence.contains("org.elsewhere.share"), "{sentence}");
}

#[test]
fn what_the_profile_lacks_is_named() {
    let granted = identity(&[(DATA_PROTECTION, "NSFileProtectionComplete".into())]);
    let asking = run(&app(), &only(ControlId::STORAGE_ENCRYPTION_PREVENTION), Some(&granted)).unwrap();
    run_archive(&asking.bytes, &Policy::default(), Some(&granted)).unwrap();
    let error = run_archive(&asking.bytes, &Policy::default(), Some(&identity(&[]))).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "signing_failed");
    assert!(error.to_string().contains(DATA_PROTECTION), "{error}");
}

fn settled(output: &Output) -> Vec<&str> {
    let warnings = output.report.warnings.iter().filter(|warning| warning.code == "entitlement_settled");
    warnings.map(|warning| warning.message.as_str()).collect()
}

#[test]
fn what_the_profile_decides_otherwise_is_reported_for_each_program() {
    let development = identity(&[("get-task-allow", true.into())]);
    let debuggable = run(&app(), &Policy::default(), Some(&development)).unwrap();
    assert_eq!(settled(&debuggable), [""; 0], "the app had decided nothing");
    let release = identity(&[("beta-reports-active", true.into())]);
    let output = run_archive(&debuggable.bytes, &Policy::default(), Some(&release)).unwrap();
    assert_eq!(settled(&output).len(), 10, "two for each program");
    for sentence in [
        "Payload/Small.app: the provisioning profile decides get-task-allow: false from now on, true until now.",
        "Payload/Small.app/PlugIns/Share.appex: the provisioning profile decides beta-reports-active: true from now on, absent until now.",
    ] {
        assert!(settled(&output).contains(&sentence), "{:#?}", settled(&output));
    }
    let again = run_archive(&output.bytes, &Policy::default(), Some(&release)).unwrap();
    assert_eq!(settled(&again), [""; 0]);
    let by_a_control = run_archive(&debuggable.bytes, &only(ControlId::DEBUGGABLE_PREVENTION), Some(&release)).unwrap();
    assert_eq!(settled(&by_a_control).len(), 5, "the control's own row says the rest");
}

#[test]
fn a_weaker_class_of_files_is_never_signed() {
    let encrypts = only(ControlId::STORAGE_ENCRYPTION_PREVENTION);
    let strong = run(&app(), &encrypts, None).unwrap();
    let weak = identity(&[(DATA_PROTECTION, "NSFileProtectionCompleteUntilFirstUserAuthentication".into())]);
    let error = run_archive(&strong.bytes, &Policy::default(), Some(&weak)).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "signing_failed");
    let sentence = error.to_string();
    assert!(sentence.contains(&format!("{DATA_PROTECTION} (\"NSFileProtectionComplete\")")), "{sentence}");
}

#[test]
fn a_stronger_class_of_files_is_reported_with_what_the_app_had() {
    let complete = identity(&[(DATA_PROTECTION, "NSFileProtectionComplete".into())]);
    let signed = run(&app(), &Policy::default(), Some(&complete)).unwrap();
    let bytes = weakened(&signed.bytes);
    let output = run_archive(&bytes, &Policy::default(), Some(&complete)).unwrap();
    let sentence = format!(
        "Payload/Small.app: the provisioning profile decides {DATA_PROTECTION}: NSFileProtectionComplete from now on, NSFileProtectionNone until now."
    );
    assert!(settled(&output).contains(&sentence.as_str()), "{:#?}", settled(&output));
    let policy = only(ControlId::STORAGE_ENCRYPTION_PREVENTION);
    let output = run_archive(&bytes, &policy, Some(&complete)).unwrap();
    assert_eq!(settled(&output), [""; 0]);
    let changes = &output.outcome(ControlId::STORAGE_ENCRYPTION_PREVENTION).changes;
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(change.entry, format!("{ROOT}/Code"));
    assert_eq!(change.before.as_deref(), Some("NSFileProtectionNone"));
}

/// The app with another entitlement of the same length in its own signature; whether that holds counts for nothing.
fn weakened(bytes: &[u8]) -> Vec<u8> {
    let output = run_archive(bytes, &only(ControlId::STORAGE_ENCRYPTION_PREVENTION), None).unwrap();
    let archive = output.archive();
    let entries = archive.entries().iter();
    let mut items: Vec<_> = entries.map(|it| (it.name.clone(), it.method, output.content(&it.name))).collect();
    let entry = format!("{ROOT}/Code");
    let mut code = output.content(&entry);
    let (old, new) = (b"<string>NSFileProtectionComplete</string>", b"<string>NSFileProtectionNone</string>    ");
    let at = code.windows(old.len()).position(|window| window == old).unwrap();
    code[at..at + old.len()].copy_from_slice(new);
    replace(&mut items, &entry, code);
    fixtures::ios::ipa(&items)
}

#[test]
fn slices_that_ask_for_different_things_are_refused() {
    let mut items = app();
    let entry = format!("{ROOT}/Code");
    let slices = [Binary::default(), Binary { cpu: 0x0200_000C, ..Binary::default() }];
    replace(&mut items, &entry, fat(&slices.map(|binary| binary.build())));
    let signed = |granted| run(&items, &Policy::default(), Some(&identity(&[("get-task-allow", granted)]))).unwrap();
    let slices = [true, false].map(|granted| {
        let code = signed(granted.into()).content(&entry);
        let binary = macho::Binary::read(&code).unwrap();
        binary
            .slices
            .iter()
            .map(|slice| code[slice.range.start as usize..slice.range.end as usize].to_vec())
            .collect::<Vec<_>>()
    });
    let [[debuggable, same], [_, other]] = slices.each_ref().map(|slices| [&slices[0], &slices[1]]);
    replace(&mut items, &entry, fat(&[debuggable.clone(), same.clone()]));
    run(&items, &Policy::default(), None).unwrap();
    replace(&mut items, &entry, fat(&[debuggable.clone(), other.clone()]));
    let error = run(&items, &Policy::default(), None).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "signing_failed");
    let start = "Payload/Small.app/Code: the slices for arm64 and arm64_32 ask for different entitlements";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn a_profile_that_is_not_for_every_program() {
    for (pattern, not_for, named) in [
        ("com.example.small", "com.example.small.share", 4),
        ("com.example.small.*", "com.example.small (Payload/Small.app)", 1),
    ] {
        let identity = identity(&[("application-identifier", format!("{TEAM}.{pattern}").into())]);
        let error = run(&app(), &Policy::default(), Some(&identity)).map(|_| ()).unwrap_err();
        let sentence = error.to_string();
        assert_eq!(error.code(), "signing_failed");
        assert!(sentence.contains(&format!("is for the app identifier {pattern}, and not for ")), "{sentence}");
        assert!(sentence.contains(not_for), "{sentence}");
        assert_eq!(sentence.matches("(Payload/").count(), named, "{sentence}");
        assert!(sentence.ends_with("upload one that covers them all, for com.example.* or wider."), "{sentence}");
    }
    let narrow = identity(&[("application-identifier", format!("{TEAM}.com.example.small").into())]);
    let alone: Vec<_> = app().into_iter().take(3).collect();
    run(&alone, &Policy::default(), Some(&narrow)).unwrap();
    let mut many = app();
    for number in 0..10 {
        let folder = format!("{ROOT}/PlugIns/P{number}.appex");
        many.extend(fixtures::ios::bundle(&folder, &format!("org.example.p{number}"), &Binary::default()));
    }
    let sentence = run(&many, &Policy::default(), Some(&narrow)).map(|_| ()).unwrap_err().to_string();
    assert!(sentence.contains(", 6 more. One profile") && sentence.ends_with("for * or wider."), "{sentence}");
}
