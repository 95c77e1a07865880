//! What an identity provider publishes of itself (SAML 2.0 metadata, saml-metadata-2.0-os).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use roxmltree::Node;

use super::certificates::{Certificate, Certificates, MAX_BYTES, MAX_CERTIFICATES};
use super::xml::{self, attribute, invalid, invalid_at};
use crate::error::Error;
use crate::https_url::HttpsUrl;
use crate::pem;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The bindings that the browser flow can begin with, the preferred one first.
const BINDINGS: [&str; 2] =
    ["urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"];
/// Characters of an entity ID at most (saml-metadata-2.0-os, 2.2.1).
const MAX_ENTITY_ID: usize = 1024;

/// What the settings need of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its name as it stands there. It need not be an HTTPS URL, unlike in the settings, which say so themselves: some
    /// products name themselves with http://, and whoever reads the answer has to see that.
    pub entity_id: String,
    /// Where browsers are sent.
    pub sso_url: HttpsUrl,
    /// What it signs with.
    pub x509_cert: Certificates,
}

impl IdpMetadata {
    /// Reads the metadata of exactly one provider, alone or in a list with service providers. Elements count by their
    /// namespace, whatever their prefix. A signature on the metadata is not looked at: nothing is known yet that it could
    /// be verified with, and whoever sends the text answers for it.
    pub fn parse(xml: &str, now: Timestamp) -> Result<Self, Error> {
        let document = xml::read(xml)?;
        let provider = sole_provider(document.root_element())?;
        for node in provider.ancestors() {
            require_current(node, now)?;
        }
        Ok(Self {
            entity_id: entity_id(provider)?,
            sso_url: sso_url(provider)?,
            x509_cert: signing_certificates(provider, now)?,
        })
    }
}

fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((namespace, name)))
}

/// The one `IDPSSODescriptor` for SAML 2.0.
fn sole_provider<'a, 'i>(root: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    let is_entity = |node: Node<'_, '_>| node.has_tag_name((METADATA, "EntityDescriptor"));
    let is_list = |node: Node<'_, '_>| node.has_tag_name((METADATA, "EntitiesDescriptor"));
    if !is_entity(root) && !is_list(root) {
        return Err(invalid(format!("must be an EntityDescriptor or EntitiesDescriptor of {METADATA}")));
    }
    // Descriptors elsewhere, as in an extension, describe nobody.
    let in_lists = |node: Node<'_, '_>| node.ancestors().skip(1).all(|above| is_list(above) || above.is_root());
    let entities = root.descendants().filter(|node| is_entity(*node) && in_lists(*node));
    let mut providers =
        entities.flat_map(|entity| children(entity, METADATA, "IDPSSODescriptor")).filter(speaks_saml_2);
    let first = providers.next().ok_or_else(|| invalid("has no IDPSSODescriptor for SAML 2.0"))?;
    match providers.next() {
        Some(second) => Err(invalid_at(second, "describes more than one identity provider")),
        None => Ok(first),
    }
}

fn speaks_saml_2(provider: &Node<'_, '_>) -> bool {
    let protocols = attribute(*provider, "protocolSupportEnumeration").unwrap_or_default();
    protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
}

/// Refuses what says itself that it is no longer true.
fn require_current(node: Node<'_, '_>, now: Timestamp) -> Result<(), Error> {
    let Some(text) = attribute(node, "validUntil") else { return Ok(()) };
    let end = read_time(text.trim_ascii()).ok_or_else(|| invalid_at(node, "has a validUntil that is not a time"))?;
    if TimeZone::UTC.to_datetime(now) < end {
        Ok(())
    } else {
        Err(invalid_at(node, &format!("was valid until {end} UTC")))
    }
}

/// A time of SAML, which is in UTC whether it says so or not (saml-core-2.0-os, 1.3.3). The last day of the year 9999,
/// which some write for "always", is a date but no timestamp.
fn read_time(text: &str) -> Option<DateTime> {
    let moment = text.parse().map(|moment| TimeZone::UTC.to_datetime(moment));
    moment.or_else(|_| text.strip_suffix('Z').unwrap_or(text).parse()).ok()
}

fn entity_id(provider: Node<'_, '_>) -> Result<String, Error> {
    let entity = provider.parent_element().unwrap_or(provider);
    let id = attribute(entity, "entityID").unwrap_or_default().trim_ascii();
    let is_clean = !id.chars().any(|sign| sign.is_control() || sign.is_whitespace());
    if is_clean && (1..=MAX_ENTITY_ID).contains(&id.chars().count()) {
        Ok(id.to_owned())
    } else {
        Err(invalid_at(entity, "has no entityID of 1 to 1024 characters without spaces"))
    }
}

fn sso_url(provider: Node<'_, '_>) -> Result<HttpsUrl, Error> {
    let service = BINDINGS.into_iter().find_map(|binding| {
        children(provider, METADATA, "SingleSignOnService")
            .find(|service| attribute(*service, "Binding") == Some(binding))
    });
    let service =
        service.ok_or_else(|| invalid_at(provider, "has no SingleSignOnService for HTTP-Redirect or HTTP-POST"))?;
    let location = attribute(service, "Location").unwrap_or_default().trim_ascii();
    location.parse().map_err(|why| invalid_at(service, &format!("has a SingleSignOnService whose Location {why}")))
}

/// The certificates of the keys that sign. Those that expired are left out as long as one is left, since providers publish
/// the last one for a while after they took the next.
fn signing_certificates(provider: Node<'_, '_>, now: Timestamp) -> Result<Certificates, Error> {
    let signs = |key: &Node<'_, '_>| attribute(*key, "use").is_none_or(|of| of == "signing");
    let keys = children(provider, METADATA, "KeyDescriptor").filter(signs);
    let infos = keys.flat_map(|key| children(key, SIGNATURE, "KeyInfo"));
    let mut all = Vec::new();
    for data in infos.flat_map(|info| children(info, SIGNATURE, "X509Data")) {
        all.append(&mut signers(data)?);
    }
    let last = all.iter().map(Certificate::not_after).max();
    all.retain(|certificate| !certificate.is_expired(now));
    let current = Certificates::of(&all);
    match (current.count(), last) {
        _ if current.as_str().len() > MAX_BYTES => {
            Err(invalid_at(provider, &format!("has certificates of more than {MAX_BYTES} characters")))
        }
        (1..=MAX_CERTIFICATES, _) => Ok(current),
        (0, None) => Err(invalid_at(provider, "has no certificate that signs")),
        (0, Some(last)) => Err(invalid_at(provider, &format!("has no certificate that signs since {last}"))),
        _ => Err(invalid_at(provider, &format!("has more than {MAX_CERTIFICATES} certificates that sign"))),
    }
}

/// The certificates of one key: those that are not there to vouch for another one.
fn signers(data: Node<'_, '_>) -> Result<Vec<Certificate>, Error> {
    let read = |node: Node<'_, '_>| {
        let der =
            pem::decode(&xml::text(node)?).ok_or_else(|| invalid_at(node, "has a certificate that is not Base64"))?;
        Certificate::from_der(der).map_err(|why| invalid_at(node, &format!("has a certificate that {why}")))
    };
    let all = children(data, SIGNATURE, "X509Certificate").map(read).collect::<Result<Vec<_>, _>>()?;
    let vouches = |one: &Certificate| all.iter().any(|other| one.is_above(other));
    Ok(all.iter().filter(|certificate| !vouches(certificate)).cloned().collect())
}
