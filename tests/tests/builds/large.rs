//! The largest package that is accepted, through the worker's own binary in as little memory as it may be given.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use fixtures::{dex, manifest, table};
use formats::zip::{Attributes, Header, Method, Packed, Writer};
use futures_util::{StreamExt as _, stream};
use local::runtime::RuntimeApi;
use serde_json::{Value, json};
use tests::harness::{Bench, program, put};
use tokio::process::{Child, Command};

use crate::judges;

/// The largest upload that is accepted, bytes.
const LENGTH: u64 = domain::upload::MAX_BYTES;
/// The worker's memory, KiB.
const MEMORY: u64 = 256 << 10;
/// What the test itself takes: the local AWS keeps the upload, the output, and a copy of what it is just being given.
const NEEDED_MEMORY: u64 = 7 << 20;
/// Time for the build.
const LIMIT: Duration = Duration::from_secs(280);

const STORED: u64 = 8 << 20;
const PAGE: usize = 1 << 20;
/// Lengths in a ZIP archive: a record of the directory without its name, the end record, the longest comment.
const RECORD: u64 = 46;
const END: u64 = 22;
const LONGEST_COMMENT: u64 = 65_535;

#[tokio::test(flavor = "multi_thread")]
async fn two_gigabytes_pass_through_a_worker_with_256_megabytes() {
    if available_memory() < NEEDED_MEMORY {
        judges::skip("the local AWS needs 7 GiB of free memory to hold a package of 2 GiB and its output");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("large.apk");
    make(&package);
    let bench = Bench::start().await;
    let job = upload(&bench, &package).await;
    std::fs::remove_file(&package).unwrap();

    let mut api = RuntimeApi::start().await.unwrap();
    let worker = start_worker(&bench, &api, folder.path());
    api.polled().await.unwrap();
    let answer = api.invoke("large", wake_up(&bench, &job), LIMIT).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.body.expect("no error")).unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    let peak = peak_memory(&worker);
    assert!(peak < MEMORY, "the worker took {peak} KiB at its peak");

    let status = bench.get(&format!("/automate/status/{job}")).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    drop(worker);
    let output = download(&bench, &job, folder.path()).await;
    let (_, sum) = judges::run("sha256sum", [&output]);
    assert!(sum.starts_with(&status.text("sha256")), "{sum}");
    if judges::are_installed() {
        judges::signed(&output);
        judges::aligned(&output);
    }
}

/// A package of exactly `LENGTH` bytes: many small entries, some deflated ones, native code and media. No two pages are the same.
fn make(path: &Path) {
    let mut package = Package::create(path);
    package.add("AndroidManifest.xml", Method::Deflated, &manifest(24, 34));
    package.add("classes.dex", Method::Deflated, &dex());
    package.add("resources.arsc", Method::Stored, &table());
    for number in 0..20_000 {
        let content = package.noise.page()[..2000 + number % 100].to_vec();
        package.add(&format!("res/raw/small_{number}.bin"), Method::Stored, &content);
    }
    let text: Vec<u8> =
        package.noise.page().iter().flat_map(|byte| format!("{byte} is a byte\n").into_bytes()).collect();
    let text = Packed::pack(Method::Deflated, &text).unwrap();
    for number in 0..20 {
        package.add_packed(&format!("assets/text_{number}.txt"), &text);
    }
    for abi in ["arm64-v8a", "x86_64"] {
        package.add_noise(&format!("lib/{abi}/liblarge.so"), 4 * STORED);
    }
    let mut number = 0;
    while let missing @ LONGEST_COMMENT.. = LENGTH - package.length() {
        // What its headers take is left for the next round, and at last for the comment.
        package.add_noise(&format!("assets/media_{number:03}.bin"), STORED.min(missing - 1000));
        number += 1;
    }
    package.finish();
}

/// A package as it grows.
struct Package {
    writer: Writer<Counted>,
    written: Rc<Cell<u64>>,
    directory: u64,
    noise: Noise,
}

impl Package {
    fn create(path: &Path) -> Self {
        let written = Rc::default();
        let file = BufWriter::with_capacity(PAGE, File::create(path).unwrap());
        let writer = Writer::new(Counted { file, written: Rc::clone(&written) });
        Self { writer, written, directory: 0, noise: Noise::new() }
    }

    /// Length of the whole archive if it ended here.
    fn length(&self) -> u64 {
        self.written.get() + self.directory + END
    }

    fn count(&mut self, name: &str) {
        self.directory += RECORD + name.len() as u64;
    }

    fn add(&mut self, name: &str, method: Method, content: &[u8]) {
        self.count(name);
        self.writer.add(name, method, Attributes::default(), content).unwrap();
    }

    fn add_packed(&mut self, name: &str, packed: &Packed) {
        self.count(name);
        self.writer.add_packed(name, Attributes::default(), packed).unwrap();
    }

