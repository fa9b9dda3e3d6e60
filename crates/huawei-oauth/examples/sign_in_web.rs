//! A small site with a "Sign in with HUAWEI ID" button: what a website needs, and nothing else.
//!
//! Without settings it runs against an emulator that it starts itself:
//!
//! ```sh
//! cargo run -p huawei-oauth --features sign-in --example sign_in_web
//! ```
//!
//! With the variables `HUAWEI_OAUTH_CLIENT_ID`, `HUAWEI_OAUTH_CLIENT_SECRET` and
//! `HUAWEI_OAUTH_REDIRECT_URI` it runs against the real platform, or with `HUAWEI_OAUTH_URL` against
//! an emulator elsewhere. `LISTEN` says where it listens.

use std::collections::HashMap;
use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::Clock;
use auth_core::seal::Sealer;
use axum::Router;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, LOCATION, REFERRER_POLICY,
    SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use huawei_emulator::Emulator;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_oauth::model::Scope;
use huawei_oauth::sign_in::Callback;
use huawei_oauth::{Action, App, Client, PendingSignIn, Result, SignIn, SignedIn};
use ring::rand::{SecureRandom, SystemRandom};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let setting = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let listen = setting("LISTEN").unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let mut redirect_uri = format!("http://{listen}/callback");

    // Only while there is no real app: an emulator with an app and a few users.
    let mut emulator = None;
    let client = match setting("HUAWEI_OAUTH_CLIENT_ID") {
        Some(client_id) => {
            let secret = setting("HUAWEI_OAUTH_CLIENT_SECRET").ok_or("no client secret")?;
            redirect_uri = setting("HUAWEI_OAUTH_REDIRECT_URI").unwrap_or(redirect_uri);
            let builder = Client::builder(App::new(client_id, secret));
            match setting("HUAWEI_OAUTH_URL") {
                Some(url) => builder.emulator(url).build()?,
                None => builder.build()?,
            }
        }
        None => {
            let started = emulator.insert(Emulator::start_thread()?);
            let users = started.huawei_oauth();
            users.add_redirect_uri(HuaweiOauth::CLIENT_ID, &redirect_uri);
            let app = App::new(HuaweiOauth::CLIENT_ID, HuaweiOauth::CLIENT_SECRET);
            Client::builder(app)
                .emulator(started.url("huawei-oauth"))
                .build()?
        }
    };

    let site = router(client, &redirect_uri)?;
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    announce(&listen);
    axum::serve(listener, site).await?;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "a program tells where it can be reached"
)]
fn announce(address: &str) {
    println!("open http://{address}");
}

/// What all requests share.
struct Site {
    client: Client,
    sign_in: SignIn,
    redirect_uri: String,
    /// Seals what the browser keeps between redirect and callback. Replicas share the key.
    sealer: Sealer,
    /// Who is signed in, by session id. A real site keeps this in its database, and a refresh token
    /// sealed: `refresh_token.seal(&sealer, user_key)`.
    sessions: Mutex<HashMap<String, SignedIn>>,
}

/// The site, ready to be served. `redirect_uri` is registered for the app and ends in `/callback`.
pub(crate) fn router(client: Client, redirect_uri: &str) -> Result<Router> {
    let site = Site {
        sign_in: client.sign_in()?,
        client,
        redirect_uri: redirect_uri.to_owned(),
        sealer: Sealer::new(&random()),
        sessions: Mutex::default(),
    };
    Ok(Router::new()
        .route("/", get(home))
        .route("/sign-in", get(begin))
        .route("/callback", get(come_back))
        .route("/sign-out", post(sign_out))
        .with_state(Arc::new(site)))
}

/// Who is signed in, or the button.
async fn home(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let words = Words::of(&headers);
    let session = cookie(&headers, SESSION).and_then(|id| site.session(id));
    let Some(signed_in) = session else {
        let button = format!("<a class=button href=/sign-in>{}</a>", words.sign_in);
        return page(words, StatusCode::OK, words.welcome, &button);
    };
    // These claims were verified when the user signed in.
    let claims = signed_in.claims();
    let name = claims.display_name.as_deref().unwrap_or("?");
    let initial: String = name.chars().take(1).collect();
    let picture = claims.picture.as_deref().map_or_else(String::new, |url| {
        format!("<img alt=\"\" src=\"{}\">", escape(url))
    });
    let email = claims.email.as_deref().unwrap_or("–");
    // The key under which a site stores its user: the same in all apps of one developer.
    let key = signed_in.user().key().map_or("–", |id| id.as_str());
    let profile = format!(
        "<div class=who><span class=face>{}{picture}</span><b id=name>{}</b></div>\
         <dl><dt>{}<dd id=email>{}<dt>UnionID<dd><code id=key>{}</code></dl>\
         <form method=post action=/sign-out><button class=quiet>{}</button></form>",
        escape(&initial),
        escape(name),
        words.email,
        escape(email),
        escape(key),
        words.sign_out,
    );
    page(words, StatusCode::OK, words.signed_in, &profile)
}

