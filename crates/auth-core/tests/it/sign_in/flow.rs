//! From the redirect to the way back.

use std::time::Duration;

use auth_core::seal::Sealer;
use auth_core::sign_in::{Callback, PendingSignIn, RefreshToken, Returned};
use auth_core::testing::{ManualClock, Reply, Script};
use auth_core::{Action, Secret};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use super::{builder_at, client, form, now, query, sealer};

const BACK: &str = "https://app.example/back?tenant=1";

fn pending() -> PendingSignIn {
    let redirect = client(&Script::new()).authorize(BACK).data("/home").begin();
    redirect.unwrap().pending
}

#[test]
fn the_address_carries_all_that_the_consent_page_needs() {
    let redirect = client(&Script::new())
        .authorize(BACK)
        .scope("openid")
        .scope("profile email")
        .parameter("access_type", "offline")
        .begin()
        .unwrap();
    let (pending, query) = (redirect.pending, query(&redirect.url));
    assert!(redirect.url.starts_with("https://api.example/authorize?"));
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], "client-1");
    assert_eq!(query["redirect_uri"], BACK);
    assert_eq!(query["scope"], "openid profile email");
    assert_eq!(query["access_type"], "offline");
    assert_eq!(query["state"], pending.state());
    assert_eq!(Some(query["nonce"].as_str()), pending.nonce());
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["code_challenge"].len(), 43);
    assert_eq!(pending.verifier().unwrap().expose().len(), 43);
    assert!(!redirect.url.contains(pending.verifier().unwrap().expose()));
}

#[test]
fn a_way_back_that_is_no_address_is_told_before_the_user_is_asked() {
    for back in ["/back", "app.example/back", ""] {
        let error = client(&Script::new()).authorize(back).begin().unwrap_err();
        assert_eq!(error.action(), Action::FixRequest);
        assert!(error.to_string().contains("redirect_uri"), "{error}");
    }
    for back in ["hms://redirect_url", "http://localhost:8080/back?tenant=1"] {
        assert!(client(&Script::new()).authorize(back).begin().is_ok());
    }
}

#[test]
fn state_and_nonce_are_letters_and_digits_and_never_the_same() {
    let (one, two) = (pending(), pending());
    let texts = [
        one.state(),
        two.state(),
        one.nonce().unwrap(),
        two.nonce().unwrap(),
    ];
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(text.len(), 32);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(!texts[at + 1..].contains(text));
    }
    assert_ne!(one.verifier(), two.verifier());
}

#[test]
fn what_a_platform_does_not_know_is_left_out() {
    let redirect = client(&Script::new())
        .authorize(BACK)
        .without_pkce()
        .without_nonce()
        .begin()
        .unwrap();
    let query = query(&redirect.url);
    let names: Vec<_> = query.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["client_id", "redirect_uri", "response_type", "state"]
    );
    assert_eq!(redirect.pending.verifier(), None);
}

#[test]
fn a_sealed_sign_in_comes_back_whole_on_another_replica() {
    let pending = pending();
    let cookie = pending.seal(&sealer());
    assert!(cookie.len() < 600, "{} bytes", cookie.len());
    let later = now() + Duration::from_secs(900);
    let opened = PendingSignIn::open(&sealer(), &cookie, later, PendingSignIn::MAX_AGE).unwrap();
    assert_eq!(opened, pending);
    assert_eq!(opened.data(), "/home");
}

#[test]
fn a_sign_in_that_took_too_long_is_refused() {
    let cookie = pending().seal(&sealer());
    let open = |now| PendingSignIn::open(&sealer(), &cookie, now, PendingSignIn::MAX_AGE);
    let error = open(now() + Duration::from_secs(901)).unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    assert!(open(now() - Duration::from_secs(59)).is_ok());
    assert!(open(now() - Duration::from_secs(61)).is_err());
}

