//! Settings of controls: every accepted update reads back equal, and every refusal names its field.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::action::Action;
use domain::configuration::Configuration;
use domain::control::{Control, ControlId, Kind, catalogue};
use domain::error::Error;
use domain::plan::Plan;
use domain::platform::Platform;
use domain::setting::{MAX_TEXT, Setting};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A control of each kind that is built.
const SWITCH: ControlId = ControlId::BACKUP_PREVENTION;
const RESPONSE: ControlId = ControlId::CERTIFICATE_PINNING;

fn update(id: ControlId, fields: Value, plan: Plan) -> Result<Setting, Error> {
    Setting::default().updated(id.control(), &fields, plan)
}

fn refusal(id: ControlId, fields: Value) -> String {
    update(id, fields, Plan::Enterprise).unwrap_err().to_string()
}

#[test]
fn every_control_that_is_built_can_be_set_and_no_other() {
    for control in catalogue() {
        let built = Platform::ALL.into_iter().any(|platform| control.is_available(platform));
        for on in [true, false] {
            let mut fields = control.switched(on);
            if control.id == ControlId::TLS13_ONLY_PREVENTION {
                fields["domains"] = json!(["example.com"]);
            }
            let answer = update(control.id, fields, Plan::Enterprise);
            match built {
                true => assert_eq!(answer.unwrap().is_on(), on, "{}", control.id),
                false => {
                    assert_eq!(answer.unwrap_err().to_string(), format!("config.{} is not available yet", control.id))
                }
            }
        }
    }
}

#[test]
fn a_refusal_names_the_field() {
    let many = |entry: &'static str| vec![entry; 5];
    for (fields, expected) in [
        (json!([]), "config.CertificatePinning must be an object"),
        (json!({"colour": 1}), "config.CertificatePinning.colour is no field of this control"),
        (json!({"certificates": []}), "config.CertificatePinning.certificates is changed by certificates_update"),
        (json!({"protection": true}), "config.CertificatePinning.protection is no field of this control"),
        (
            json!({"detection": "yes"}),
            "config.CertificatePinning.detection is invalid: invalid type: string \"yes\", expected a boolean",
        ),
        (json!({"action": "explode"}), "config.CertificatePinning.action is invalid: unknown variant `explode`"),
        (
            json!({"action": "open_keyboard_settings"}),
            "config.CertificatePinning.action must not be \"open_keyboard_settings\"",
        ),
        (json!({"action": ""}), "config.CertificatePinning.action must not be \"\": only buttons have it"),
        (json!({"title": 5}), "config.CertificatePinning.title is invalid"),
        (
            json!({"title": "x".repeat(MAX_TEXT + 1)}),
            "config.CertificatePinning.title may have at most 2000 characters",
        ),
        (json!({"message": "ä".repeat(MAX_TEXT + 1)}), "config.CertificatePinning.message may have at most 2000"),
        (
            json!({"buttons": ["x".repeat(MAX_TEXT + 1)], "actions": [""], "redirects": [""]}),
            "config.CertificatePinning.buttons[0] may",
        ),
        (
            json!({"buttons": ["OK"]}),
            "config.CertificatePinning.buttons must have as many entries as actions and redirects",
        ),
        (
            json!({"buttons": many("x"), "actions": many("log"), "redirects": many("")}),
            "config.CertificatePinning.buttons may have at most 4",
        ),
        (
            json!({"buttons": ["OK"], "actions": [7], "redirects": [""]}),
            "config.CertificatePinning.actions[0] is invalid",
        ),
        (
            json!({"buttons": ["Go"], "actions": ["redirect"], "redirects": [""]}),
            "config.CertificatePinning.redirects[0] is missing",
        ),
        (
            json!({"buttons": ["Go"], "actions": ["log"], "redirects": ["http://example.com"]}),
            "config.CertificatePinning.redirects[0] must be",
        ),
        (
            json!({"buttons": ["Go"], "actions": ["log"], "redirects": ["javascript:alert(1)"]}),
            "config.CertificatePinning.redirects[0] must be",
        ),
        (json!({"action": "redirect"}), "config.CertificatePinning.redirects must have an entry"),
        (json!({"platform": "windows"}), "config.CertificatePinning.platform is invalid"),
    ] {
        let said = refusal(RESPONSE, fields.clone());
        assert!(said.starts_with(expected), "{fields}: {said}");
    }
    for fields in [json!({"x".repeat(100_000): 1}), json!({"action": "x".repeat(100_000)})] {
        assert_eq!(refusal(RESPONSE, fields).chars().count(), 256, "however much was sent");
    }
    for platform in ["android", "both"] {
        let said = refusal(ControlId::TLS13_ONLY_PREVENTION, json!({"platform": platform}));
        assert_eq!(said, "config.TLS13OnlyPrevention.platform must not be android: not available there yet");
    }
    let said = refusal(SWITCH, json!({"platform": "ios"}));
    assert_eq!(said, "config.BackupPrevention.platform must not be ios: the control does not exist there");
    let said = refusal(ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, json!({"domains": ["a b"]}));
    assert!(said.starts_with("config.CertificateTransparencyPrevention.domains[0] is invalid"), "{said}");
    assert!(refusal(SWITCH, json!({"domains": []})).ends_with("domains is no field of this control"));
}

