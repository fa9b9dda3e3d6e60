//! WeLink: an administrator is let into a back end, and somebody else is not.

use anyhow::{Context, Result, bail, ensure};
use auth_core::seal::Sealer;
use auth_core::sign_in::PendingSignIn;
use auth_core::{HttpSend as _, ReqwestSend};
use bytes::Bytes;
use http::Request;
use http::header::LOCATION;
use huawei_emulator::welink_oauth::WelinkOauth;
use huawei_emulator::{Consent, Emulator};
use welink_oauth::model::GetUser;
use welink_oauth::sign_in::Callback;
use welink_oauth::{AppSecret, Client};

use crate::{say, step};

pub(crate) async fn run(emulator: &Emulator) -> Result<()> {
    let app = AppSecret::new(WelinkOauth::CLIENT_ID, WelinkOauth::CLIENT_SECRET);
    let client = Client::builder(app)
        .emulator(emulator.url("welink-oauth"))
        .build()?;
    let back_end = BackEnd {
        client,
        sealer: Sealer::new(&[7; 32]),
    };
    step("WeLink: the administrator of a tenant signs in to a back end");
    let name = back_end.visit(emulator, WelinkOauth::ADMINISTRATOR).await?;
    let name = name.context("the administrator was not let in")?;
    say("let in", name);

    step("WeLink: somebody who administers nothing is turned away");
    let name = back_end.visit(emulator, WelinkOauth::USER).await?;
    ensure!(name.is_none(), "somebody else was let in");
    say("turned away", WelinkOauth::USER);
    emulator.set_consent(Consent::default());

    step("WeLink: a wrong secret is tried once, and not again");
    let app = AppSecret::new(WelinkOauth::CLIENT_ID, "wrong");
    let wrong = Client::builder(app)
        .emulator(emulator.url("welink-oauth"))
        .build()?;
    let before = emulator.request_count();
    for _ in 0..3 {
        let Err(error) = wrong.get_tenant().await else {
            bail!("a wrong secret was taken");
        };
        say("error", error);
    }
    let requests = emulator.request_count() - before;
    say("requests sent", requests);
    ensure!(requests == 1, "the secret was tried again");
    Ok(())
}

/// The back end, as a team would write it.
struct BackEnd {
    client: Client,
    sealer: Sealer,
}

impl BackEnd {
    /// One visit, with a browser in which `user` agrees. Gives the name of who is let in.
    async fn visit(&self, emulator: &Emulator, user: &str) -> Result<Option<String>> {
        let (url, cookie) = self.begin()?;
        say(
            "the browser is sent to",
            url.split('?').next().unwrap_or_default(),
        );
        emulator.set_consent(Consent::accept_as(user));
        let address = browse(&url).await?;
        say(
            "it comes back to",
            address.split('?').next().unwrap_or_default(),
        );
        self.finish(&cookie, &address).await
    }

    fn begin(&self) -> Result<(String, String)> {
        let sign_in = self.client.sign_in()?;
        let redirect = sign_in.authorize("http://127.0.0.1/welink")?.begin()?;
        Ok((redirect.url, redirect.pending.seal(&self.sealer)))
    }

    async fn finish(&self, cookie: &str, address: &str) -> Result<Option<String>> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the service reads its clock here"
        )]
        let now = std::time::SystemTime::now();
        let pending = PendingSignIn::open(&self.sealer, cookie, now, PendingSignIn::MAX_AGE)?;
        let Callback::Code(returned) = Callback::parse(address)? else {
            bail!("the user refused");
        };
        let token = self.client.sign_in()?.accept(&pending, &returned).await?;
        let user = self.client.as_user(&token);
        let id = user.id().await?;
        let administration = user.administration().await?;
        say("user", &id);
        say("roles", administration.roles.join(", "));
        if !administration.is_administrator {
            return Ok(None);
        }
        let who = GetUser::default().user_id(&id);
        let details = self.client.get_user(&who, &Default::default()).await?;
        Ok(details.user_name_en)
    }
}

/// What a browser does: it opens an address and is sent to another one.
async fn browse(url: &str) -> Result<String> {
    let request = Request::get(url).body(Bytes::new())?;
    let answer = ReqwestSend::builder().build()?.send(request).await?;
    let location = answer.headers().get(LOCATION);
    let location = location.context("the page sent the browser nowhere")?;
    Ok(location.to_str()?.to_owned())
}
