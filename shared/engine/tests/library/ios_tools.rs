//! XCFrameworks through the tools that apps are built with: clang, ld64.lld and LLVM's tools for Mach-O; Python's plistlib.

use std::fs;

use engine::library::ios::Agent;

use crate::support::{Bench, IDENTIFIER, signed_policy, verification_key, xcframework};

/// Target of the compiler; processor, platform and minimum of the linker; folder.
const TARGETS: [[&str; 5]; 3] = [
    ["arm64-apple-ios12.0", "arm64", "ios", "12.0", "ios-arm64"],
    ["arm64-apple-ios14.0-simulator", "arm64", "ios-simulator", "14.0", "ios-arm64_x86_64-simulator"],
    ["x86_64-apple-ios12.0-simulator", "x86_64", "ios-simulator", "12.0", "ios-arm64_x86_64-simulator"],
];

/// An app that uses everything in the header.
const APP: &str = "#include <AppTego/AppTego.h>
int main(void) {
    const uint8_t *policy = AppTegoPolicyBytes();
    return policy[AppTegoPolicyLength - 1] + AppTegoVerificationKey[31] + AppTegoAppIdentifierText()[0];
}
";
const SYSTEM: &str = "--- !tapi-tbd
tbd-version:     4
targets:         [ arm64-ios, arm64-ios-simulator, x86_64-ios-simulator ]
install-name:    '/usr/lib/libSystem.B.dylib'
exports:
  - targets:         [ arm64-ios, arm64-ios-simulator, x86_64-ios-simulator ]
    symbols:         [ dyld_stub_binder ]
...
";

/// Compiles `app.c` against the framework as a module, and links it without a warning; what the linker does not need it leaves out.
fn link(bench: &Bench, [target, processor, platform, minimum, folder]: [&str; 5]) -> Option<()> {
    let frameworks = format!("-F AppTego.xcframework/{folder}");
    bench.write("system.tbd", SYSTEM);
    let compile = "-O1 -Wall -Wextra -Werror -ffreestanding -fmodules -fmodules-cache-path=modules";
    bench.run("clang", &format!("--target={target} {compile} {frameworks} -c app.c -o app.o"))?;
    let version = format!("-platform_version {platform} {minimum} 17.0");
    let options = format!("-arch {processor} {version} -execute -dead_strip -fatal_warnings");
    let linked =
        bench.run("ld64.lld-19", &format!("{options} {frameworks} -framework AppTego app.o system.tbd -o app"))?;
    assert_eq!(linked, "");
    Some(())
}

/// The number behind a word, decimal or with 0x.
fn number(text: &str, word: &str) -> usize {
    let digits = text.split_once(word).unwrap().1.split_whitespace().next().unwrap();
    match digits.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16).unwrap(),
        None => digits.parse().unwrap(),
    }
}

/// The content of the linked program from a symbol on, where LLVM's tools say that it is.
fn content_of(bench: &Bench, symbol: &str) -> Vec<u8> {
    let symbols = bench.run("llvm-nm-19", "app").unwrap();
    let line = symbols.lines().find(|line| line.ends_with(&format!(" {symbol}"))).expect(symbol);
    let address = usize::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap();
    let commands = bench.run("llvm-otool-19", "-l app").unwrap();
    let section = commands.split("Section\n").find(|section| section.contains("sectname __const\n")).unwrap();
    let start = number(section, " offset ") + address - number(section, " addr ");
    bench.read("app")[start..].to_vec()
}

#[test]
fn an_app_finds_policy_and_key_in_its_code() {
    for target in TARGETS {
        let bench = Bench::new();
        let Some(()) = bench.unpack(&xcframework(None).unwrap(), ".") else { return };
        bench.write("app.c", APP);
        let Some(()) = link(&bench, target) else { return };
        let policy = signed_policy("small");
        assert!(content_of(&bench, "_AppTegoPolicy").starts_with(&policy));
        let length = (policy.len() as u64).to_le_bytes();
        assert!(content_of(&bench, "_AppTegoPolicyLength").starts_with(&length));
        assert!(content_of(&bench, "_AppTegoVerificationKey").starts_with(&verification_key()));
        let identifier = format!("{IDENTIFIER}\0");
        assert!(content_of(&bench, "_AppTegoAppIdentifier").starts_with(identifier.as_bytes()));
    }
}

