//! iOS apps from their upload to what Apple's formats say of the output, by both upload calls and from the command line.

use std::path::{Path, PathBuf};

use domain::id::Sha256Hex;
use fixtures::ios::{ROOT, app, bundle, ipa};
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, fetch, put};
use tests::keystores::{IosKey, is_installed, run};

use crate::dev::Desk;
use crate::{judges, samples};

const EXPIRES: &str = "2099-01-02T03:04:05Z";

/// Everything that is built for iOS and needs no more settings than these.
fn controls() -> [Value; 4] {
    [
        json!({ "DebuggablePrevention": { "protection": true } }),
        json!({ "DebugInfoObfuscation": { "protection": true } }),
        json!({ "FileSharingPrevention": { "protection": true } }),
        json!({ "TLS13OnlyPrevention": { "protection": true, "domains": ["*.example.com"] } }),
    ]
}

/// Has an app built by the Management API; the finished build's status.
async fn build(bench: &Bench, app: &[u8], key: &str) -> (i64, Answer) {
    let body = json!({ "file_name": "app.ipa", "platform": "ios", "version": "prod", "signing_key_id": key });
    let ticket = bench.owner().done("/frontend/upload_application_build", body).await;
    put(&ticket.text("upload_url"), app.to_vec()).await;
    let start = ticket.body["start_time"].as_i64().unwrap();
    (start, bench.build(&start.to_string()).await)
}

