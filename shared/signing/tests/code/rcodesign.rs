//! Whole signatures as rcodesign judges them, and beside its own.

use std::fs;
use std::path::{Path, PathBuf};

use formats::plist::{Dictionary, Value};
use signing::code::{By, Code, CodeResources, PageHasher, Sealed, Verified, sign, verify};
use signing::generate::NewKey;
use signing::{Certificate, Signer};
use tempfile::TempDir;

use crate::macho::{self, Kind};
use crate::parts::{CODE_DIRECTORY, DER_ENTITLEMENTS, ENTITLEMENTS, REQUIREMENTS, part};
use crate::sample::{dictionary, digests};
use crate::signatures::{CODE_RESOURCES, IDENTIFIER, INFO_PLIST, SIGNING_TIME, TEAM, by, entitlements, sha256, signed};
use crate::support::{must_run, run, skipped, which, write};

/// Where rcodesign is: on the path, or where `tests/tools/install` puts it.
fn rcodesign() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let variable = |name| std::env::var_os(name);
    let installed = variable("PYTHON_TOOLS").map(|tools| Path::new(&tools).join("../rcodesign/bin/rcodesign"));
    let found = which("rcodesign").or_else(|| installed.filter(|file| file.is_file()));
    assert!(found.is_some() || variable("CI").is_none(), "rcodesign is not installed");
    if found.is_none() {
        skipped("rcodesign is not installed");
    }
    found
}

struct Judge {
    tool: PathBuf,
    folder: TempDir,
}

impl Judge {
    fn new() -> Option<Self> {
        Some(Self { tool: rcodesign()?, folder: tempfile::tempdir().expect("a folder") })
    }

    /// Runs it with the words of this line, in which `@` stands for the folder.
    fn run(&self, line: &str) -> (bool, String) {
        let folder = self.folder.path().to_str().expect("a plain path");
        let words = line.split(' ').map(|word| word.replace('@', folder));
        run(self.tool.to_str().expect("a plain path"), words)
    }

    fn must_run(&self, line: &str) -> String {
        let (success, text) = self.run(line);
        assert!(success, "{line}: {text}");
        text
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        write(self.folder.path(), name, bytes);
    }
}

#[test]
fn each_signature_is_sound_and_says_what_it_should() {
    let Some(judge) = Judge::new() else { return };
    for (kind, key) in [(Kind::Executable, NewKey::Rsa2048), (Kind::Library, NewKey::P256)] {
        let signer = crate::support::signer(key);
        let entitlements = entitlements();
        let file = signed(kind, (kind == Kind::Executable).then_some(&entitlements), by(&signer));
        judge.write("app", &[file.code.as_slice(), &file.signed.bytes].concat());
        let verdict = judge.must_run("verify @/app");
        assert!(verdict.contains("no problems detected!"), "{verdict}");
        let text = judge.must_run("print-signature-info @/app");
        for said in [
            "version: '0x20400'",
            "flags: CodeSignatureFlags(0x0)",
            "identifier: com.example.app",
            "team_name: A1B2C3D4E5",
            "digest_type: sha256",
            "signing_time: 2026-09-21T14:13:20Z",
            "signature_verifies: true",
            "- 1.2.840.113635.100.9.1",
            "- 1.2.840.113635.100.9.2",
        ] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
        assert_eq!(text.contains("entitlements_der_plist"), kind == Kind::Executable, "{text}");
    }
}

