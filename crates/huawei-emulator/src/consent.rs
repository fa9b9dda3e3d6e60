//! Pages on which a person decides about a sign-in, and the way back from them: shared by the
//! platforms that users sign in with.
//!
//! A platform answers an operation for the browser with [`Page::decide`]. Nobody has decided yet:
//! that gives the page. Its form posts back to its own address, so the same operation is asked
//! again, with the same query, and this time there is a decision.

mod html;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ring::hmac;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::engine::Incoming;
use crate::platforms::Call;
use crate::validate::{decode_pairs, encode_pairs};

pub(crate) use self::html::notice;

/// Who decides about a sign-in: the person in front of the page, or a test beforehand.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use huawei_emulator::{Consent, Emulator};
///
/// let emulator = Emulator::start().await?;
/// emulator.set_consent(Consent::accept());
/// // From here on an authorize address answers at once with the way back and a code.
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Consent {
    /// Everybody accepts, without a page.
    #[non_exhaustive]
    Accept {
        /// The account, by its id; the first one that the page would show when not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// The page is shown.
    #[default]
    Ask,
    /// Everybody refuses, without a page.
    Refuse,
}

impl Consent {
    /// The first account accepts, without a page.
    pub fn accept() -> Self {
        Self::Accept { user: None }
    }

    /// This account accepts, without a page.
    pub fn accept_as(user: impl Into<String>) -> Self {
        Self::Accept {
            user: Some(user.into()),
        }
    }

    /// What the address itself asks for, by `emulator_consent` and `emulator_user`.
    fn of_query(call: &Call<'_>) -> Option<Self> {
        match call.query("emulator_consent")? {
            "accept" => Some(Self::Accept {
                user: call.query("emulator_user").map(str::to_owned),
            }),
            "ask" => Some(Self::Ask),
            "refuse" => Some(Self::Refuse),
            _ => None,
        }
    }
}

/// A page that asks for consent.
#[derive(Clone, Debug)]
pub(crate) struct Page<'a> {
    pub brand: Brand,
    /// The app that asks, as people know it.
    pub app: &'a str,
    /// What is asked, where it is not the usual sign-in to the app.
    pub question: Option<Phrase>,
    /// A code that the person compares, shown large.
    pub code: Option<&'a str>,
    /// The accounts to choose from; the first is chosen unless the person chooses another.
    pub users: Vec<Account<'a>>,
    /// What the app gets to see.
    pub permissions: Vec<Phrase>,
    /// Where the browser goes from here.
    pub returns_to: Option<&'a str>,
}

/// How a platform shows itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brand {
    /// The name that people know, for instance `HUAWEI ID`.
    pub name: &'static str,
    /// Its colour in CSS, dark enough for white letters.
    pub colour: &'static str,
}

/// An account on a page.
#[derive(Clone, Debug)]
pub(crate) struct Account<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// What tells it from others: a masked phone number or address.
    pub detail: String,
}

/// A text in both languages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phrase {
    pub en: &'static str,
    pub zh: &'static str,
}

/// What became of the question.
#[derive(Debug)]
pub(crate) enum Decision {
    /// The account with this id accepted.
    Accepted(String),
    /// Nobody has decided yet: this is the page.
    Asked(Answer),
    Refused,
}

impl Page<'_> {
    /// Finds out what was decided: by the form of the page, by the address, or beforehand for the
    /// whole space.
    pub(crate) fn decide(&self, call: &Call<'_>) -> Decision {
        if let Some(form) = form(call.method, call.raw) {
            return self.decided(call, &form);
        }
        match Consent::of_query(call).as_ref().unwrap_or(call.consent) {
            Consent::Ask => Decision::Asked(html::page(self, call, None)),
            Consent::Refuse => Decision::Refused,
            Consent::Accept { user } => {
                let first = self.users.first().map(|account| account.id);
                self.accepted(call, user.as_deref().or(first))
            }
        }
    }

    fn decided(&self, call: &Call<'_>, form: &[(String, String)]) -> Decision {
        let field = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| &**value)
        };
        if !is_ticket_of(call, field(TICKET).unwrap_or_default()) {
            let stale = Phrase {
                en: "This page was not up to date any more. Please decide again.",
                zh: "页面已过期，请重新选择。",
            };
            return Decision::Asked(html::page(self, call, Some(stale)));
        }
        match field("decision") {
            Some("accept") => self.accepted(call, field("user")),
            _ => Decision::Refused,
        }
    }

    fn accepted(&self, call: &Call<'_>, user: Option<&str>) -> Decision {
        let known = |user: &&str| self.users.iter().any(|account| account.id == *user);
        match user.filter(known) {
            Some(user) => Decision::Accepted(user.to_owned()),
            None => {
                let nobody = Phrase {
                    en: "There is no such account. Please choose another.",
                    zh: "没有此帐号，请选择其他帐号。",
                };
                Decision::Asked(html::page(self, call, Some(nobody)))
            }
        }
    }
}

