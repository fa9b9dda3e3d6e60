//! HUAWEI ID: a sign-in on a website from address to revocation, and a phone number by one click.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use auth_core::seal::Sealer;
use auth_core::{Clock, HttpSend, ReqwestSend};
use bytes::Bytes;
use http::{Request, Response};
use huawei_emulator::Emulator;
use huawei_emulator::huawei_oauth::HuaweiOauth;
use huawei_oauth::model::{DisplayNameChoice, GetUserInfo, Scope};
use huawei_oauth::sign_in::{Callback, Returned};
use huawei_oauth::{Action, App, Client, PendingSignIn, SignIn, SignedIn};

use crate::{say, step};

pub(crate) async fn run(emulator: &Emulator) -> Result<()> {
    let users = emulator.huawei_oauth();
    users.add_redirect_uri(HuaweiOauth::CLIENT_ID, BACK);
    let app = App::new(HuaweiOauth::CLIENT_ID, HuaweiOauth::CLIENT_SECRET);
    let client = Client::builder(app)
        .emulator(emulator.url("huawei-oauth"))
        .build()?;
    let sign_in = client.sign_in()?;
    let browser = Browser(ReqwestSend::builder().build()?);

    let (page, cookie, sealer) = send_away(&sign_in)?;
    let (pending, returned) = come_back(&browser, &page, &cookie, &sealer).await?;
    let signed_in = finish(&sign_in, &users, &pending, &returned).await?;
    refuse(&sign_in, &browser).await?;
    ask_about_user(&client, &signed_in).await?;
    refresh_and_revoke(&client, &sign_in, &signed_in).await?;
    phone_by_one_click(&client, &users).await
}

/// First request to the site.
fn send_away(sign_in: &SignIn) -> Result<(String, String, Sealer)> {
    step("HUAWEI ID: the address of the consent page, and a cookie to remember the sign-in by");
    let redirect = sign_in
        .authorize(BACK)
        .scope(Scope::Profile)
        .scope(Scope::Email)
        .offline()
        .begin()?;
    for name in ["state", "nonce", "code_challenge"] {
        let sent = redirect.url.contains(&format!("{name}="));
        ensure!(sent, "the address has no {name}");
    }
    let shown = redirect.url.split('?').next().unwrap_or_default();
    say("address, its query left out", shown);
    say("in the query, among others", "state, nonce, code_challenge");
    let sealer = Sealer::new(&[7; 32]);
    let cookie = redirect.pending.seal(&sealer);
    say("sealed cookie", format_args!("{} bytes", cookie.len()));
    Ok((redirect.url, cookie, sealer))
}

/// The person accepts, as a browser would send it, and comes back to the site.
async fn come_back(
    browser: &Browser,
    page: &str,
    cookie: &str,
    sealer: &Sealer,
) -> Result<(PendingSignIn, Returned)> {
    step("The person reads the page, chooses an account and agrees");
    let address = browser.decide(page, "accept").await?;
    let Callback::Code(returned) = Callback::parse(&address) else {
        bail!("the browser came back without a code");
    };
    say("back at", address.split('?').next().unwrap_or_default());
    let now = Clock::system().now();
    let pending = PendingSignIn::open(sealer, cookie, now, PendingSignIn::MAX_AGE)?;
    pending.check_state(returned.state.as_ref().map(auth_core::Secret::expose))?;
    say("state", "the one of this browser");
    Ok((pending, returned))
}

/// The site exchanges the code, once, and believes nothing that is not signed.
async fn finish(
    sign_in: &SignIn,
    users: &HuaweiOauth,
    pending: &PendingSignIn,
    returned: &Returned,
) -> Result<SignedIn> {
    step("The code becomes tokens, and the ID token is verified");
    let signed_in = sign_in.finish(pending, returned).await?;
    let claims = signed_in.claims();
    let key = signed_in.user().key().context("an ID token names a user")?;
    let expected = users.union_id(HuaweiOauth::CLIENT_ID, HuaweiOauth::USER);
    ensure!(key.as_str() == expected, "somebody else signed in");
    say("issuer", &claims.iss);
    say("user over all apps (UnionID)", key.as_str());
    say("name", claims.display_name.as_deref().unwrap_or("none"));
    say("e-mail", claims.email.as_deref().unwrap_or("none"));
    ensure!(claims.email.is_some(), "the scope email gave no address");
    let again = sign_in.finish(pending, returned).await;
    let error = again.err().context("a code served twice")?;
    ensure!(error.action() == Action::SignInAgain, "unexpected: {error}");
    say("the same code once more", error);
    Ok(signed_in)
}

