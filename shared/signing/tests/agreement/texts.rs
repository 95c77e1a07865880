//! Manifests, signature files and CMS signatures in all the forms that tools write, and in some that none should.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signing::apk::DigestKind;

use crate::Package;
use crate::support::{TinyZip, digest, must_run, write};

const FILES: [(&str, &[u8]); 4] = [
    ("AndroidManifest.xml", b"<manifest/>"),
    ("META-INF/services/one", b"one"),
    ("assets/two.txt", b"two"),
    ("classes.dex", b"dex\n035\0"),
];
const MAIN: &str = "Manifest-Version: 1.0\r\nCreated-By: test\r\n\r\n";
const MANIFEST: &str = "META-INF/MANIFEST.MF";
const RSA: &str = "rsa";
/// Changed bytes per file.
const FLIPS: usize = 60;

pub(crate) fn packages(folder: &Path) -> Vec<Package> {
    make_keys(folder);
    let mut packages = texts(folder);
    packages.extend(signatures(folder));
    packages.extend(arrangements(folder));
    packages.extend(flipped(folder));
    packages.extend(jarsigner(folder));
    packages
}

fn package(name: &str, bytes: Vec<u8>, min_sdks: &[u32]) -> Package {
    Package { name: name.to_owned(), bytes, min_sdks: min_sdks.to_vec(), target_sdk: 1, damages: 0, sound: false }
}

fn make_keys(folder: &Path) {
    for (name, kind) in [
        (RSA, "rsa:2048"),
        ("ec", "ec -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "ec -pkeyopt ec_paramgen_curve:P-384"),
        ("other", "rsa:2048"),
    ] {
        let request = format!(
            "openssl req -x509 -nodes -newkey {kind} -keyout @/{name}.pem -out @/{name}.crt -days 9000 -subj /CN={name}"
        );
        must_run(folder, &request);
    }
    must_run(
        folder,
        "openssl req -x509 -new -key @/rsa.pem -out @/usage.crt -days 9000 -subj /CN=u -addext keyUsage=keyCertSign",
    );
    must_run(
        folder,
        "openssl req -x509 -new -key @/rsa.pem -out @/critical.crt -days 9000 -subj /CN=c -addext 1.2.3.4=critical,DER:0500",
    );
}

/// A package in parts, each of which can be changed before the next is made from it.
#[derive(Clone)]
struct Jar {
    files: Vec<(String, Vec<u8>)>,
    manifest: Vec<u8>,
    signature_file: Vec<u8>,
    options: String,
    extension: &'static str,
}

impl Jar {
    fn new() -> Self {
        Self::with_manifest(manifest_of(&FILES, &["SHA-256"]).into_bytes())
    }

    /// A package with this manifest, signed as it is.
    fn with_manifest(manifest: Vec<u8>) -> Self {
        let signature_file = signature_file_of(&manifest, "").into_bytes();
        let files = FILES.map(|(name, content)| (name.to_owned(), content.to_vec())).to_vec();
        let options = "-noattr -md sha256 -signer @/rsa.crt -inkey @/rsa.pem".to_owned();
        Self { files, manifest, signature_file, options, extension: "RSA" }
    }

    fn with_signature_file(signature_file: impl Into<Vec<u8>>) -> Self {
        Self { signature_file: signature_file.into(), ..Self::new() }
    }

    fn signed_with(options: &str, extension: &'static str) -> Self {
        Self { options: options.to_owned(), extension, ..Self::new() }
    }

    fn signature(&self, folder: &Path) -> Vec<u8> {
        write(folder, "CERT.SF", &self.signature_file);
        let options = &self.options;
        must_run(folder, &format!("openssl cms -sign -binary -outform DER {options} -in @/CERT.SF -out @/CERT.BLOCK"));
        fs::read(folder.join("CERT.BLOCK")).expect("a signature")
    }

    fn parts(&self, folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files = self.files.clone();
        files.push((MANIFEST.to_owned(), self.manifest.clone()));
        files.push(("META-INF/CERT.SF".to_owned(), self.signature_file.clone()));
        files.push((format!("META-INF/CERT.{}", self.extension), self.signature(folder)));
        files
    }

    fn built(&self, folder: &Path) -> Vec<u8> {
        zip(&self.parts(folder))
    }
}

fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    TinyZip::new(&files).unsigned()
}

