//! What is in an AAR, and agents that do not belong into one.

use std::collections::BTreeMap;

use engine::library::android::{Abi, Agent, NativeLibrary};
use formats::zip::Method;

use crate::support::{aar, contents};

/// A jar of these files.
pub(crate) fn jar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> = files.iter().map(|(name, content)| (*name, Method::Deflated, *content)).collect();
    fixtures::archive(&entries)
}

/// The header of a shared library for a processor (`e_machine`), 64 bits or 32.
fn elf(machine: u8, is_64: bool, kind: u8) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let class = if is_64 { 2 } else { 1 };
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
    (bytes[16], bytes[18], bytes[20]) = (kind, machine, 1);
    bytes
}

fn names(contents: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    contents.keys().map(String::as_str).collect()
}

/// The entries of every AAR.
const ENTRIES: [&str; 7] = [
    "AndroidManifest.xml",
    "META-INF/com/android/build/gradle/aar-metadata.properties",
    "R.txt",
    "assets/apptego/apptego.json",
    "assets/apptego/policy.json",
    "assets/apptego/verification-key.pem",
    "classes.jar",
];

#[test]
fn without_an_agent_there_is_no_code() {
    let contents = contents(&aar(None).unwrap());
    assert_eq!(names(&contents), ENTRIES);
    let jar = crate::support::contents(&contents["classes.jar"]);
    assert_eq!(names(&jar), ["META-INF/MANIFEST.MF"]);
    assert_eq!(contents["R.txt"], b"");
}

#[test]
fn an_agent_brings_classes_libraries_and_rules() {
    let classes = jar(&[("com/apptego/Agent.class", b"\xCA\xFE\xBA\xBE")]);
    let [arm, arm64] = [elf(40, false, 3), elf(183, true, 3)];
    let libraries = [
        NativeLibrary { abi: Abi::ArmeabiV7a, name: "libagent.so", content: &arm },
        NativeLibrary { abi: Abi::Arm64V8a, name: "libagent.so", content: &arm64 },
        NativeLibrary { abi: Abi::X86, name: "libagent.so", content: &elf(3, false, 3) },
        NativeLibrary { abi: Abi::X8664, name: "libagent.so", content: &elf(62, true, 3) },
    ];
    let rules = "-keep class com.apptego.Agent { *; }\n";
    let agent = Agent { version: "2.0.0-rc.1", classes: &classes, libraries: &libraries, keep_rules: rules };
    let package = aar(Some(&agent)).unwrap();
    let contents = contents(&package);
    let added: Vec<&str> = names(&contents).into_iter().filter(|name| !ENTRIES.contains(name)).collect();
    assert_eq!(
        added,
        [
            "jni/arm64-v8a/libagent.so",
            "jni/armeabi-v7a/libagent.so",
            "jni/x86/libagent.so",
            "jni/x86_64/libagent.so",
            "proguard.txt"
        ]
    );
    assert_eq!((&contents["classes.jar"], &contents["jni/arm64-v8a/libagent.so"]), (&classes, &arm64));
    assert_eq!(contents["proguard.txt"], rules.as_bytes());
    let description: serde_json::Value = serde_json::from_slice(&contents["assets/apptego/apptego.json"]).unwrap();
    assert_eq!(description["agent"], "2.0.0-rc.1");
    assert_eq!(package, aar(Some(&agent)).unwrap());
}

fn refusal(classes: &[u8], libraries: &[NativeLibrary<'_>]) -> String {
    let agent = Agent { version: "1", classes, libraries, keep_rules: "" };
    let error = aar(Some(&agent)).expect_err("it should be refused");
    assert_eq!(error.code(), "agent_invalid");
    error.to_string()
}

#[test]
fn jars_from_which_no_code_would_arrive() {
    let dex = fixtures::dex();
    assert!(refusal(b"", &[]).contains("jar of classes"));
    assert!(refusal(&jar(&[("META-INF/MANIFEST.MF", b"")]), &[]).ends_with("it has no class in it"));
    let mixed = jar(&[("A.class", b"x"), ("classes.dex", &dex)]);
    assert!(refusal(&mixed, &[]).ends_with("it has DEX code in it, which no build takes out of a jar"));
    let mut damaged = fixtures::archive(&[("A.class", Method::Stored, b"content")]);
    let at = damaged.windows(7).position(|window| window == b"content").unwrap();
    damaged[at] ^= 1;
    assert!(refusal(&damaged, &[]).contains("CRC"), "{}", refusal(&damaged, &[]));
}

#[test]
fn native_libraries_that_no_device_would_load() {
    let classes = jar(&[("A.class", b"x")]);
    let arm64 = elf(183, true, 3);
    let good = NativeLibrary { abi: Abi::Arm64V8a, name: "liba.so", content: &arm64 };
    for name in ["a.so", "liba.so.1", "lib../../a.so", "lib/a.so", "lib\u{e9}.so", ""] {
        let refused = refusal(&classes, &[NativeLibrary { name, ..good }]);
        assert!(refused.ends_with("its name is not of the form lib….so"), "{refused}");
    }
    let other = refusal(&classes, &[NativeLibrary { abi: Abi::X86, ..good }]);
    assert_eq!(other, "the agent's library \"liba.so\" for x86 is refused: it is for Aarch64");
    let program = elf(183, true, 2);
    assert!(refusal(&classes, &[NativeLibrary { content: &program, ..good }]).ends_with("it is no shared library"));
    let macho = fixtures::macho::Binary::default().build();
    assert!(refusal(&classes, &[NativeLibrary { content: &macho, ..good }]).ends_with("it is no shared library"));
    for length in 0..arm64.len() {
        refusal(&classes, &[NativeLibrary { content: &arm64[..length], ..good }]);
    }
    assert!(refusal(&classes, &[good, good]).ends_with("it is there twice"));
}
