//! Sign-ins by SAML that begin on the portal of OneAccess.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huawei_emulator::oneaccess_sdk::Application;
use huawei_emulator::{Consent, Emulator};
use ring::digest::{SHA256, digest};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};

use crate::client::get;

const ENTITY: &str = "https://app.example/metadata?a=1&b=2";

/// What stands between two texts.
fn between<'a>(whole: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = whole
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {whole}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("no {end} in {rest}"))
        .0
}

/// The page for an application with this address, after these decisions.
async fn page(emulator: &Emulator, consent: Consent, entity: &str) -> String {
    let mut application = Application::new("saml", "secret", "a-saml", "By <SAML>");
    application.callbacks = vec!["https://app.example/acs?x=1&y=2".to_owned()];
    application.entity_id = Some(ENTITY.to_owned());
    emulator.oneaccess_sdk().add_application(application);
    emulator.set_consent(consent);
    let entity = entity
        .replace(':', "%3A")
        .replace('&', "%26")
        .replace('?', "%3F");
    let path = "oneaccess-sdk/api/v1/saml2/idp/sso";
    let answer = get(format!("{}/{path}?sp={entity}", emulator.base_url()))
        .send()
        .await;
    String::from_utf8(answer.body.to_vec()).expect("a page is UTF-8")
}

#[tokio::test]
async fn the_assertion_is_signed_and_says_who_signed_in_where() {
    let emulator = Emulator::start().await.unwrap();
    let page = page(&emulator, Consent::accept_as("zhangsan"), ENTITY).await;
    let action = between(&page, "action=\"", "\"");
    assert_eq!(action, "https://app.example/acs?x=1&amp;y=2");
    let response = STANDARD.decode(between(&page, "value=\"", "\"")).unwrap();
    let response = String::from_utf8(response).unwrap();
    assert_eq!(between(&response, "unspecified\">", "<"), "zhangsan");
    let audience = between(&response, "<saml:Audience>", "<");
    assert_eq!(audience, ENTITY.replace('&', "&amp;"));
    assert_eq!(between(&response, "Recipient=\"", "\""), action);

    // The digest is that of the assertion without its signature; the signature is that of the
    // digest, by the key in the metadata.
    let (start, end) = ("<saml:Assertion", "</saml:Assertion>");
    let assertion = format!("{start}{}{end}", between(&response, start, end));
    let (before, rest) = assertion.split_once("<ds:Signature ").unwrap();
    let (signature, after) = rest.split_once("</ds:Signature>").unwrap();
    let hash = digest(&SHA256, format!("{before}{after}").as_bytes());
    assert_eq!(
        between(signature, "<ds:DigestValue>", "<"),
        STANDARD.encode(hash)
    );
    let id = between(&assertion, " ID=\"", "\"");
    assert_eq!(between(signature, "URI=\"#", "\""), id);
    let (start, end) = ("<ds:SignedInfo", "</ds:SignedInfo>");
    let signed = format!("{start}{}{end}", between(signature, start, end));
    let value = STANDARD
        .decode(between(signature, "<ds:SignatureValue>", "<"))
        .unwrap();
    let pem = include_str!("../../keys/first.pem");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let key = pair.public_key().as_ref();
    let key_of = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    key_of.verify(signed.as_bytes(), &value).unwrap();
    // The certificate holds this key.
    let metadata = format!(
        "{}/oneaccess-sdk/api/v1/saml2/idp/metadata",
        emulator.base_url()
    );
    let metadata = get(metadata).send().await;
    let metadata = String::from_utf8(metadata.body.to_vec()).unwrap();
    let stated = between(&metadata, "<ds:X509Certificate>", "<");
    let stated: String = stated.split_whitespace().collect();
    assert_eq!(between(signature, "<ds:X509Certificate>", "<"), stated);
    let certificate = STANDARD.decode(stated).unwrap();
    assert!(certificate.windows(key.len()).any(|part| part == key));
}

#[tokio::test]
async fn nothing_is_posted_without_a_person_or_an_application() {
    let emulator = Emulator::start().await.unwrap();
    for (consent, entity) in [
        (Consent::Ask, ENTITY),
        (Consent::Refuse, ENTITY),
        (Consent::accept_as("zhangsan"), "https://other.example"),
    ] {
        let page = page(&emulator, consent.clone(), entity).await;
        assert!(page.contains("<h1>"), "{page}");
        assert!(!page.contains("SAMLResponse"), "{consent:?}: {page}");
    }
}