fn hashed(algorithm: &str, content: &[u8]) -> String {
    let kind = match algorithm {
        "SHA1" => DigestKind::Sha1,
        "SHA-256" => DigestKind::Sha256,
        _ => DigestKind::Sha512,
    };
    STANDARD.encode(digest(kind, content))
}

fn section(name: &str, content: &[u8], algorithms: &[&str]) -> String {
    let digests = algorithms.iter().map(|algorithm| format!("{algorithm}-Digest: {}\r\n", hashed(algorithm, content)));
    format!("Name: {name}\r\n{}\r\n", digests.collect::<String>())
}

fn manifest_of(files: &[(&str, &[u8])], algorithms: &[&str]) -> String {
    let sections: String = files.iter().map(|(name, content)| section(name, content, algorithms)).collect();
    format!("{MAIN}{sections}")
}

/// Sections of a file as they stand, the main one first.
fn sections(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    text.split_inclusive("\r\n\r\n").map(str::to_owned).collect()
}

/// The names of a manifest's sections with the digests of those.
fn signed_sections(manifest: &[u8]) -> Vec<String> {
    let of = |text: &String| {
        let name = text.lines().next().unwrap_or_default().trim_start_matches("Name: ").to_owned();
        section(&name, text.as_bytes(), &["SHA-256"])
    };
    sections(manifest).iter().skip(1).map(of).collect()
}

fn signature_main(manifest: &[u8], more: &str) -> String {
    let whole = hashed("SHA-256", manifest);
    format!("Signature-Version: 1.0\r\nSHA-256-Digest-Manifest: {whole}\r\n{more}\r\n")
}

fn signature_file_of(manifest: &[u8], more: &str) -> String {
    signature_main(manifest, more) + &signed_sections(manifest).concat()
}

