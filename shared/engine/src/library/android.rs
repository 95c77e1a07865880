//! The AAR: <https://developer.android.com/studio/projects/android-library#aar-contents>.
//!
//! The documents are assets, because Gradle merges those of libraries into the app unchanged, and no shrinker touches them. The manifest
//! asks for nothing; its minimum, Android 5.0, is far from the versions below 16 for which the manifest merger adds permissions that
//! nobody asked for. Its namespace is the library's own and not the app's: the Android Gradle plugin refuses a namespace twice in one app.

use std::collections::BTreeSet;
use std::io::Write;

use formats::limits::Limits;
use formats::zip::Archive;
use object::{Architecture, BinaryFormat, Object as _, ObjectKind};

use super::package::Package;
use super::{Error, Library, documents};

const MANIFEST: &str = include_str!("android/AndroidManifest.xml");
/// What Gradle's `checkAarMetadata` demands of the app that the library is built into: nothing, said in the values of its own defaults.
const METADATA: &str = include_str!("android/aar-metadata.properties");
/// A jar has a manifest even where it has no classes: an archive without any entry is none that Java opens.
const JAR_MANIFEST: &str = "Manifest-Version: 1.0\r\nCreated-By: 1.0 (AppTego)\r\n\r\n";

/// The runtime agent for Android.
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    /// Its version, for people.
    pub version: &'a str,
    /// A jar of class files, which the app's own build makes into DEX code.
    pub classes: &'a [u8],
    /// Its native libraries.
    pub libraries: &'a [NativeLibrary<'a>],
    /// What R8 has to keep of it, in ProGuard's language; empty where it may change everything.
    pub keep_rules: &'a str,
}

/// A shared library of the agent.
#[derive(Clone, Copy, Debug)]
pub struct NativeLibrary<'a> {
    /// What it runs on.
    pub abi: Abi,
    /// File name, `lib….so`.
    pub name: &'a str,
    /// An ELF file.
    pub content: &'a [u8],
}

/// What native code runs on (<https://developer.android.com/ndk/guides/abis>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Abi {
    /// 64-bit ARM.
    Arm64V8a,
    /// 32-bit ARM.
    ArmeabiV7a,
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X8664,
}

/// Writes the AAR. Without an agent it has no code, and `apptego.json` says so.
///
/// # Errors
/// What is wrong with the input; [`Error::Sink`] where the sink fails.
pub fn write(library: &Library<'_>, agent: Option<&Agent<'_>>, sink: &mut dyn Write) -> Result<(), Error> {
    let documents = documents::of(library, "android", agent.map(|agent| agent.version))?;
    if let Some(agent) = agent {
        agent.check()?;
    }
    let mut package = Package::new(sink);
    package.add("AndroidManifest.xml", MANIFEST)?;
    match agent {
        Some(agent) => package.add("classes.jar", agent.classes)?,
        None => package.add("classes.jar", empty_jar()?)?,
    }
    // Empty: there are no resources.
    package.add("R.txt", "")?;
    for (name, content) in documents {
        package.add(&format!("assets/apptego/{name}"), content)?;
    }
    if let Some(agent) = agent {
        agent.write(&mut package)?;
    }
    package.add("META-INF/com/android/build/gradle/aar-metadata.properties", METADATA)?;
    package.finish()
}

fn empty_jar() -> Result<Vec<u8>, Error> {
    let mut jar = Vec::new();
    let mut package = Package::new(&mut jar);
    package.add("META-INF/MANIFEST.MF", JAR_MANIFEST)?;
    package.finish()?;
    Ok(jar)
}

impl Agent<'_> {
    fn write(&self, package: &mut Package<'_>) -> Result<(), Error> {
        for library in self.libraries {
            package.add(&format!("jni/{}/{}", library.abi.folder(), library.name), library.content)?;
        }
        if !self.keep_rules.is_empty() {
            package.add("proguard.txt", self.keep_rules)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        self.check_classes()?;
        let mut seen = BTreeSet::new();
        for library in self.libraries {
            library.check()?;
            if !seen.insert((library.abi, library.name)) {
                return Err(library.refused("it is there twice"));
            }
        }
        Ok(())
    }

    /// The agent's code has to arrive in the app: Gradle passes over DEX code in a jar without a word.
    fn check_classes(&self) -> Result<(), Error> {
        let refused = |reason: &dyn ToString| Error::agent("jar of classes", reason.to_string());
        let jar = Archive::read(&self.classes, &Limits::default()).map_err(|error| refused(&error))?;
        jar.check_contents(1, &|_| true).map_err(|error| refused(&error))?;
        let has = |extension: &str| jar.entries().iter().any(|entry| entry.name.ends_with(extension));
        match (has(".dex"), has(".class")) {
            (true, _) => Err(refused(&"it has DEX code in it, which no build takes out of a jar")),
            (false, false) => Err(refused(&"it has no class in it")),
            (false, true) => Ok(()),
        }
    }
}

impl NativeLibrary<'_> {
    fn check(&self) -> Result<(), Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+');
        // Only files of this form are unpacked when an app is installed.
        if !(self.name.starts_with("lib") && self.name.ends_with(".so") && self.name.bytes().all(is_plain)) {
            return Err(self.refused("its name is not of the form lib….so"));
        }
        let file = object::File::parse(self.content).map_err(|error| self.refused(error))?;
        if file.format() != BinaryFormat::Elf || file.kind() != ObjectKind::Dynamic {
            return Err(self.refused("it is no shared library"));
        }
        if file.architecture() != self.abi.architecture() {
            return Err(self.refused(format!("it is for {:?}", file.architecture())));
        }
        Ok(())
    }

    fn refused(&self, reason: impl ToString) -> Error {
        Error::agent(format!("library {:?} for {}", super::beginning(self.name), self.abi.folder()), reason)
    }
}

impl Abi {
    /// The folder of `jni/` in a library and of `lib/` in an app.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Arm64V8a => "arm64-v8a",
            Self::ArmeabiV7a => "armeabi-v7a",
            Self::X86 => "x86",
            Self::X8664 => "x86_64",
        }
    }

    const fn architecture(self) -> Architecture {
        match self {
            Self::Arm64V8a => Architecture::Aarch64,
            Self::ArmeabiV7a => Architecture::Arm,
            Self::X86 => Architecture::I386,
            Self::X8664 => Architecture::X86_64,
        }
    }
}
