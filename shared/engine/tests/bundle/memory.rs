//! Memory does not grow with the bundle. Each test is a process of its own.

use std::fs::{self, File};
use std::io::{self, Write};

use domain::control::ControlId;
use domain::file_name::FileName;
use domain::platform::Platform;
use engine::{Plan, SigningKey, Unobserved, protect};
use fixtures::bundle::entries;
use formats::limits::Limits;
use formats::source::FileSource;
use formats::zip::{Attributes, Header, Method, Writer};

use crate::support::{policy, signer};

/// Length of the bundle's asset, bytes.
const LENGTH: u64 = 256 << 20;
const PIECE: usize = 1 << 20;
/// What the process may take at its peak, KiB.
const MOST: u64 = 96 << 10;

/// The small bundle with a large asset.
fn write(file: &File) {
    let mut writer = Writer::new(file);
    for (name, method, content) in entries() {
        writer.add(name, method, Attributes::default(), &content).unwrap();
    }
    let piece: Vec<u8> = (0..PIECE as u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut crc = crc32fast::Hasher::new();
    (0..LENGTH / PIECE as u64).for_each(|_| crc.update(&piece));
    let header = Header {
        name: "base/assets/large",
        method: Method::Stored,
        level: 0,
        attributes: Attributes::default(),
        crc32: crc.finalize(),
        packed_size: LENGTH,
        size: LENGTH,
    };
    let content = |sink: &mut dyn Write| Ok((0..LENGTH / PIECE as u64).try_for_each(|_| sink.write_all(&piece))?);
    writer.put(&header, content).unwrap();
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
}

#[test]
fn a_large_bundle_takes_no_more_memory_than_a_small_one() {
    let file = tempfile::tempfile().unwrap();
    write(&file);
    let source = FileSource::new(file).unwrap();
    let file_name: FileName = "app.aab".parse().unwrap();
    let controls = [ControlId::BACKUP_PREVENTION, ControlId::CLEARTEXT_PREVENTION, ControlId::DEBUG_INFO_OBFUSCATION];
    let policy = policy(controls);
    let key = Some(SigningKey::Android(signer()));
    let plan =
        Plan { file_name: &file_name, platform: Platform::Android, policy: &policy, key, limits: Limits::default() };
    let report = protect(&source, &mut io::sink(), &plan, &Unobserved).unwrap();
    assert!(report.output.size > LENGTH);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < MOST, "{peak} KiB");
}