/// What stands in manifests and signature files.
fn texts(folder: &Path) -> Vec<Package> {
    let manifest = manifest_of(&FILES, &["SHA-256"]);
    let whole = signature_file_of(manifest.as_bytes(), "");
    let sections_only = format!("Signature-Version: 1.0\r\n\r\n{}", signed_sections(manifest.as_bytes()).concat());
    let wrong = hashed("SHA-256", b"something else");
    let main_attributes = hashed("SHA-256", MAIN.as_bytes());
    let without = |text: &str, part: &str| text.replacen(part, "", 1);
    let manifests = [
        ("as it should be", manifest.clone()),
        ("lines end with LF", manifest.replace("\r\n", "\n")),
        ("lines end with CR", manifest.replace("\r\n", "\r")),
        ("no empty line at the end", manifest.trim_end().to_owned()),
        ("more empty lines", manifest.replace("\r\n\r\n", "\r\n\r\n\r\n\r\n")),
        ("empty lines in front", format!("\r\n\r\n{manifest}")),
        ("lower-case names", manifest.replace("Name:", "name:").replace("SHA-256-Digest", "sha-256-digest")),
        ("a name on two lines", manifest.replace("assets/two", "assets/\r\n two")),
        ("a digest on two lines", manifest.replace("SHA-256-Digest: ", "SHA-256-Digest: \r\n ")),
        ("a space behind a name", manifest.replace("two.txt", "two.txt ")),
        ("no space behind a colon", manifest.replace("Name: c", "Name:c")),
        ("another attribute first", manifest.replace("Name: c", "Magic: 1\r\nName: c")),
        ("another attribute behind", manifest.replace("Name: classes.dex\r\n", "Name: classes.dex\r\nMagic: 1\r\n")),
        ("an entry missing", without(&manifest, &section("classes.dex", FILES[3].1, &["SHA-256"]))),
        ("an entry too many", manifest.clone() + &section("absent", b"", &["SHA-256"])),
        ("an entry twice", manifest.clone() + &section("classes.dex", FILES[3].1, &["SHA-256"])),
        ("a section without a name", manifest.clone() + "Other: 1\r\n\r\n"),
        ("without the services", without(&manifest, &section(FILES[1].0, FILES[1].1, &["SHA-256"]))),
        ("a wrong digest in META-INF", manifest.replace(&hashed("SHA-256", b"one"), &wrong)),
        ("a wrong digest", manifest.replace(&hashed("SHA-256", b"two"), &wrong)),
        ("a digest that is no Base64", manifest.replace(&hashed("SHA-256", b"two"), "!!!!")),
        ("digests without padding", manifest.replace('=', "")),
        ("two digests", manifest.replace("\r\nSHA-256-Digest", "\r\nSHA-256-Digest: AAAA\r\nSHA-256-Digest")),
        ("no main section", manifest.replace(MAIN, "")),
        ("nothing", String::new()),
        ("SHA-1 only", manifest_of(&FILES, &["SHA1"])),
        ("SHA-512 only", manifest_of(&FILES, &["SHA-512"])),
        ("SHA-1 and SHA-256", manifest_of(&FILES, &["SHA1", "SHA-256"])),
        ("wrong SHA-1 and SHA-256", manifest_of(&FILES, &["SHA1", "SHA-256"]).replace(&hashed("SHA1", b"two"), "AAAA")),
        (
            "SHA-1 and wrong SHA-256",
            manifest_of(&FILES, &["SHA1", "SHA-256"]).replace(&hashed("SHA-256", b"two"), "AAAA"),
        ),
        ("a list of algorithms", manifest.replace("\r\nSHA-256-D", "\r\nDigest-Algorithms: MD5 sha-256\r\nSHA-256-D")),
        ("an unknown algorithm", manifest.replace("SHA-256-Digest", "SHA-3-Digest")),
    ];
    let sections_of = |more: &str| signature_main(manifest.as_bytes(), more);
    let signature_files = [
        ("digests of the sections only", sections_only.clone()),
        (
            "sections with wrong digests under a right whole",
            whole.replace(&hashed("SHA-256", sections(manifest.as_bytes())[2].as_bytes()), &wrong),
        ),
        (
            "a section with a wrong digest",
            sections_only.replace(&hashed("SHA-256", sections(manifest.as_bytes())[2].as_bytes()), &wrong),
        ),
        ("a wrong whole over right sections", whole.replace(&hashed("SHA-256", manifest.as_bytes()), &wrong)),
        ("a whole without sections", sections_of("")),
        ("a section missing", without(&whole, signed_sections(manifest.as_bytes()).last().expect("a section"))),
        ("a section twice", whole.clone() + signed_sections(manifest.as_bytes()).last().expect("a section")),
        ("a section too many", whole.clone() + &section("absent", b"", &["SHA-256"])),
        ("a section too many without a whole", sections_only + &section("absent", b"", &["SHA-256"])),
        ("a section without a name", whole.clone() + "Other: 1\r\n\r\n"),
        (
            "right main attributes",
            signature_file_of(
                manifest.as_bytes(),
                &format!("SHA-256-Digest-Manifest-Main-Attributes: {main_attributes}\r\n"),
            ),
        ),
        (
            "wrong main attributes",
            signature_file_of(manifest.as_bytes(), &format!("SHA-256-Digest-Manifest-Main-Attributes: {wrong}\r\n")),
        ),
        ("no version", whole.replace("Signature-Version: 1.0\r\n", "")),
        ("nothing", String::new()),
        ("scheme 2 taken away", signature_file_of(manifest.as_bytes(), "X-Android-APK-Signed: 2\r\n")),
        ("scheme 3 taken away", signature_file_of(manifest.as_bytes(), "X-Android-APK-Signed: 7 , 3\r\n")),
        ("unknown schemes", signature_file_of(manifest.as_bytes(), "X-Android-APK-Signed: 4,, x, 2x, 22\r\n")),
        ("signed by signtool", signature_file_of(manifest.as_bytes(), "Created-By: signtool 1\r\n")),
        ("lines end with LF", whole.replace("\r\n", "\n")),
    ];
    let manifests = manifests.into_iter().map(|(name, text)| ("manifest", name, Jar::with_manifest(text.into_bytes())));
    let files =
        signature_files.into_iter().map(|(name, text)| ("signature file", name, Jar::with_signature_file(text)));
    let all = manifests.chain(files);
    all.map(|(file, name, jar)| package(&format!("{file}: {name}"), jar.built(folder), &[8, 17, 18, 24])).collect()
}

