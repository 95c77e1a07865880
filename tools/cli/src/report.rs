//! The build report as a table for people. Fields that a report lacks are left out, never guessed.

use serde_json::Value;

use crate::console::one_line;

/// The report as text, without a trailing newline.
pub fn render(report: &Value) -> String {
    let mut lines = vec!["Build report".to_owned()];
    let facts = [
        ("input", report.get("input").map(describe_file)),
        ("output", report.get("output").map(describe_file)),
        ("app", report.get("app").map(describe_app)),
        ("signing", report.get("signing").map(describe_signing)),
        ("time", describe_times(report)),
        ("checked", describe_verification(report)),
    ];
    let facts = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?)));
    lines.extend(facts.filter(|(_, fact)| !fact.is_empty()).map(|(label, fact)| format!("  {label:<9}{fact}")));
    lines.extend(control_table(report));
    // Those of single controls are among them.
    let warnings = list(report, "warnings").filter_map(|warning| text(warning, "message"));
    let warnings: Vec<_> = warnings.map(|warning| format!("  warning  {warning}")).collect();
    if !warnings.is_empty() {
        lines.push(String::new());
        lines.extend(warnings);
    }
    lines.join("\n")
}

fn describe_file(file: &Value) -> String {
    let size = number(file, "size").map(|size| format!("{size} bytes"));
    let digest = text(file, "sha256").map(|digest| format!("sha256 {digest}"));
    join("  ", [text(file, "name"), size, digest])
}

fn describe_app(app: &Value) -> String {
    let either = |android: &str, ios: &str| text(app, android).or_else(|| text(app, ios));
    let code = either("version_code", "build").map(|code| format!("({code})"));
    let version = join(" ", [either("version_name", "version"), code]);
    let system = |name: &str, key: &str| text(app, key).map(|level| format!("{name} {level}"));
    let architectures = list(app, "architectures").filter_map(Value::as_str).map(one_line).collect::<Vec<_>>();
    let platform = [
        system("min SDK", "min_sdk"),
        system("target SDK", "target_sdk"),
        system("min iOS", "minimum_os"),
        Some(architectures.join(" and ")),
    ];
    join("  ", [either("package", "bundle_id"), Some(version), Some(join(", ", platform))])
}

fn describe_signing(signing: &Value) -> String {
    let is = |key: &str| signing.get(key).and_then(Value::as_bool);
    if is("ad_hoc") == Some(true) {
        return "signed ad hoc: sign the app with a key before it is installed or published".to_owned();
    }
    if is("signed") == Some(false) {
        return "not signed: sign the app before publishing it".to_owned();
    }
    let schemes = list(signing, "schemes").filter_map(Value::as_str).map(one_line).collect::<Vec<_>>().join(", ");
    let certificate = text(signing, "certificate_sha256").map(|digest| format!("certificate sha256 {digest}"));
    let profile = signing.get("profile").and_then(|profile| Some(format!("profile {}", text(profile, "name")?)));
    join("  ", [Some(schemes), text(signing, "key"), text(signing, "certificate_subject"), certificate, profile])
}

fn describe_times(report: &Value) -> Option<String> {
    let stage = |stage: &Value| Some((text(stage, "phase")?, number(stage, "milliseconds")?));
    let stages: Vec<_> = list(report, "stages").filter_map(stage).collect();
    let total = stages.iter().fold(0_u64, |total, (_, milliseconds)| total.saturating_add(*milliseconds));
    let each: Vec<_> = stages.iter().map(|(phase, milliseconds)| format!("{phase} {milliseconds}")).collect();
    (!each.is_empty()).then(|| format!("{total} ms: {}", each.join(", ")))
}

fn describe_verification(report: &Value) -> Option<String> {
    let checks = list(report.get("verification")?, "checks").filter_map(|passed| text(passed, "check"));
    Some(checks.collect::<Vec<_>>().join(", "))
}