async fn download(bench: &Bench, start: i64, folder: &Path) -> PathBuf {
    let body = json!({ "start_time": start });
    let answer = bench.owner().done("/frontend/download_application_build", body).await;
    let bytes = fetch(&answer.text("download_url")).await;
    assert_eq!(Sha256Hex::of(&bytes).as_str(), answer.text("sha256"));
    let path = folder.join(format!("{start}.ipa"));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_signed_by_the_tenants_key_and_can_be_signed_again() {
    if !is_installed("openssl") {
        return;
    }
    let (bench, folder) = (Bench::start().await, tempfile::tempdir().unwrap());
    bench.limit(50, 100).await;
    let owner = bench.owner();
    for control in controls() {
        owner.done("/frontend/config_update", json!({ "version": "prod", "config": control })).await;
    }
    let (one, other) = (IosKey::new(EXPIRES), IosKey::new(EXPIRES));
    let key = owner.done("/frontend/signing_keys", one.request("Distribution")).await.text("signing_key_id");
    let (start, status) = build(&bench, &ipa(&app()), &key).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let output = download(&bench, start, folder.path()).await;
    judges::ios_signed_by(&output, ROOT, &one.fingerprint);

    let builds = owner.done("/frontend/get_application_builds", json!({ "platform": "ios" })).await;
    let listed = &builds.body["builds"][0];
    assert_eq!((&listed["build_name"], &listed["build_version"]), (&json!("com.example.small"), &json!("1.2")));

    let key = owner.done("/frontend/signing_keys", other.request("Other")).await.text("signing_key_id");
    let again =
        owner.done("/frontend/sign_application_build", json!({ "start_time": start, "signing_key_id": key })).await;
    let again = again.body["start_time"].as_i64().unwrap();
    let status = bench.build(&again.to_string()).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    judges::ios_signed_by(&download(&bench, again, folder.path()).await, ROOT, &other.fingerprint);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_a_key_is_signed_ad_hoc_and_the_report_says_so() {
    let bench = Bench::start().await;
    let fields = json!({ "file_name": "app.ipa", "platform": "ios", "version": "prod", "signing_key_id": "none" });
    let ticket = bench.post("/automate/upload", fields).await;
    assert_eq!(ticket.status.as_u16(), 200, "{}", ticket.body);
    put(&ticket.text("upload_url"), ipa(&app())).await;
    let status = bench.build(&ticket.text("job_id")).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let report: Value = serde_json::from_slice(&fetch(&status.text("report_url")).await).unwrap();
    assert_eq!((&report["signing"]["signed"], &report["signing"]["ad_hoc"]), (&json!(false), &json!(true)));
    assert_eq!(report["warnings"][0]["code"], "ad_hoc");
    assert_eq!(report["verification"]["checks"].as_array().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_be_protected_fails_with_a_sentence() {
    let bench = Bench::start().await;
    bench.limit(50, 100).await;
    let binary = fixtures::macho::Binary::default();
    for (code, binary) in [
        ("app_encrypted", fixtures::macho::Binary { encryption: 1, ..binary.clone() }),
        ("simulator_build", fixtures::macho::Binary { platform: 7, ..binary }),
    ] {
        let mut items = app();
        items[1].2 = binary.build();
        let (_, status) = build(&bench, &ipa(&items), "none").await;
        assert_eq!(
            (status.text("status"), status.text("failure_code")),
            ("failed".into(), code.into()),
            "{}",
            status.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_simulator_build_can_be_signed_again() {
    if !is_installed("openssl") {
        return;
    }
    let bench = Bench::start().await;
    bench.limit(50, 100).await;
    let owner = bench.owner();
    let accepting = json!({ "AllowSimulatorBuilds": { "protection": true } });
    owner.done("/frontend/config_update", json!({ "version": "prod", "config": accepting })).await;
    let program = fixtures::macho::Binary { platform: 7, ..Default::default() };
    let items = bundle(ROOT, "com.example.small", &program);
    let (start, status) = build(&bench, &ipa(&items), "none").await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let key = owner.done("/frontend/signing_keys", IosKey::new(EXPIRES).request("Other")).await.text("signing_key_id");
    let again =
        owner.done("/frontend/sign_application_build", json!({ "start_time": start, "signing_key_id": key })).await;
    let status = bench.build(&again.body["start_time"].to_string()).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_app_goes_through_dev_protect() {
    let Some(path) = samples::shared_path("samples/UnCrackable-Level1.ipa") else { return };
    let desk = Desk::new();
    let controls = "DebuggablePrevention,FileSharingPrevention,DebugInfoObfuscation";
    let ended = desk.run(&["protect", path.to_str().unwrap(), "--enable", controls, "--out", "out.ipa"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    judges::ios_reads(&desk.path("out.ipa"));
}

/// What clang compiles and ld64.lld links for iOS, against stubs of the system.
const CODE: &str = "
extern int puts(const char *);
static __attribute__((noinline)) int local_name(int x) { return x * 3; }
int exported(int x) { puts(\"text\"); return local_name(x); }
int main(void) { return exported(1); }
";
/// As tests/tools/install brings it.
const LINKER: &str = "ld64.lld-19";
const SYSTEM: &str = "--- !tapi-tbd
tbd-version:     4
targets:         [ arm64-ios ]
install-name:    '/usr/lib/libSystem.B.dylib'
exports:
  - targets:         [ arm64-ios ]
    symbols:         [ dyld_stub_binder, _puts ]
...
";

/// A program and a library that were really compiled; `None` where a tool is missing.
fn linked(folder: &Path) -> Option<[Vec<u8>; 2]> {
    if !["clang", LINKER].into_iter().all(is_installed) {
        return None;
    }
    std::fs::write(folder.join("code.c"), CODE).unwrap();
    std::fs::write(folder.join("system.tbd"), SYSTEM).unwrap();
    run(folder, "clang --target=arm64-apple-ios15 -g -O1 -c code.c -o code.o");
    let link = format!("{LINKER} -arch arm64 -platform_version ios 15.0 17.0 code.o system.tbd");
    run(folder, &format!("{link} -execute -o program"));
    run(folder, &format!("{link} -dylib -install_name @rpath/Library.framework/Code -o library"));
    Some(["program", "library"].map(|name| std::fs::read(folder.join(name)).unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_clang_and_lld_made_is_stripped_and_signed() {
    let folder = tempfile::tempdir().unwrap();
    let Some([program, library]) = linked(folder.path()) else { return };
    let mut items = app();
    // The linkers' code is for phones.
    for (name, _, content) in items.iter_mut().filter(|(name, ..)| name.ends_with("/Code") && !name.contains("/Watch/"))
    {
        *content = if name.contains(".framework/") { library.clone() } else { program.clone() };
    }
    let bench = Bench::start().await;
    let owner = bench.owner();
    owner
        .done(
            "/frontend/config_update",
            json!({ "version": "prod", "config": { "DebugInfoObfuscation": { "protection": true } } }),
        )
        .await;
    let identity = IosKey::new(EXPIRES);
    let key = owner.done("/frontend/signing_keys", identity.request("Distribution")).await.text("signing_key_id");
    let (start, status) = build(&bench, &ipa(&items), &key).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let output = download(&bench, start, folder.path()).await;
    judges::ios_signed_by(&output, ROOT, &identity.fingerprint);
    let unpacked = folder.path().join("unpacked");
    run(folder.path(), &format!("unzip -q -d unpacked {}", output.display()));
    for (path, kept) in [("Code", false), ("Frameworks/Shared.framework/Code", true)] {
        let file = unpacked.join(ROOT).join(path);
        let binary = std::fs::read(file).unwrap();
        let has = |name: &str| binary.windows(name.len()).any(|window| window == name.as_bytes());
        assert_eq!((has("_local_name"), has("_exported"), has("_puts")), (false, kept, true), "{path}");
    }
}
