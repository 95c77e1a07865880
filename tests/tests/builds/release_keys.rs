//! Signing keys that customers make with keytool and OpenSSL, from their upload to the signature that apksigner finds.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::id::Sha256Hex;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, fetch, put};
use tests::keystores::{self, IosKey, PASSWORD, run};
use tests::members::Member;
use tests::packages::app;

use crate::judges;

const KEYS: &str = "/frontend/signing_keys";
const UPLOAD: &str = "/frontend/upload_application_build";
const DOWNLOAD: &str = "/frontend/download_application_build";
const SIGN: &str = "/frontend/sign_application_build";

/// A stack, its owner, and a folder for tools.
struct Desk {
    bench: Bench,
    owner: Member,
    folder: tempfile::TempDir,
    package: Vec<u8>,
}

impl Desk {
    async fn start() -> Self {
        let bench = Bench::start().await;
        bench.limit(50, 100).await;
        let (owner, folder) = (bench.owner(), tempfile::tempdir().unwrap());
        Self { bench, owner, folder, package: app("com.example.app") }
    }

    /// The file that a tool writes, in Base64.
    fn made(&self, lines: &[&str], file: &str) -> String {
        lines.iter().for_each(|line| run(self.folder.path(), line));
        BASE64_STANDARD.encode(std::fs::read(self.folder.path().join(file)).unwrap())
    }

    /// Uploads for a build that names this key, or nothing about one; its start time.
    async fn upload(&self, key: Option<&str>) -> i64 {
        let mut body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
        if let Some(key) = key {
            body["signing_key_id"] = json!(key);
        }
        let ticket = self.owner.done(UPLOAD, body).await;
        put(&ticket.text("upload_url"), self.package.clone()).await;
        ticket.body["start_time"].as_i64().unwrap()
    }

    /// As [`Self::upload`], with the package as it is protected then.
    async fn protect(&self, key: Option<&str>) -> (i64, PathBuf) {
        let start = self.upload(key).await;
        let status = self.bench.build(&start.to_string()).await;
        assert_eq!(status.text("status"), "completed", "{}", status.body);
        (start, self.download(start).await)
    }

