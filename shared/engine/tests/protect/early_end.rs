//! Cancel, deadline, and sources and sinks that fail.

use std::io::{self, Write};
use std::sync::Mutex;

use domain::phase::Phase;
use engine::{Error, Observer, Progress, Stop, Unobserved, protect};
use formats::source::Source;

use crate::apk::{Deflated, Stored, USUAL, apk, archive, manifest, named, plan, signer};

/// Remembers what it heard, and stops at a chosen call.
struct Listener {
    heard: Mutex<Vec<Progress>>,
    stop: Option<(Phase, Stop)>,
}

impl Observer for Listener {
    fn observe(&self, progress: Progress) -> Result<(), Stop> {
        self.heard.lock().unwrap().push(progress);
        match self.stop {
            Some((phase, stop)) if phase == progress.phase => Err(stop),
            _ => Ok(()),
        }
    }
}

/// 40 MiB, so that every long stage is heard of several times.
fn large() -> Vec<u8> {
    let content: Vec<u8> = (0..40_u32 << 20).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    archive(&[("AndroidManifest.xml", Deflated, &manifest(24, 34)), ("assets/large", Stored, &content)])
}

fn listen(package: &[u8], stop: Option<(Phase, Stop)>) -> (Result<(), Error>, Vec<Progress>) {
    let listener = Listener { heard: Mutex::default(), stop };
    let name = named("small.apk");
    let result = protect(&package, &mut io::sink(), &plan(&name, &USUAL, Some(signer())), &listener).map(|_| ());
    (result, listener.heard.into_inner().unwrap())
}

#[test]
fn every_stage_is_announced_and_long_ones_report() {
    let (result, heard) = listen(&large(), None);
    result.unwrap();
    let mut phases: Vec<Phase> = heard.iter().map(|progress| progress.phase).collect();
    assert!(phases.is_sorted());
    phases.dedup();
    assert_eq!(phases, [Phase::Inspecting, Phase::Protecting, Phase::Packaging, Phase::Signing]);
    for phase in [Phase::Inspecting, Phase::Packaging] {
        let steps = heard.iter().filter(|progress| progress.phase == phase && progress.done > 0).count();
        assert!(steps >= 4, "{phase:?} {steps}");
    }
    assert!(heard.iter().all(|progress| progress.done <= progress.total));
}

#[test]
fn a_stop_in_any_stage_ends_the_build() {
    let package = apk();
    for phase in [Phase::Inspecting, Phase::Protecting, Phase::Packaging, Phase::Signing] {
        let (result, _) = listen(&package, Some((phase, Stop::Cancelled)));
        assert!(matches!(result, Err(Error::Cancelled)), "{phase:?}");
        let (result, heard) = listen(&package, Some((phase, Stop::Deadline)));
        assert!(matches!(result, Err(Error::Deadline)), "{phase:?}");
        assert_eq!(heard.last().map(|progress| progress.phase), Some(phase));
    }
}

/// Stops in the middle of a stage.
struct Impatient(Phase);

impl Observer for Impatient {
    fn observe(&self, progress: Progress) -> Result<(), Stop> {
        if progress.phase == self.0 && progress.done > 0 { Err(Stop::Deadline) } else { Ok(()) }
    }
}

#[test]
fn a_stop_in_the_middle_of_a_stage_ends_the_build() {
    let package = large();
    let name = named("small.apk");
    for phase in [Phase::Inspecting, Phase::Packaging] {
        let mut written = Counter(0);
        let result = protect(&package, &mut written, &plan(&name, &USUAL, Some(signer())), &Impatient(phase));
        assert!(matches!(result, Err(Error::Deadline)), "{phase:?}");
        assert!(written.0 < 10 << 20, "{phase:?}: {} bytes written", written.0);
    }
}

struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes some bytes, then the disk is full.
struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_the_sinks_failure() {
    let name = named("small.apk");
    for room in [0, 1, 5000] {
        let result = protect(&apk(), &mut FullDisk(room), &plan(&name, &USUAL, Some(signer())), &Unobserved);
        match result {
            Err(error @ Error::Sink(_)) => assert!(!error.is_permanent()),
            other => panic!("{room}: {other:?}"),
        }
    }
}

/// Cannot be read where the content of the large entry stands.
struct BadSector(Vec<u8>);

impl Source for BadSector {
    fn len(&self) -> u64 {
        Source::len(&self.0)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        if (offset..end).contains(&(20 << 20)) {
            Err(io::Error::other("bad sector"))
        } else {
            self.0.read_at(offset, buffer)
        }
    }
}

#[test]
fn an_unreadable_source_says_nothing_about_the_package() {
    let name = named("small.apk");
    let error = protect(&BadSector(large()), &mut io::sink(), &plan(&name, &USUAL, None), &Unobserved).unwrap_err();
    assert!(matches!(error, Error::Source(_)) && !error.is_permanent(), "{error}");
}
