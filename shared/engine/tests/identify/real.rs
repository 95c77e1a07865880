//! Packages that others built. Fetched ones are looked for in the folder that the variable APPTEGO_SAMPLES names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use formats::limits::Limits;
use formats::zip::Archive;

use crate::aapt::Badging;
use crate::identified;
use crate::images::Pixels;

/// The packages of this extension that are at hand.
fn packages(extension: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let named = std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from);
    let files =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> = [Some(beside), named].into_iter().flatten().flat_map(files).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found.sort();
    if found.is_empty() {
        #[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
        {
            eprintln!("SKIPPED: no {extension} at hand");
        }
    }
    found
}

#[test]
fn apks_say_what_aapt_says() {
    for path in packages("apk") {
        let Some(badging) = Badging::of(&path) else { return };
        let package = fs::read(&path).unwrap();
        let identity = identified(&package, "real.apk").unwrap();
        badging.agree(&identity);
        let archive = Archive::read(&package, &Limits::default()).unwrap();
        let icons = badging.icons();
        match identity.icon {
            None => assert!(icons.iter().all(|path| path.ends_with(".xml")), "{}: {icons:?}", path.display()),
            Some(icon) => {
                let is_it = |path: &&&str| archive.read_entry(path, 1 << 20).unwrap() == icon.bytes;
                assert!(icons.iter().any(|path| is_it(&path)), "{}: {icons:?}", path.display());
                // aapt names the files by rising density, up to xxxhdpi and those of no density.
                assert_eq!(icons.iter().rposition(|path| is_it(&path)), Some(icons.len() - 1), "{}", path.display());
            }
        }
    }
}

const SCRIPT: &str = r#"
import plistlib, struct, sys, zipfile
package = zipfile.ZipFile(sys.argv[1])
[entry] = [name for name in package.namelist() if name.count("/") == 2 and name.endswith(".app/Info.plist")]
info = plistlib.loads(package.read(entry))
name = info.get("CFBundleDisplayName") or info.get("CFBundleName")
print(info["CFBundleIdentifier"], name, info["CFBundleShortVersionString"], info["CFBundleVersion"], sep="\n")
listed = [name for key in ("CFBundleIcons", "CFBundleIcons~ipad")
          for name in info.get(key, {}).get("CFBundlePrimaryIcon", {}).get("CFBundleIconFiles", [])]
folder = entry.removesuffix("Info.plist")
def size(name):
    head = package.read(name)[:48]
    return struct.unpack_from(">II", head, 32 if head[12:16] == b"CgBI" else 16)
print(max((name for name in package.namelist() if any(name.startswith(folder + it) for it in listed)), key=size))
"#;

#[test]
fn ipas_say_what_plistlib_says() {
    for path in packages("ipa") {
        let output = Command::new("python3").args(["-c", SCRIPT]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let [package_name, name, version_name, version_code, icon] = lines.as_slice() else { panic!("{text}") };

        let package = fs::read(&path).unwrap();
        let identity = identified(&package, "real.ipa").unwrap();
        assert_eq!((identity.package_name.as_str(), identity.name.as_str()), (*package_name, *name));
        assert_eq!(identity.version_name.as_deref(), Some(*version_name));
        assert_eq!(identity.version_code.as_deref(), Some(*version_code));

        let archive = Archive::read(&package, &Limits::default()).unwrap();
        let largest = Pixels::of(&archive.read_entry(icon, 1 << 20).unwrap());
        let icon = identity.icon.unwrap();
        assert_eq!((icon.content_type, Pixels::of(&icon.bytes)), ("image/png", largest));
    }
}
