//! SAML 2.0: the metadata of OneAccess as an identity provider, and the addresses in it.
//!
//! Assertions are not consumed here, because no crate verifies their signatures soundly without a
//! C library: what looks like a verified assertion and is none would be worse than nothing. Give
//! the metadata to a product that does, or sign users in by OpenID Connect, which OneAccess offers
//! beside SAML.

use std::fmt;

use auth_core::{Error, Result};

use crate::Client;
use crate::xml::{Node, Tree};

/// What the identity provider says of itself: the addresses that the platform's pages leave to its
/// metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityProvider {
    /// The entity id.
    pub entity_id: String,
    /// Where a sign-in begins, in the order of the metadata.
    pub single_sign_on: Vec<Endpoint>,
    /// Where a session ends.
    pub single_logout: Vec<Endpoint>,
    /// The certificates that assertions are signed with: Base64 of DER, without line breaks.
    pub certificates: Vec<String>,
}

/// An address, and how a browser brings a message there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The binding.
    pub binding: Binding,
    /// The address.
    pub location: String,
}

/// How a browser brings a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binding {
    /// In a form.
    Post,
    /// In the query of an address.
    Redirect,
    /// In another way: its name.
    Other(String),
}

impl Client {
    /// Reads the metadata of the identity provider.
    pub async fn saml_identity_provider(&self) -> Result<IdentityProvider> {
        IdentityProvider::parse(&self.get_saml_metadata().await?)
    }
}

impl IdentityProvider {
    /// Reads metadata that was downloaded. Its signature, should it have one, is not looked at:
    /// what makes it trustworthy is the address it comes from.
    pub fn parse(metadata: &str) -> Result<Self> {
        let tree = Tree::parse(metadata)?;
        let root = tree.root();
        let is_entity = root.name() == "EntityDescriptor" && root.namespace() == Some(METADATA);
        let entity_id = root.attribute("entityID").filter(|_| is_entity);
        let entity_id = entity_id.ok_or_else(|| Error::decode("this is no metadata of SAML"))?;
        let provider = root
            .only_child("IDPSSODescriptor", METADATA)?
            .ok_or_else(|| Error::decode("the metadata describes no identity provider"))?;
        Ok(Self {
            entity_id: entity_id.to_owned(),
            single_sign_on: endpoints(&provider, "SingleSignOnService"),
            single_logout: endpoints(&provider, "SingleLogoutService"),
            certificates: certificates(&provider)?,
        })
    }
}

fn endpoints(provider: &Node<'_>, name: &str) -> Vec<Endpoint> {
    let found = provider.named(name, METADATA);
    found
        .filter_map(|it| {
            Some(Endpoint {
                binding: Binding::of(it.attribute("Binding")?),
                location: it.attribute("Location")?.trim().to_owned(),
            })
        })
        .collect()
}

fn certificates(provider: &Node<'_>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for key in provider.named("KeyDescriptor", METADATA) {
        if key.attribute("use").is_some_and(|it| it != "signing") {
            continue;
        }
        for info in key.named("KeyInfo", SIGNATURE) {
            for data in info.named("X509Data", SIGNATURE) {
                for certificate in data.named("X509Certificate", SIGNATURE) {
                    all.push(certificate.text()?.split_whitespace().collect());
                }
            }
        }
    }
    Ok(all)
}

impl Binding {
    fn of(name: &str) -> Self {
        match name.trim().strip_prefix(BINDINGS) {
            Some("HTTP-POST") => Self::Post,
            Some("HTTP-Redirect") => Self::Redirect,
            _ => Self::Other(name.to_owned()),
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post => write!(f, "{BINDINGS}HTTP-POST"),
            Self::Redirect => write!(f, "{BINDINGS}HTTP-Redirect"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

const BINDINGS: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
        xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://acme.example/saml">
        <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
        AA
        BB</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
        <md:KeyDescriptor use="encryption"/>
        <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        Location="https://acme.example/slo"/>
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        Location="https://acme.example/sso?a=1&amp;b=2"/>
        </md:IDPSSODescriptor></md:EntityDescriptor>"#;

    #[test]
    fn addresses_and_certificates_are_read() {
        let provider = IdentityProvider::parse(EXAMPLE).unwrap();
        assert_eq!(provider.entity_id, "https://acme.example/saml");
        assert_eq!(provider.certificates, ["AABB"]);
        assert_eq!(provider.single_logout[0].binding, Binding::Redirect);
        let sign_on = &provider.single_sign_on[0];
        assert_eq!(sign_on.binding, Binding::Post);
        assert_eq!(sign_on.location, "https://acme.example/sso?a=1&b=2");
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        for text in [
            "",
            "<a/>",
            &EXAMPLE.replace("IDPSSODescriptor", "SPSSODescriptor"),
            // Wrapped, so that it is not the entity whose id stands above.
            &format!(
                "<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"x\">{EXAMPLE}</md:EntityDescriptor>"
            ),
            &EXAMPLE.replace(" entityID=", " ds:entityID="),
            // Two pieces, between which another reader sees something.
            &EXAMPLE.replace("AA\n", "AA<ds:X/>"),
            &EXAMPLE.replace("<md:IDPSSODescriptor", "<!DOCTYPE a><md:IDPSSODescriptor"),
        ] {
            assert!(IdentityProvider::parse(text).is_err());
        }
    }
}
