//! Packages of 120 MB and more, made from real parts.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::source::FileSource;
use formats::zip::{Archive, Attributes, Method, Writer};

/// An app with resources, media and code of its own.
const APP: &str = "ApiDemos-debug.apk";
/// Node.js for Android, stored as today's build tools do, so that devices map it from the package.
const LIBRARIES: [(&str, &str); 2] =
    [("libnode-arm64-v8a.so", "lib/arm64-v8a/libnode.so"), ("libnode-armeabi-v7a.so", "lib/armeabi-v7a/libnode.so")];
/// Something of some megabytes that deflates as programs do.
const ASSET: (&str, &str) = ("aapt2", "assets/tools/aapt2");

/// Whether everything is there that `make` needs.
pub(crate) fn require(samples: &Path) -> anyhow::Result<()> {
    for name in [APP, ASSET.0].into_iter().chain(LIBRARIES.map(|(name, _)| name)) {
        let path = samples.join(name);
        anyhow::ensure!(path.exists(), "{} is missing; run tests/samples/fetch large", path.display());
    }
    Ok(())
}

/// Writes a package that needs at least Android API level `min_sdk`: manifest, code, resources and media of one real app, and
/// native libraries and an asset of others.
pub(crate) fn make(samples: &Path, min_sdk: i32, into: &Path) -> anyhow::Result<PathBuf> {
    let path = into.join(format!("large-{min_sdk}.apk"));
    let source = FileSource::new(File::open(samples.join(APP))?)?;
    let app = Archive::read(&source, &Limits::default())?;
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, File::create(&path)?));
    for entry in app.entries().iter().filter(|entry| !entry.name.starts_with("META-INF/")) {
        if entry.name == "AndroidManifest.xml" {
            let manifest = manifest(&app.read_entry(&entry.name, 1 << 20)?, min_sdk)?;
            writer.add(&entry.name, entry.method, entry.attributes, &manifest)?;
        } else {
            writer.copy(&app, entry)?;
        }
    }
    for (file, name) in LIBRARIES {
        let library = std::fs::read(samples.join(file))?;
        writer.add(name, Method::Stored, Attributes::default(), &library)?;
    }
    let (file, name) = ASSET;
    writer.add(name, Method::Deflated, Attributes::default(), &std::fs::read(samples.join(file))?)?;
    let (mut file, tail) = writer.finish(b"")?;
    tail.write(&mut file)?;
    Ok(path)
}

fn manifest(bytes: &[u8], min_sdk: i32) -> anyhow::Result<Vec<u8>> {
    let mut document = Document::parse(bytes, &Limits::default())?;
    let sdk = document.select(&["manifest", "uses-sdk"]).first().copied().context("the app names no platform")?;
    document.set_attribute(sdk, AndroidAttribute::MIN_SDK_VERSION, Value::Int(min_sdk))?;
    Ok(document.to_bytes())
}
