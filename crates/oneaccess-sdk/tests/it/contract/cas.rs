//! CAS tickets in all versions and forms, and the metadata of SAML.

use std::time::Duration;

use auth_core::wire::WayBack;
use auth_core::{Action, Secret};
use oneaccess_sdk::CasUser;
use oneaccess_sdk::model::StartCasLogout;
use oneaccess_sdk::saml::Binding;

use super::Stage;
use super::sign_in::redirected;

/// A ticket for the service, of a person who accepted.
async fn ticket(stage: &Stage) -> Secret {
    let address = stage.client.start_cas_login(SERVICE).unwrap();
    let address = format!("{address}&emulator_consent=accept&emulator_user=zhangsan");
    let location = redirected(&address).await.unwrap();
    assert!(location.starts_with(SERVICE), "{location}");
    WayBack::parse(&location).query()["ticket"].clone()
}

#[tokio::test]
async fn a_ticket_names_the_user_in_every_version() {
    let stage = Stage::new("cas");
    let client = &stage.client;
    let first = ticket(&stage).await;
    let user = client.redeem_cas_ticket_v1(SERVICE, &first).await.unwrap();
    assert_eq!(user.user, "zhangsan");
    let second = ticket(&stage).await;
    let user = client.redeem_cas_ticket_v2(SERVICE, &second).await.unwrap();
    assert!(user.user == "zhangsan" && user.attributes.is_empty());
    let third = ticket(&stage).await;
    let user = client.redeem_cas_ticket(SERVICE, &third).await.unwrap();
    assert_eq!(user.attributes["mobile"], "13800000001");
    assert_eq!(user.attributes["isFromNewLogin"], true);
    assert!(!user.attributes.contains_key("disabledAt"));
}

#[tokio::test]
async fn the_answer_in_xml_says_the_same() {
    let stage = Stage::new("cas_xml");
    let ticket = ticket(&stage).await;
    let base = stage.space.url("oneaccess-sdk");
    let address = format!(
        "{base}/api/v1/cas/p3/serviceValidate?service={}&ticket={}",
        SERVICE.replace(':', "%3A").replace('/', "%2F"),
        ticket.expose(),
    );
    let answer = super::get_text(&address).await;
    let user = CasUser::from_xml(&answer).unwrap();
    assert_eq!(user.user, "zhangsan");
    assert_eq!(user.attributes["isFromNewLogin"], true);
    assert!(!user.attributes.contains_key("disabledAt"), "{answer}");
    let again = super::get_text(&address).await;
    let error = CasUser::from_xml(&again).unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
}

#[tokio::test]
async fn a_ticket_works_once_in_its_minute_and_for_its_service() {
    let stage = Stage::new("cas_once");
    let client = &stage.client;
    let used = ticket(&stage).await;
    client.redeem_cas_ticket(SERVICE, &used).await.unwrap();
    let error = client.redeem_cas_ticket(SERVICE, &used).await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert_eq!(error.api().unwrap().code, "INVALID_TICKET");
    let error = client
        .redeem_cas_ticket_v1(SERVICE, &used)
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    let other = ticket(&stage).await;
    let error = client
        .redeem_cas_ticket("https://other.example", &other)
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::FixRequest);
    let old = ticket(&stage).await;
    stage.space.advance_clock(Duration::from_secs(61));
    assert!(client.redeem_cas_ticket_v2(SERVICE, &old).await.is_err());
}

#[tokio::test]
async fn leaving_goes_on_to_the_service() {
    let stage = Stage::new("cas_logout");
    let options = StartCasLogout::default().service(SERVICE);
    let address = stage.client.start_cas_logout(&options).unwrap();
    assert_eq!(redirected(&address).await.as_deref(), Some(SERVICE));
}

#[tokio::test]
async fn saml_is_described_by_its_metadata() {
    let stage = Stage::new("saml");
    let provider = stage.client.saml_identity_provider().await.unwrap();
    assert_eq!(provider.entity_id, stage.space.url("oneaccess-sdk"));
    assert_eq!(provider.single_sign_on.len(), 2);
    assert_eq!(provider.single_sign_on[1].binding, Binding::Post);
    assert_eq!(provider.single_logout[0].binding, Binding::Redirect);
    assert!(provider.certificates[0].starts_with("MII"));
}

const SERVICE: &str = "https://app.example/cas";