/// CMS as OpenSSL writes it.
fn signatures(folder: &Path) -> Vec<Package> {
    let rsa = "-signer @/rsa.crt -inkey @/rsa.pem";
    let mut all = Vec::new();
    for (key, extension) in [("rsa", "RSA"), ("ec", "EC"), ("p384", "EC")] {
        for digest in ["sha1", "sha224", "sha256", "sha384", "sha512"] {
            for attributes in ["-noattr", ""] {
                let options = format!("{attributes} -md {digest} -signer @/{key}.crt -inkey @/{key}.pem");
                all.push((options.clone(), Jar::signed_with(&options, extension)));
            }
        }
    }
    for options in [
        format!("-noattr -md md5 {rsa}"),
        format!("-noattr -md sha256 -keyid {rsa}"),
        format!("-noattr -md sha256 -nocerts {rsa}"),
        format!("-noattr -md sha256 -nodetach {rsa}"),
        format!("-noattr -md sha256 -stream {rsa}"),
        format!("-md sha256 -nodetach -stream {rsa}"),
        format!("-noattr -md sha256 -certfile @/other.crt {rsa}"),
        format!("-noattr -md sha256 {rsa} -signer @/other.crt -inkey @/other.pem"),
        format!("-noattr -md sha256 {rsa} -keyopt rsa_padding_mode:pss"),
        "-noattr -md sha256 -signer @/usage.crt -inkey @/rsa.pem".to_owned(),
        "-noattr -md sha256 -signer @/critical.crt -inkey @/rsa.pem".to_owned(),
    ] {
        all.push((options.clone(), Jar::signed_with(&options, "RSA")));
    }
    let of = |(options, jar): (String, Jar)| package(&options, jar.built(folder), &[8, 17, 18, 19, 21, 24]);
    all.into_iter().map(of).collect()
}

