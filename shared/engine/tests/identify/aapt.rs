//! Packages that aapt2 makes of sources, and what aapt says about a package. A tool that is not there is skipped, and said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use engine::Identity;
use tempfile::TempDir;

use crate::identified;

/// The platform's resources, which the attributes in a manifest come from.
const FRAMEWORK: &str = "/usr/share/android-framework-res/framework-res.apk";

/// A file of an app's sources: its path within `res`, and its content.
pub(crate) type Source = (String, Vec<u8>);

pub(crate) fn source(path: &str, content: impl AsRef<[u8]>) -> Source {
    (path.to_owned(), content.as_ref().to_vec())
}

/// A file of texts by their names.
pub(crate) fn strings(folder: &str, texts: &[(&str, &str)]) -> Source {
    let texts: String = texts.iter().map(|(name, text)| format!("<string name=\"{name}\">{text}</string>")).collect();
    source(&format!("{folder}/strings.xml"), format!("<resources>{texts}</resources>"))
}

/// What aapt says about a package.
pub(crate) struct Badging(String);

impl Badging {
    /// `None` when aapt is not there.
    pub(crate) fn of(package: &Path) -> Option<Self> {
        match Command::new("aapt").args(["dump", "badging"]).arg(package).output() {
            Ok(output) => Some(Self(String::from_utf8(output.stdout).unwrap())),
            Err(error) => {
                eprintln!("SKIPPED: aapt cannot be started: {error}");
                None
            }
        }
    }

    /// As [`Self::of`], for a package in memory.
    pub(crate) fn of_bytes(package: &[u8]) -> Option<Self> {
        let mut file = tempfile::Builder::new().suffix(".apk").tempfile().unwrap();
        file.write_all(package).unwrap();
        Self::of(file.path())
    }

    /// The text behind `field` in the first line that begins with `line`.
    pub(crate) fn field(&self, line: &str, field: &str) -> Option<String> {
        let line = self.0.lines().find_map(|found| found.strip_prefix(line))?;
        let (_, text) = line.split_once(field)?;
        let text = text.strip_prefix('\'')?.split('\'').next()?;
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    /// The paths of the icon's files for all densities.
    pub(crate) fn icons(&self) -> Vec<&str> {
        let lines = self.0.lines().filter(|line| line.starts_with("application-icon-"));
        lines.filter_map(|line| line.split('\'').nth(1)).collect()
    }

    /// The name that people see: the label for the default locale, or of the first one, or of the first activity; else the package's.
    pub(crate) fn name(&self) -> String {
        let label = self.field("application-label:", "").or_else(|| self.field("application:", "label="));
        let label = label.or_else(|| self.field("launchable-activity:", "label="));
        label.unwrap_or_else(|| self.field("package:", " name=").unwrap())
    }

    /// Everything but the icon is as aapt says.
    pub(crate) fn agree(&self, identity: &Identity) {
        let package = |field| self.field("package:", field);
        assert_eq!(Some(&identity.package_name), package(" name=").as_ref());
        assert_eq!(identity.version_name, package("versionName="), "{}", self.0);
        assert_eq!(identity.version_code, package("versionCode="), "{}", self.0);
        assert_eq!(identity.name, self.name(), "{}", self.0);
    }
}

/// A package of `com.example.made` with these attributes and elements in its manifest, and what aapt says about it.
pub(crate) struct Made {
    pub(crate) package: Vec<u8>,
    pub(crate) identity: Identity,
    pub(crate) badging: Badging,
}

impl Made {
    /// `None` when the tools are not there. `version` are attributes of the manifest, `application` those of its `<application>`, and
    /// `elements` what stands in it.
    pub(crate) fn of(version: &str, application: &str, elements: &str, sources: &[Source]) -> Option<Self> {
        if Command::new("aapt2").arg("version").output().is_err() || !Path::new(FRAMEWORK).exists() {
            eprintln!("SKIPPED: aapt2 or {FRAMEWORK} is not there");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let manifest = format!(
            "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.example.made\" {version}>\
             <application {application}>{elements}</application></manifest>"
        );
        fs::write(folder.path().join("AndroidManifest.xml"), manifest).unwrap();
        fs::create_dir(folder.path().join("res")).unwrap();
        for (path, content) in sources {
            let path = folder.path().join("res").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let compile = ["compile", "--no-crunch", "--dir", "res", "-o", "compiled.zip"];
        let link = ["link", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml", "-o", "made.apk", "compiled.zip"];
        for arguments in [&compile[..], &link] {
            let output = Command::new("aapt2").args(arguments).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let path = folder.path().join("made.apk");
        let package = fs::read(&path).unwrap();
        let identity = identified(&package, "made.apk").unwrap();
        Some(Self { package, identity, badging: Badging::of(&path)? })
    }
}