/// Sends the browser to the consent page, and gives it what it has to bring back: state, nonce and
/// PKCE verifier, sealed into a cookie that no script reads.
async fn begin(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let redirect = site
        .sign_in
        .authorize(&*site.redirect_uri)
        .scope(Scope::Profile)
        .scope(Scope::Email)
        .offline()
        .begin();
    match redirect {
        Ok(redirect) => {
            let pending = redirect.pending.seal(&site.sealer);
            let pending = site.set_cookie(PENDING, &pending, PendingSignIn::MAX_AGE);
            go_to(&redirect.url, [pending])
        }
        Err(error) => failed(Words::of(&headers), &error),
    }
}

/// The browser is back: with a code, or with nothing if the user refused.
async fn come_back(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    let words = Words::of(&headers);
    let forget = site.set_cookie(PENDING, "", Duration::ZERO);
    let Callback::Code(returned) = Callback::parse(&uri.to_string()) else {
        // HUAWEI ID tells a refusal in the fragment, which no server gets to see.
        return with_cookies(again(words, StatusCode::OK, words.refused), [forget]);
    };
    let Some(sealed) = cookie(&headers, PENDING) else {
        return again(words, StatusCode::BAD_REQUEST, words.not_begun_here);
    };
    // The state is compared, the code exchanged, the ID token verified: signature, issuer, audience,
    // life, nonce.
    let now = Clock::system().now();
    let signed_in = match PendingSignIn::open(&site.sealer, sealed, now, PendingSignIn::MAX_AGE) {
        Ok(pending) => site.sign_in.finish(&pending, &returned).await,
        Err(error) => Err(error),
    };
    match signed_in {
        Ok(signed_in) => {
            // A fresh id: one that the browser brought along could be known to somebody else.
            let id = hex(&random());
            let session = site.set_cookie(SESSION, &id, DAY);
            site.sessions().insert(id, signed_in);
            go_to("/", [forget, session])
        }
        Err(error) if error.action() == Action::SignInAgain => {
            let page = again(words, StatusCode::BAD_REQUEST, words.did_not_work);
            with_cookies(page, [forget])
        }
        Err(error) => with_cookies(failed(words, &error), [forget]),
    }
}

/// Ends the session here, and the authorization at the platform.
async fn sign_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let session = cookie(&headers, SESSION).and_then(|id| site.sessions().remove(id));
    if let Some(signed_in) = session {
        // Either token of the pair ends both.
        let revoked = match signed_in.refresh_token() {
            Some(token) => site.client.revoke(token.expose()).await,
            None => {
                site.client
                    .revoke(signed_in.tokens().access_token().clone())
                    .await
            }
        };
        if let Err(error) = revoked {
            return failed(Words::of(&headers), &error);
        }
    }
    go_to("/", [site.set_cookie(SESSION, "", Duration::ZERO)])
}

impl Site {
    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<String, SignedIn>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, id: &str) -> Option<SignedIn> {
        self.sessions().get(id).cloned()
    }

    /// A cookie that no script and no other site gets to use; an empty one is forgotten.
    fn set_cookie(&self, name: &str, value: &str, life: Duration) -> String {
        let secure = match self.redirect_uri.starts_with("https:") {
            true => "; Secure",
            false => "",
        };
        let life = life.as_secs();
        format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = cookies.find(|(found, _)| *found == name)?;
    Some(value).filter(|value| !value.is_empty())
}

fn go_to(address: &str, cookies: impl IntoIterator<Item = String>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    with_cookies(response, cookies)
}

fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = String>) -> Response {
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// A page that offers another try.
fn again(words: &Words, status: StatusCode, title: &str) -> Response {
    let button = format!("<a class=button href=/sign-in>{}</a>", words.try_again);
    page(words, status, title, &button)
}

/// A page for what the user cannot help. The reason is for the log; errors hold no secrets.
fn failed(words: &Words, error: &huawei_oauth::Error) -> Response {
    log(error);
    again(words, StatusCode::BAD_GATEWAY, words.failed)
}

#[expect(clippy::print_stderr, reason = "this is the log of the example")]
fn log(error: &huawei_oauth::Error) {
    eprintln!("{error}: {:?}", error.action());
}

fn page(words: &Words, status: StatusCode, title: &str, content: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang={}><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Demo Shop</title><style>{STYLE}</style>\
         <main><p class=brand>Demo Shop</p><h1>{title}</h1>{content}</main></html>",
        words.tag
    );
    let headers: [(HeaderName, &str); 3] = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        // Nobody learns the address with the code in it.
        (REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text that is safe inside HTML, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the machine has random numbers");
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the site says, in one language.
struct Words {
    tag: &'static str,
    welcome: &'static str,
    sign_in: &'static str,
    signed_in: &'static str,
    email: &'static str,
    sign_out: &'static str,
    refused: &'static str,
    not_begun_here: &'static str,
    did_not_work: &'static str,
    failed: &'static str,
    try_again: &'static str,
}

impl Words {
    /// By what the browser asks for first.
    fn of(headers: &HeaderMap) -> &'static Self {
        let wanted = headers.get(ACCEPT_LANGUAGE);
        let wanted = wanted.and_then(|it| it.to_str().ok()).unwrap_or_default();
        match wanted.trim_start().starts_with("zh") {
            true => &CHINESE,
            false => &ENGLISH,
        }
    }
}

static ENGLISH: Words = Words {
    tag: "en",
    welcome: "Welcome",
    sign_in: "Sign in with HUAWEI ID",
    signed_in: "You are signed in",
    email: "E-mail",
    sign_out: "Sign out",
    refused: "You did not sign in",
    not_begun_here: "This sign-in was not begun in this browser",
    did_not_work: "This sign-in did not work",
    failed: "Something went wrong on our side",
    try_again: "Try again",
};

static CHINESE: Words = Words {
    tag: "zh-CN",
    welcome: "欢迎光临",
    sign_in: "华为帐号登录",
    signed_in: "您已登录",
    email: "邮箱",
    sign_out: "退出登录",
    refused: "您未登录",
    not_begun_here: "此登录不是在本浏览器中发起的",
    did_not_work: "登录未成功",
    failed: "我们这边出了点问题",
    try_again: "重试",
};

const SESSION: &str = "session";
const PENDING: &str = "pending_sign_in";
const DAY: Duration = Duration::from_secs(86_400);

/// Nothing runs here, and nobody frames the site. Pictures come from where HUAWEI ID keeps them.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark}*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;\
background:light-dark(#eef2f7,#12151a);color:light-dark(#1b222b,#e7eaef);\
font:16px/1.5 system-ui,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif}\
main{width:100%;max-width:26rem;padding:2rem;border-radius:1.25rem;\
background:light-dark(#fff,#1b1f26);box-shadow:0 12px 40px #0000001a}\
.brand{margin:0 0 1.5rem;font-weight:700;color:light-dark(#3a5a8c,#8fb1e6)}\
h1{margin:0 0 1.5rem;font-size:1.5rem;line-height:1.25}\
.button,button{display:block;width:100%;padding:.75rem 1rem;border:0;border-radius:2rem;\
background:#c7000b;color:#fff;font:inherit;font-weight:600;text-align:center;\
text-decoration:none;cursor:pointer}\
.quiet{background:none;border:1px solid light-dark(#d5dae2,#3a414c);color:inherit}\
.button:hover,button:hover{filter:brightness(1.08)}\
.who{display:flex;align-items:center;gap:.9rem;font-size:1.125rem}\
.face{position:relative;display:grid;place-items:center;width:3rem;height:3rem;border-radius:50%;\
overflow:hidden;background:light-dark(#e6ebf3,#2b323d);font-weight:600}\
.face img{position:absolute;inset:0;width:100%;height:100%;object-fit:cover}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1.25rem 0 1.75rem}\
dt{color:light-dark(#667080,#9aa3b0)}dd{margin:0;overflow-wrap:anywhere}\
code{font:.8125rem ui-monospace,monospace}";
