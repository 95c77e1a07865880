//! Tables that aapt2 makes in all its forms, and other people's readers as the judges of ours. A tool that is not there is skipped, and
//! said to be.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use formats::arsc::{Table, dump};
use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};
use tempfile::TempDir;

use crate::builder::parse;
use crate::real;

const MANIFEST: &str = r#"<manifest package="com.example.made"><application/></manifest>"#;
const VALUES: &str = r#"<resources>
    <string name="app">App</string><string name="again">App</string><string name="other">Other</string><string name="styled">a <b>bold</b> word</string>
    <bool name="on">true</bool><integer name="number">5</integer><dimen name="size">4dp</dimen><color name="red">#ff0000</color>
    <string-array name="list"><item>one</item><item>two</item></string-array>
    <plurals name="many"><item quantity="one">x</item><item quantity="other">y 😀</item></plurals>
    <attr name="mine" format="string|reference"/><item type="id" name="ident"/>
    <style name="Base"><item name="mine">v</item></style><style name="Base.Child"><item name="mine">@string/app</item></style>
</resources>"#;
const FILES: [(&str, &str); 7] = [
    ("AndroidManifest.xml", MANIFEST),
    ("res/values/values.xml", VALUES),
    ("res/values-de/values.xml", "<resources><string name=\"app\">Anwendung</string></resources>"),
    ("res/values-v31/values.xml", "<resources><bool name=\"on\">false</bool></resources>"),
    ("res/xml/first.xml", "<a><b c=\"d\">text</b></a>"),
    ("res/xml-v28/first.xml", "<a/>"),
    ("res/raw/blob.bin", "x"),
];

/// The platform's resources, which the attributes for versions in a manifest come from.
const FRAMEWORK: &str = "/usr/share/android-framework-res/framework-res.apk";

/// The aapt2 on the path, and a newer one among the samples.
fn compilers() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let samples = std::env::var_os("APPTEGO_SAMPLES").map(|folder| PathBuf::from(folder).join("aapt2"));
    let found = [Some(PathBuf::from("aapt2")), samples].into_iter().flatten();
    let found: Vec<_> = found.filter(|program| Command::new(program).arg("version").output().is_ok()).collect();
    if found.is_empty() {
        eprintln!("SKIPPED: aapt2 cannot be started");
    }
    found
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

/// Makes a package, and what `optimize` makes of it in each form that this aapt2 knows.
fn made(aapt2: &Path, folder: &Path) -> Vec<(String, PathBuf)> {
    for (name, content) in FILES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let plain = ["link", "--manifest", "AndroidManifest.xml", "-o", "plain.apk", "compiled.zip"];
    for arguments in [&["compile", "--dir", "res", "-o", "compiled.zip"][..], &plain] {
        let output = run(aapt2, folder, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let forms: [&[&str]; 5] = [
        &["--enable-sparse-encoding"],
        &["--force-sparse-encoding"],
        &["--enable-compact-entries"],
        &["--collapse-resource-names", "--shorten-resource-paths"],
        &[
            "--force-sparse-encoding",
            "--enable-compact-entries",
            "--collapse-resource-names",
            "--deduplicate-entry-values",
        ],
    ];
    let mut packages = vec![("plain".to_owned(), folder.join("plain.apk"))];
    let newest =
        ["--min-sdk-version", "34", "--enable-compact-entries", "--enable-sparse-encoding", "-o", "newest.apk"];
    if run(aapt2, folder, &[&["link", "-I", FRAMEWORK], &plain[1..3], &newest[..], &plain[5..]].concat())
        .status
        .success()
    {
        packages.push(("for Android 14".to_owned(), folder.join("newest.apk")));
    }
    for (form, number) in forms.iter().zip(0..) {
        let name = format!("{number}.apk");
        let output = run(aapt2, folder, &[&["optimize", "-o", &name], *form, &["plain.apk"]].concat());
        // An older aapt2 does not know the newer forms.
        if output.status.success() {
            packages.push((form.join(" "), folder.join(name)));
        }
    }
    packages
}

fn table_of(package: &Path) -> Vec<u8> {
    let bytes = fs::read(package).unwrap();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    archive.read_entry("resources.arsc", 1 << 26).unwrap()
}

/// The package with another table and with other paths.
fn with_table(
    package: &Path,
    table: &[u8],
    paths: &HashMap<String, String>,
    added: &[&str],
) -> tempfile::NamedTempFile {
    let bytes = fs::read(package).unwrap();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut writer = Writer::new(tempfile::Builder::new().suffix(".apk").tempfile().unwrap());
    for entry in archive.entries().iter().filter(|entry| !entry.is_folder()) {
        let name = paths.get(&entry.name).unwrap_or(&entry.name);
        let content = archive.read_entry(&entry.name, 1 << 30).unwrap();
        let content = if name == "resources.arsc" { table.to_vec() } else { content };
        writer.add(name, Method::Stored, Attributes::default(), &content).unwrap();
    }
    let empty = formats::axml::Document::new("added").unwrap().to_bytes();
    added.iter().for_each(|name| writer.add(name, Method::Stored, Attributes::default(), &empty).unwrap());
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
    file
}

/// What a tool says of a package's resources; `None` when the tool is not there.
fn listing(program: &Path, arguments: &[&str], package: &Path) -> Option<String> {
    match Command::new(program).args(arguments).arg(package).output() {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} {}: {errors}", program.display(), package.display());
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            eprintln!("skipped: {} cannot be started: {error}", program.display());
            None
        }
    }
}