/// It takes every signature without signed data for an error, and finds no other.
#[test]
fn a_signature_of_nobody_lacks_nothing_else() {
    let Some(judge) = Judge::new() else { return };
    let file = signed(Kind::Executable, None, By::AdHoc);
    judge.write("app", &[file.code.as_slice(), &file.signed.bytes].concat());
    let (_, verdict) = judge.run("verify @/app");
    let verdict = verdict.replace(judge.folder.path().to_str().expect("a plain path"), "");
    insta::assert_snapshot!(verdict, @"
    CMS error: missing further values (at position 0)
    (the verify command is known to be buggy and gives misleading results; we highly recommend using Apple's tooling until this message is removed)
    Error: problems reported during verification
    ");
    let directory = judge.must_run("extract code-directory @/app");
    assert!(directory.contains("ADHOC"), "{directory}");
    let requirements = judge.must_run("extract requirements @/app");
    assert_eq!(requirements.trim(), "");
}

/// A changed page, and a changed entitlement: the judge sees what it should see.
#[test]
fn the_judge_sees_damage() {
    let Some(judge) = Judge::new() else { return };
    let signer = crate::support::signer(NewKey::Rsa2048);
    let file = signed(Kind::Executable, Some(&entitlements()), by(&signer));
    let whole = [file.code.as_slice(), &file.signed.bytes].concat();
    let entitlement = whole.windows(7).position(|bytes| bytes == b".shared").expect("an entitlement");
    for position in [0x2000, entitlement] {
        let mut damaged = whole.clone();
        damaged[position] ^= 1;
        judge.write("app", &damaged);
        let (_, verdict) = judge.run("verify @/app");
        assert!(!verdict.contains("no problems detected!"), "byte {position}: {verdict}");
    }
}

/// The same file signed by both, with the same key and files.
#[test]
fn both_write_the_same_signature() {
    let Some(judge) = Judge::new() else { return };
    let signer = judge.developer();
    for kind in [Kind::Executable, Kind::Library] {
        let theirs = judge.sign(kind, true);
        let (code, signature) = theirs.split_at(macho::code_limit() as usize);
        let ours = resigned(kind, code, By::Key { signer: &signer, signing_time: SIGNING_TIME });
        let same: &[u32] = match kind {
            Kind::Executable => &[REQUIREMENTS, DER_ENTITLEMENTS],
            Kind::Library => &[REQUIREMENTS],
        };
        for number in same {
            assert_eq!(part(&ours, *number), part(signature, *number), "{kind:?}: blob {number}");
        }
        assert_eq!(without_xml(&ours, kind), without_xml(signature, kind), "{kind:?}");
        let sealed = Sealed { info_plist: Some(INFO_PLIST), code_resources: Some(CODE_RESOURCES) };
        let [one, other] =
            [&ours, signature].map(|signature| verify(&code, signature, sealed, &|_| true).expect("a sound signature"));
        let said = |one: Verified| {
            let certificates: Vec<_> = one.certificates.iter().map(Certificate::sha256).collect();
            (one.entitlements, one.executable, one.signing_time, certificates)
        };
        assert_eq!(said(one), said(other), "{kind:?}");
    }
}

/// The code directory without the digest of the entitlements in XML, which either tool ends in its own way.
fn without_xml(signature: &[u8], kind: Kind) -> Vec<u8> {
    let mut directory = part(signature, CODE_DIRECTORY).to_vec();
    if kind == Kind::Executable {
        let digest = sha256(part(signature, ENTITLEMENTS));
        let start = directory.windows(32).position(|bytes| bytes == digest).expect("the digest");
        directory[start..start + 32].fill(0);
    }
    directory
}

#[test]
fn both_write_the_same_without_a_key() {
    let Some(judge) = Judge::new() else { return };
    let theirs = judge.sign(Kind::Library, false);
    let (code, signature) = theirs.split_at(macho::code_limit() as usize);
    let ours = resigned(Kind::Library, code, By::AdHoc);
    let end = ours.iter().rposition(|byte| *byte != 0).expect("bytes") + 1;
    assert_eq!(ours[..end], signature[..end]);
    assert!(signature[end..].iter().all(|byte| *byte == 0));
}

/// The list of a bundle's files, those of a framework within among them. (In `files`, the tool passes over what its rules omit.)
#[test]
fn both_list_the_same_files() {
    let Some(judge) = Judge::new() else { return };
    let info = |executable: &str, kind: &str| {
        let fields = [
            ("CFBundleExecutable", executable),
            ("CFBundleIdentifier", "com.example.app"),
            ("CFBundleName", executable),
            ("CFBundlePackageType", kind),
        ];
        let mut xml = Vec::new();
        let fields = Dictionary::from_iter(fields.map(|(key, value)| (key, Value::from(value))));
        Value::Dictionary(fields).to_writer_xml(&mut xml).expect("writes");
        xml
    };
    let framework = signed(Kind::Library, None, By::AdHoc);
    let files = [
        ("App", macho::code(Kind::Executable, 0)),
        ("Info.plist", info("App", "APPL")),
        ("PkgInfo", b"APPL????".to_vec()),
        ("Assets.car", b"assets".to_vec()),
        ("Base.lproj/Main.nib", b"nib".to_vec()),
        ("de.lproj/a & b.strings", b"text".to_vec()),
        ("sub/.DS_Store", b"store".to_vec()),
        ("version.plist", b"version".to_vec()),
        ("Frameworks/F.framework/F", [framework.code, framework.signed.bytes].concat()),
        ("Frameworks/F.framework/Info.plist", info("F", "FMWK")),
    ];
    for (path, content) in &files {
        let path = judge.folder.path().join("App.app").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    judge.must_run("sign --shallow --timestamp-url none @/App.app");
    let read = |path: &str| fs::read(judge.folder.path().join("App.app").join(path)).expect("a file");
    let mut list = CodeResources::new("App");
    for (path, _) in &files {
        let (sha1, sha256) = digests(&read(path));
        list.add(path, sha1, sha256).expect("a path");
    }
    let theirs = dictionary(&read("_CodeSignature/CodeResources"));
    for part in ["files", "files2", "rules", "rules2"] {
        assert_eq!(dictionary(&list.to_xml()).get(part), theirs.get(part), "{part}");
    }
}

impl Judge {
    /// A key whose certificate names an organization, in a keystore of the kind that the tool reads.
    fn developer(&self) -> Signer {
        let run = |line: &str| must_run(self.folder.path(), line);
        run(
            "openssl req -x509 -nodes -newkey rsa:2048 -keyout @/key -out @/crt -days 3650 -subj /O=Example/CN=Developer",
        );
        run("openssl pkcs12 -export -inkey @/key -in @/crt -out @/p12 -passout pass:secret -keypbe PBE-SHA1-3DES \
             -certpbe PBE-SHA1-3DES -macalg sha1");
        let keystore = fs::read(self.folder.path().join("p12")).expect("a keystore");
        Signer::from_pkcs12(&keystore, "secret", None).expect("a key")
    }

    /// A file that the tool signed.
    fn sign(&self, kind: Kind, keyed: bool) -> Vec<u8> {
        self.write("unsigned", &macho::code(kind, 0));
        self.write("Info.plist", INFO_PLIST);
        self.write("CodeResources", CODE_RESOURCES);
        let mut sorted = entitlements();
        sorted.sort_keys();
        let mut xml = Vec::new();
        Value::Dictionary(sorted).to_writer_xml(&mut xml).expect("writes");
        self.write("entitlements", &xml);
        let mut line = format!(
            "sign --binary-identifier {IDENTIFIER} --info-plist-file @/Info.plist --code-resources-file @/CodeResources \
             --digest sha256 --timestamp-url none"
        );
        if keyed {
            line.push_str(&format!(" --p12-file @/p12 --p12-password secret --team-name {TEAM}"));
            line.push_str(" --signing-time 2026-09-21T14:13:20Z");
        }
        if kind == Kind::Executable {
            line.push_str(" --entitlements-xml-file @/entitlements");
        }
        self.must_run(&format!("{line} @/unsigned @/signed"));
        fs::read(self.folder.path().join("signed")).expect("a signed file")
    }
}

/// Our signature over the code that the tool has signed.
fn resigned(kind: Kind, code: &[u8], by: By<'_>) -> Vec<u8> {
    let digests = [INFO_PLIST, CODE_RESOURCES].map(sha256);
    let entitlements = entitlements();
    let mut hasher = PageHasher::new(code.len() as u64);
    hasher.update(code);
    let code = Code {
        identifier: IDENTIFIER,
        team_id: matches!(by, By::Key { .. }).then_some(TEAM),
        entitlements: (kind == Kind::Executable).then_some(&entitlements),
        info_plist: Some(&digests[0]),
        code_resources: Some(&digests[1]),
        executable: macho::exec_segment(kind),
        code_limit: code.len() as u64,
    };
    sign(&code, &hasher.finish(), &by).expect("a signature").bytes
}
