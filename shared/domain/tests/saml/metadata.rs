//! What is read out of metadata, and which one of several.

use domain::saml::certificates::Certificates;
use rcgen::{BasicConstraints, CustomExtension, IsCa, Issuer, KeyPair};

use crate::support::{
    NOW, OTHER, PROVIDER, ROOT, RSA, SERVICE, base64, key, metadata, now, params, pem, read, refused, signing_with,
    valid,
};

const YEAR: i64 = 365 * 24 * 3600;
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";

fn service(binding: &str, location: &str) -> String {
    format!("<SingleSignOnService Binding=\"{BINDING}{binding}\" Location=\"{location}\"/>")
}

fn with_services(services: &str) -> String {
    metadata(ROOT, PROVIDER, &(key("", &[RSA]) + services))
}

fn with_keys(keys: &str) -> String {
    metadata(ROOT, PROVIDER, &(keys.to_owned() + SERVICE))
}

fn certificates(xml: &str) -> String {
    read(xml).unwrap().x509_cert.as_str().to_owned()
}

fn joined(pems: &[&str]) -> String {
    pems.iter().map(|pem| pem.trim_end()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_three_fields_are_read() {
    let found = read(&signing_with(&[RSA])).unwrap();
    assert_eq!(
        (found.entity_id.as_str(), found.sso_url.as_str()),
        ("https://idp.example.com/saml", "https://idp.example.com/sso")
    );
    assert_eq!(found.x509_cert.as_str(), RSA.trim_end());
}

#[test]
fn redirect_is_preferred_to_post_and_nothing_else_will_do() {
    let url = |services: &[String]| read(&with_services(&services.concat())).unwrap().sso_url.to_string();
    let redirect = service("HTTP-Redirect", "https://redirect.example.com/");
    let post = service("HTTP-POST", "https://post.example.com/");
    let soap = service("SOAP", "https://soap.example.com/");
    assert_eq!(url(&[soap.clone(), post.clone(), redirect.clone()]), "https://redirect.example.com/");
    assert_eq!(url(&[soap.clone(), post.clone()]), "https://post.example.com/");
    assert_eq!(
        url(&[redirect, service("HTTP-Redirect", "https://second.example.com/")]),
        "https://redirect.example.com/"
    );
    for services in [
        "".to_owned(),
        soap,
        post.replace("SingleSignOn", "SingleLogout"),
        service("http-redirect", "https://a.example/"),
    ] {
        assert!(refused(&with_services(&services)).contains("no SingleSignOnService for HTTP-Redirect or HTTP-POST"));
    }
}

#[test]
fn browsers_are_sent_to_https_only() {
    let text = |location: &str| refused(&with_services(&service("HTTP-Redirect", location)));
    assert_eq!(
        text("http://idp.example.com/").split(": see ").next().unwrap(),
        "Metadata XML has a SingleSignOnService whose Location must be an HTTPS URL"
    );
    for location in ["", "javascript:alert(1)", "//idp.example.com/", "/sso", "https://&lt;script&gt;/"] {
        assert!(text(location).contains("must be an HTTPS URL"), "{location}");
    }
    let padded = with_services(&service("HTTP-POST", "\n https://idp.example.com/sso?a=b&amp;c=d "));
    assert_eq!(read(&padded).unwrap().sso_url.as_str(), "https://idp.example.com/sso?a=b&c=d");
}

#[test]
fn an_entity_id_is_what_the_provider_says_up_to_1024_characters() {
    let with_id = |id: &str| signing_with(&[RSA]).replace("https://idp.example.com/saml", id);
    for id in ["http://www.okta.com/exk1", "urn:example.auth0.com", "https://idp.example.com", &"ä".repeat(1024)] {
        assert_eq!(read(&with_id(id)).unwrap().entity_id, id);
    }
    for id in ["", " ", "a b", "a&#10;b", "a&#x85;b", "a\u{a0}b", &"ä".repeat(1025)] {
        assert!(refused(&with_id(id)).contains("no entityID of 1 to 1024 characters"), "{id:?}");
    }
}

#[test]
fn elements_count_by_namespace_and_never_by_prefix() {
    let plain = signing_with(&[RSA]);
    let other_prefix = plain
        .replace("xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"", "xmlns:ds=\"urn:oasis:names:tc:SAML:2.0:metadata\"")
        .replace("xmlns=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns:md=\"http://www.w3.org/2000/09/xmldsig#\"");
    let other_prefix = ["EntityDescriptor", "IDPSSODescriptor", "KeyDescriptor", "SingleSignOnService"]
        .into_iter()
        .fold(other_prefix, |xml, name| {
            xml.replace(&format!("<{name}"), &format!("<ds:{name}"))
                .replace(&format!("</{name}"), &format!("</ds:{name}"))
        });
    let other_prefix = ["KeyInfo", "X509Data", "X509Certificate"].into_iter().fold(other_prefix, |xml, name| {
        xml.replace(&format!("<{name}"), &format!("<md:{name}")).replace(&format!("</{name}"), &format!("</md:{name}"))
    });
    assert_eq!(read(&other_prefix).unwrap(), read(&plain).unwrap());

    for namespace in ["urn:oasis:names:tc:SAML:1.0:metadata", "urn:oasis:names:tc:SAML:2.0:metadata/", ""] {
        let text = refused(&plain.replace("urn:oasis:names:tc:SAML:2.0:metadata", namespace));
        assert!(text.contains("must be an EntityDescriptor or EntitiesDescriptor"), "{text}");
    }
    let familiar =
        plain.replace("xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"", "xmlns:md=\"urn:evil\" xmlns=\"urn:evil\"");
    assert!(refused(&familiar).contains("must be an EntityDescriptor"));
    let foreign = |name: &str| plain.replacen(&format!(" {name}="), &format!(" xmlns:x=\"urn:x\" x:{name}="), 1);
    assert!(refused(&foreign("entityID")).contains("no entityID"));
    assert!(refused(&foreign("protocolSupportEnumeration")).contains("no IDPSSODescriptor for SAML 2.0"));
    assert!(refused(&foreign("Binding")).contains("no SingleSignOnService"));
    assert!(refused(&foreign("Location")).contains("must be an HTTPS URL"));
    assert!(read(&foreign("use").replace("\"signing\"", "\"encryption\"")).is_ok());
    assert!(refused(&plain.replace(DSIG, "http://www.w3.org/2000/09/xmldsig")).contains("no certificate that signs"));
    assert!(
        refused(&plain.replace("<IDPSSO", "<x:IDPSSO").replace("</IDPSSO", "</x:IDPSSO")).contains("not well-formed")
    );
}

#[test]
fn a_provider_speaks_saml_2() {
    let speaking = |protocols: &str| {
        signing_with(&[RSA]).replace(PROVIDER, &format!("protocolSupportEnumeration=\"{protocols}\""))
    };
    let both = "urn:oasis:names:tc:SAML:1.1:protocol\n urn:oasis:names:tc:SAML:2.0:protocol urn:mace:shibboleth:1.0";
    assert!(read(&speaking(both)).is_ok());
    for protocols in ["", "urn:oasis:names:tc:SAML:1.1:protocol", "urn:oasis:names:tc:SAML:2.0:protocolx"] {
        assert!(refused(&speaking(protocols)).contains("no IDPSSODescriptor for SAML 2.0"), "{protocols}");
    }
    assert!(refused(&signing_with(&[RSA]).replace(PROVIDER, "")).contains("no IDPSSODescriptor for SAML 2.0"));
    assert!(refused(&signing_with(&[RSA]).replace("IDPSSO", "SPSSO")).contains("no IDPSSODescriptor for SAML 2.0"));
}

#[test]
fn a_list_has_exactly_one_provider_in_it() {
    let list = |content: &str| {
        format!("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{content}</EntitiesDescriptor>")
    };
    let (provider, service) = (signing_with(&[RSA]), signing_with(&[RSA]).replace("IDPSSO", "SPSSO"));
    assert_eq!(read(&list(&format!("{service}{provider}{service}"))).unwrap(), read(&provider).unwrap());
    assert_eq!(read(&list(&list(&provider))).unwrap(), read(&provider).unwrap());
    assert!(refused(&list("")).contains("no IDPSSODescriptor"));
    assert!(refused(&list(&service)).contains("no IDPSSODescriptor"));
    let two = list(&format!("{provider}\n{}", list(&provider)));
    assert!(
        refused(&two).starts_with("Metadata XML describes more than one identity provider: see 2:"),
        "{}",
        refused(&two)
    );
    let twice = provider.replace("</EntityDescriptor>", &format!("<IDPSSODescriptor {PROVIDER}/></EntityDescriptor>"));
    assert!(refused(&twice).contains("more than one identity provider"));
    let hidden = list(&format!("<Extensions>{provider}</Extensions>"));
    assert!(refused(&hidden).contains("no IDPSSODescriptor"));
    assert_eq!(
        read(&list(&format!("<Extensions>{provider}</Extensions>{provider}"))).unwrap(),
        read(&provider).unwrap()
    );
}

#[test]
fn metadata_counts_until_the_moment_that_it_names() {
    let until = |element: &str, time: &str| {
        let list = format!(
            "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</EntitiesDescriptor>",
            signing_with(&[RSA])
        );
        list.replacen(&format!("<{element} "), &format!("<{element} validUntil=\"{time}\" "), 1)
    };
    for element in ["EntitiesDescriptor", "EntityDescriptor", "IDPSSODescriptor"] {
        for time in [
            "2027-01-15T08:00:01Z",
            " 2027-01-15T08:00:00.5Z",
            "2027-01-15T08:00:01",
            "2027-01-15T10:00:01+02:00",
            "9999-12-31T00:00:00Z",
        ] {
            assert!(read(&until(element, time)).is_ok(), "{element} {time}");
        }
        for time in ["2027-01-15T08:00:00Z", "2027-01-15T08:00:00", "2027-01-15T10:00:00+02:00", "1970-01-01T00:00:00Z"]
        {
            assert!(refused(&until(element, time)).contains("was valid until "), "{element} {time}");
        }
        for time in [
            "",
            "tomorrow",
            "2027-13-01T00:00:00Z",
            "1800000001",
            "2027-01-15T25:00:00Z",
            "2027-01-16T08:00:01+99:00",
            "2027-01-16T08:00:00ZZ",
        ] {
            assert!(refused(&until(element, time)).contains("has a validUntil that is not a time"), "{element} {time}");
        }
    }
}

#[test]
fn keys_that_sign_are_those_that_say_so_or_say_nothing() {
    let keys = key("use=\"encryption\"", &[OTHER]) + &key("use=\"signing\"", &[RSA]);
    assert_eq!(certificates(&with_keys(&keys)), RSA.trim_end());
    let keys = key("", &[OTHER]) + &key("use=\"signing\"", &[RSA]);
    assert_eq!(certificates(&with_keys(&keys)), joined(&[OTHER, RSA]));
    for keys in ["".to_owned(), key("use=\"encryption\"", &[RSA]), key("use=\"\"", &[RSA]), key("", &[])] {
        assert!(refused(&with_keys(&keys)).contains("has no certificate that signs"), "{keys}");
    }
    let named = "<KeyDescriptor><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyName>a</KeyName></KeyInfo></KeyDescriptor>";
    assert_eq!(certificates(&with_keys(&(named.to_owned() + &key("", &[RSA])))), RSA.trim_end());
}

#[test]
fn the_same_certificate_counts_once_and_five_are_the_most() {
    let many: Vec<String> = (0..6).map(|_| valid("one of many", NOW, NOW + YEAR)).collect();
    let refs: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(certificates(&signing_with(&[RSA, OTHER, RSA])), joined(&[RSA, OTHER]));
    let doubled: Vec<&str> = refs[..5].iter().chain(&refs[..5]).copied().collect();
    assert_eq!(certificates(&signing_with(&doubled)), joined(&refs[..5]));
    assert!(refused(&signing_with(&refs)).contains("has more than 5 certificates that sign"));
}

#[test]
fn certificates_end_where_those_of_the_settings_do() {
    let sized = |bytes: usize| {
        let mut params = params("large", NOW, NOW + YEAR);
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0; bytes])];
        pem(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    };
    let largest = sized(47_000);
    let accepted = certificates(&signing_with(&[&largest]));
    assert_eq!(Certificates::parse(&accepted, now()).unwrap().as_str(), largest);
    let larger = sized(49_000);
    assert!(refused(&signing_with(&[&larger])).contains("has certificates of more than 65536 characters"));
    assert!(Certificates::parse(&larger, now()).is_err());
}

