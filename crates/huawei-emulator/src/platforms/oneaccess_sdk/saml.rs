//! SAML 2.0: the metadata, and sign-ins that begin on the portal and end with a signed assertion.
//!
//! Assertions are written in canonical form to begin with, so that nothing has to bring them there
//! before they are signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::answer::{Answer, Refusal};
use crate::clock::date_time;
use crate::consent::{self, Decision, Phrase};
use crate::page::escape;
use crate::platforms::Call;

use super::State;
use super::cas::{REFUSED, REFUSED_TEXT};
use super::keys;
use super::oauth::{BRAND, IDENTITY};
use super::people::Person;

impl State {
    /// Asks who signs in to the application of this entity id, and gives the page that posts the
    /// assertion to its first registered address.
    pub(super) fn start_idp_initiated_sso(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let entity_id = call.query("sp").unwrap_or_default();
        let mut applications = self.applications.all.iter();
        let found = applications.find(|it| it.entity_id.as_deref() == Some(entity_id));
        let Some((application, address)) = found.and_then(|it| Some((it, it.callbacks.first()?)))
        else {
            return Ok(consent::notice(call, BRAND, NO_ENTITY, NO_ENTITY_TEXT));
        };
        let user_name = match self.ask(call, application, IDENTITY, address) {
            Decision::Accepted(user_name) => user_name,
            Decision::Asked(page) => return Ok(page),
            Decision::Refused => return Ok(consent::notice(call, BRAND, REFUSED, REFUSED_TEXT)),
        };
        let person = self.directory.by_name(&user_name);
        let person = person.ok_or_else(|| Refusal::code("USER.0001"))?;
        let assertion = Assertion::new(call, entity_id, address, person);
        let response = STANDARD.encode(assertion.response());
        let html = format!(
            "<!doctype html><form method=post action=\"{}\"><input type=hidden name=SAMLResponse \
             value=\"{response}\"><button>{}</button></form>\
             <script>document.forms[0].submit()</script>\n",
            escape(address),
            escape(&application.name),
        );
        Ok(Answer::text("text/html; charset=utf-8", html))
    }
}

/// What an assertion says, in the forms that canonical XML has for text and attributes.
struct Assertion {
    id: String,
    issuer: String,
    audience: String,
    recipient: String,
    now: String,
    end: String,
    name: String,
    attributes: Vec<(&'static str, String)>,
}

impl Assertion {
    fn new(call: &Call<'_>, entity_id: &str, address: &str, person: &Person) -> Self {
        let time = |seconds: u64| {
            let text = date_time(call.now + std::time::Duration::from_secs(seconds));
            let (whole, _) = text.split_once('.').unwrap_or((&text, ""));
            format!("{}Z", whole.replace(' ', "T"))
        };
        let known = ["name", "email"].into_iter();
        let known = known.filter_map(|name| Some((name, canonical(person.attribute(name)?))));
        Self {
            id: format!("_{:032x}", fastrand::u128(..)),
            issuer: canonical(call.base),
            audience: canonical(entity_id),
            recipient: canonical(address),
            now: time(0),
            end: time(LIFE_S),
            name: canonical(&person.user_name),
            attributes: known.collect(),
        }
    }

    /// The assertion, with a signature or without one.
    fn text(&self, signature: &str) -> String {
        let attributes = self.attributes.iter().map(|(name, value)| {
            format!(
                "<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{value}\
                 </saml:AttributeValue></saml:Attribute>"
            )
        });
        let Self {
            id,
            issuer,
            audience,
            recipient,
            now,
            end,
            name,
            ..
        } = self;
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" \
             IssueInstant=\"{now}\" Version=\"2.0\"><saml:Issuer>{issuer}</saml:Issuer>{signature}\
             <saml:Subject><saml:NameID \
             Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{name}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData NotOnOrAfter=\"{end}\" Recipient=\"{recipient}\">\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{now}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction>\
             <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{id}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified\
             </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
            attributes.collect::<String>()
        )
    }

    /// The answer that is posted, with the assertion signed.
    fn response(&self) -> String {
        let hash = STANDARD.encode(digest(&SHA256, self.text("").as_bytes()));
        let info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{C14N}\">\
             </ds:CanonicalizationMethod><ds:SignatureMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{DS}enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">\
             </ds:DigestMethod><ds:DigestValue>{hash}</ds:DigestValue></ds:Reference>\
             </ds:SignedInfo>",
            self.id
        );
        let value = STANDARD.encode(keys::sign_text(&info));
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
             </ds:KeyInfo></ds:Signature>",
            CERTIFICATE.split_whitespace().collect::<String>()
        );
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             Destination=\"{}\" ID=\"_{:032x}\" IssueInstant=\"{}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
             </samlp:StatusCode></samlp:Status>{}</samlp:Response>",
            self.recipient,
            fastrand::u128(..),
            self.now,
            self.issuer,
            self.text(&signature)
        )
    }
}

/// A text that is the same in canonical XML as text and as an attribute: what the two write in
/// different ways is left out.
fn canonical(text: &str) -> String {
    let plain = text
        .chars()
        .filter(|it| !it.is_control() && !['>', '"'].contains(it));
    let plain: String = plain.collect();
    plain.replace('&', "&amp;").replace('<', "&lt;")
}

/// The metadata of the identity provider.
pub(super) fn metadata(call: &Call<'_>) -> Answer {
    let base = escape(call.base);
    let binding = "urn:oasis:names:tc:SAML:2.0:bindings";
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"{DS}\" entityID=\"{base}\">\
         <md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n\
         {CERTIFICATE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
         <md:SingleLogoutService Binding=\"{binding}:HTTP-Redirect\" \
         Location=\"{base}/api/v1/saml2/idp/slo\"/>\
         <md:SingleSignOnService Binding=\"{binding}:HTTP-Redirect\" \
         Location=\"{base}/api/v1/saml2/idp/sso\"/>\
         <md:SingleSignOnService Binding=\"{binding}:HTTP-POST\" \
         Location=\"{base}/api/v1/saml2/idp/sso\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>\n"
    );
    Answer::text("application/xml", text)
}

const NO_ENTITY: Phrase = Phrase {
    en: "This application is not registered",
    zh: "应用未注册",
};
const NO_ENTITY_TEXT: Phrase = Phrase {
    en: "No application of the portal has this entity id and an address.",
    zh: "没有应用使用此实体 ID 和回调地址。",
};

/// The certificate of the key that assertions are signed with.
const CERTIFICATE: &str = include_str!("../../../keys/oneaccess-saml.txt");

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// How long an assertion may be taken, in seconds.
const LIFE_S: u64 = 300;