fn listings(package: &Path) -> Vec<String> {
    let aapt2 = compilers().into_iter().filter_map(|program| listing(&program, &["dump", "resources"], package));
    let aapt = listing(Path::new("aapt"), &["dump", "--values", "resources"], package);
    aapt2.chain(aapt).collect()
}

/// The lines that go and come without those that only count.
fn changes(before: &str, after: &str) -> Vec<String> {
    let is_count = |line: &str| line.contains("entryCount=") || line.contains("typeCount=");
    let mut old: HashMap<&str, usize> = HashMap::new();
    before.lines().filter(|line| !is_count(line)).for_each(|line| *old.entry(line).or_default() += 1);
    let mut changes = Vec::new();
    for line in after.lines().filter(|line| !is_count(line)) {
        match old.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => changes.push(format!("+ {}", line.trim())),
        }
    }
    changes.extend(old.into_iter().filter(|(_, count)| *count > 0).map(|(line, _)| format!("- {}", line.trim())));
    changes
}

#[test]
fn every_form_that_aapt2_writes_is_read_and_takes_an_entry() {
    for aapt2 in compilers() {
        let folder = TempDir::new().unwrap();
        for (form, package) in made(&aapt2, folder.path()) {
            let bytes = table_of(&package);
            let mut table = parse(&bytes);
            assert_eq!(*table.to_bytes(), bytes, "{form}");
            let id = table.add_file("xml", "added", "res/added.xml").unwrap();
            let written = table.to_bytes();
            let with = with_table(&package, &written, &HashMap::new(), &["res/added.xml"]);
            // Older tools do not see the entries of the newer forms.
            let is_newer = form.contains("compact") || form.contains("Android 14");
            let list = |package: &Path| match is_newer {
                true => listing(&aapt2, &["dump", "resources"], package).into_iter().collect(),
                false => listings(package),
            };
            for (before, after) in list(&package).iter().zip(list(with.path())) {
                let changes = changes(before, &after);
                assert!(changes.iter().any(|line| line.contains(&format!("{id:#010x}"))), "{form}: {changes:#?}");
                assert!(changes.iter().all(|line| line.starts_with("+ ")), "{form}: {changes:#?}");
                assert!(changes.len() <= 5, "{form}: {changes:#?}");
            }
        }
    }
}

#[test]
fn newer_forms_are_really_tried() {
    let Some(newest) = compilers().into_iter().nth(1) else {
        return eprintln!("SKIPPED: no newer aapt2 among the samples");
    };
    let folder = TempDir::new().unwrap();
    let dumps: String =
        made(&newest, folder.path()).iter().map(|(_, package)| dump(&parse(&table_of(package)))).collect();
    for form in ["(sparse)", "(16-bit offsets)", "(compact)", "0_resource_name_obfuscated", "shares its entry"] {
        assert!(dumps.contains(form), "{form}");
    }
}