#[test]
fn expired_certificates_go_as_long_as_one_is_left() {
    let (last, over) = (valid("last", NOW - YEAR, NOW), valid("over", NOW - YEAR, NOW - 1));
    let older = valid("older", NOW - 2 * YEAR, NOW - YEAR);
    let next = valid("next", NOW + YEAR, NOW + 2 * YEAR);
    assert_eq!(certificates(&signing_with(&[&over, &last, &next, &older])), joined(&[&last, &next]));
    let text = refused(&signing_with(&[&older, &over]));
    assert!(text.contains("has no certificate that signs since 2027-01-15T07:59:59Z"), "{text}");
    let many: Vec<String> = (0..6).map(|_| valid("over", NOW - YEAR, NOW - 1)).collect();
    let all: Vec<&str> = many.iter().map(String::as_str).chain([RSA]).collect();
    assert_eq!(certificates(&signing_with(&all)), RSA.trim_end());
}

#[test]
fn the_authorities_above_a_certificate_do_not_sign() {
    let mut params = params_of_an_authority();
    let root_key = KeyPair::generate().unwrap();
    let root = params.self_signed(&root_key).unwrap();
    let issuer = Issuer::new(params.clone(), root_key);
    params = self::params("leaf", NOW, NOW + YEAR);
    let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    let (root, leaf) = (pem(root.der()), pem(leaf.der()));
    assert_eq!(certificates(&with_keys(&key("", &[&leaf, &root]))), leaf);
    assert_eq!(certificates(&with_keys(&key("", &[&root, &leaf]))), leaf);
    assert_eq!(certificates(&with_keys(&key("", &[&root]))), root);
    assert_eq!(certificates(&signing_with(&[&root, &leaf])), joined(&[&root, &leaf]), "keys of their own");
    let (old, new) = (valid("same name", NOW, NOW + YEAR), valid("same name", NOW, NOW + YEAR));
    assert_eq!(certificates(&with_keys(&key("", &[&old, &new]))), joined(&[&old, &new]));
}