/// A part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Never reaches the server of the address.
    Fragment,
    Query,
}

/// Sends the browser to an address with these parameters.
pub(crate) fn redirect<'a>(
    address: &str,
    place: Place,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Answer {
    let (address, fragment) = address.split_once('#').unwrap_or((address, ""));
    let pairs = encode_pairs(pairs).replace("%20", "+");
    let joint = match place {
        _ if pairs.is_empty() => "",
        Place::Fragment => "#",
        Place::Query if address.contains('?') => "&",
        Place::Query => "?",
    };
    let mut location = format!("{address}{joint}{pairs}");
    if place == Place::Query && !fragment.is_empty() {
        location = format!("{location}#{fragment}");
    }
    let location = utf8_percent_encode(&location, NOT_IN_A_HEADER).to_string();
    let mut answer = Answer::empty(StatusCode::FOUND);
    if let Ok(value) = HeaderValue::from_str(&location) {
        answer.headers.insert(LOCATION, value);
    }
    let no_store = HeaderValue::from_static("no-store");
    answer.headers.insert(CACHE_CONTROL, no_store);
    answer
}

/// Whether this is the form of a page coming back to the page's own address.
pub(crate) fn posts_back(incoming: &Incoming) -> bool {
    form(&incoming.method, &incoming.body).is_some()
}

/// The form of a page, if this is one.
fn form(method: &Method, body: &[u8]) -> Option<Vec<(String, String)>> {
    let pairs = (*method == Method::POST).then(|| decode_pairs(body))??;
    let is_ours = pairs.iter().any(|(name, _)| name == TICKET);
    is_ours.then_some(pairs)
}

/// What a form has to bring back to show that it comes from the page of this very request: another
/// site can post to the address, but cannot read the page.
fn ticket(call: &Call<'_>) -> String {
    let tag = hmac::sign(&KEY, about(call).as_bytes());
    URL_SAFE_NO_PAD.encode(tag)
}

fn is_ticket_of(call: &Call<'_>, ticket: &str) -> bool {
    let Ok(tag) = URL_SAFE_NO_PAD.decode(ticket) else {
        return false;
    };
    hmac::verify(&KEY, about(call).as_bytes(), &tag).is_ok()
}

fn about(call: &Call<'_>) -> String {
    let query = call.query.iter().map(|(name, value)| (&**name, &**value));
    format!("{} {}", call.operation.id, encode_pairs(query))
}

static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
        .expect("the machine has random numbers")
});

/// The field of the form that holds the ticket.
const TICKET: &str = "emulator_ticket";

/// The parameter of a page's address with the language that the person chose.
const LANGUAGE: &str = "emulator_lang";

const NOT_IN_A_HEADER: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

#[cfg(test)]
mod tests {
    use http::header::LOCATION;

    use super::{Place, redirect};

    fn check(address: &str, place: Place, expected: &str) {
        let answer = redirect(address, place, [("code", "a+b/c="), ("text", "no way")]);
        assert_eq!(answer.status, 302);
        assert_eq!(answer.headers[LOCATION], expected);
    }

    #[test]
    fn the_way_back_holds_encoded_parameters_where_the_document_wants_them() {
        let pairs = "code=a%2Bb%2Fc%3D&text=no+way";
        check(
            "https://a.test/b",
            Place::Query,
            &format!("https://a.test/b?{pairs}"),
        );
        check(
            "https://a.test/b?x=1",
            Place::Query,
            &format!("https://a.test/b?x=1&{pairs}"),
        );
        check(
            "https://a.test/b#c",
            Place::Query,
            &format!("https://a.test/b?{pairs}#c"),
        );
        check(
            "https://a.test/b#c",
            Place::Fragment,
            &format!("https://a.test/b#{pairs}"),
        );
        check(
            "hms://redirect_url",
            Place::Fragment,
            &format!("hms://redirect_url#{pairs}"),
        );
    }

    #[test]
    fn an_address_cannot_add_headers() {
        let answer = redirect("https://a.test/\r\nSet-Cookie: a=b", Place::Query, []);
        let location = answer.headers[LOCATION].to_str().unwrap();
        assert_eq!(location, "https://a.test/%0D%0ASet-Cookie:%20a=b");
    }
}
