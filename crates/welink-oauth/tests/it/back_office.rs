//! The example back office, driven over HTTP as a browser would.

use auth_core::seal::Sealer;
use auth_core::{HttpSend as _, ReqwestSend};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use huawei_emulator::welink_oauth::WelinkOauth;
use huawei_emulator::{Consent, Fault};

use crate::stage::Stage;

/// The example itself, as people copy it.
#[path = "../../examples/back_office_axum.rs"]
#[expect(dead_code, reason = "the example has a main function of its own")]
mod back_office_axum;

/// A browser with its cookies, in front of the back office.
struct Browser {
    address: String,
    cookies: Vec<(String, String)>,
}

impl Browser {
    async fn new(stage: &Stage) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{address}/welink");
        let (client, sealer) = (stage.client.clone(), Sealer::new(&[7; 32]));
        let router = back_office_axum::router(client, redirect_uri, sealer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            cookies: Vec::new(),
        }
    }

    /// Opens an address; keeps, changes and forgets cookies as told.
    async fn open(&mut self, address: &str) -> Response<Bytes> {
        let own = match address.starts_with('/') {
            true => format!("{}{address}", self.address),
            false => address.to_owned(),
        };
        let cookies = self.cookies.iter();
        let cookies: Vec<String> = cookies.map(|(name, it)| format!("{name}={it}")).collect();
        let request = Request::get(own).header("cookie", cookies.join("; "));
        let transport = ReqwestSend::builder().build().unwrap();
        let request = request.body(Bytes::new()).unwrap();
        let answer = transport.send(request).await.unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (pair, _) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Follows the button to the consent page and back, and gives the last answer.
    async fn sign_in(&mut self) -> Response<Bytes> {
        let consent = self.open("/sign-in").await;
        let back = self.open(location(&consent)).await;
        let back = location(&back).to_owned();
        self.open(&back).await
    }

    async fn home(&mut self) -> (StatusCode, String) {
        let answer = self.open("/").await;
        (
            answer.status(),
            String::from_utf8(answer.body().to_vec()).unwrap(),
        )
    }
}

fn location(answer: &Response<Bytes>) -> &str {
    assert!(answer.status().is_redirection(), "{answer:?}");
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn an_administrator_gets_in_and_stays_signed_in() {
    let stage = Stage::new("back-office");
    let mut browser = Browser::new(&stage).await;
    assert_eq!(browser.home().await.0, StatusCode::UNAUTHORIZED);
    let welcome = browser.sign_in().await;
    assert_eq!(location(&welcome), "/");
    let names: Vec<&str> = browser.cookies.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["session"]);
    let (status, text) = browser.home().await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains(WelinkOauth::ADMINISTRATOR), "{text}");
    // A cookie that was changed is none.
    browser.cookies[0].1.pop();
    assert_eq!(browser.home().await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_user_who_administers_nothing_stays_outside() {
    let stage = Stage::new("back-office-user");
    stage
        .space
        .set_consent(Consent::accept_as(WelinkOauth::USER));
    let mut browser = Browser::new(&stage).await;
    assert_eq!(browser.sign_in().await.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.home().await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_number_of_an_error_in_place_of_the_code_is_shown_as_one() {
    let stage = Stage::new("back-office-refused");
    stage.space.set_consent(Consent::Refuse);
    let mut browser = Browser::new(&stage).await;
    assert_eq!(browser.sign_in().await.status(), StatusCode::BAD_REQUEST);
    // The platform says that the account is locked; an address that says so stops nobody else.
    let locked = browser.open("/welink?code=60009&message=locked").await;
    assert_eq!(locked.status(), StatusCode::SERVICE_UNAVAILABLE);
    stage
        .space
        .set_consent(Consent::accept_as(WelinkOauth::ADMINISTRATOR));
    assert_eq!(location(&browser.sign_in().await), "/");
}

#[tokio::test]
async fn a_code_is_worth_nothing_in_another_browser_or_without_an_answer() {
    let stage = Stage::new("back-office-stolen");
    let mut browser = Browser::new(&stage).await;
    let consent = browser.open("/sign-in").await;
    let back = browser.open(location(&consent)).await;
    browser.cookies.clear();
    let stolen = browser.open(location(&back)).await;
    assert_eq!(stolen.status(), StatusCode::BAD_REQUEST);
    let lost = Fault::status(500).on("is_app_admin").times(9);
    stage.space.fail_next(lost);
    let failed = browser.sign_in().await.status();
    assert!(failed.is_server_error(), "{failed}");
    assert_eq!(browser.home().await.0, StatusCode::UNAUTHORIZED);
}