#[test]
fn each_static_library_says_what_it_is_for() {
    let bench = Bench::new();
    let Some(()) = bench.unpack(&xcframework(None).unwrap(), ".") else { return };
    let code = |folder: &str| format!("AppTego.xcframework/{folder}/AppTego.framework/AppTego");
    let fat = code("ios-arm64_x86_64-simulator");
    let Some(processors) = bench.run("llvm-lipo-19", &format!("{fat} -archs")) else { return };
    assert_eq!(processors.trim(), "x86_64 arm64");
    for [_, processor, platform, minimum, folder] in TARGETS {
        // llvm-lipo itself takes only fat files apart: it crashes over a static library, its own ones, too.
        match platform {
            "ios" => bench.write("thin.a", bench.read(code(folder))),
            _ => drop(bench.run("llvm-lipo-19", &format!("{fat} -thin {processor} -output thin.a")).unwrap()),
        }
        assert_eq!(bench.run("llvm-ar-19", "t thin.a").unwrap(), "apptego.o\n");
        let headers = bench.run("llvm-otool-19", "-h -l thin.a").unwrap();
        // CPU_TYPE_ARM64 and CPU_TYPE_X86_64 behind MH_MAGIC_64.
        let cpu = if processor == "arm64" { 16_777_228 } else { 16_777_223 };
        assert_eq!(number(&headers, "0xfeedfacf "), cpu, "{headers}");
        let build = headers.split_once("cmd LC_BUILD_VERSION").unwrap().1;
        assert_eq!(number(build, "platform "), if platform == "ios" { 2 } else { 7 }, "{build}");
        assert!(build.contains(&format!("minos {minimum}\n")), "{build}");
        fs::create_dir_all(bench.path(processor)).unwrap();
        bench.run("llvm-ar-19", &format!("x --output {processor} thin.a")).unwrap();
        bench.run("llvm-libtool-darwin-19", &format!("-static -o made.a {processor}/apptego.o")).unwrap();
        assert_eq!(bench.read("made.a"), bench.read("thin.a"));
    }
    // The last ones are those for simulators.
    bench.run("llvm-libtool-darwin-19", "-static -o made.a x86_64/apptego.o arm64/apptego.o").unwrap();
    assert_eq!(bench.read("made.a"), bench.read(fat));
}

#[test]
fn python_reads_the_list_of_frameworks() {
    let bench = Bench::new();
    let Some(()) = bench.unpack(&xcframework(None).unwrap(), ".") else { return };
    bench.write(
        "read.py",
        "import os, plistlib
read = lambda path: plistlib.load(open(path, 'rb'))
root = 'AppTego.xcframework'
info = read(root + '/Info.plist')
print(info['CFBundlePackageType'], info['XCFrameworkFormatVersion'])
for library in info['AvailableLibraries']:
    folder = os.path.join(root, library['LibraryIdentifier'])
    framework = os.path.join(folder, library['LibraryPath'])
    own = read(framework + '/Info.plist')
    read(framework + '/PrivacyInfo.xcprivacy')
    code = os.path.isfile(os.path.join(folder, library['BinaryPath'])) and own['CFBundleExecutable'] in library['BinaryPath']
    print(library['LibraryIdentifier'], library['SupportedPlatform'], library.get('SupportedPlatformVariant'),
          library['SupportedArchitectures'], own['CFBundlePackageType'], own['CFBundleSupportedPlatforms'], code)
",
    );
    let Some(text) = bench.run("python3", "read.py") else { return };
    let expected = "XFWK 1.0
ios-arm64 ios None ['arm64'] FMWK ['iPhoneOS'] True
ios-arm64_x86_64-simulator ios simulator ['arm64', 'x86_64'] FMWK ['iPhoneSimulator'] True
";
    assert_eq!(text, expected);
}

const PRIVACY: &[u8] = b"<plist version=\"1.0\"><dict><key>NSPrivacyTracking</key><false/></dict></plist>";

