//! A back office for the administrators of a WeLink tenant: sign-in in the browser, the check that
//! the user administers, a session in a cookie.
//!
//! Without settings it runs against an emulator that it starts itself:
//!
//!     cargo run -p welink-oauth --features sign-in --example back_office_axum
//!
//! With `WELINK_OAUTH_CLIENT_ID`, `WELINK_OAUTH_CLIENT_SECRET` and `WELINK_OAUTH_REDIRECT_URI`, the
//! address of its `/welink` that is registered for the app, it runs against the platform, or with
//! `WELINK_OAUTH_URL` against an emulator elsewhere; with `SESSION_KEY`, 32 random bytes in Base64,
//! sessions outlive it and are shared among replicas. `LISTEN` says where it listens.

use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::Clock;
use auth_core::seal::Sealer;
use auth_core::sign_in::PendingSignIn;
use axum::Router;
use axum::extract::State;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use axum::routing::get;
use huawei_emulator::Emulator;
use huawei_emulator::welink_oauth::WelinkOauth;
use ring::rand::{SecureRandom, SystemRandom};
use welink_oauth::sign_in::Callback;
use welink_oauth::{Action, AppSecret, Client, Error, Result};

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "a program tells where it can be reached"
)]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let setting = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let listen = setting("LISTEN").unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let mut emulator = None;
    let mut redirect_uri = format!("http://{listen}/welink");
    let client = match setting("WELINK_OAUTH_CLIENT_ID") {
        Some(client_id) => {
            let secret = setting("WELINK_OAUTH_CLIENT_SECRET").ok_or("no client secret")?;
            redirect_uri = setting("WELINK_OAUTH_REDIRECT_URI").unwrap_or(redirect_uri);
            let builder = Client::builder(AppSecret::new(client_id, secret));
            match setting("WELINK_OAUTH_URL") {
                Some(url) => builder.emulator(url).build()?,
                None => builder.build()?,
            }
        }
        None => {
            let url = emulator
                .insert(Emulator::start_thread()?)
                .url("welink-oauth");
            let app = AppSecret::new(WelinkOauth::CLIENT_ID, WelinkOauth::CLIENT_SECRET);
            Client::builder(app).emulator(url).build()?
        }
    };
    let sealer = match setting("SESSION_KEY") {
        Some(key) => Sealer::parse(&key)?,
        None => Sealer::new(&random_key()?),
    };
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    println!("open http://{listen}");
    axum::serve(listener, router(client, redirect_uri, sealer)).await?;
    Ok(())
}

/// What all requests share. Nothing is kept between them: cookies hold it, sealed.
struct Site {
    client: Client,
    redirect_uri: String,
    sealer: Sealer,
}

/// The back office, ready to be served. `redirect_uri` ends in `/welink`.
pub(crate) fn router(client: Client, redirect_uri: String, sealer: Sealer) -> Router {
    let site = Site {
        client,
        redirect_uri,
        sealer,
    };
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(begin))
        .route("/welink", get(come_back))
        .with_state(Arc::new(site))
}

/// What only administrators get to see.
async fn home(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    match site.administrator(&headers, Clock::system().now()) {
        Some(user) => page(StatusCode::OK, &format!("{user} is signed in.")),
        None => page(StatusCode::UNAUTHORIZED, "Nobody is signed in."),
    }
}

/// Sends the browser to the consent page, with what it has to bring back in a cookie.
async fn begin(State(site): State<Arc<Site>>) -> Response {
    let sign_in = site.client.sign_in();
    let redirect = sign_in.and_then(|it| it.authorize(&site.redirect_uri)?.begin());
    match redirect {
        Ok(redirect) => {
            let pending = redirect.pending.seal(&site.sealer);
            let cookies = [site.cookie(PENDING, &pending, PendingSignIn::MAX_AGE)];
            go_to(&redirect.url, cookies)
        }
        Err(error) => failed(&error),
    }
}

/// The browser is back, with a code or with the number of an error in its place.
async fn come_back(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    let now = Clock::system().now();
    let forget = site.cookie(PENDING, "", Duration::ZERO);
    match site.finish(&uri, &headers, now).await {
        Ok(Some(user)) => {
            let session = site.seal_session(&user, now);
            go_to("/", [forget, site.cookie(SESSION, &session, DAY)])
        }
        Ok(None) => page(StatusCode::FORBIDDEN, "This is for administrators."),
        Err(error) => failed(&error),
    }
}

impl Site {
    /// The administrator who came back; nobody if the user administers nothing.
    async fn finish(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Option<String>> {
        let sealed = cookie(headers, PENDING).unwrap_or_default();
        let returned = match Callback::parse(&uri.to_string())? {
            Callback::Code(returned) => returned,
            Callback::Refused(refusal) => return Err(refusal.error()),
            _ => return Err(Error::decode("the browser came back with something new")),
        };
        let pending = PendingSignIn::open(&self.sealer, sealed, now, PendingSignIn::MAX_AGE)?;
        let token = self.client.sign_in()?.accept(&pending, &returned).await?;
        let user = self.client.as_user(&token);
        match user.administration().await?.is_administrator {
            true => user.id().await.map(Some),
            false => Ok(None),
        }
    }

    fn seal_session(&self, user: &str, now: SystemTime) -> String {
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let text = format!("{} {user}", since.unwrap_or_default().as_secs());
        self.sealer.seal(SESSION, text.as_bytes())
    }

    /// Who is signed in. The life of the cookie is the browser's business, so the age counts.
    fn administrator(&self, headers: &HeaderMap, now: SystemTime) -> Option<String> {
        let opened = self.sealer.open(SESSION, cookie(headers, SESSION)?).ok()?;
        let (began, user) = std::str::from_utf8(&opened).ok()?.split_once(' ')?;
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(began.parse().ok()?);
        let age = now.duration_since(began).unwrap_or_default();
        (age < DAY).then(|| user.to_owned())
    }

    /// A cookie that no script and no other site gets to use.
    fn cookie(&self, name: &str, value: &str, life: Duration) -> String {
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
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split("; "));
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn go_to<const N: usize>(address: &str, cookies: [String; N]) -> Response {
    let cookies = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
    (
        StatusCode::SEE_OTHER,
        [(LOCATION, address.to_owned())],
        cookies,
    )
        .into_response()
}

/// What a user gets to read of an error; the rest is for the log, and holds no secret.
fn failed(error: &Error) -> Response {
    match error.action() {
        Action::SignInAgain => page(StatusCode::BAD_REQUEST, "That did not work."),
        Action::Backoff => page(StatusCode::SERVICE_UNAVAILABLE, "WeLink is busy."),
        _ => page(StatusCode::BAD_GATEWAY, "WeLink cannot be asked."),
    }
}

/// `text` comes from here, or is an id that the platform vouches for and that holds no markup.
fn page(status: StatusCode, text: &str) -> Response {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!("<!doctype html><p>{text}<p><a href=/sign-in>Sign in with WeLink</a>");
    (status, Html(html)).into_response()
}

fn random_key() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    let filled = SystemRandom::new().fill(&mut key);
    filled.map_err(|_| Error::config("the system has no random bytes"))?;
    Ok(key)
}

/// The cookie, and the purpose, of a session.
const SESSION: &str = "session";
/// The cookie of a sign-in under way.
const PENDING: &str = "sign-in";
/// How long a session lasts.
const DAY: Duration = Duration::from_secs(24 * 3600);