/// What a site sees of a refusal: nothing.
async fn refuse(sign_in: &SignIn, browser: &Browser) -> Result<()> {
    step("Another person refuses");
    let redirect = sign_in.authorize(BACK).begin()?;
    let address = browser.decide(&redirect.url, "refuse").await?;
    say("back at, as the browser sees it", &address);
    // Browsers keep the fragment to themselves.
    let seen = address.split('#').next().unwrap_or_default();
    let callback = Callback::parse(seen);
    ensure!(callback.is_refused_by_user(), "the refusal was not noticed");
    say("as the site sees it", seen);
    Ok(())
}

async fn ask_about_user(client: &Client, signed_in: &SignedIn) -> Result<()> {
    step("What the access token tells of the user");
    let user = client.as_user(signed_in.token()?);
    let wanted = GetUserInfo::default().get_nick_name(DisplayNameChoice::Nickname);
    let info = user.get_user_info(&wanted).await?;
    let name = info
        .display_name
        .context("the scope profile gave no name")?;
    ensure!(
        Some(&name) == signed_in.claims().display_name.as_ref(),
        "another name"
    );
    say("nickname", name);
    let token = signed_in.tokens().access_token().clone();
    let info = client.check_access_token(token).await?;
    say("issued to client", info.client_id.unwrap_or_default());
    Ok(())
}

async fn refresh_and_revoke(client: &Client, sign_in: &SignIn, signed_in: &SignedIn) -> Result<()> {
    step("Half a year without the user, until the authorization is withdrawn");
    let refresh_token = signed_in.refresh_token().context("no refresh token came")?;
    let refreshed = sign_in.refresh(refresh_token).await?;
    let fresh = refreshed.tokens().access_token() != signed_in.tokens().access_token();
    ensure!(fresh, "the refresh gave the old access token");
    let life = refreshed.tokens().expires_in().unwrap_or(Duration::ZERO);
    say(
        "new access token, good for",
        format_args!("{} s", life.as_secs()),
    );
    client.revoke(refresh_token.expose()).await?;
    say("revoked", "access and refresh tokens of the sign-in");
    client.revoke(refresh_token.expose()).await?;
    say("revoked once more", "it was so already, which is no error");
    let error = sign_in.refresh(refresh_token).await;
    let error = error.err().context("a revoked refresh token served")?;
    ensure!(error.action() == Action::SignInAgain, "unexpected: {error}");
    say("refreshed after that", error);
    Ok(())
}

async fn phone_by_one_click(client: &Client, users: &HuaweiOauth) -> Result<()> {
    step("One click on a phone: code to phone number");
    let code = users
        .quick_login_code(HuaweiOauth::USER)
        .map_err(anyhow::Error::msg)?;
    let answer = client.quick_login(code.as_str()).await?;
    let number = answer.number().context("the answer has no number")?;
    ensure!(number.e164() == "+8619100000008", "another number");
    say("phone number", number.e164());
    let code = users
        .prefetch_code(HuaweiOauth::USER)
        .map_err(anyhow::Error::msg)?;
    let error = client.quick_login(code.as_str()).await;
    let error = error.err().context("a pre-fetch code gave a number")?;
    say("with a code of the masked number", error);
    // The older way, still everywhere: tokens, then the profile.
    let code = users
        .quick_login_code(HuaweiOauth::USER)
        .map_err(anyhow::Error::msg)?;
    let signed_in = client.sign_in()?.app_code(code).send().await?;
    let user = client.as_user(signed_in.token()?);
    let info = user.get_user_info(&GetUserInfo::default()).await?;
    let number = info.login_number().context("the profile has no number")?;
    ensure!(number.e164() == "+8619100000008", "another number");
    say("the same by the older way", number.e164());
    Ok(())
}

/// As much of a browser as a consent page needs.
struct Browser(ReqwestSend);

impl Browser {
    /// Opens a consent page, presses a button, and gives the address that the page leads to.
    async fn decide(&self, page: &str, decision: &str) -> Result<String> {
        let shown = self.send(Request::get(page), String::new()).await?;
        let html = String::from_utf8_lossy(shown.body()).into_owned();
        let value = |name: &str| {
            let (_, rest) = html.split_once(&format!("name={name} value=\""))?;
            Some(rest.split('"').next()?.to_owned())
        };
        let ticket = value("emulator_ticket").context("this is no consent page")?;
        let user = value("user").context("the page offers no account")?;
        let form = format!("emulator_ticket={ticket}&user={user}&decision={decision}");
        let request =
            Request::post(page).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(request, form).await?;
        let address = answer.headers().get("location").context("no way back")?;
        Ok(address.to_str()?.to_owned())
    }

    async fn send(&self, request: http::request::Builder, body: String) -> Result<Response<Bytes>> {
        Ok(self.0.send(request.body(Bytes::from(body))?).await?)
    }
}

/// Where the browser comes back to; the demonstration reads the address and opens nothing.
const BACK: &str = "https://shop.example/callback";
