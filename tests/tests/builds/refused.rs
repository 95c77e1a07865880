//! Hostile and wrong packages through the whole service: each fails with a reason and leaves nothing behind.

use tests::harness::{Bench, put};

use crate::real_packages::repacked;
use crate::samples;

/// A package by file name, and what its job must say.
struct Case {
    name: &'static str,
    package: Vec<u8>,
    /// `failure_code`.
    code: &'static str,
    /// `error_message`.
    message: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_and_wrong_packages_fail_with_a_reason_and_leave_nothing_behind() {
    let bench = Bench::start().await;
    bench.limit(50, 100).await;
    let mut jobs = Vec::new();
    for case in cases() {
        // Without an announced size, so that the empty one gets as far.
        let ticket = bench.request_upload(case.name, None).await;
        put(&ticket.text("upload_url"), case.package.clone()).await;
        jobs.push((ticket.text("job_id"), case));
    }
    bench.run_arrivals().await;
    bench.run_worker(&bench.worker()).await;
    for (job, case) in jobs {
        let Case { name, code, message, .. } = case;
        let failed = bench.get(&format!("/automate/status/{job}")).await;
        assert_eq!((failed.text("status"), failed.text("failure_code")), ("failed".into(), code.into()), "{name}");
        assert_eq!(failed.text("error_message"), message, "{name}");
        let download = bench.get(&format!("/automate/download/{job}")).await;
        assert_eq!(download.status, http::StatusCode::BAD_REQUEST, "{name}");
    }
    assert_eq!(bench.objects().await, [""; 0]);
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.arrived.is_empty(), "{ledger:?}");
}

fn cases() -> Vec<Case> {
    let folder = tempfile::tempdir().unwrap();
    let repacked = repacked(folder.path());
    let file = |name: &str| std::fs::read(repacked.join(name)).unwrap();
    let case = |name, package, code, message| Case { name, package, code, message };
    let mut cases = vec![
        case("empty.apk", Vec::new(), "upload_empty", "The upload is empty: send the package as the body of the PUT"),
        case(
            "text.apk",
            b"This is not an app.\n".repeat(50),
            "archive_invalid",
            "The package is not a sound archive: not a ZIP archive: no end of central directory record in the last 1000 of 1000 \
             bytes. Build it again and upload it unchanged.",
        ),
        case(
            "truncated.apk",
            file("truncated.apk"),
            "archive_invalid",
            "The package is not a sound archive: not a ZIP archive: no end of central directory record in the last 666 of 666 \
             bytes. Build it again and upload it unchanged.",
        ),
        case(
            "bomb.apk",
            file("bomb.apk"),
            "package_too_large",
            "The package is refused: too large: unpacked length in bytes for an archive this small is 314573784, at most 268435456 \
             is accepted.",
        ),
        case(
            "duplicate.apk",
            file("duplicate.apk"),
            "archive_invalid",
            "The package is not a sound archive: entry \"classes.dex\": name at offset 560: the name occurs twice. Build it again \
             and upload it unchanged.",
        ),
        case(
            "traversal.apk",
            file("traversal.apk"),
            "archive_invalid",
            "The package is not a sound archive: entry \"../../etc/passwd\": name at offset 792: the name is unsafe: it contains \
             a relative path component. Build it again and upload it unchanged.",
        ),
        case(
            "absolute.apk",
            file("absolute.apk"),
            "archive_invalid",
            "The package is not a sound archive: entry \"/etc/passwd\": name at offset 787: the name is unsafe: it is an absolute \
             path. Build it again and upload it unchanged.",
        ),
        case(
            "photos.apk",
            file("photos.apk"),
            "unknown_format",
            "photos.apk is an archive, but not an Android package (APK): it has no manifest of an app.",
        ),
    ];
    if let Some(app) = samples::shared("samples/UnCrackable-Level1.ipa") {
        cases.push(case(
            "ios.apk",
            app,
            "wrong_format",
            "ios.apk is an iOS app (IPA), not an Android package (APK). Upload it under its own extension, or build an Android \
             package (APK).",
        ));
    }
    if let Some(bundle) = samples::shared("samples/install-time-permanent-modules.aab") {
        cases.push(case(
            "bundle.apk",
            bundle,
            "wrong_format",
            "bundle.apk is an Android App Bundle (AAB), not an Android package (APK). Upload it under its own extension, or build an \
             Android package (APK).",
        ));
    }
    cases
}
