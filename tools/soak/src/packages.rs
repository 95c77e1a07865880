//! What customers upload.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use domain::upload::MULTIPART_FROM;
use fastrand::Rng;
use fixtures::{archive, dex, manifest};
use formats::zip::Method;
use tokio::time::Instant;

/// Real packages with how often one is taken, of a hundred builds.
const SAMPLES: [(&str, u8); 6] = [
    ("agent-device-ime-helper.apk", 6),
    ("unlock_apk-debug.apk", 6),
    ("UnicodeIME-debug.apk", 6),
    ("settings_apk-debug.apk", 4),
    ("ApiDemos-debug.apk", 2),
    ("appium-uiautomator2-server.apk", 2),
];

/// The large package is built so often.
const BETWEEN_LARGE: Duration = Duration::from_secs(300);

pub(crate) struct Packages {
    samples: Vec<(&'static str, u8, Bytes)>,
    /// Just as large that it goes up in parts.
    pub(crate) large: Bytes,
    turn: Mutex<Option<Instant>>,
}

impl Packages {
    /// Reads the samples, which tests/samples/fetch brings.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Arc<Self>> {
        let read = |(name, share): (&'static str, u8)| {
            let path = folder.join(name);
            let bytes = std::fs::read(&path);
            let bytes = bytes.with_context(|| format!("{}: run tests/samples/fetch", path.display()))?;
            Ok((name, share, Bytes::from(bytes)))
        };
        let samples = SAMPLES.into_iter().map(read).collect::<anyhow::Result<_>>()?;
        let large = make(&noise(&mut Rng::with_seed(0), usize::try_from(MULTIPART_FROM)?));
        Ok(Arc::new(Self { samples, large, turn: Mutex::new(None) }))
    }

    /// The large package, for one customer now and then.
    pub(crate) fn take_turn(&self) -> Option<Bytes> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.is_some_and(|last| last.elapsed() < BETWEEN_LARGE) {
            return None;
        }
        *turn = Some(Instant::now());
        Some(self.large.clone())
    }

    /// A small package, or now and then a real one.
    pub(crate) fn choose(&self, rng: &mut Rng) -> (String, Bytes) {
        let mut drawn = rng.u8(..100);
        for (name, share, bytes) in &self.samples {
            match drawn.checked_sub(*share) {
                None => return ((*name).to_owned(), bytes.clone()),
                Some(rest) => drawn = rest,
            }
        }
        let length = if drawn < 8 { rng.usize(500_000..3_000_000) } else { rng.usize(..200_000) };
        (format!("app-{}.apk", rng.u16(..)), make(&noise(rng, length)))
    }
}

/// Bytes that are no package.
pub(crate) fn noise(rng: &mut Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes
}

fn make(asset: &[u8]) -> Bytes {
    let manifest = manifest(24, 34);
    archive(&[
        ("AndroidManifest.xml", Method::Deflated, manifest.as_slice()),
        ("classes.dex", Method::Deflated, &dex()),
        ("assets/noise", Method::Stored, asset),
    ])
    .into()
}
