//! The example site in a real browser, with the emulator's consent page in between.
//!
//! Runs where `PEERS_CHROMEDRIVER` and `PEERS_CHROMIUM` name a driver and its browser; `cargo xtask
//! test` finds or installs them, or says that it could not.

mod driver;

use auth_core::{HttpSend, ReqwestSend};
use bytes::Bytes;
use http::Request;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_emulator::{Consent, Emulator};
use huawei_oauth::{App, Client};

use self::driver::Browser;

/// The example itself, as people copy it.
#[path = "../../examples/sign_in_web.rs"]
#[expect(dead_code, reason = "the example has a main function of its own")]
mod sign_in_web;

/// The example site over an emulator.
struct Site {
    emulator: Emulator,
    address: String,
}

impl Site {
    async fn start() -> Self {
        let emulator = Emulator::start_thread().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{address}/callback");
        let users = emulator.huawei_oauth();
        users.add_redirect_uri(HuaweiOauth::CLIENT_ID, &redirect_uri);
        let app = App::new(HuaweiOauth::CLIENT_ID, HuaweiOauth::CLIENT_SECRET);
        let client = Client::builder(app)
            .emulator(emulator.url("huawei-oauth"))
            .build()
            .unwrap();
        let router = sign_in_web::router(client, &redirect_uri).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { emulator, address }
    }

    /// Presses the button of the site, and gives the address of the consent page.
    async fn begin(&self, browser: &Browser) -> String {
        browser.open(&self.address).await;
        browser.follow("a.button").await;
        let address = browser.address().await;
        assert!(address.starts_with(self.emulator.base_url()), "{address}");
        address
    }

    /// Where the platform sends a browser that accepts at this address, without going there.
    async fn way_back(&self, consent_page: &str) -> String {
        self.emulator.set_consent(Consent::accept());
        let request = Request::get(consent_page).body(Bytes::new()).unwrap();
        let transport = ReqwestSend::builder().build().unwrap();
        let answer = transport.send(request).await.unwrap();
        self.emulator.set_consent(Consent::Ask);
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_on_a_site_and_out_again() {
    let Some(browser) = Browser::start("en").await else {
        return;
    };
    let site = Site::start().await;
    site.begin(&browser).await;
    assert_eq!(browser.text("h1").await, "Sign in to Demo Shop");
    browser.picture("consent-en").await;
    browser.follow("header a").await;
    assert_eq!(browser.text("h1").await, "登录 Demo Shop");
    browser.picture("consent-zh").await;
    browser.click("label:has(input[value=anna])").await;
    browser.follow("button[value=accept]").await;
    assert_eq!(browser.address().await, format!("{}/", site.address));
    assert_eq!(browser.text("h1").await, "You are signed in");
    assert_eq!(browser.text("#name").await, "Anna");
    assert_eq!(browser.text("#email").await, "anna@example.com");
    let users = site.emulator.huawei_oauth();
    let key = users.union_id(HuaweiOauth::CLIENT_ID, "anna");
    assert_eq!(browser.text("#key").await, key);
    browser.picture("signed-in-en").await;
    // It holds on the next visit, until she signs out: here, and at the platform.
    browser.open(&site.address).await;
    assert_eq!(browser.text("#name").await, "Anna");
    assert!(!users.sign_ins()[0].revoked);
    browser.follow("form button").await;
    assert_eq!(browser.text("h1").await, "Welcome");
    browser.picture("welcome-en").await;
    assert!(users.sign_ins()[0].revoked);
    browser.open(&site.address).await;
    assert_eq!(browser.text("h1").await, "Welcome");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_refuses_and_is_not_signed_in() {
    let Some(browser) = Browser::start("en").await else {
        return;
    };
    let site = Site::start().await;
    site.begin(&browser).await;
    browser.follow("button[value=refuse]").await;
    let address = browser.address().await;
    // In the fragment: the site was told nothing, and understands.
    let expected = format!(
        "{}/callback#error=1107&error_description=access+denied",
        site.address
    );
    assert_eq!(address, expected);
    assert_eq!(browser.text("h1").await, "You did not sign in");
    browser.open(&site.address).await;
    assert_eq!(browser.text("h1").await, "Welcome");
    assert!(site.emulator.huawei_oauth().sign_ins().is_empty());
    browser.stop().await;
}

/// The browser says that it wants Chinese, and nobody chooses anything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_refuses_and_signs_out_in_chinese() {
    let Some(browser) = Browser::start("zh-CN").await else {
        return;
    };
    let site = Site::start().await;

    site.begin(&browser).await;
    assert_eq!(browser.text("h1").await, "登录 Demo Shop");
    assert_eq!(browser.text("button[value=refuse]").await, "取消");
    browser.follow("button[value=refuse]").await;
    assert_eq!(browser.text("h1").await, "您未登录");
    assert!(site.emulator.huawei_oauth().sign_ins().is_empty());

    browser.follow("a.button").await;
    assert_eq!(browser.text("h1").await, "登录 Demo Shop");
    browser.click("label:has(input[value=anna])").await;
    browser.follow("button[value=accept]").await;
    assert_eq!(browser.address().await, format!("{}/", site.address));
    assert_eq!(browser.text("h1").await, "您已登录");
    assert_eq!(browser.text("#name").await, "Anna");
    browser.picture("signed-in-zh").await;
    browser.follow("form button").await;
    assert_eq!(browser.text("h1").await, "欢迎光临");
    assert!(site.emulator.huawei_oauth().sign_ins()[0].revoked);

    // The other way round: who wants English chooses it on the page.
    site.begin(&browser).await;
    browser.follow("header a").await;
    assert_eq!(browser.text("h1").await, "Sign in to Demo Shop");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_state_and_a_replayed_code_sign_nobody_in() {
    let Some(browser) = Browser::start("en").await else {
        return;
    };
    let site = Site::start().await;
    let users = site.emulator.huawei_oauth();

    // Somebody else's code with a state that is not this browser's.
    let consent_page = site.begin(&browser).await;
    let way_back = site.way_back(&consent_page).await;
    let (good, state) = way_back.split_once("&state=").unwrap();
    browser.open(&format!("{good}&state=forged")).await;
    assert_eq!(browser.text("h1").await, "This sign-in did not work");
    assert!(users.sign_ins().is_empty(), "the code was not even sent");

    // The right state, in a browser that has no sign-in to finish any more.
    browser.open(&way_back).await;
    assert_eq!(
        browser.text("h1").await,
        "This sign-in was not begun in this browser"
    );
    assert!(users.sign_ins().is_empty());

    // A code that was used, beside a state that is right.
    let consent_page = site.begin(&browser).await;
    let way_back = site.way_back(&consent_page).await;
    browser.open(&way_back).await;
    assert_eq!(browser.text("h1").await, "You are signed in");
    browser.follow("form button").await;
    let (used, first_state) = way_back.split_once("&state=").unwrap();
    let consent_page = site.begin(&browser).await;
    let (_, state_now) = consent_page.split_once("&state=").unwrap();
    let state_now = state_now.split('&').next().unwrap();
    assert!(state_now != state && state_now != first_state);
    browser.open(&format!("{used}&state={state_now}")).await;
    assert_eq!(browser.text("h1").await, "This sign-in did not work");
    browser.open(&site.address).await;
    assert_eq!(browser.text("h1").await, "Welcome");
    assert_eq!(users.sign_ins().len(), 1);
    browser.stop().await;
}