/// A static library of three members for each target: one for older systems, where there are any, and one that names no system.
fn agent_libraries(bench: &Bench) -> Option<[Vec<u8>; 3]> {
    bench.write(
        "start.c",
        "#include <stdint.h>\nextern const uint64_t AppTegoPolicyLength;\nextern const uint8_t AppTegoPolicy[];\n\
         int AgentJudges(const uint8_t *, uint64_t);\nint AgentStart(void) { return AgentJudges(AppTegoPolicy, AppTegoPolicyLength); }\n",
    );
    bench.write(
        "a-name-longer-than-sixteen.c",
        "#include <stdint.h>\nint AgentJudges(const uint8_t *policy, uint64_t length) { return policy[length - 1]; }\n",
    );
    bench.write("plain.s", ".data\n.globl _AgentNumber\n_AgentNumber: .byte 7\n");
    let mut libraries = Vec::new();
    for [target, processor, ..] in TARGETS {
        let compile = "-ffreestanding -O1 -c";
        bench.run("clang", &format!("--target={} {compile} start.c", target.replace("12", "11")))?;
        bench.run("clang", &format!("--target={target} {compile} a-name-longer-than-sixteen.c"))?;
        bench.run("llvm-mc-19", &format!("--triple={processor}-apple-darwin --filetype=obj -o plain.o plain.s"))?;
        bench.run("llvm-libtool-darwin-19", "-static -o agent.a start.o a-name-longer-than-sixteen.o plain.o")?;
        libraries.push(bench.read("agent.a"));
    }
    Some(libraries.try_into().unwrap())
}

#[test]
fn an_app_starts_the_agent_that_reads_the_policy() {
    let bench = Bench::new();
    let Some([arm64, arm64_simulator, x86_64_simulator]) = agent_libraries(&bench) else { return };
    let agent = Agent {
        version: "3.1",
        arm64: &arm64,
        arm64_simulator: &arm64_simulator,
        x86_64_simulator: &x86_64_simulator,
        privacy_manifest: PRIVACY,
    };
    let package = xcframework(Some(&agent)).unwrap();
    assert_eq!(package, xcframework(Some(&agent)).unwrap());
    let Some(()) = bench.unpack(&package, ".") else { return };
    bench.write("app.c", "int AgentStart(void);\nint main(void) { return AgentStart(); }\n");
    for target in TARGETS {
        let Some(()) = link(&bench, target) else { return };
        let symbols = bench.run("llvm-nm-19", "app").unwrap();
        for name in ["_AgentStart", "_AgentJudges", "_AppTegoPolicy"] {
            assert!(symbols.lines().any(|line| line.ends_with(&format!(" {name}"))), "{symbols}");
        }
        assert!(content_of(&bench, "_AppTegoPolicy").starts_with(&signed_policy("small")));
    }
    assert_eq!(bench.read("AppTego.xcframework/ios-arm64/AppTego.framework/PrivacyInfo.xcprivacy"), PRIVACY);
    let description = bench.read("AppTego.xcframework/ios-arm64/AppTego.framework/apptego.json");
    let description: serde_json::Value = serde_json::from_slice(&description).unwrap();
    assert_eq!(description["agent"], "3.1");
}

#[test]
fn libraries_of_the_agent_for_the_wrong_target() {
    let bench = Bench::new();
    let Some([arm64, arm64_simulator, x86_64_simulator]) = agent_libraries(&bench) else { return };
    let refusal = |[arm64, arm64_simulator, x86_64_simulator]: [&[u8]; 3]| {
        let agent = Agent { version: "1", arm64, arm64_simulator, x86_64_simulator, privacy_manifest: PRIVACY };
        xcframework(Some(&agent)).expect_err("it should be refused").to_string()
    };
    let swapped = refusal([&arm64_simulator, &arm64, &x86_64_simulator]);
    let expected =
        "the agent's static library for Arm64 is refused: \"start.o\": it is for platform 7 (LC_BUILD_VERSION), not 2";
    assert_eq!(swapped, expected);
    let device = refusal([&arm64, &arm64, &x86_64_simulator]);
    assert!(device.ends_with("\"start.o\": it is for platform 2 (LC_BUILD_VERSION), not 7"), "{device}");
    let wrong = refusal([&arm64, &arm64_simulator, &arm64_simulator]);
    assert!(wrong.ends_with("\"start.o\": it is not for x86_64"), "{wrong}");
    for length in (0..arm64.len()).step_by(7) {
        // Whatever is left of it: refused or, where whole members are left, packed, but never a panic.
        let agent = Agent {
            version: "1",
            arm64: &arm64[..length],
            arm64_simulator: &arm64_simulator,
            x86_64_simulator: &x86_64_simulator,
            privacy_manifest: PRIVACY,
        };
        if let Err(error) = xcframework(Some(&agent)) {
            assert_eq!(error.code(), "agent_invalid");
        }
    }
}