fn params_of_an_authority() -> rcgen::CertificateParams {
    let mut params = params("authority", NOW, NOW + YEAR);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

#[test]
fn certificates_are_base64_with_white_space_and_comments_anywhere() {
    let plain = with_keys(&key("", &[RSA]));
    let base64 = base64(RSA);
    let (one, two) = base64.split_at(333);
    for written in [
        format!("\n\t  {one}\r\n{two} \n"),
        base64.chars().flat_map(|sign| [sign, '\n']).collect(),
        format!("{one}<!-- AAAA -->{two}"),
        format!("<!---->{one}<?AAAA AAAA?>{two}<!-- -->"),
        format!("<![CDATA[{base64}]]>"),
        format!("{one}<![CDATA[{two}]]>"),
        base64.replacen('M', "&#77;", 3),
    ] {
        assert_eq!(certificates(&plain.replace(&base64, &written)), RSA.trim_end(), "{written}");
    }
    for written in [format!("{one}<b/>{two}"), format!("<b>{base64}</b>")] {
        assert!(refused(&plain.replace(&base64, &written)).contains("an element where text is expected"));
    }
    for written in [
        format!("{one}&#xa0;{two}"),
        format!("{one}-{two}"),
        base64.replace('=', ""),
        RSA.to_owned(),
        format!("{base64}="),
    ] {
        assert!(refused(&plain.replace(&base64, &written)).contains("a certificate that is not Base64"), "{written}");
    }
    assert!(refused(&plain.replace(&base64, one)).contains("a certificate that is not"));
    assert!(refused(&plain.replace(&base64, "")).contains("a certificate that is not an X.509 certificate"));
}

#[test]
fn keys_are_held_to_the_same_rules_as_in_the_settings() {
    let text = refused(&signing_with(&[RSA, include_str!("certificates/rsa-2047.pem")]));
    assert!(text.starts_with("Metadata XML has a certificate that has a key that is not accepted"), "{text}");
    let unused = key("use=\"encryption\"", &[include_str!("certificates/rsa-1024.pem")]) + &key("", &[RSA]);
    assert_eq!(certificates(&with_keys(&unused)), RSA.trim_end());
    let accepted = certificates(&signing_with(&[RSA, include_str!("certificates/p521.pem")]));
    assert_eq!(Certificates::parse(&accepted, now()).unwrap().as_str(), accepted);
}
