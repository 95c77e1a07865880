//! A key and a profile together.

use std::time::{Duration, UNIX_EPOCH};

use formats::plist::{Date, Value};
use signing::ios::{IdentityError, IosIdentity, ProfileKind};
use signing::{KeyError, KeyKind, ValidityError};

use crate::material::*;
use crate::support::{installed, must_run};

const PASSWORD: &str = "correct-horse";
/// How a p12 file is written: as Keychain Access and OpenSSL 1 did, and as OpenSSL 3 does.
const FLAVOURS: [&str; 6] = [
    "",
    "-legacy",
    "-legacy -descert",
    "-legacy -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
    "-legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-RC2-40 -macalg sha1",
    "-certpbe AES-128-CBC -keypbe AES-192-CBC -macalg sha512",
];

/// A folder with a p12 file of the developer's key, and a profile for it.
struct Case {
    material: Material,
    p12: Vec<u8>,
    profile: Vec<u8>,
    /// An hour after OpenSSL made the certificate, by the clock of this machine.
    now: i64,
}

impl Case {
    fn new() -> Self {
        let material = Material::new();
        let p12 = export(&material, "developer", "");
        let profile = material.signed(&material.contents(), "");
        let now = material.developer().not_before() + 3600;
        Self { material, p12, profile, now }
    }

    fn open(&self) -> Result<IosIdentity, IdentityError> {
        IosIdentity::open(&self.p12, PASSWORD, &self.profile, self.now)
    }

    /// What is said when the profile is another one.
    fn refused_with(&self, profile: &[u8]) -> String {
        IosIdentity::open(&self.p12, PASSWORD, profile, self.now).expect_err("it must be refused").to_string()
    }
}

fn export(material: &Material, name: &str, options: &str) -> Vec<u8> {
    material.run(&format!(
        "openssl pkcs12 -export -inkey @/{name}.key -in @/{name}.crt -name {name} -passout pass:{PASSWORD} -out @/p12 {options}"
    ));
    material.read("p12")
}

#[test]
fn each_flavour_of_p12_makes_an_identity() {
    if !installed(&["openssl"]) {
        return;
    }
    let mut case = Case::new();
    for (kind, expected) in [(RSA, KeyKind::Rsa(2048)), (EC, KeyKind::P256)] {
        case.material.key("developer", kind, &format!("/CN=Apple-Development/OU={TEAM}"));
        case.profile = case.material.signed(&case.material.contents(), "");
        for flavour in FLAVOURS {
            case.p12 = export(&case.material, "developer", flavour);
            let identity = case.open().expect(flavour);
            assert_eq!(
                (identity.signer().kind(), identity.signer().certificate()),
                (expected, &case.material.developer())
            );
            assert_eq!((identity.profile().team_id(), identity.profile().kind()), (TEAM, ProfileKind::AppStore));
            let wrong = IosIdentity::open(&case.p12, "another", &case.profile, case.now);
            assert!(matches!(wrong, Err(IdentityError::Key(KeyError::WrongPassword))), "{kind} {flavour}");
        }
    }
}

#[test]
fn a_p12_of_keytool_makes_an_identity() {
    if !installed(&["openssl", "keytool"]) {
        return;
    }
    let mut case = Case::new();
    let store = format!("-keystore @/keytool.p12 -storepass {PASSWORD} -alias key");
    case.material.run(&format!(
        "keytool -genkeypair -storetype PKCS12 {store} -keyalg RSA -keysize 2048 -dname CN=Key,OU={TEAM} -validity 9000"
    ));
    case.material.run(&format!("keytool -exportcert -rfc {store} -file @/developer.crt"));
    case.p12 = case.material.read("keytool.p12");
    case.profile = case.material.signed(&case.material.contents(), "");
    assert_eq!(case.open().expect("an identity").signer().alias(), "key");
    case.material.run(&format!("keytool -delete {store}"));
    case.p12 = case.material.read("keytool.p12");
    assert!(matches!(case.open(), Err(IdentityError::Key(KeyError::NoKey))));
    case.p12 = Vec::new();
    assert!(matches!(case.open(), Err(IdentityError::Key(KeyError::Unreadable(_)))));
}