#[test]
fn the_age_of_a_sign_in_does_not_hang_on_the_time_of_the_platform() {
    let hour = Duration::from_secs(3600);
    for date in [now() + hour, now() - hour] {
        let clock = ManualClock::at(now()).clock();
        let date = HeaderValue::try_from(httpdate::fmt_http_date(date)).unwrap();
        clock.observe(clock.mark(), &HeaderMap::from_iter([(header::DATE, date)]));
        assert!(clock.offset_millis().abs() > 3_500_000);
        let client = builder_at(Script::new().transport(), clock).build();
        let pending = client.unwrap().authorize(BACK).begin().unwrap().pending;
        // Another replica, which has heard nothing of the platform so far.
        pending.check_age(now(), PendingSignIn::MAX_AGE).unwrap();
    }
}

#[test]
fn a_cookie_that_somebody_made_up_is_refused() {
    let open = |sealer: &Sealer, text: &str| {
        PendingSignIn::open(sealer, text, now(), PendingSignIn::MAX_AGE)
            .unwrap_err()
            .action()
    };
    let refresh = RefreshToken::new("x").seal(&sealer(), "");
    assert_eq!(open(&sealer(), "made up"), Action::SignInAgain);
    assert_eq!(open(&sealer(), &refresh), Action::SignInAgain);
    let cookie = pending().seal(&Sealer::new(&[8; 32]));
    assert_eq!(open(&sealer(), &cookie), Action::FixCredentials);
}

#[tokio::test]
async fn a_code_is_exchanged_with_what_the_sign_in_remembers() {
    let answer = json!({"access_token": "a", "expires_in": 3600});
    let script = Script::new().reply(Reply::json(200, &answer));
    let client = client(&script);
    let pending = pending();
    let address = format!("{BACK}&code=a%2Bb%3D&state={}", pending.state());
    let Callback::Code(returned) = Callback::parse(&address).unwrap() else {
        panic!("a code came back");
    };
    let tokens = client.accept(&pending, &returned).unwrap().send().await;
    let form = form(&script.requests()[0]);
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "a+b=");
    assert_eq!(form["redirect_uri"], BACK);
    assert_eq!(form["code_verifier"], pending.verifier().unwrap().expose());
    assert_eq!(form["client_id"], "client-1");
    assert_eq!(form["client_secret"], "the/secret+");
    assert_eq!(
        tokens.unwrap().expires_in(),
        Some(Duration::from_secs(3600))
    );
}

#[test]
fn a_browser_that_came_back_to_another_sign_in_is_refused() {
    let client = client(&Script::new());
    let (pending, other) = (pending(), pending());
    for state in [
        None,
        Some(""),
        Some(other.state()),
        Some(&pending.state()[1..]),
    ] {
        let returned = Returned::new("code", state.map(Secret::new));
        let error = client.accept(&pending, &returned).unwrap_err();
        assert_eq!(error.action(), Action::SignInAgain);
    }
}

#[test]
fn a_grant_may_run_in_any_task() {
    fn check<T: Send>(value: T) {
        drop(value);
    }
    let client = client(&Script::new());
    check(client.exchange("c").send());
}

#[test]
fn nothing_secret_is_printed() {
    let redirect = client(&Script::new()).authorize(BACK).begin().unwrap();
    let pending = &redirect.pending;
    let returned = Returned::new("the-code", Some(Secret::new(pending.state())));
    let client = client(&Script::new());
    let grant = client.accept(pending, &returned).unwrap();
    let text = format!("{pending:?} {returned:?} {grant:?} {client:?}");
    let token = RefreshToken::new("the-token");
    let text = format!("{text} {token:?} {:?}", client.refresh(&token));
    for hidden in [
        "the-code",
        "the-token",
        "the/secret",
        pending.state(),
        pending.nonce().unwrap(),
        pending.verifier().unwrap().expose(),
    ] {
        assert!(!text.contains(hidden), "{text}");
    }
}