/// One row for each change; name and status stand in a control's first row only.
fn control_table(report: &Value) -> Vec<String> {
    let mut rows = Vec::new();
    for control in list(report, "controls") {
        let mut name = text(control, "control").unwrap_or_default();
        let mut status = text(control, "status").map_or(String::new(), |status| describe_status(&status));
        let changes: Vec<_> = list(control, "changes").map(describe_change).collect();
        for change in if changes.is_empty() { vec![String::new()] } else { changes } {
            rows.push([std::mem::take(&mut name), std::mem::take(&mut status), change]);
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    rows.insert(0, ["CONTROL", "STATUS", "CHANGE"].map(str::to_owned));
    let width = |cell: fn(&[String; 3]) -> &String| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (first, second) = (width(|[name, ..]| name), width(|[_, status, _]| status));
    let line = |[name, status, change]: &[String; 3]| {
        format!("  {name:<first$}  {status:<second$}  {change}").trim_end().to_owned()
    };
    std::iter::once(String::new()).chain(rows.iter().map(line)).collect()
}

fn describe_status(status: &str) -> String {
    match status {
        "not_applied" => "left as it is".to_owned(),
        other => other.replace('_', " "),
    }
}

fn describe_change(change: &Value) -> String {
    let value = |key| text(change, key).unwrap_or_else(|| "absent".to_owned());
    // A manifest's elements name it well enough.
    let entry = text(change, "entry").filter(|entry| entry != "AndroidManifest.xml");
    let element = text(change, "element").filter(|element| !element.is_empty());
    let place = join(" ", [entry, element, text(change, "attribute")]);
    format!("{place}: {} -> {}", value("before"), value("after"))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A text, or a number as text; `None` for what is absent, null or of another kind.
fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(one_line(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

fn join<const N: usize>(separator: &str, parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::render;

    #[test]
    fn whole_report() {
        let report = json!({
            "format": 1, "engine": "0.1.0",
            "input": {"name": "app.apk", "size": 1000, "sha256": "aa11"},
            "output": {"size": 1200, "sha256": "bb22"},
            "app": {"package": "com.shop", "version_code": 7, "version_name": "1.2", "min_sdk": 24, "target_sdk": "Baklava"},
            "controls": [
                {"control": "DebuggablePrevention", "status": "already_in_place", "changes": [], "warnings": []},
                {"control": "ResourceNameObfuscation", "status": "not_applied", "changes": [], "warnings": []},
                {"control": "BackupPrevention", "status": "applied", "warnings": ["D2D transfer stays possible"], "changes": [
                    {"element": "manifest/application", "attribute": "android:allowBackup", "before": null, "after": "false"},
                    {"element": "manifest/application", "attribute": "android:fullBackupContent", "before": "@0x7f010001", "after": null}
                ]}
            ],
            "signing": {"signed": true, "schemes": ["v2", "v3"], "certificate_sha256": "cc33", "certificate_subject": "CN=Demo",
                        "key": "RSA 2048", "previous_certificates_sha256": []},
            "warnings": [{"code": "signer_changed", "message": "The signer changed"},
                         {"code": "control_limited", "message": "BackupPrevention: D2D transfer stays possible."}],
            "stages": [{"phase": "inspecting", "milliseconds": 3}, {"phase": "protecting", "milliseconds": 12}],
            "verification": {"checks": [{"check": "structure", "detail": "5 entries"}, {"check": "signatures", "detail": "v2"}]}
        });
        assert_snapshot!(render(&report), @r"
        Build report
          input    app.apk  1000 bytes  sha256 aa11
          output   1200 bytes  sha256 bb22
          app      com.shop  1.2 (7)  min SDK 24, target SDK Baklava
          signing  v2, v3  RSA 2048  CN=Demo  certificate sha256 cc33
          time     15 ms: inspecting 3, protecting 12
          checked  structure, signatures

          CONTROL                  STATUS            CHANGE
          DebuggablePrevention     already in place
          ResourceNameObfuscation  left as it is
          BackupPrevention         applied           manifest/application android:allowBackup: absent -> false
                                                     manifest/application android:fullBackupContent: @0x7f010001 -> absent

          warning  The signer changed
          warning  BackupPrevention: D2D transfer stays possible.
        ");
    }

    #[test]
    fn report_of_an_ios_app() {
        let report = json!({
            "app": {"bundle_id": "com.shop", "version": "1.2", "build": "7", "minimum_os": "15.0", "architectures": ["arm64"]},
            "signing": {"signed": true, "ad_hoc": false, "schemes": ["code_directory"], "certificate_sha256": "cc33",
                        "certificate_subject": "CN=Apple Distribution", "key": "RSA 2048", "profile": {"name": "Shop"}},
        });
        assert_snapshot!(render(&report), @r"
        Build report
          app      com.shop  1.2 (7)  min iOS 15.0, arm64
          signing  code_directory  RSA 2048  CN=Apple Distribution  certificate sha256 cc33  profile Shop
        ");
        assert_snapshot!(render(&json!({"signing": {"signed": false, "ad_hoc": true, "schemes": ["code_directory"]}})), @r"
        Build report
          signing  signed ad hoc: sign the app with a key before it is installed or published
        ");
    }

    #[test]
    fn unsigned_report_says_so() {
        let report = json!({"signing": {"signed": false, "schemes": []}});
        assert_snapshot!(render(&report), @r"
        Build report
          signing  not signed: sign the app before publishing it
        ");
    }

    #[test]
    fn foreign_and_hostile_reports_are_no_trouble() {
        let report = json!({"input": 5, "app": {"package": "a\u{1b}[2Jb\nc"}, "controls": {"x": 1}, "stages": [1, null], "warnings": ["w"]});
        assert_snapshot!(render(&report), @r"
        Build report
          app      a�[2Jb�c
        ");
        assert_snapshot!(render(&json!(null)), @"Build report");
    }
}
