//! Settings as they come and as they are kept.

use domain::error::Error;
use domain::id::TenantId;

use domain::saml::{SamlRequest, SamlSettings, SamlView};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{NOW, OTHER, RSA, at_fault, now};

const PORTAL: &str = "https://app.apptego.com";

fn tenant() -> TenantId {
    "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11".parse().unwrap()
}

/// The request of page 004.
fn documented() -> SamlRequest {
    serde_json::from_value(json!({
        "entity_id": "https://idp.example.com/saml",
        "sso_url": "https://idp.example.com/sso",
        "x509_cert": RSA,
        "sp_entity_id": "https://app.apptego.com/frontend/saml/metadata/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11",
        "acs_url": "https://app.apptego.com/frontend/saml/acs/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11",
        "sls_url": "https://app.apptego.com/frontend/saml/sls/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11",
        "use_group_authorization": true,
        "group_attribute_name": "groups",
        "enabled": true,
        "enforce_sso_only": false,
        "breakglass_account": "owner@example.com"
    }))
    .unwrap()
}

fn parse(request: &SamlRequest) -> Result<SamlSettings, Error> {
    SamlSettings::parse(request, &tenant(), PORTAL, now())
}

fn changed(change: impl Fn(&mut SamlRequest)) -> Result<SamlSettings, Error> {
    let mut request = documented();
    change(&mut request);
    parse(&request)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_documented_request_gives_the_documented_answer() {
    let settings = parse(&documented()).unwrap();
    assert_eq!((settings.x509_cert.as_str(), settings.updated_at), (RSA.trim_end(), NOW));
    let view = SamlView::of(Some(settings), &tenant(), &format!("{PORTAL}/"));
    let expected = SamlView {
        entity_id: "https://idp.example.com/saml".into(),
        sso_url: "https://idp.example.com/sso".into(),
        sp_entity_id: "https://app.apptego.com/frontend/saml/metadata/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11".into(),
        acs_url: "https://app.apptego.com/frontend/saml/acs/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11".into(),
        sls_url: "https://app.apptego.com/frontend/saml/sls/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11".into(),
        use_group_authorization: true,
        group_attribute_name: "groups".into(),
        enabled: true,
        enforce_sso_only: false,
        breakglass_account: some("owner@example.com"),
    };
    assert_eq!(view, expected);
}

#[test]
fn without_settings_texts_are_empty_and_nothing_is_on() {
    let view = SamlView::of(None, &tenant(), PORTAL);
    for text in [view.entity_id, view.sso_url, view.sp_entity_id, view.acs_url, view.sls_url, view.group_attribute_name]
    {
        assert_eq!(text, "");
    }
    assert!(!view.use_group_authorization && !view.enabled && !view.enforce_sso_only);
    assert_eq!(view.breakglass_account, None);
}

#[test]
fn required_fields_are_named_whether_absent_null_or_empty() {
    type Field = for<'a> fn(&'a mut SamlRequest) -> &'a mut Option<String>;
    let fields: [(&str, &str, Field); 6] = [
        ("entity_id", "Entity ID is missing", |request| &mut request.entity_id),
        ("sso_url", "SSO URL is missing", |request| &mut request.sso_url),
        ("x509_cert", "X.509 certificate is missing", |request| &mut request.x509_cert),
        ("sp_entity_id", "SP entity ID is missing", |request| &mut request.sp_entity_id),
        ("acs_url", "ACS URL is missing", |request| &mut request.acs_url),
        ("sls_url", "SLS URL is missing", |request| &mut request.sls_url),
    ];
    for (field, message, of) in fields {
        for value in [None, some("")] {
            let refused = at_fault(changed(|request| *of(request) = value.clone()));
            assert_eq!(refused, (field, message.to_owned()));
        }
    }
    let empty: SamlRequest = serde_json::from_value(json!({ "entity_id": null })).unwrap();
    assert_eq!(at_fault(parse(&empty)).0, "entity_id");
}

#[test]
fn optional_fields_are_off_and_groups_are_called_groups() {
    let mut request = documented();
    (request.use_group_authorization, request.group_attribute_name, request.enabled) = (None, None, None);
    (request.enforce_sso_only, request.breakglass_account) = (None, None);
    let settings = parse(&request).unwrap();
    assert!(!settings.use_group_authorization && !settings.enabled && !settings.enforce_sso_only);
    assert_eq!((settings.group_attribute_name.as_str(), settings.breakglass_account), ("groups", None));
    let settings = changed(|request| {
        request.group_attribute_name = some("");
        request.breakglass_account = some("");
    });
    let settings = settings.unwrap();
    assert_eq!((settings.group_attribute_name.as_str(), settings.breakglass_account), ("groups", None));
}

#[test]
fn urls_of_the_provider_are_https_and_stay_as_they_are() {
    let settings = changed(|request| request.entity_id = some("https://IDP.example.com")).unwrap();
    assert_eq!(settings.entity_id.as_str(), "https://IDP.example.com");
    let refused = |url: &str| {
        let refused = at_fault(changed(|request| request.entity_id = some(url)));
        assert_eq!(at_fault(changed(|request| request.sso_url = some(url))).0, "sso_url");
        refused
    };
    assert_eq!(refused("http://www.okta.com/exk1"), ("entity_id", "Entity ID must be an HTTPS URL".to_owned()));
    assert_eq!(refused("https://a@b.example/").1, "Entity ID must not contain a user name or password");
    assert_eq!(refused("https://b.example/#a").1, "Entity ID must not contain a fragment");
    assert_eq!(
        refused(&format!("https://b.example/{}", "a".repeat(2048))).1,
        "Entity ID must be at most 2048 characters long"
    );
}