/// Which files there are, and who covers which.
fn arrangements(folder: &Path) -> Vec<Package> {
    let jar = Jar::new();
    let parts = jar.parts(folder);
    let renamed = |from: &str, to: &str| {
        let rename = |(name, content): &(String, Vec<u8>)| (name.replace(from, to), content.clone());
        parts.iter().map(rename).collect::<Vec<_>>()
    };
    let with = |name: &str, content: &[u8]| {
        let mut parts = parts.clone();
        parts.push((name.to_owned(), content.to_vec()));
        parts
    };
    let without = |name: &str| parts.iter().filter(|(found, _)| found != name).cloned().collect::<Vec<_>>();
    let second = |jar: &Jar| {
        let mut both = parts.clone();
        both.push(("META-INF/SECOND.SF".to_owned(), jar.signature_file.clone()));
        both.push(("META-INF/SECOND.RSA".to_owned(), jar.signature(folder)));
        both
    };
    let other = Jar::signed_with("-noattr -md sha256 -signer @/other.crt -inkey @/other.pem", "RSA");
    let one_section = signed_sections(&jar.manifest).swap_remove(0);
    let partial = signature_main(&jar.manifest, "") + &one_section;
    let partial = Jar { signature_file: partial.into_bytes(), ..other.clone() };
    let empty = Jar { signature_file: signature_main(&jar.manifest, "").into_bytes(), ..other.clone() };
    let broken = Jar { signature_file: b"Signature-Version: 1.0\r\n\r\n".to_vec(), ..other.clone() };
    let cut = |(name, content): &(String, Vec<u8>)| {
        let left = if name.ends_with(".RSA") { content.len() - 1 } else { content.len() };
        (name.clone(), content[..left].to_vec())
    };
    let trailing = |(name, content): &(String, Vec<u8>)| {
        let more: &[u8] = if name.ends_with(".RSA") { b"more" } else { b"" };
        (name.clone(), [content, more].concat())
    };
    let all = [
        ("an unsigned file", with("assets/new", b"new")),
        ("an unsigned file in META-INF", with("META-INF/new", b"new")),
        ("an unsigned folder", with("new/", b"")),
        ("a file gone", without("classes.dex")),
        ("no manifest", without(MANIFEST)),
        ("no signature file", without("META-INF/CERT.SF")),
        ("no signature", without("META-INF/CERT.RSA")),
        ("a signature in lower case", renamed("CERT.RSA", "CERT.rsa")),
        ("a signature file in lower case", renamed("CERT.SF", "CERT.sf")),
        ("a manifest in lower case", renamed("MANIFEST.MF", "manifest.mf")),
        ("files in a folder of META-INF", renamed("CERT.", "x/CERT.")),
        ("a DSA extension", renamed("CERT.RSA", "CERT.DSA")),
        ("a cut signature", parts.iter().map(cut).collect()),
        ("bytes behind the signature", parts.iter().map(trailing).collect()),
        ("two signers", second(&other)),
        ("a second signer of some entries", second(&partial)),
        ("a second signer of no entries", second(&empty)),
        ("a second signer of nothing", second(&broken)),
        ("a second signature that is none", with("META-INF/SECOND.RSA", b"0")),
    ];
    all.into_iter().map(|(name, parts)| package(name, zip(&parts), &[18, 24])).collect()
}

/// Every file with single bytes changed, in an archive that fits.
fn flipped(folder: &Path) -> Vec<Package> {
    let parts = Jar::new().parts(folder);
    let mut packages = Vec::new();
    for (file, (name, content)) in parts.iter().enumerate().skip(FILES.len()) {
        for flip in 0..FLIPS {
            let mut parts = parts.clone();
            let position = flip * content.len() / FLIPS;
            parts[file].1[position] ^= 1 << (flip % 8);
            packages.push(package(&format!("{name} changed at {position}"), zip(&parts), &[18]));
        }
    }
    packages
}

/// The tool of the Java development kit, with its own idea of what is signed.
fn jarsigner(folder: &Path) -> Vec<Package> {
    let sign = |options: &str, min_sdk: u32| {
        write(folder, "jar.apk", &TinyZip::new(&FILES).unsigned());
        let _ = fs::remove_file(folder.join("jar.p12"));
        must_run(
            folder,
            "openssl pkcs12 -export -inkey @/rsa.pem -in @/rsa.crt -passout pass:secret -name key -out @/jar.p12",
        );
        must_run(folder, &format!("jarsigner -keystore @/jar.p12 -storepass secret {options} @/jar.apk key"));
        let bytes = fs::read(folder.join("jar.apk")).expect("a signed package");
        Package { damages: 60, sound: true, ..package(&format!("jarsigner {options}"), bytes, &[min_sdk]) }
    };
    vec![
        sign("", 21),
        sign("-digestalg SHA1 -sigalg SHA1withRSA", 19),
        sign("-digestalg SHA-512 -sigalg SHA512withRSA -sectionsonly", 21),
    ]
}
