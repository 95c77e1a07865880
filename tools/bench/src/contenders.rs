//! The contenders that are not tools of others, each as a process of its own.

use std::fs::File;
use std::io::{BufWriter, Read as _};
use std::num::NonZero;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Context as _;
use aws_lc_rs::digest::{Context, SHA256, digest};
use clap::Args;
use domain::file_name::FileName;
use domain::policy::Policy;
use engine::{Kind, Plan, SigningKey, Unobserved};
use formats::limits::Limits;
use formats::source::{FileSource, Source as _};
use signing::Signer;
use signing::ios::IosIdentity;
use verify::Expected;

use crate::peers::PASSWORD;

/// Bytes that a thread of the copy takes at a time: those of which APK signatures have a digest each.
const CHUNK: u64 = 1 << 20;

/// Files of a contender.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The package to be read
    input: PathBuf,
    /// The file to be written
    output: PathBuf,
    /// A PKCS#12 file with the signing key
    #[arg(long)]
    key: Option<PathBuf>,
    /// The provisioning profile for an iOS app
    #[arg(long)]
    profile: Option<PathBuf>,
    /// Take SHA-256 of the input and of the output as well
    #[arg(long)]
    digests: bool,
    /// Leave out the independent check
    #[arg(long)]
    unverified: bool,
}

/// What the worker does between download and upload: the engine, and then the independent check of its output. With the digests it
/// is what it does altogether, but for the transfer.
pub(crate) fn protect(files: &Files) -> anyhow::Result<()> {
    if !files.digests {
        return protect_and_verify(files);
    }
    thread::scope(|scope| {
        let input = scope.spawn(|| digest_file(&files.input));
        protect_and_verify(files)?;
        let output = digest_file(&files.output);
        input.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(output)
    })
}

fn digest_file(path: &Path) -> anyhow::Result<()> {
    let (mut file, mut context) = (File::open(path)?, Context::new(&SHA256));
    let mut piece = vec![0; usize::try_from(CHUNK)?];
    while let length @ 1.. = file.read(&mut piece)? {
        context.update(&piece[..length]);
    }
    std::hint::black_box(context.finish());
    Ok(())
}

fn protect_and_verify(files: &Files) -> anyhow::Result<()> {
    let source = FileSource::new(File::open(&files.input)?)?;
    let output = File::options().read(true).write(true).create(true).truncate(true).open(&files.output)?;
    let keystore = std::fs::read(files.key.as_ref().context("no key")?)?;
    let now = service::Clock::system().now().as_second();
    let identity = files.profile.as_ref().map(|profile| {
        let profile = std::fs::read(profile)?;
        Ok::<_, anyhow::Error>(IosIdentity::open(&keystore, PASSWORD, &profile, now)?)
    });
    let identity = identity.transpose()?;
    let signer = Signer::from_pkcs12(&keystore, PASSWORD, None)?;
    let key = match &identity {
        Some(identity) => SigningKey::Ios { identity, signing_time: now },
        None => SigningKey::Android(&signer),
    };
    let name = files.input.file_name().and_then(|name| name.to_str()).context("no name")?;
    let file_name: FileName = name.parse()?;
    let platform = Kind::named(&file_name).platform();
    let policy: Policy = local::seed::default_controls(platform).iter().copied().collect();
    let limits = Limits::default();
    let mut sink = BufWriter::with_capacity(1 << 20, output);
    let plan = Plan { file_name: &file_name, platform, policy: &policy, key: Some(key), limits };
    engine::protect(&source, &mut sink, &plan, &Unobserved)?;
    let output = FileSource::new(sink.into_inner()?)?;
    if files.unverified {
        return Ok(());
    }
    let certificate = signer.certificate_sha256();
    let expected = Expected {
        input: &source,
        policy: &policy,
        certificate_sha256: Some(&certificate),
        profile: identity.as_ref().map(|identity| identity.profile().bytes()),
        limits: &limits,
    };
    verify::verify(&output, &expected, &|_| true)?;
    Ok(())
}

/// The least that protecting could be: each byte read, written and digested once, on every core.
pub(crate) fn copy(files: &Files) -> anyhow::Result<()> {
    let source = FileSource::new(File::open(&files.input)?)?;
    let output = File::create(&files.output)?;
    output.set_len(source.len())?;
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(|| copy_chunks(&source, &output, &next))).collect();
        started.into_iter().try_for_each(|thread| match thread.join() {
            Ok(copied) => copied,
            Err(_) => anyhow::bail!("a thread panicked"),
        })
    })
}

fn copy_chunks(source: &FileSource, output: &File, next: &AtomicU64) -> anyhow::Result<()> {
    let mut buffer = vec![0; usize::try_from(CHUNK)?];
    loop {
        let offset = next.fetch_add(CHUNK, Ordering::Relaxed);
        if offset >= source.len() {
            return Ok(());
        }
        let length = usize::try_from(CHUNK.min(source.len() - offset))?;
        source.read_at(offset, &mut buffer[..length])?;
        std::hint::black_box(digest(&SHA256, &buffer[..length]));
        output.write_all_at(&buffer[..length], offset)?;
    }
}
