//! `./dev` as a person uses it: the real script, the real binaries, a home folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use identity::{Pool, Verifier};
use serde_json::Value;
use service::Clock;
use tests::harness::{home, root, variable};
use tests::packages::{apk_of_size, small_apk};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::judges::run;

/// A folder to work in, with a home that has the local AWS already, as after a first use.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home_here = folder.path().join("home");
        let programs = folder.path().join("programs");
        std::fs::create_dir_all(&home_here).unwrap();
        std::fs::create_dir_all(&programs).unwrap();
        let venv = std::fs::canonicalize(home().join("venv")).expect("the local AWS: run ./dev test");
        std::os::unix::fs::symlink(venv, home_here.join("venv")).unwrap();
        // The binaries are there: `./dev test` builds them first. What Cargo is asked is written down.
        let asked = folder.path().join("asked");
        write_program(&programs.join("cargo"), &format!("#!/bin/sh\necho \"$*\" >>'{}'\n", asked.display()));
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `./dev` with these arguments, from the desk's folder.
    fn dev(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&root().join("dev"));
        command.args(arguments);
        command
    }

    /// A program in the desk's folder and environment, with the desk's programs before those of the system.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let path = format!("{}:{}", self.path("programs").display(), variable("PATH").unwrap());
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).kill_on_drop(true).stdin(Stdio::null());
        command.env("PATH", path).env("APPTEGO_HOME", self.path("home")).env("CARGO_TARGET_DIR", target());
        command.env_remove("CI").env_remove("APPTEGO_API_KEY").env_remove("APPTEGO_API_URL");
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.dev(arguments).output().await.unwrap())
    }

    /// `./dev serve` with its output up to the last line that it prints at its start.
    pub(crate) async fn serve(&self, arguments: &[&str]) -> Serving {
        let mut command = self.dev(&[&["serve", "--port", "0"], arguments].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut printed = Vec::new();
        while !printed.last().is_some_and(|line: &String| line.ends_with("Ctrl-C ends the server.")) {
            let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.expect("a line");
            printed.push(line.unwrap().unwrap_or_else(|| panic!("it ended after {printed:?}")));
        }
        Serving { process, printed, lines }
    }

    /// Whether nothing that was started from the home still runs.
    fn is_quiet(&self) -> bool {
        let program = self.path("home/venv/bin/ministack");
        let (_, processes) = run("ps", ["-eo", "args"]);
        !processes.lines().any(|line| line.contains(program.to_str().unwrap()))
    }
}

pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