    /// A stored entry of which the checksum must be known before it is written: the noise is made twice.
    fn add_noise(&mut self, name: &str, length: u64) {
        let mut crc = crc32fast::Hasher::new();
        self.noise.clone().write(length, |page| crc.update(page));
        let attributes = Attributes::default();
        let (method, crc32) = (Method::Stored, crc.finalize());
        let header = Header { name, method, level: 0, attributes, crc32, packed_size: length, size: length };
        self.count(name);
        let noise = &mut self.noise;
        let write = |sink: &mut dyn Write| {
            noise.write(length, |page| sink.write_all(page).unwrap());
            Ok(())
        };
        self.writer.put(&header, write).unwrap();
    }

    /// Ends the archive with a comment as long as it takes.
    fn finish(self) {
        let comment = vec![b' '; usize::try_from(LENGTH - self.length()).unwrap()];
        let (mut sink, tail) = self.writer.finish(&comment).unwrap();
        tail.write(&mut sink).unwrap();
        sink.flush().unwrap();
        assert_eq!(self.written.get(), LENGTH);
    }
}

struct Counted {
    file: BufWriter<File>,
    written: Rc<Cell<u64>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written.set(self.written.get() + written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Pages that look random, each with its number in it: made once, so that a build without optimisation is not slow.
#[derive(Clone)]
struct Noise {
    page: Vec<u8>,
    number: u64,
}

impl Noise {
    fn new() -> Self {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let words = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        Self { page: words.take(PAGE / 8).flatten().collect(), number: 0 }
    }

    fn page(&mut self) -> &[u8] {
        self.number += 1;
        self.page[..8].copy_from_slice(&self.number.to_le_bytes());
        &self.page
    }

    fn write(&mut self, length: u64, mut out: impl FnMut(&[u8])) {
        let mut left = length;
        while left > 0 {
            let page = self.page();
            let taken = usize::try_from(left).unwrap_or(PAGE).min(PAGE);
            out(&page[..taken]);
            left -= taken as u64;
        }
    }
}

/// Uploads the file in parts, as the API asks for it, and completes the upload; returns the job's id.
async fn upload(bench: &Bench, package: &Path) -> String {
    let ticket = bench.request_upload("large.apk", Some(usize::try_from(LENGTH).unwrap())).await;
    let length = ticket.body["chunk_size"].as_u64().unwrap();
    let urls = ticket.body["part_urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned());
    let file = File::open(package).unwrap();
    let put_part = |(index, url): (u64, String)| {
        let mut part = vec![0; usize::try_from(length.min(LENGTH - index * length)).unwrap()];
        file.read_exact_at(&mut part, index * length).unwrap();
        async move {
            let answer = put(&url, part).await;
            json!({ "ETag": answer.headers()["etag"].to_str().unwrap(), "PartNumber": index + 1 })
        }
    };
    let parts: Vec<Value> = stream::iter((0..).zip(urls)).map(put_part).buffered(2).collect().await;
    let claim = json!({ "file_path": ticket.text("file_path"), "upload_id": ticket.text("upload_id"), "parts": parts });
    let completed = bench.post("/automate/upload/complete", claim).await;
    assert!(completed.status.is_success(), "{}", completed.body);
    ticket.text("job_id")
}

/// The binary that is deployed, with a hard limit on every byte of memory that it can write to.
fn start_worker(bench: &Bench, api: &RuntimeApi, folder: &Path) -> Child {
    let endpoint = bench.config.endpoint_url().unwrap();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("ulimit -d {MEMORY} && exec \"$0\"")])
        .arg(program("protection-worker"))
        .env_clear()
        .envs(api.environment("protection-worker", &bench.stack.names, endpoint))
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command.spawn().unwrap()
}

fn wake_up(bench: &Bench, job: &str) -> String {
    let body = json!({ "v": 1, "tenant": bench.tenant.id, "job": job.parse::<i64>().unwrap() }).to_string();
    json!({ "Records": [{ "messageId": "1", "receiptHandle": "1", "body": body }] }).to_string()
}

/// The most memory that was ever resident, KiB.
fn peak_memory(process: &Child) -> u64 {
    field(&format!("/proc/{}/status", process.id().unwrap()), "VmHWM:")
}

/// Memory that could be had without pushing anything out, KiB.
fn available_memory() -> u64 {
    field("/proc/meminfo", "MemAvailable:")
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

async fn download(bench: &Bench, job: &str, folder: &Path) -> PathBuf {
    let url = bench.get(&format!("/automate/download/{job}")).await.text("download_url");
    let mut answer = reqwest::get(url).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let path = folder.join("output.apk");
    let mut file = File::create(&path).unwrap();
    while let Some(piece) = answer.chunk().await.unwrap() {
        file.write_all(&piece).unwrap();
    }
    path
}
