//! What an app learns about users: profile, phone number, risk level, age range, other ids.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;
use crate::platforms::Call;
use crate::platforms::security::bearer;

use super::accounts::{App, User};
use super::codes::Worthless;
use super::sign_ins::Good;
use super::tokens::of_rest;
use super::{State, refused};

/// A user, the app that asks, and what its token may see.
struct Seen<'a> {
    user: &'a User,
    app: &'a App,
    good: Good,
}

impl State {
    /// The user of a token, if it is good and a user's.
    fn seen(&self, token: &str, call: &Call<'_>) -> Option<Seen<'_>> {
        let good = self.sign_ins.look(token, unix_s(call.now)).ok()?;
        Some(Seen {
            user: self.accounts.user(good.user.as_ref()?)?,
            app: self.accounts.app(&good.client_id)?,
            good,
        })
    }

    /// The profile, as far as the scopes reach.
    pub(super) fn user_info(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let token = body["access_token"].as_str().unwrap_or_default();
        let Some(Seen { user, app, good }) = self.seen(token, call) else {
            let reason = "the access token is not a good one of a user, or was not percent-encoded";
            return Err(refused("nsp:6", "session timeout", reason));
        };
        let has = |short: &str, long: &str| good.has(short) || good.has(long);
        let mut info =
            json!({ "openID": app.open_id(&user.id), "unionID": app.union_id(&user.id) });
        if has(
            "profile",
            "https://www.huawei.com/auth/account/base.profile",
        ) {
            let nickname = user.nickname.as_ref().filter(|_| body["getNickName"] == 1);
            info["displayNameFlag"] = Value::from(i32::from(nickname.is_none()));
            info["displayName"] = match nickname {
                Some(nickname) => Value::from(&**nickname),
                None => Value::from(user.masked_account()),
            };
            if let Some(picture) = &user.picture {
                info["headPictureURL"] = Value::from(&**picture);
            }
        }
        let parts = |info: &mut Value| {
            info["purePhoneNumber"] = json!(user.phone);
            info["phoneCountryCode"] = json!(user.phone_country_code);
        };
        let is_chinese = user.phone_country_code == "0086" && user.site == MAINLAND;
        if has("phone", "https://www.huawei.com/auth/account/mobile.number")
            && let Some(phone) = &user.phone
        {
            info["mobileNumber"] = match is_chinese {
                true => Value::from(&**phone),
                false => Value::from(user.whole_phone()),
            };
            parts(&mut info);
        }
        if good.has("quickLoginMobilePhone") {
            match &user.phone {
                _ if user.site != MAINLAND => info["warning"] = Value::from(ABROAD),
                Some(phone) => {
                    info["loginMobileNumber"] = Value::from(&**phone);
                    info["loginMobileValid"] = Value::from(i32::from(user.phone_proven));
                    parts(&mut info);
                }
                None => {}
            }
        }
        Ok(Answer::json(&info))
    }

    /// The phone number behind the code of the quick-login button.
    pub(super) fn phone_number(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let app = self.accounts.app(text("clientId")).ok_or_else(|| {
            refused(
                "result:60010002",
                "Invalid parameter.",
                "nobody has this clientId",
            )
        })?;
        if app.client_secret != text("clientSecret") {
            let reason = "the clientSecret is wrong";
            return Err(refused("result:60010013", "Invalid clientSecret.", reason));
        }
        let looked = self
            .codes
            .look(text("code"), &app.client_id, unix_s(call.now));
        let code = looked.map_err(of_code)?;
        if !code
            .scopes
            .iter()
            .any(|scope| scope == "quickLoginMobilePhone")
        {
            let reason =
                "the code is not of the quick-login button; a pre-fetch code gives no number";
            return Err(refused(
                "result:60180007",
                "no quick login permission",
                reason,
            ));
        }
        let user = self
            .accounts
            .user(&code.user)
            .ok_or_else(|| of_code(Worthless::Void))?;
        if user.site != MAINLAND {
            let reason = "the account is not of mainland China";
            return Err(refused("result:60180009", "phone number withheld", reason));
        }
        let Some(phone) = &user.phone else {
            let reason = "the account has no phone number";
            return Err(refused(
                "result:60180008",
                "user or phone number not exist",
                reason,
            ));
        };
        let answer = json!({
            "openId": app.open_id(&user.id),
            "unionId": app.union_id(&user.id),
            "phoneNumber": user.whole_phone(),
            "phoneNumberValid": i32::from(user.phone_proven),
            "purePhoneNumber": phone,
            "phoneCountryCode": user.phone_country_code,
        });
        self.codes.spend(text("code"));
        Ok(Answer::json(&answer))
    }

    /// The risk level.
    pub(super) fn risk_level(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let media = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        if !media.to_ascii_lowercase().starts_with("application/json") {
            let reason = "the Content-Type is not application/json";
            return Err(refused("http:415", "", reason));
        }
        let token = call.body()["accessToken"].as_str().unwrap_or_default();
        let Some(Seen { user, good, .. }) = self.seen(token, call) else {
            let reason = "the access token is not a good one of a user, or was percent-encoded";
            return Err(refused("risk:6", "session timeout", reason));
        };
        if call.query("clientID") != Some(&*good.client_id) {
            let reason = "clientID is not the client of the token";
            return Err(refused("risk:70001201", "invalid parameter", reason));
        }
        if !good.has("riskLevel") {
            let reason = "the token has no scope riskLevel";
            return Err(refused("risk:403", "no permission", reason));
        }
        let mut answer = json!({ "errCode": 0, "errMsg": "", "riskLevel": user.risk_level });
        if !user.risk_tags.is_empty() {
            answer["riskTag"] = json!(user.risk_tags);
        }
        Ok(Answer::json(&answer).with_code("0"))
    }

    /// The age range of the real-name record.
    pub(super) fn age_range(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let Some(Seen { user, good, .. }) = self.seen(bearer(call).unwrap_or_default(), call)
        else {
            let reason = "the access token is not a good one of a user";
            return Err(refused("result:60010014", "Invalid accessToken.", reason));
        };
        if call.body()["clientId"] != *good.client_id {
            let reason = "clientId is not the client of the token";
            return Err(refused("result:61110003", "clientId mismatch", reason));
        }
        if !good.has("realNameAgeRange") {
            let reason = "the token has no scope realNameAgeRange";
            return Err(refused("result:61110002", "no scope", reason));
        }
        Ok(Answer::json(&json!({ "ageRangeFlag": user.age_range })))
    }

    /// The app of an app-level token.
    fn of_app(&self, token: &str, call: &Call<'_>) -> Result<&App, Refusal> {
        let good = self
            .sign_ins
            .look(token, unix_s(call.now))
            .map_err(of_rest)?;
        let app = self
            .accounts
            .app(&good.client_id)
            .filter(|_| good.user.is_none());
        app.ok_or_else(|| refused("nsp:102", "invalid session", "not a token of an app"))
    }

    /// The union id of an open id.
    pub(super) fn union_id(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let body = call.body();
        let app = self.of_app(body["access_token"].as_str().unwrap_or_default(), call)?;
        let open_id = body["open_id"].as_str().unwrap_or_default();
        let mut users = self.accounts.users.iter();
        let user = users
            .find(|user| app.open_id(&user.id) == open_id)
            .ok_or_else(|| {
                refused(
                    "nsp:150028",
                    "invalid open_id",
                    "no user has this open_id in this app",
                )
            })?;
        let answer = json!({ "union_id": app.union_id(&user.id) });
        Ok(Answer::text("text/plain;charset=utf-8", answer.to_string()))
    }

    /// The group union ids of open ids or union ids; ids of nobody are left out.
    pub(super) fn group_union_ids(&self, call: &Call<'_>) -> Result<Answer, Refusal> {
        let app = self
            .of_app(bearer(call).unwrap_or_default(), call)
            .map_err(|refusal| Refusal {
                reason: refusal.reason,
                ..Refusal::code("result:60010003").message("Authorization error.")
            })?;
        if app.group.is_none() {
            let reason = "the developer of the app is in no account group";
            return Err(refused("result:60170001", "not in account group", reason));
        }
        let body = call.body();
        let (list, member, answered) = match body["openIdList"].is_array() {
            true => ("openIdList", "openId", "openIdToGroupUnionIdList"),
            false => ("unionIdList", "unionId", "unionIdToGroupUnionIdList"),
        };
        let mut asked: Vec<&str> = Vec::new();
        for id in body[list]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !asked.contains(&id) {
                asked.push(id);
            }
        }
        let found = asked.into_iter().filter_map(|id| {
            let user = self.accounts.users.iter().find(|user| match member {
                "openId" => app.open_id(&user.id) == id,
                _ => app.union_id(&user.id) == id,
            })?;
            Some(json!({ member: id, "groupUnionId": app.group_union_id(&user.id) }))
        });
        Ok(Answer::json(
            &json!({ answered: found.collect::<Vec<_>>() }),
        ))
    }
}

/// What quick login says to a code that is worth nothing.
fn of_code(worthless: Worthless) -> Refusal {
    match worthless {
        Worthless::Unknown => refused(
            "result:60010012",
            "Invalid code.",
            "nobody issued this code",
        ),
        Worthless::OtherClient => refused(
            "result:60180003",
            "clientId mismatch",
            "the code is of another client",
        ),
        Worthless::Expired => refused(
            "result:60180004",
            "code expired",
            "the code is over five minutes old",
        ),
        Worthless::Used => refused("result:60180005", "code used", "the code was used before"),
        Worthless::Void => refused(
            "result:60180006",
            "code invalidated",
            "the user withdrew the consent or changed the password",
        ),
    }
}

/// The site of accounts of mainland China.
const MAINLAND: i64 = 1;

const ABROAD: &str =
    "the site of this account doesn't support quick login, see the guide for details";
