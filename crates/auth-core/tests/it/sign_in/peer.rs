//! A sign-in at an OpenID provider that nobody here wrote: `oidc-provider`, over real HTTP, through
//! its own login and consent pages.
//!
//! Runs where `PEERS_NODE` names a folder with it; `cargo xtask test` sets that up, or says that it
//! could not.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use auth_core::jwt::Algorithm;
use auth_core::sign_in::{self, Callback, Metadata, OAuthClient, PendingSignIn, Returned};
use auth_core::{Action, HttpSend, ReqwestSend, Secret};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::sealer;

const BACK: &str = "http://127.0.0.1:9/back";

/// The provider while it runs; it ends with its input.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    /// Starts it; nothing if it is not on this machine.
    fn start() -> Option<Self> {
        std::env::var_os("PEERS_NODE")?;
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/openid_provider.mjs"
        );
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the provider starts");
        let output = child.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let issuer = lines.find(|line| line.starts_with("http://"));
        Some(Self {
            child,
            issuer: issuer.expect("the provider says where it is"),
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A browser: it keeps cookies, follows redirects and fills in the provider's forms.
struct Browser {
    transport: Arc<dyn HttpSend>,
    site: String,
    /// By path and name.
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new(site: &str) -> Self {
        Self {
            transport: Arc::new(ReqwestSend::builder().build().unwrap()),
            site: site.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    async fn send(&mut self, method: &str, path: &str, form: String) -> Response<Bytes> {
        let bare = path.split('?').next().unwrap();
        let cookies = self
            .cookies
            .iter()
            .filter(|((at, _), _)| bare.starts_with(&**at));
        let cookies: Vec<String> = cookies
            .map(|((_, name), it)| format!("{name}={it}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.site))
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let response = self.transport.send(request).await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let mut parts = cookie
                .split(';')
                .filter_map(|part| part.trim().split_once('='));
            let (name, value) = parts.next().unwrap();
            let path = parts.find(|(name, _)| name.eq_ignore_ascii_case("path"));
            let path = path.map_or("/", |(_, path)| path);
            self.cookies
                .insert((path.to_owned(), name.to_owned()), value.to_owned());
        }
        response
    }

    /// Opens an address, signs in, agrees, and gives the address that the app is called back with.
    async fn sign_in(&mut self, address: &str) -> String {
        let mut next = address.strip_prefix(&self.site).unwrap().to_owned();
        let (mut method, mut form) = ("GET", String::new());
        for _ in 0..20 {
            let response = self.send(method, &next, std::mem::take(&mut form)).await;
            if let Some(location) = response.headers().get("location") {
                let location = location.to_str().unwrap();
                if location.starts_with(BACK) {
                    return location.to_owned();
                }
                next = location
                    .strip_prefix(&self.site)
                    .unwrap_or(location)
                    .to_owned();
                method = "GET";
                continue;
            }
            let page = String::from_utf8(response.body().to_vec()).unwrap();
            let after = |text: &str| {
                let (_, rest) = page.split_once(text).unwrap_or_else(|| panic!("{page}"));
                rest.split('"').next().unwrap().to_owned()
            };
            let prompt = after("name=\"prompt\" value=\"");
            form = format!("prompt={prompt}&login=alice&password=p");
            (method, next) = ("POST", after("action=\""));
            next = next.strip_prefix(&self.site).unwrap_or(&next).to_owned();
        }
        panic!("the provider never sends the browser back");
    }
}

async fn client(provider: &Provider, secret: &str) -> OAuthClient {
    let metadata = Metadata::discover(sign_in::openid_api(), &provider.issuer)
        .await
        .unwrap();
    assert!(metadata.authorization_response_iss_parameter_supported);
    OAuthClient::openid(sign_in::openid_api(), &metadata, "app", [Algorithm::Rs256])
        .unwrap()
        .secret(secret)
        .build()
        .unwrap()
}

async fn came_back(client: &OAuthClient, browser: &mut Browser) -> (PendingSignIn, Returned) {
    let redirect = client
        .authorize(BACK)
        .scope("openid offline_access profile email")
        .parameter("prompt", "consent")
        .begin()
        .unwrap();
    // As a site does: through a cookie.
    let cookie = redirect.pending.seal(&sealer());
    let address = browser.sign_in(&redirect.url).await;
    let now = client.api().clock().now();
    let pending = PendingSignIn::open(&sealer(), &cookie, now, PendingSignIn::MAX_AGE).unwrap();
    match Callback::parse(&address).unwrap() {
        Callback::Code(returned) => (pending, returned),
        other => panic!("{other:?}"),
    }
}

const SECRET: &str = "a-secret/with+signs=";

#[tokio::test]
async fn a_foreign_provider_signs_our_user_in() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let client = client(&provider, SECRET).await;
    let mut browser = Browser::new(&provider.issuer);
    let (pending, returned) = came_back(&client, &mut browser).await;
    assert_eq!(returned.issuer.as_ref(), Some(&provider.issuer));
    let tokens = client
        .accept(&pending, &returned)
        .unwrap()
        .send()
        .await
        .unwrap();
    let claims: Value = client.verify(&tokens, pending.nonce()).await.unwrap();
    assert_eq!(
        (&claims["sub"], &claims["name"]),
        (&"alice".into(), &"Alice".into())
    );
    assert_eq!(claims["email"], "alice@example.com");
    assert!(
        client
            .verify::<Value>(&tokens, Some("another"))
            .await
            .is_err()
    );
    let refresh_token = tokens
        .refresh_token()
        .expect("offline access was asked for");
    let again = client.refresh(refresh_token).send().await.unwrap();
    assert_ne!(again.access_token(), tokens.access_token());
    let claims: Value = client.verify(&again, None).await.unwrap();
    assert_eq!(claims["sub"], "alice");
}

#[tokio::test]
async fn a_foreign_provider_refuses_what_we_should_not_do() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let good = client(&provider, SECRET).await;
    let mut browser = Browser::new(&provider.issuer);
    // Another state is stopped here, before anything is sent.
    let (pending, mut returned) = came_back(&good, &mut browser).await;
    returned.state = Some(Secret::new("forged"));
    let error = good.accept(&pending, &returned).unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain);
    // Another verifier.
    let (pending, returned) = came_back(&good, &mut browser).await;
    let grant = good.accept(&pending, &returned).unwrap();
    let error = grant.verifier("x".repeat(43)).send().await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain, "{error}");
    // A code twice.
    let (pending, returned) = came_back(&good, &mut browser).await;
    good.accept(&pending, &returned)
        .unwrap()
        .send()
        .await
        .unwrap();
    let again = good.accept(&pending, &returned).unwrap();
    let error = again.send().await.unwrap_err();
    assert_eq!(error.action(), Action::SignInAgain, "{error}");
    assert_eq!(error.api().unwrap().code, "invalid_grant");
    // Another secret.
    let bad = client(&provider, "wrong").await;
    let (pending, returned) = came_back(&bad, &mut browser).await;
    let error = bad
        .accept(&pending, &returned)
        .unwrap()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials, "{error}");
}
