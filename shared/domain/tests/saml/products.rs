//! Metadata in the shapes of the products that customers use, which another parser also takes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::hostile::NOT_WELL_FORMED;
use crate::support::{RSA, base64, read, signing_with};

macro_rules! product {
    ($name:literal, $entity:literal, $sso:literal) => {
        ($name, include_str!(concat!("metadata/", $name, ".xml")), $entity, $sso)
    };
}

const PRODUCTS: [(&str, &str, &str, &str); 5] = [
    product!(
        "okta",
        "http://www.okta.com/exk1fcia6d6EMsf331d8",
        "https://example.okta.com/app/example_apptego_1/exk1fcia6d6EMsf331d8/sso/saml"
    ),
    product!(
        "entra-id",
        "https://sts.windows.net/9f1c0a4e-7b8d-4a4d-b52e-6a6d5c5c1f11/",
        "https://login.microsoftonline.com/9f1c0a4e-7b8d-4a4d-b52e-6a6d5c5c1f11/saml2"
    ),
    product!(
        "google",
        "https://accounts.google.com/o/saml2?idpid=C01abcdef",
        "https://accounts.google.com/o/saml2/idp?idpid=C01abcdef"
    ),
    product!("ad-fs", "http://adfs.example.com/adfs/services/trust", "https://adfs.example.com/adfs/ls/"),
    product!(
        "keycloak",
        "https://keycloak.example.com/realms/example",
        "https://keycloak.example.com/realms/example/protocol/saml"
    ),
];

#[test]
fn each_product_is_read() {
    for (name, xml, entity, sso) in PRODUCTS {
        let found = read(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((found.entity_id.as_str(), found.sso_url.as_str()), (entity, sso), "{name}");
        assert_eq!(found.x509_cert.as_str(), RSA.trim_end(), "{name}");
    }
}

#[test]
fn each_product_reads_the_same_with_a_mark_of_byte_order_and_line_ends_of_windows() {
    for (name, xml, ..) in PRODUCTS {
        let plain = read(xml).unwrap();
        assert_eq!(read(&format!("\u{feff}{xml}")).unwrap(), plain, "{name}");
        assert_eq!(read(&xml.replace('\n', "\r\n")).unwrap(), plain, "{name}");
    }
}

#[test]
fn whatever_is_cut_off_is_refused() {
    for (name, xml, ..) in PRODUCTS {
        let xml = xml.trim_end();
        // All lengths of the short ones, and of the others what a second has room for.
        for length in (0..xml.len()).step_by(1 + xml.len() / 1500) {
            assert!(read(&xml[..length]).is_err(), "{name} up to {length}");
        }
    }
}

#[test]
fn another_parser_agrees_on_what_is_well_formed() {
    if !is_xmllint_installed() {
        return;
    }
    let base64 = base64(RSA);
    let (one, two) = base64.split_at(333);
    let plain = signing_with(&[RSA]);
    let broken = plain.replace(&base64, &format!("{one}<!-- -->{two}<![CDATA[ ]]>&#10;"));
    let list = format!(
        "<l:EntitiesDescriptor xmlns:l=\"urn:oasis:names:tc:SAML:2.0:metadata\">{plain}</l:EntitiesDescriptor>"
    );
    let marked = format!("\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<!-- -->{plain}\r\n<?end?>");
    let more = [plain.as_str(), &broken, &list, &marked];
    for xml in PRODUCTS.into_iter().map(|(_, xml, ..)| xml).chain(more) {
        assert!(read(xml).is_ok() && xmllint_accepts(xml), "{xml}");
    }
    for xml in
        NOT_WELL_FORMED.iter().map(|xml| (*xml).to_owned()).chain([format!("\n{marked}"), format!("{plain}<b/>")])
    {
        assert!(read(&xml).is_err() && !xmllint_accepts(&xml), "{xml}");
    }
}

fn xmllint_accepts(xml: &str) -> bool {
    let mut command = Command::new("xmllint");
    let command = command.args(["--noout", "--nonet", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Dropped at once, which ends the input. A tool that has seen enough does not read it all.
    let _ = child.stdin.take().unwrap().write_all(xml.as_bytes());
    let judged = child.wait_with_output().unwrap();
    judged.status.success() && judged.stderr.is_empty()
}

/// Says so when not, and fails where a full run is promised (`CI` is set).
fn is_xmllint_installed() -> bool {
    let found = Command::new("xmllint").arg("--version").output().is_ok();
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let promised = std::env::var_os("CI").is_some();
    assert!(found || !promised, "not installed: xmllint");
    if !found {
        #[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
        {
            eprintln!("SKIPPED: not installed: xmllint");
        }
    }
    found
}
