//! HUAWEI ID: what it does beyond its document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::consent::{self, Account, Brand, Decision, Page, Phrase, Place};
use crate::platforms::{Call, Platform};

/// The state of HUAWEI ID in one space.
#[derive(Debug, Default)]
pub(crate) struct State {}

impl Platform for State {
    fn behaves(&self) -> &'static [&'static str] {
        BEHAVES
    }

    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        match &*call.operation.id {
            "authorize_user" => Ok(authorize(call)),
            "get_openid_configuration" => Ok(configuration(call)),
            "open_device_page" => Ok(consent::notice(call, BRAND, UNKNOWN_CODE, ASK_AGAIN)),
            _ => Err(Refusal::no_behaviour(call)),
        }
    }
}

fn authorize(call: &Call<'_>) -> Answer {
    let address = call.query("redirect_uri").unwrap_or_default();
    let page = Page {
        brand: BRAND,
        app: call.query("client_id").unwrap_or_default(),
        question: None,
        code: None,
        users: vec![Account {
            id: "lilei",
            name: "李雷",
            detail: "191******08",
        }],
        permissions: vec![Phrase {
            en: "Who you are: your ids for this app",
            zh: "您的身份标识（OpenID、UnionID）",
        }],
        returns_to: Some(address),
    };
    match page.decide(call) {
        Decision::Accepted(user) => {
            let code: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
                .take(40)
                .collect();
            let code = format!("DwEE{}{}", STANDARD.encode(user), STANDARD.encode(code));
            let state = call.query("state").map(|state| ("state", state));
            let pairs = [("code", &*code)].into_iter().chain(state);
            consent::redirect(address, Place::Query, pairs)
        }
        Decision::Asked(page) => page,
        Decision::Refused => {
            let denied = [("error", "1107"), ("error_description", "access denied")];
            consent::redirect(address, Place::Fragment, denied)
        }
    }
}

/// The discovery document. Its issuer is another host than the one that serves it.
fn configuration(call: &Call<'_>) -> Answer {
    let base = call.base;
    Answer::json(&json!({
        "issuer": "https://accounts.huawei.com",
        "authorization_endpoint": format!("{base}/oauth2/v3/authorize"),
        "token_endpoint": format!("{base}/oauth2/v3/token"),
        "revocation_endpoint": format!("{base}/oauth2/v3/revoke"),
        "jwks_uri": format!("{base}/oauth2/v3/certs"),
        "response_modes_supported": ["form_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "PS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "claims_supported": [
            "aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss",
            "locale", "name", "picture", "sub",
        ],
        "code_challenge_methods_supported": ["S256"],
    }))
}

const BRAND: Brand = Brand {
    name: "HUAWEI ID",
    colour: "#c7000b",
};
const UNKNOWN_CODE: Phrase = Phrase {
    en: "This code is not valid",
    zh: "二维码无效",
};
const ASK_AGAIN: Phrase = Phrase {
    en: "It was used or has expired. Ask the other device for a new one.",
    zh: "二维码已使用或已过期，请在另一台设备上刷新后重试。",
};

/// The operations with behaviour of their own.
pub(crate) const BEHAVES: &[&str] = &[
    "authorize_user",
    "get_openid_configuration",
    "open_device_page",
];