    async fn download(&self, start: i64) -> PathBuf {
        let answer = self.owner.done(DOWNLOAD, json!({ "start_time": start })).await;
        let bytes = fetch(&answer.text("download_url")).await;
        assert_eq!(Sha256Hex::of(&bytes).as_str(), answer.text("sha256"));
        let path = self.folder.path().join(format!("{start}.apk"));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn add_key(&self, request: Value) -> Answer {
        self.owner.done(KEYS, request).await
    }

    /// The build as it is listed.
    async fn listed(&self, start: i64) -> Value {
        let answer = self.owner.done("/frontend/get_application_builds", json!({})).await;
        let builds = answer.body["builds"].as_array().unwrap().clone();
        builds.into_iter().find(|build| build["start_time"] == start).unwrap()
    }
}

/// Requests that store a release key, as each tool makes one, with the kind of key that apksigner names.
fn requests(desk: &Desk) -> Vec<(Value, &'static str)> {
    let keytool = format!("keytool -genkeypair -dname CN=Release -validity 365 -storepass {PASSWORD}");
    let rsa = "-keyalg RSA -keysize 2048";
    let pkcs12 = format!("{keytool} {rsa} -alias Upload -storetype PKCS12 -keystore keytool.p12");
    let jks = format!("{keytool} {rsa} -alias Upload -storetype JKS -keystore keytool.jks -keypass of-the-key-alone");
    let other = format!("{keytool} -keyalg EC -groupname secp256r1 -alias other -storetype JKS -keystore keytool.jks");
    let key = "openssl req -x509 -nodes -newkey rsa:2048 -keyout key.pem -out cert.pem -days 365 -subj /CN=Release";
    let export = format!("openssl pkcs12 -export -inkey key.pem -in cert.pem -name upload -passout pass:{PASSWORD}");
    let (modern, legacy) = (format!("{export} -out new.p12"), format!("{export} -legacy -out old.p12"));
    let request = |keystore: String| json!({ "platform": "android", "name": "Release", "keystore": keystore, "keystore_password": PASSWORD });
    let mut protected = request(desk.made(&[&jks, &other], "keytool.jks"));
    protected["key_alias"] = json!("upload");
    protected["key_password"] = json!("of-the-key-alone");
    vec![
        (request(desk.made(&[&pkcs12], "keytool.p12")), "RSA"),
        (protected, "RSA"),
        (request(desk.made(&[key, &modern], "new.p12")), "RSA"),
        (request(desk.made(&[&legacy], "old.p12")), "RSA"),
        (keystores::android("Elliptic"), "EC"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_tool_sign_the_builds_that_name_them() {
    if !judges::are_installed() || !["keytool", "openssl"].into_iter().all(keystores::is_installed) {
        return;
    }
    let desk = Desk::start().await;
    for (request, algorithm) in requests(&desk) {
        let key = desk.add_key(request).await;
        assert!(key.text("algorithm").starts_with(algorithm), "{}", key.body);
        let (start, output) = desk.protect(Some(&key.text("signing_key_id"))).await;
        judges::signed_by(&output, &key.text("fingerprint"), algorithm);
        assert_eq!(desk.listed(start).await["signing_key_id"], key.body["signing_key_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_signs_where_none_is_named_and_nothing_signs_where_none_is_asked_for() {
    if !judges::are_installed() {
        return;
    }
    let desk = Desk::start().await;
    let key = desk.add_key(keystores::android("Release")).await;
    let named = json!({ "signing_key_id": key.text("signing_key_id") });
    desk.owner.done("/frontend/signing_keys/default", named.clone()).await;
    let (_, output) = desk.protect(None).await;
    judges::signed_by(&output, &key.text("fingerprint"), "EC");
    let (_, output) = desk.protect(Some("none")).await;
    judges::unsigned(&output);
    // A build keeps the key that it was asked for with.
    let start = desk.upload(None).await;
    let without = json!({ "signing_key_id": key.text("signing_key_id"), "default": false });
    desk.owner.done("/frontend/signing_keys/default", without).await;
    desk.bench.build(&start.to_string()).await;
    judges::signed_by(&desk.download(start).await, &key.text("fingerprint"), "EC");
    let (_, output) = desk.protect(None).await;
    judges::unsigned(&output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_key_was_deleted_fails_and_says_so() {
    let desk = Desk::start().await;
    let key = desk.add_key(keystores::android("Release")).await.text("signing_key_id");
    let start = desk.upload(Some(&key)).await;
    desk.owner.done("/frontend/signing_keys/delete", json!({ "signing_key_id": key })).await;
    let status = desk.bench.build(&start.to_string()).await;
    let message = format!("Signing failed: the signing key {key} was deleted");
    assert_eq!((status.text("status"), status.text("error_message")), ("failed".into(), message.clone()));
    let listed = desk.listed(start).await;
    let shown = ["status", "failure_code", "error_message", "signing_error_message"].map(|field| &listed[field]);
    assert_eq!(shown, [&json!("failed"), &json!("signing_failed"), &json!(message), &json!(message)]);
    assert_eq!((&listed["success"], &listed["package_name"]), (&json!(false), &json!("com.example.app")));

    // What else is wrong with a package is no matter of its key.
    let ticket = desk.bench.upload("app.apk", b"no package").await;
    desk.bench.build(&ticket).await;
    let listed = desk.listed(ticket.parse().unwrap()).await;
    assert_eq!((&listed["failure_code"], &listed["signing_error_message"]), (&json!("archive_invalid"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_signed_again_differs_in_its_signature_alone() {
    if !judges::are_installed() {
        return;
    }
    let desk = Desk::start().await;
    let (first, one) = desk.protect(None).await;
    let before = (desk.listed(first).await, std::fs::read(&one).unwrap());
    let default = desk.bench.tenant.default_android_key.clone().unwrap();
    let stored = desk.bench.store().signing_key(&desk.bench.tenant.id, &default).await.unwrap().unwrap();
    judges::signed_by(&one, &stored.fingerprint, "RSA");

    let key = desk.add_key(keystores::android("Another")).await;
    let named = json!({ "start_time": first, "signing_key_id": key.body["signing_key_id"] });
    let asked = desk.owner.done(SIGN, named).await;
    assert_eq!(asked.body["signing_key_id"], key.body["signing_key_id"]);
    let second = asked.body["start_time"].as_i64().unwrap();
    assert_eq!(desk.bench.build(&second.to_string()).await.text("status"), "completed");
    let two = desk.download(second).await;
    judges::signed_by(&two, &key.text("fingerprint"), "EC");
    judges::aligned(&two);
    assert_eq!(contents(&one), contents(&two));
    assert_ne!(before.1, std::fs::read(&two).unwrap());

    let listed = desk.listed(second).await;
    assert_eq!((&listed["signs_again"], &listed["file_path"]), (&json!(first), &Value::Null));
    assert_eq!(listed["application_id"], before.0["application_id"]);
    let download = desk.owner.done(DOWNLOAD, json!({ "start_time": second })).await;
    let report: Value = serde_json::from_slice(&fetch(&download.text("report_url")).await).unwrap();
    assert_eq!(report["signs_again"], first);
    assert_eq!((desk.listed(first).await, std::fs::read(desk.download(first).await).unwrap()), before);

    for (body, code) in [
        (json!({ "start_time": first, "signing_key_id": "none" }), "invalid_signing_key_id"),
        (json!({ "start_time": first, "signing_key_id": "unknown" }), "invalid_signing_key_id"),
        (json!({ "start_time": desk.upload(None).await }), "job_not_completed"),
    ] {
        let refused = desk.owner.post(SIGN, body).await;
        assert_eq!((refused.status.as_u16(), refused.text("code")), (400, code.into()), "{}", refused.body);
    }
}

/// Name and checksum of each entry.
fn contents(package: &Path) -> Vec<(String, u64)> {
    let folder = tempfile::tempdir().unwrap();
    judges::entries(package, folder.path()).into_iter().map(|(name, entry)| (name, entry.crc)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_open_or_have_expired_are_refused_by_field() {
    let desk = Desk::start().await;
    let now = desk.bench.clock.now();
    let (day, year) = (24 * 3600, 31_557_600);
    let valid = keystores::android("Release");
    let with = |field: &str, value: Value| {
        let mut request = valid.clone();
        request[field] = value;
        request
    };
    let text = BASE64_STANDARD.encode("no keystore");
    let mut cases = vec![
        ("keystore", keystores::android_with("Old", &keystores::make("Old", now - 30 * year - day))),
        ("keystore", keystores::android_with("Early", &keystores::make("Early", now + day))),
        ("keystore", with("keystore", json!(text))),
        ("keystore", with("keystore", json!("no Base64"))),
        ("keystore", with("keystore", json!(BASE64_STANDARD.encode(vec![0; 100 * 1024 + 1])))),
        ("keystore_password", with("keystore_password", json!("another-password"))),
        ("key_alias", with("key_alias", json!("another"))),
        ("p12", with("p12", json!("AAAA"))),
        ("name", with("name", json!("x"))),
        ("platform", with("platform", json!("windows"))),
    ];
    if keystores::is_installed("keytool") {
        let mut requests = requests(&desk);
        let (mut wrong, _) = requests.swap_remove(1);
        wrong["key_password"] = json!("another-password");
        cases.push(("key_password", wrong.clone()));
        wrong["key_alias"] = Value::Null;
        cases.push(("key_alias", wrong));
    }
    if keystores::is_installed("openssl") {
        cases.extend(refused_for_ios());
    }
    let before = desk.owner.get(KEYS).await.body;
    for (field, request) in cases {
        let refused = desk.owner.post(KEYS, request).await;
        let found = (refused.status.as_u16(), refused.text("code"));
        assert_eq!(found, (400, format!("invalid_{field}")), "{}", refused.body);
        assert!(!refused.body.to_string().contains("another-password"), "{}", refused.body);
    }
    assert_eq!(desk.owner.get(KEYS).await.body, before, "nothing is stored");
}

fn refused_for_ios() -> Vec<(&'static str, Value)> {
    let (key, other) = (IosKey::new("2099-01-02T03:04:05Z"), IosKey::new("2024-01-02T03:04:05Z"));
    let with = |field: &str, value: Value| {
        let mut request = key.request("Distribution");
        request[field] = value;
        request
    };
    let (p12, profile) = (BASE64_STANDARD.encode(&other.p12), BASE64_STANDARD.encode(b"no profile"));
    vec![
        ("p12_password", with("p12_password", json!("another-password"))),
        ("p12", with("p12", json!(profile))),
        ("provisioning_profile", with("provisioning_profile", json!(profile))),
        ("provisioning_profile", with("p12", json!(p12))),
        ("provisioning_profile", other.request("Expired")),
        ("key_alias", with("key_alias", json!("release"))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_ios_is_kept_and_listed_with_its_profile_and_signs_nothing_for_android() {
    if !keystores::is_installed("openssl") {
        return;
    }
    let desk = Desk::start().await;
    let ios = IosKey::new("2099-01-02T03:04:05Z");
    let made = desk.add_key(ios.request("Distribution")).await;
    let id = made.text("signing_key_id");
    let listed = desk.owner.get(KEYS).await.body["signing_keys"].as_array().unwrap().clone();
    assert_eq!(listed.iter().find(|key| key["signing_key_id"] == id), Some(&made.body));
    assert_eq!((made.text("platform"), made.text("fingerprint")), ("ios".into(), ios.fingerprint.clone()));
    assert_eq!(made.text("algorithm"), "EC P-256");
    let profile = json!({
        "name": "Example App Store", "team_id": keystores::TEAM, "bundle_id": "com.example.*", "expiry": 4_071_006_245_i64,
    });
    assert_eq!((&made.body["provisioning_profile"], &made.body["default"]), (&profile, &json!(false)));
    let (_, material) =
        desk.bench.store().signing_key_material(&desk.bench.tenant.id, &id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((&material.keystore, &material.profile), (&ios.p12, &ios.profile));

    desk.owner.done("/frontend/signing_keys/default", json!({ "signing_key_id": id })).await;
    let tenant = desk.bench.store().tenant(&desk.bench.tenant.id).await.unwrap().unwrap();
    assert_eq!(tenant.default_android_key, desk.bench.tenant.default_android_key, "each platform has its own");
    let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod", "signing_key_id": id });
    let refused = desk.owner.post(UPLOAD, body).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (400, "invalid_signing_key_id".into()));
}
