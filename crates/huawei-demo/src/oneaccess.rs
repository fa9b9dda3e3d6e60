//! OneAccess: a login by WeChat, a second factor, the hosted page, the directory behind them, and
//! who is gone since yesterday.

use anyhow::{Context, Result, ensure};
use auth_core::sign_in::Callback;
use auth_core::{HttpSend, ReqwestSend};
use huawei_emulator::Emulator;
use huawei_emulator::oneaccess_sdk::OneAccess;
use oneaccess_sdk::directory::LeaverLimit;
use oneaccess_sdk::model::{AppAccountId, CreateAppAccount, GetUserByUsername, ListUsers};
use oneaccess_sdk::{Application, Client, Device, DeviceClient, Login, Session};

use crate::{say, step};

pub(crate) async fn run(emulator: &Emulator) -> Result<()> {
    let platform = emulator.oneaccess_sdk();
    let client = connect(emulator)?;
    let phone =
        client.on(Device::new("Android 10", "156aysdna213sc50", "Demo/1.0").ip("10.10.10.1"));
    let session = log_in_by_wechat(&phone, &platform).await?;
    look_up(&client, &session).await?;
    ask_for_a_second_factor(&phone, &platform).await?;
    act_as_the_person(&session).await?;
    sign_in_on_the_page(&client).await?;
    compare_with_yesterday(&client).await
}

fn connect(emulator: &Emulator) -> Result<Client> {
    step("OneAccess: an application with its ClientId and ClientSecret");
    let application = Application::new(OneAccess::CLIENT_ID, OneAccess::CLIENT_SECRET);
    let client = Client::builder(application, "acme.huaweioneaccess.com")
        .emulator(emulator.url("oneaccess-sdk"))
        .build()?;
    say("ClientId", client.client_id());
    Ok(client)
}

async fn log_in_by_wechat(phone: &DeviceClient, platform: &OneAccess) -> Result<Session> {
    step("A person logs in by WeChat: the app has a code, the server a session");
    let code = platform.social_code("weixin", "zhangsan");
    let login = phone.login_by_wechat(code.as_str()).await?;
    let session = login.success().context("the account is bound")?;
    let life = session.expires_in().unwrap_or_default();
    say("session for", format!("{} hours", life.as_secs() / 3600));
    let again = phone.login_by_wechat(code).await;
    let error = again.err().context("a code works once")?;
    say("the same code again", format!("{:?}", error.action()));
    Ok(session)
}

async fn look_up(client: &Client, session: &Session) -> Result<()> {
    step("Who is it? A ticket names the person, the directory knows the rest");
    let user = session.user().await?;
    let name = user.user_name.context("a user has a name")?;
    say("the ticket names", &name);
    let found = client
        .get_user_by_username(&GetUserByUsername::new(&*name))
        .await?;
    ensure!(user.id.as_deref() == Some(&*found.user_id), "two people");
    say("real name", found.name.as_deref().unwrap_or("unknown"));
    say(
        "mobile number",
        found.mobile.as_deref().unwrap_or("unknown"),
    );
    let organization = found.org_id.context("the person is in an organization")?;
    let organization = client.get_organization(&organization).await?;
    say("organization", organization.name);
    Ok(())
}

async fn ask_for_a_second_factor(phone: &DeviceClient, platform: &OneAccess) -> Result<()> {
    step("A password and a second factor: the state token leads from step to step");
    let login = phone.login_by_password("lisi", OneAccess::PASSWORD).await?;
    let Login::SecondFactor(factor) = login else {
        anyhow::bail!("expected a second factor, not {login:?}");
    };
    let mobile = factor.mobile().await?;
    say("a code goes to", &mobile);
    let puzzle = phone.captcha().await?;
    let place = platform.captcha_solution(puzzle.token().expose());
    let proof = puzzle
        .solve(place.context("a puzzle")?, mobile.as_str())
        .await?;
    factor.send_sms_code(mobile.as_str(), proof).await?;
    let code = platform
        .code(&mobile)
        .context("the operator sees the code")?;
    say("the operator reads", &code);
    factor.verify_sms(mobile, code).await?.success()?;
    say("the person", "is in");
    Ok(())
}

async fn act_as_the_person(session: &Session) -> Result<()> {
    step("In the person's name: X-signature, new for every call");
    let person = session.by_signature().await?;
    let profile = person.profile().await?;
    say("profile of", profile.user_name.unwrap_or_default());
    let accounts = person.social_accounts().await?.social;
    say("social accounts", accounts.len());
    person.logout().await?;
    ensure!(session.sso_ticket().await.is_err(), "the session goes on");
    say("after the logout", "no more tickets");
    Ok(())
}

async fn sign_in_on_the_page(client: &Client) -> Result<()> {
    step("The hosted page: OpenID Connect, with a person who agrees");
    let sign_in = client.openid_sign_in().await?;
    let redirect = sign_in.authorize("https://app.example/back").begin()?;
    let browser = ReqwestSend::builder().build()?;
    let address = format!("{}&emulator_consent=accept", redirect.url);
    let answer = browser
        .send(http::Request::get(address).body(Default::default())?)
        .await?;
    let back = answer.headers().get("location").context("a way back")?;
    let Callback::Code(returned) = Callback::parse(back.to_str()?)? else {
        anyhow::bail!("the person refused");
    };
    let tokens = sign_in.exchange(&redirect.pending, &returned).await?;
    let claims: serde_json::Value = sign_in.verify(&tokens, &redirect.pending).await?;
    say(
        "the ID token, verified, is of",
        &claims["preferred_username"],
    );
    let user = sign_in.user_info(&tokens).await?;
    say("userinfo says", user.name.unwrap_or_default());
    Ok(())
}

async fn compare_with_yesterday(client: &Client) -> Result<()> {
    step("Who is gone since yesterday? Disabled is not deleted");
    let application_id = OneAccess::APPLICATION_ID;
    let users = client.list_users_stream(100, &ListUsers::default());
    let mut accounts = Vec::new();
    for user in users.collect().await? {
        let account = CreateAppAccount::new(user.user_id);
        let made = client.create_app_account(application_id, &account).await?;
        accounts.push(made.account_id);
    }
    let yesterday = client.snapshot_app_accounts(application_id).await?;
    say("yesterday", yesterday.members().len());
    let account = |account_id| AppAccountId {
        application_id,
        account_id,
    };
    client.delete_app_account(account(&accounts[0])).await?;
    client.disable_app_account(account(&accounts[1])).await?;
    let today = client.snapshot_app_accounts(application_id).await?;
    ensure!(today.gaps().is_empty(), "the list is whole");
    let changes = today.changes_since(yesterday.members(), LeaverLimit::default())?;
    for member in &changes.left {
        say("gone", &member.login);
    }
    for member in &changes.disabled {
        say("may not log in any more", &member.login);
    }
    ensure!(
        changes.left.len() == 1 && changes.disabled.len() == 1,
        "unexpected: {changes:?}"
    );
    let refused = today.changes_since(yesterday.members(), LeaverLimit::at_most(0));
    say("a limit of 0", refused.err().context("one is too many")?);
    Ok(())
}