#[test]
fn the_tenants_own_values_are_compared_and_named() {
    let own = "https://app.apptego.com/frontend/saml/acs/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11";
    for other in [
        own.replace("9f1c", "0000"),
        own.to_ascii_uppercase(),
        format!("{own}/"),
        format!(" {own}"),
        own.replace("/acs/", "/sls/"),
        own.replace("app.apptego.com", "app.apptego.com.evil.example"),
        own.replace("https", "http"),
    ] {
        let refused = at_fault(changed(|request| request.acs_url = Some(other.clone())));
        assert_eq!(refused, ("acs_url", format!("ACS URL must be {own}")));
        assert_eq!(at_fault(changed(|request| request.sp_entity_id = Some(other.clone()))).0, "sp_entity_id");
    }
    assert_eq!(at_fault(changed(|request| request.sls_url = some(own))).0, "sls_url");
    let elsewhere = SamlSettings::parse(&documented(), &TenantId::from_bits(1), PORTAL, now());
    assert_eq!(at_fault(elsewhere).0, "sp_entity_id");
}

#[test]
fn an_attributes_name_has_1_to_256_characters_that_are_seen() {
    let named = |name: String| changed(|request| request.group_attribute_name = Some(name.clone()));
    let longest = "ä".repeat(256);
    assert_eq!(named(longest.clone()).unwrap().group_attribute_name, longest);
    let claim = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    assert_eq!(named(claim.to_owned()).unwrap().group_attribute_name, claim);
    for name in ["ä".repeat(257), "a\nb".to_owned(), "\0".to_owned(), "\u{85}".to_owned()] {
        assert_eq!(at_fault(named(name)).0, "group_attribute_name");
    }
}

#[test]
fn sso_only_leaves_a_way_in() {
    let enforced = |enabled, account: Option<&str>| {
        changed(|request| {
            (request.enforce_sso_only, request.enabled) = (Some(true), enabled);
            request.breakglass_account = account.map(str::to_owned);
        })
    };
    assert_eq!(at_fault(enforced(Some(false), Some("owner@example.com"))).0, "enforce_sso_only");
    assert_eq!(at_fault(enforced(None, Some("owner@example.com"))).1, "SSO-only requires SAML to be enabled");
    for account in [None, Some("")] {
        let refused = at_fault(enforced(Some(true), account));
        assert_eq!(refused, ("breakglass_account", "SSO-only requires a break-glass account".to_owned()));
    }
    let settings = enforced(Some(true), Some("Owner@Example.com")).unwrap();
    assert_eq!(settings.sso_only().unwrap().breakglass.as_str(), "owner@example.com");
    assert_eq!(parse(&documented()).unwrap().sso_only(), None);
    for account in ["owner", "atk_abc123", "owner@example.com,b@example.com"] {
        let refused = at_fault(changed(|request| request.breakglass_account = some(account)));
        assert_eq!(refused, ("breakglass_account", "Breakglass account must be an email address".to_owned()));
    }
}

fn any_request() -> impl Strategy<Value = SamlRequest> {
    let url = || prop_oneof!["https://[a-z]{1,8}(\\.[a-z]{1,8}){0,2}(:[0-9]{1,4})?(/[!-~]{0,20})?", "[ -~]{0,40}"];
    let name = prop::option::of(".{0,20}");
    let account = prop::option::of(prop_oneof!["[A-Za-z.+-]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}", ".{0,20}"]);
    let certificate = prop::sample::select(vec![RSA.to_owned(), format!("{OTHER}\n{RSA}"), "x".to_owned()]);
    let flags = prop::array::uniform3(prop::option::of(any::<bool>()));
    (url(), url(), certificate, flags, name, account).prop_map(
        |(entity_id, sso_url, certificate, flags, name, account)| SamlRequest {
            entity_id: Some(entity_id),
            sso_url: Some(sso_url),
            x509_cert: Some(certificate),
            use_group_authorization: flags[0],
            group_attribute_name: name,
            enabled: flags[1],
            enforce_sso_only: flags[2],
            breakglass_account: account,
            ..documented()
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_accepted_reads_back_equal(request in any_request()) {
        if let Ok(settings) = parse(&request) {
            let stored = serde_json::to_value(&settings).unwrap();
            prop_assert_eq!(&serde_json::from_value::<SamlSettings>(stored).unwrap(), &settings);
            let view = SamlView::of(Some(settings.clone()), &tenant(), PORTAL);
            let again = SamlRequest {
                entity_id: Some(view.entity_id),
                sso_url: Some(view.sso_url),
                x509_cert: Some(settings.x509_cert.as_str().to_owned()),
                sp_entity_id: Some(view.sp_entity_id),
                acs_url: Some(view.acs_url),
                sls_url: Some(view.sls_url),
                use_group_authorization: Some(view.use_group_authorization),
                group_attribute_name: Some(view.group_attribute_name),
                enabled: Some(view.enabled),
                enforce_sso_only: Some(view.enforce_sso_only),
                breakglass_account: view.breakglass_account,
            };
            prop_assert_eq!(parse(&again).unwrap(), settings.clone());
            prop_assert!(!settings.enforce_sso_only || settings.enabled && settings.breakglass_account.is_some());
            prop_assert_eq!(settings.sso_only().is_some(), settings.enforce_sso_only);
        }
    }
}