#[test]
fn plans_gate_controls_and_actions_but_not_switching_off() {
    let on = update(SWITCH, json!({"protection": true}), Plan::Free);
    assert!(matches!(on, Err(Error::PlanRequired("This control requires a Team or Enterprise plan"))), "{on:?}");
    assert!(update(SWITCH, json!({"protection": false}), Plan::Free).is_ok());
    for action in Action::responses_on(Plan::Enterprise) {
        let fields = json!({"detection": false, "action": action, "buttons": [""], "actions": [""], "redirects": ["device_settings"]});
        let free = update(RESPONSE, fields, Plan::Free);
        let expected = matches!(action, Action::Log | Action::Alert | Action::Close);
        assert_eq!(free.is_ok(), expected, "{action}: {free:?}");
    }
    let chosen = update(RESPONSE, json!({"detection": true, "action": "kill", "title": "T"}), Plan::Team).unwrap();
    let off = chosen.updated(RESPONSE.control(), &json!({"detection": false}), Plan::Free).unwrap();
    assert_eq!(
        (off.is_on(), off.action, off.title.as_str()),
        (false, Some(Action::Kill), "T"),
        "texts and action stay"
    );
}

#[test]
fn a_setting_has_the_fields_of_its_kind_and_those_of_the_catalogue() {
    for control in catalogue() {
        let shown = Setting::default().shown(control);
        match control.kind {
            Kind::Switch => assert_eq!(shown.get("protection"), None, "{}: never said is not off", control.id),
            Kind::Response => assert_eq!(shown["detection"], json!(false), "{}", control.id),
        }
        assert!(
            control
                .fields()
                .filter(|field| !["platform", "protection"].contains(field))
                .all(|field| shown.contains_key(field)),
            "{}",
            control.id
        );
    }
}

fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex(".{0,40}").unwrap()
}

fn buttons() -> impl Strategy<Value = (Vec<String>, Vec<Value>, Vec<String>)> {
    let action = prop::sample::select(&["log", "close", "", "open_keyboard_settings", "redirect", "kill"][..]);
    let redirect = prop::sample::select(&["device_settings", "https://example.com/a?b=c"][..]);
    let button = (text(), action, redirect).prop_map(|(label, action, to)| (label, json!(action), to.to_owned()));
    prop::collection::vec(button, 0..=4).prop_map(|buttons| {
        let mut lists = (Vec::new(), Vec::new(), Vec::new());
        for (label, action, to) in buttons {
            lists.0.push(label);
            lists.1.push(action);
            lists.2.push(to);
        }
        lists
    })
}

fn reads_back(control: &Control, fields: &Value) {
    let mut configuration = Configuration::default();
    configuration.set_control(control.id, fields, Plan::Enterprise).unwrap();
    let (bytes, _) = configuration.to_document().unwrap();
    let read: Configuration = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read, configuration);
    let shown = read.shown(jiff::Timestamp::UNIX_EPOCH);
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&shown[0][control.id.as_str()][name], value, "{name}");
    }
}

#[test]
fn null_takes_a_platform_away_and_domains_stand_once() {
    let narrowed = update(SWITCH, json!({"platform": "android"}), Plan::Team).unwrap();
    let kept = narrowed.updated(SWITCH.control(), &json!({"protection": true}), Plan::Team).unwrap();
    assert!(kept.platform.is_some());
    assert!(kept.updated(SWITCH.control(), &json!({"platform": null}), Plan::Team).unwrap().platform.is_none());
    let transparency = ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION;
    let twice = update(transparency, json!({"domains": ["A.example", "b.example", "a.example"]}), Plan::Team).unwrap();
    assert_eq!(twice.shown(transparency.control())["domains"], json!(["a.example", "b.example"]));
}

proptest! {
    #[test]
    fn what_was_accepted_reads_back_equal(
        detection: bool, title in text(), message in text(), (buttons, actions, redirects) in buttons(), narrowed: bool,
    ) {
        let mut fields = json!({"detection": detection, "action": "alert", "title": title, "message": message,
            "buttons": buttons, "actions": actions, "redirects": redirects});
        if narrowed {
            fields["platform"] = json!("android");
        }
        reads_back(RESPONSE.control(), &fields);
    }

    #[test]
    fn nothing_that_is_sent_panics(name in "[a-z]{0,12}", value in ".{0,20}", number: i64) {
        for value in [json!(value), json!(number), json!([value]), json!({"a": value}), json!(null)] {
            for field in RESPONSE.control().fields().map(str::to_owned).chain([name.clone()]) {
                let _ = update(RESPONSE, json!({ field: value }), Plan::Free);
            }
        }
    }
}

#[test]
fn tls_13_alone_is_for_named_hosts() {
    let id = ControlId::TLS13_ONLY_PREVENTION;
    let sentence = "config.TLS13OnlyPrevention.domains must name the hosts: iOS enforces TLS 1.3 for named hosts only";
    assert_eq!(refusal(id, json!({"protection": true})), sentence);
    let named = update(id, json!({"protection": true, "domains": ["example.com"]}), Plan::Team).unwrap();
    let emptied = named.updated(id.control(), &json!({"domains": []}), Plan::Team).unwrap_err();
    assert_eq!(emptied.to_string(), sentence);
    assert!(!named.updated(id.control(), &json!({"protection": false, "domains": []}), Plan::Team).unwrap().is_on());
}