#[test]
fn several_keys_are_refused() {
    if !installed(&["openssl", "keytool"]) {
        return;
    }
    let mut case = Case::new();
    case.material.run(&format!(
        "keytool -genkeypair -storetype PKCS12 -keystore @/p12 -storepass {PASSWORD} -alias second -keyalg EC -groupname \
         secp256r1 -dname CN=Second"
    ));
    case.p12 = case.material.read("p12");
    insta::assert_snapshot!(case.open().expect_err("two keys"), @r#"the p12 file holds several keys, "developer", "second": export the one alone whose certificate the provisioning profile lists"#);
}

#[test]
fn the_certificate_must_be_valid_now() {
    if !installed(&["openssl"]) {
        return;
    }
    let case = Case::new();
    let (from, to) = (case.material.developer().not_before(), case.material.developer().not_after());
    let at = |now| IosIdentity::open(&case.p12, PASSWORD, &case.profile, now).map(drop);
    at(from).expect("the first moment");
    at(to).expect("the last moment");
    let early = at(from - 1).expect_err("too early");
    assert!(matches!(early, IdentityError::Certificate(ValidityError::NotYetValid { from: found }) if found == from));
    let late = at(to + 1).expect_err("too late");
    assert!(matches!(late, IdentityError::Certificate(ValidityError::Expired { on }) if on == to));
}

#[test]
fn the_profile_must_be_valid_now() {
    if !installed(&["openssl"]) {
        return;
    }
    let mut case = Case::new();
    let expires = UNIX_EPOCH + Duration::from_secs(u64::try_from(case.now).expect("after 1970"));
    case.profile = case.material.signed(&with(case.material.contents(), "ExpirationDate", Date::from(expires)), "");
    case.open().expect("the last moment");
    let late = IosIdentity::open(&case.p12, PASSWORD, &case.profile, case.now + 1).expect_err("too late");
    assert!(matches!(late, IdentityError::ProfileExpired { expired, .. } if expired == case.now));
    let message = late.to_string();
    assert!(message.starts_with("the provisioning profile \"Example App Store\" expired on 20"), "{message}");
    assert!(message.ends_with(": renew it on Apple's developer site and upload the new one"), "{message}");
}

#[test]
fn the_profile_must_list_the_certificate_itself() {
    if !installed(&["openssl"]) {
        return;
    }
    let case = Case::new();
    let material = &case.material;
    let developer = material.certificate("developer");
    // The same key and the same name, as after a renewal.
    material.run(&format!(
        "openssl req -x509 -key @/developer.key -out @/renewed.crt -days 3650 -subj /CN=Apple-Distribution/OU={TEAM}"
    ));
    let listing = |certificates: Vec<Vec<u8>>| {
        let certificates = certificates.into_iter().map(Value::Data).collect::<Vec<_>>();
        material.signed(&with(material.contents(), "DeveloperCertificates", certificates), "")
    };
    let (apple, renewed) = (material.certificate("apple"), material.certificate("renewed"));
    assert_ne!(developer, renewed);
    let both = listing(vec![apple.clone(), developer]);
    IosIdentity::open(&case.p12, PASSWORD, &both, case.now).expect("one of two");
    let none = case.refused_with(&listing(Vec::new()));
    for others in [vec![apple], vec![renewed]] {
        assert_eq!(case.refused_with(&listing(others)), none);
    }
    insta::assert_snapshot!(none, @r#"the provisioning profile "Example App Store" does not list the certificate of the p12 file (CN=Apple-Distribution, OU=A1B2C3D4E5): add the certificate to the profile, or upload the p12 file of one that it lists"#);
}

#[test]
fn the_team_must_be_the_certificates() {
    if !installed(&["openssl"]) {
        return;
    }
    let mut case = Case::new();
    let other = with(case.material.contents(), "TeamIdentifier", list(["Z9Z9Z9Z9Z9"]));
    insta::assert_snapshot!(case.refused_with(&case.material.signed(&other, "")), @r#"the certificate belongs to team "A1B2C3D4E5", and the provisioning profile "Example App Store" to team Z9Z9Z9Z9Z9"#);
    for (subject, accepted) in [
        ("/CN=No-Unit", true),
        ("/OU=Z9Z9Z9Z9Z9/CN=Other-Unit", false),
        ("/OU=Development/CN=No-Team", false),
        ("/OU=Development/OU=A1B2C3D4E5/CN=Two-Units", true),
        ("/OU=a1b2c3d4e5/CN=Case", false),
    ] {
        case.material.key("developer", EC, subject);
        case.p12 = export(&case.material, "developer", "");
        case.profile = case.material.signed(&case.material.contents(), "");
        match case.open() {
            Ok(_) => assert!(accepted, "{subject}"),
            Err(error) => assert!(!accepted && matches!(error, IdentityError::OtherTeam { .. }), "{subject}: {error}"),
        }
    }
}

#[test]
fn the_profile_must_be_for_ios() {
    if !installed(&["openssl"]) {
        return;
    }
    let case = Case::new();
    let named = |platforms| case.material.signed(&with(case.material.contents(), "Platform", platforms), "");
    insta::assert_snapshot!(case.refused_with(&named(list(["OSX", "tvOS"]))), @r#"the provisioning profile "Example App Store" is for apps of "OSX", "tvOS", not of iOS"#);
    IosIdentity::open(&case.p12, PASSWORD, &named(list([])), case.now).expect("an old profile");
}

#[test]
fn a_broken_profile_is_told_apart_from_a_broken_key() {
    if !installed(&["openssl"]) {
        return;
    }
    let case = Case::new();
    let answers = [
        case.refused_with(&case.profile[..case.profile.len() / 2]),
        case.refused_with(&case.p12),
        case.refused_with(&case.material.read("profile.plist")),
        IosIdentity::open(&case.profile, PASSWORD, &case.p12, case.now).expect_err("swapped").to_string(),
    ];
    insta::assert_snapshot!(answers.join("\n"), @"
    the provisioning profile is damaged or another kind of file (content info at offset 0 reaches past the end of what holds it): download it from Apple's developer site again
    the provisioning profile is damaged or another kind of file (content type at offset 4 is not the element that belongs there): download it from Apple's developer site again
    the provisioning profile is a bare property list without a signature: upload the .mobileprovision file itself
    the keystore cannot be read: unexpected ASN.1 DER tag: expected INTEGER, got OBJECT IDENTIFIER
    ");
}

#[test]
fn no_secret_is_shown() {
    if !installed(&["openssl"]) {
        return;
    }
    let case = Case::new();
    let shown = format!("{:?}", case.open().expect("an identity"));
    assert!(shown.contains("kind: Rsa(2048)") && shown.contains(TEAM), "{shown}");
    let key = must_run(case.material.folder(), "openssl pkey -in @/developer.key -text -noout");
    let exponent = key.split_once("privateExponent:").expect("a private key").1;
    let digits: String = exponent.chars().take_while(|next| *next != 'p').filter(char::is_ascii_hexdigit).collect();
    assert!(digits.len() > 400);
    let shown = shown.replace(|next: char| !next.is_ascii_hexdigit(), "").to_lowercase();
    assert!(!shown.contains(&digits[2..42]));
    let refused = IosIdentity::open(&case.p12, "a-wrong-one", &case.profile, case.now).expect_err("refused");
    for text in [format!("{refused:?}"), refused.to_string()] {
        assert!(!text.contains(PASSWORD) && !text.contains("a-wrong-one"), "{text}");
    }
}