pub(crate) struct Serving {
    process: Child,
    printed: Vec<String>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    /// The rest of the line that begins so.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.printed.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) async fn stop(self) -> Option<i32> {
        self.end_by("-TERM").await
    }

    async fn end_by(mut self, kind: &str) -> Option<i32> {
        signal(kind, &self.process.id().unwrap().to_string());
        while self.lines.next_line().await.unwrap().is_some() {}
        self.process.wait().await.unwrap().code()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn protect_writes_the_protected_app_and_prints_what_was_done() {
    let desk = Desk::new();
    std::fs::write(desk.path("app.apk"), small_apk()).unwrap();
    let done = desk.run(&["protect", "app.apk"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let asked = std::fs::read_to_string(desk.path("asked")).unwrap();
    assert_eq!(asked, "build --quiet --package local --package cli\n");
    let output = std::fs::read(desk.path("app-protected.apk")).unwrap();
    let digest = domain::id::Sha256Hex::of(&output);
    assert!(done.stdout.starts_with("Build report\n"), "{}", done.stdout);
    let row = "  DebuggablePrevention  applied  manifest/application android:debuggable: true -> false\n";
    assert!(done.stdout.contains(row), "{}", done.stdout);
    let last = format!("app-protected.apk  {} bytes  sha256 {digest}\n", output.len());
    assert!(done.stdout.ends_with(&last), "{}", done.stdout);
    assert!(done.stderr.contains("Queued") && done.stderr.contains("uploading"), "{}", done.stderr);
    let added = "res/xml/apptego_data_extraction_rules.xml rules: absent -> nothing leaves the device";
    assert!(done.stdout.contains(added), "{}", done.stdout);

    let arguments =
        ["protect", "app.apk", "--out", "x.apk", "--enable", "CleartextPrevention", "--json", "--report", "r"];
    let done = desk.run(&[&arguments[..], &["--signing-key", "none"]].concat()).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let printed: Value = serde_json::from_str(&done.stdout).unwrap();
    let controls = printed["report"]["controls"].as_array().unwrap();
    assert_eq!(controls.iter().map(|row| &row["control"]).collect::<Vec<_>>(), ["CleartextPrevention"]);
    assert_eq!(printed["report"]["signing"]["signed"], false);
    assert_eq!(printed["output"]["file"], "x.apk");
    assert_eq!(
        printed["output"]["sha256"],
        domain::id::Sha256Hex::of(&std::fs::read(desk.path("x.apk")).unwrap()).as_str()
    );
    let report: Value = serde_json::from_slice(&std::fs::read(desk.path("r")).unwrap()).unwrap();
    assert_eq!(report, printed["report"]);

    for enable in [
        &["--enable", "BackupPrevention", "CleartextPrevention"][..],
        &["--enable", "CleartextPrevention", "--enable", "BackupPrevention"],
        &["--enable", "BackupPrevention,CleartextPrevention"],
    ] {
        let done = desk.run(&[&["protect", "app.apk", "--json", "--quiet"], enable].concat()).await;
        let printed: Value = serde_json::from_str(&done.stdout).unwrap();
        let controls = printed["report"]["controls"].as_array().unwrap();
        let names: Vec<_> = controls.iter().map(|row| &row["control"]).collect();
        assert_eq!(names, ["BackupPrevention", "CleartextPrevention"], "{enable:?}");
        assert_eq!(done.stderr, "", "--quiet");
    }
    assert!(desk.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn protect_says_what_is_wrong_with_the_command_or_the_app() {
    let desk = Desk::new();
    std::fs::write(desk.path("app.apk"), b"not an app").unwrap();
    std::fs::write(desk.path("app.zip"), small_apk()).unwrap();
    std::fs::create_dir(desk.path("folder")).unwrap();
    let available = "available: BackupPrevention, DebuggablePrevention, CertificatePinning, CleartextPrevention, \
                     CertificateTransparencyPrevention, DebugInfoObfuscation, ResourceNameObfuscation, AllowEmulatorArchitectures";
    for (arguments, code, error) in [
        (&["missing.apk"][..], 2, "error: cannot read missing.apk: No such file or directory (os error 2)\n".to_owned()),
        (&["folder"], 2, "error: folder is not a file\n".to_owned()),
        (&["app.zip"], 2, "error: app.zip: only .apk, .aab and .ipa files can be protected\n".to_owned()),
        (&["app.apk", "--enable", "Unknown"], 2, format!("error: there is no control Unknown; {available}\n")),
        (
            &["app.apk", "--enable", "RootDetectionResponse"],
            2,
            format!("error: the control RootDetectionResponse is not available for android yet; {available}\n"),
        ),
        (&["app.apk", "--out", "no/where.apk"], 2, "error: --out: no is not a folder\n".to_owned()),
        (
            &["app.apk"],
            1,
            "failed: The package is not a sound archive: not a ZIP archive: no end of central directory record in the last 10 of \
             10 bytes. Build it again and upload it unchanged.\n"
                .to_owned(),
        ),
    ] {
        let done = desk.run(&[&["protect"], arguments].concat()).await;
        assert!(done.stderr.ends_with(&error), "{arguments:?}: {}", done.stderr);
        assert_eq!((done.code, done.stdout.as_str()), (Some(code), ""), "{arguments:?}");
    }
    let usage = desk.run(&["protect"]).await;
    assert_eq!(usage.code, Some(2));
    assert!(usage.stderr.contains("Usage: ./dev protect <APP>\n"), "{}", usage.stderr);
    assert!(!usage.stderr.contains("--home"), "{}", usage.stderr);
    assert!(desk.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_the_build_and_leaves_nothing_running() {
    let desk = Desk::new();
    std::fs::write(desk.path("app.apk"), apk_of_size(40_000_000)).unwrap();
    let mut command = desk.dev(&["protect", "app.apk"]);
    let mut process = command.stderr(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut printed = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("job ") && line.ends_with(" bytes)") {
            // As a terminal does it: to every process of the command.
            signal("-INT", &format!("-{}", process.id().unwrap()));
        }
        printed += &format!("{line}\n");
    }
    assert_eq!(process.wait().await.unwrap().code(), Some(130), "{printed}");
    assert!(printed.contains(" is cancelled\n") && printed.contains("error: interrupted\n"), "{printed}");
    assert!(!desk.path("app-protected.apk").exists());
    assert!(desk.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_shows_its_key_once_and_keeps_builds_over_a_restart() {
    let desk = Desk::new();
    std::fs::write(desk.path("app.apk"), small_apk()).unwrap();
    // Whatever was done in the home before: the first serve shows the key.
    assert_eq!(desk.run(&["protect", "app.apk", "--quiet"]).await.code, Some(0));

    let first = desk.serve(&[]).await;
    let (address, key) =
        (first.value("API_URL").unwrap().to_owned(), first.value("APPTEGO_API_KEY").unwrap().to_owned());
    let job = apptego(&desk, &address, &key, &["upload", "app.apk", "--json"]).await;
    let job: Value = serde_json::from_str(&job).unwrap();
    let job = job["job_id"].as_str().unwrap().to_owned();
    apptego(&desk, &address, &key, &["status", &job, "--wait"]).await;

    let second = desk.run(&["serve", "--port", "0"]).await;
    let error = format!(
        "error: another server works in {}; stop it, or set APPTEGO_HOME to another folder\n",
        desk.path("home").display()
    );
    assert_eq!((second.code, second.stderr), (Some(2), error));
    let port = address.rsplit(':').next().unwrap();
    let elsewhere = Desk::new().run(&["serve", "--port", port]).await;
    let error = format!(
        "error: port {port} cannot be used; choose another with --port: Address already in use (os error 98)\n"
    );
    assert_eq!((elsewhere.code, elsewhere.stderr), (Some(2), error));
    assert_eq!(first.stop().await, Some(0));
    assert!(desk.is_quiet());

    let again = desk.serve(&[]).await;
    assert_eq!(again.value("APPTEGO_API_KEY"), None, "{:?}", again.printed);
    let key_id = key.split(':').next().unwrap();
    let hint = format!("The key {key_id} was shown before; ./dev serve --new-key makes another one.");
    assert!(again.printed.contains(&hint), "{:?}", again.printed);
    let address = again.value("API_URL").unwrap().to_owned();
    apptego(&desk, &address, &key, &["download", &job, "--out", "kept.apk"]).await;
    assert!(desk.path("kept.apk").metadata().unwrap().len() > 0);
    assert_eq!(again.stop().await, Some(0));

    let third = desk.serve(&["--new-key"]).await;
    assert!(third.value("APPTEGO_API_KEY").is_some_and(|new| new != key));
    assert_eq!(third.end_by("-KILL").await, None);
    let after_a_kill = desk.serve(&[]).await;
    let address = after_a_kill.value("API_URL").unwrap().to_owned();
    apptego(&desk, &address, &key, &["status", &job]).await;
    assert_eq!(after_a_kill.end_by("-KILL").await, None);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if desk.is_quiet() {
            return;
        }
    }
    panic!("the local AWS outlived its server");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_while_the_service_runs_and_after_a_restart() {
    let desk = Desk::new();
    let early = desk.run(&["sign-in"]).await;
    let error = format!("error: no server works in {}; start it with ./dev serve\n", desk.path("home").display());
    assert_eq!((early.code, early.stdout.as_str(), early.stderr), (Some(2), "", error.clone()));

    let first = desk.serve(&[]).await;
    let hint = "Sign in as owner@example.com with the password Local-password-1; ./dev sign-in prints an ID token.";
    assert!(first.printed.iter().any(|line| line == hint), "{:?}", first.printed);
    let (owner, other) = ("owner@example.com", "new.user@example.com");
    for (arguments, email) in [
        (&[][..], owner),
        (&[owner, "--password", "Local-password-1"], owner),
        (&["New.User@example.com", "--create"], other),
        (&[other], other),
    ] {
        let done = desk.run(&[&["sign-in"], arguments].concat()).await;
        assert_eq!(whose(&first, &done).await, email, "{arguments:?}");
    }
    assert_eq!(whose(&first, &documented_sign_in(&first).await).await, owner);
    let wrong = desk.run(&["sign-in", "--password", "Wrong-password-1"]).await;
    let refused = "error: could not sign in as owner@example.com: 400 Bad Request NotAuthorizedException: Incorrect username or \
                   password.\n";
    assert_eq!((wrong.code, wrong.stdout.as_str(), wrong.stderr.as_str()), (Some(2), "", refused));
    assert_eq!(desk.run(&["sign-in", "nobody"]).await.code, Some(2));
    let client = first.value("USER_POOL_CLIENT_ID").unwrap().to_owned();
    assert_eq!(first.stop().await, Some(0));

    assert_eq!(desk.run(&["sign-in"]).await.stderr, error);
    let second = desk.serve(&[]).await;
    assert_eq!(second.value("USER_POOL_CLIENT_ID"), Some(client.as_str()));
    for email in [owner, other] {
        assert_eq!(whose(&second, &desk.run(&["sign-in", email]).await).await, email);
    }
    assert_eq!(second.stop().await, Some(0));
}

/// Whom the token that was printed names, by the variables that the server printed.
async fn whose(serving: &Serving, done: &Ended) -> String {
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let token = done.stdout.strip_suffix('\n').unwrap();
    let variable = |name: &str| serving.value(name).or((name == "AWS_REGION").then_some("us-east-1"));
    let pool = Pool::read(|name| variable(name).map(str::to_owned)).unwrap().unwrap();
    let session = Verifier::new(pool).verify(token, Clock::system().now()).await.unwrap();
    session.email.to_string()
}

/// The call that README.md shows, as it stands there.
async fn documented_sign_in(serving: &Serving) -> Ended {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", &readme_example("Signing in", "curl ")]);
    for name in ["AWS_ENDPOINT_URL", "USER_POOL_CLIENT_ID"] {
        command.env(name, serving.value(name).unwrap());
    }
    Ended::of(command.output().await.unwrap())
}

/// The first example of a section of README.md that begins so.
pub(crate) fn readme_example(section: &str, start: &str) -> String {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = page.split_once(&format!("## {section}\n")).unwrap();
    let mut blocks = section.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.find(|block| block.starts_with(start)).unwrap().to_owned()
}

/// The customer's command line, which must succeed; returns what it printed.
async fn apptego(desk: &Desk, address: &str, key: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(target().join("debug/apptego"));
    command.args(arguments).current_dir(desk.folder.path()).kill_on_drop(true);
    let ended = Ended::of(command.env("APPTEGO_API_URL", address).env("APPTEGO_API_KEY", key).output().await.unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

/// Cargo's output folder, in which this test lies too.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(3).expect("target/debug/deps/builds").to_owned()
}

fn signal(kind: &str, process: &str) {
    let (success, text) = run("kill", [kind, "--", process]);
    assert!(success, "{text}");
}

pub(crate) fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
