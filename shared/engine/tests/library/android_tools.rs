//! AARs through the tools that apps are built with: unzip, jar, java, aapt2, aapt.
#![expect(clippy::print_stderr, reason = "a skipped tool must show")]

use std::path::{Path, PathBuf};

use engine::library::android::{Abi, Agent, NativeLibrary};
use fixtures::bundle::tool;

use crate::support::{Bench, aar, signed_policy};

/// The platform's resources, which the attributes in a manifest come from.
const FRAMEWORK: &str = "/usr/share/android-framework-res/framework-res.apk";

/// The system's aapt2 and a recent one.
fn aapt2() -> Vec<PathBuf> {
    if !Path::new(FRAMEWORK).exists() {
        eprintln!("SKIPPED: {FRAMEWORK} is not there");
        return Vec::new();
    }
    [Some("aapt2".into()), tool("aapt2")].into_iter().flatten().collect()
}

#[test]
fn java_opens_the_jar_without_classes() {
    let bench = Bench::new();
    let Some(()) = bench.unpack(&aar(None).unwrap(), "aar") else { return };
    let Some(listing) = bench.run("jar", "tf aar/classes.jar") else { return };
    assert_eq!(listing, "META-INF/MANIFEST.MF\n");
    let code = "class Opens { public static void main(String[] of) throws Exception { \
        System.out.print(new java.util.jar.JarFile(of[0]).getManifest().getMainAttributes().getValue(\"Created-By\")); \
        var metadata = new java.util.Properties(); metadata.load(new java.io.FileReader(of[1])); \
        System.out.print(\", AAR \" + metadata.get(\"aarFormatVersion\") + \" \" + metadata.get(\"aarMetadataVersion\")); } }";
    bench.write("Opens.java", code);
    let metadata = "aar/META-INF/com/android/build/gradle/aar-metadata.properties";
    let text = bench.run("java", &format!("Opens.java aar/classes.jar {metadata}")).unwrap();
    assert_eq!(text, "1.0 (AppTego), AAR 1.0 1.0");
}

#[test]
fn java_runs_the_agent_in_the_jar() {
    let bench = Bench::new();
    bench.write(
        "com/apptego/Agent.java",
        "package com.apptego; public class Agent { public static void main(String[] of) { System.out.print(\"runs\"); } }",
    );
    let Some(_) = bench.run("javac", "-d classes com/apptego/Agent.java") else { return };
    bench.run("jar", "cf agent.jar -C classes .").unwrap();
    bench.write("library.c", "int answer(void) { return 42; }");
    let target = "--target=aarch64-linux-android -shared -nostdlib -fuse-ld=lld";
    let Some(_) = bench.run("clang", &format!("{target} -o libagent.so library.c")) else { return };
    let content = bench.read("libagent.so");
    let libraries = [NativeLibrary { abi: Abi::Arm64V8a, name: "libagent.so", content: &content }];
    let classes = bench.read("agent.jar");
    let agent = Agent { version: "1", classes: &classes, libraries: &libraries, keep_rules: "" };
    let Some(()) = bench.unpack(&aar(Some(&agent)).unwrap(), "aar") else { return };
    assert_eq!(bench.run("java", "-cp aar/classes.jar com.apptego.Agent").unwrap(), "runs");
    assert_eq!(bench.read("aar/jni/arm64-v8a/libagent.so"), content);
}

#[test]
fn aapt2_links_an_app_with_the_assets() {
    for aapt2 in aapt2() {
        let bench = Bench::new();
        let Some(()) = bench.unpack(&aar(None).unwrap(), "aar") else { return };
        bench.write(
            "app/AndroidManifest.xml",
            "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.acme.production.app\">\
             <uses-sdk android:minSdkVersion=\"23\"/><application android:label=\"@string/app\"/></manifest>",
        );
        bench.write("app/res/values/strings.xml", "<resources><string name=\"app\">App</string></resources>");
        let Some(_) = bench.run(&aapt2, "compile --dir app/res -o app.zip") else { return };
        let link = format!("link -I {FRAMEWORK} --manifest app/AndroidManifest.xml -A aar/assets -o app.apk app.zip");
        bench.run(&aapt2, &link).unwrap();
        bench.run("unzip", "-q app.apk -d app-unpacked").unwrap();
        for name in ["apptego.json", "policy.json", "verification-key.pem"] {
            let within = |folder: &str| bench.read(format!("{folder}/assets/apptego/{name}"));
            assert_eq!(within("app-unpacked"), within("aar"), "{name}");
        }
        assert_eq!(bench.read("app-unpacked/assets/apptego/policy.json"), signed_policy("small"));
    }
}

#[test]
fn the_manifest_asks_for_nothing() {
    for aapt2 in aapt2() {
        let bench = Bench::new();
        let Some(()) = bench.unpack(&aar(None).unwrap(), "aar") else { return };
        let link = format!("link -I {FRAMEWORK} --manifest aar/AndroidManifest.xml -o linked.apk");
        let Some(_) = bench.run(&aapt2, &link) else { return };
        let Some(badging) = bench.run("aapt", "dump badging linked.apk") else { return };
        assert!(badging.contains("package: name='com.apptego.library'"), "{badging}");
        assert!(badging.contains("sdkVersion:'21'"), "{badging}");
        // Neither those that are asked for nor those that aapt infers from an old minimum.
        assert!(!badging.contains("permission"), "{badging}");
    }
}