#[test]
fn aapt_lists_the_same_ids_and_values_after_renaming() {
    let folder = TempDir::new().unwrap();
    let made = compilers().first().map(|aapt2| made(aapt2, folder.path()).swap_remove(0).1);
    let real = real::tables().into_iter().map(|(path, _)| path).filter(|path| !path.starts_with("/usr"));
    for package in made.into_iter().chain(real) {
        let bytes = table_of(&package);
        let mut table = parse(&bytes);
        let paths: HashMap<_, _> = table
            .file_paths()
            .unwrap()
            .into_iter()
            .zip(0..)
            .filter(|(path, _)| path.starts_with("res/"))
            .map(|(path, place)| {
                let extension = path.rsplit('/').next().unwrap().split_once('.').map_or("", |(_, extension)| extension);
                let new = format!("res/{place:x}.{extension}");
                (path, new)
            })
            .collect();
        let mut names = HashMap::new();
        table
            .rename(
                |_, name| {
                    let next = names.len();
                    Some(names.entry(name.to_owned()).or_insert_with(|| format!("n{next}")).clone())
                },
                &paths,
            )
            .unwrap();
        let with = with_table(&package, &table.to_bytes(), &paths, &[]);
        for (before, after) in listings(&package).iter().zip(listings(with.path())) {
            let ids = |listing: &str| {
                let lines = listing
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.starts_with("resource 0x") || line.starts_with("spec resource 0x"));
                lines.map(|line| line.split_once('/').unwrap_or((line, "")).0.to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(ids(before), ids(&after), "{}", package.display());
        }
    }
}

#[test]
fn apktool_decodes_what_was_added_and_renamed() {
    if Command::new("apktool").arg("--version").output().is_err() {
        return eprintln!("SKIPPED: apktool cannot be started");
    }
    let Some(aapt2) = compilers().into_iter().next() else { return };
    let folder = TempDir::new().unwrap();
    let (_, package) = made(&aapt2, folder.path()).swap_remove(0);
    let bytes = table_of(&package);
    let mut table = parse(&bytes);
    table.add_file("xml", "added", "res/added.xml").unwrap();
    let paths = HashMap::from([("res/raw/blob.bin".to_owned(), "res/q.bin".to_owned())]);
    table.rename(|_, name| (name == "other").then(|| "q".to_owned()), &paths).unwrap();
    let with = with_table(&package, &table.to_bytes(), &paths, &["res/added.xml"]);
    let out = folder.path().join("decoded");
    let frames = folder.path().join("frames");
    let arguments =
        ["d", "-s", "-f", "-p", frames.to_str().unwrap(), "-o", out.to_str().unwrap(), with.path().to_str().unwrap()];
    let output = Command::new("apktool").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let public = fs::read_to_string(out.join("res/values/public.xml")).unwrap();
    assert!(
        public.contains("name=\"added\"") && public.contains("name=\"q\"") && !public.contains("name=\"other\""),
        "{public}"
    );
    let strings = fs::read_to_string(out.join("res/values/strings.xml")).unwrap();
    assert!(strings.contains("<string name=\"q\">Other</string>"), "{strings}");
    assert!(out.join("res/xml/added.xml").exists() && out.join("res/raw/blob.bin").exists());
}

#[test]
fn a_table_made_from_nothing_is_read_by_aapt2() {
    let mut table = Table::empty(&Limits::default());
    table.ensure_package("com.example.made").unwrap();
    table.add_file("xml", "rules", "res/rules.xml").unwrap();
    let folder = TempDir::new().unwrap();
    let Some(aapt2) = compilers().into_iter().next() else { return };
    let (_, package) = made(&aapt2, folder.path()).swap_remove(0);
    let with = with_table(&package, &table.to_bytes(), &HashMap::new(), &["res/rules.xml"]);
    for listing in listings(with.path()) {
        assert!(listing.contains("0x7f010000") && listing.contains("xml/rules"), "{listing}");
    }
}
