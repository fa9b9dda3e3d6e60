//! Reading the answer to one request: which of its tokens were taken, which refused, and why.

use std::collections::{BTreeMap, HashMap};

use auth_core::Error;
use serde::Deserialize;

use crate::model::IllegalTokenReason;
use crate::outcome::{Outcome, Refusal, RequestId};

/// The codes of an operation that say something about single tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes {
    /// Every token was taken.
    pub(crate) all: &'static str,
    /// Some tokens were taken; the message of the answer lists the others.
    pub(crate) some: &'static str,
    /// No token was taken; the message of the answer may list the reasons.
    pub(crate) none: &'static str,
}

/// What became of the tokens of one request.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Answered(Answered),
    NotSent(Error),
    Unknown(Error),
}

/// What an answer says about the tokens of its request.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    request_id: RequestId,
    /// The refused tokens by place, ascending, each with its reason's place in `reasons`.
    refused: Vec<(u32, u32)>,
    reasons: Vec<Option<IllegalTokenReason>>,
    rest: Rest,
}

/// What became of the tokens of one request, ready to be looked at.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The refused tokens by place, ascending, each with its outcome's place in `refusals`.
    refused: Vec<(u32, u32)>,
    /// One outcome for each reason.
    refusals: Vec<Outcome>,
    /// The outcome of every other token.
    rest: Outcome,
}

/// What became of the tokens that an answer does not name.
#[derive(Clone, Debug)]
enum Rest {
    Accepted,
    Refused,
    Unknown(Error),
}

impl Verdict {
    /// Reads an answer with one of `codes`, or returns `None` if it has another code.
    pub(crate) fn read(
        codes: Codes,
        code: &str,
        message: &str,
        request_id: &str,
        tokens: &[&str],
    ) -> Option<Self> {
        let request_id = RequestId::from(request_id);
        let code = code.trim();
        if code == codes.all {
            return Some(Self::Answered(Answered {
                request_id,
                refused: Vec::new(),
                reasons: Vec::new(),
                rest: Rest::Accepted,
            }));
        }
        if code != codes.some && code != codes.none {
            return None;
        }
        let detail = Detail::parse(message);
        let (refused, reasons, all_found) = detail.places(tokens);
        let rest = if code == codes.none {
            Rest::Refused
        } else if all_found && detail.adds_up(refused.len(), tokens.len()) {
            Rest::Accepted
        } else {
            Rest::Unknown(Error::decode(
                "the platform refused some tokens without saying clearly which",
            ))
        };
        Some(Self::Answered(Answered {
            request_id,
            refused,
            reasons,
            rest,
        }))
    }

    /// Makes the outcomes; `proven` tells whether the same send had any token accepted.
    pub(crate) fn settle(self, proven: bool) -> Settled {
        let answered = match self {
            Self::Answered(answered) => answered,
            Self::NotSent(error) => return Settled::all(Outcome::NotSent(error)),
            Self::Unknown(error) => return Settled::all(Outcome::Unknown(error)),
        };
        let request_id = answered.request_id;
        let refusal = |reason| Outcome::Refused(Refusal::new(reason, request_id.clone(), proven));
        Settled {
            refusals: answered.reasons.into_iter().map(refusal).collect(),
            refused: answered.refused,
            rest: match answered.rest {
                Rest::Accepted => Outcome::Accepted { request_id },
                Rest::Refused => refusal(None),
                Rest::Unknown(error) => Outcome::Unknown(error),
            },
        }
    }

    /// Whether any of the `size` tokens was accepted.
    pub(crate) fn accepts_any(&self, size: usize) -> bool {
        match self {
            Self::Answered(answered) => {
                matches!(answered.rest, Rest::Accepted) && answered.refused.len() < size
            }
            Self::NotSent(_) | Self::Unknown(_) => false,
        }
    }
}

impl Settled {
    /// The same outcome for every token.
    pub(crate) fn all(rest: Outcome) -> Self {
        Self {
            refused: Vec::new(),
            refusals: Vec::new(),
            rest,
        }
    }

    /// What became of the token at `place`.
    #[inline]
    pub(crate) fn of(&self, place: usize) -> &Outcome {
        if self.refused.is_empty() {
            return &self.rest;
        }
        let found = self
            .refused
            .binary_search_by_key(&place, |&(place, _)| place as usize);
        match found {
            Ok(found) => &self.refusals[self.refused[found].1 as usize],
            Err(_) => &self.rest,
        }
    }
}

/// The JSON inside the message of an answer. Everything may be missing, or null.
///
/// v3 sorts the refused tokens by reason, v1 and v2 list them flat under another name, and older
/// answers hold plain text. Neither is printed: they are device tokens.
#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    success: Option<u64>,
    #[serde(default)]
    failure: Option<u64>,
    #[serde(default, rename = "illegalTokens")]
    by_reason: Option<BTreeMap<IllegalTokenReason, Option<Vec<String>>>>,
    #[serde(default, rename = "illegal_tokens", alias = "illegal_token")]
    flat: Option<Vec<String>>,
}

impl Detail {
    fn parse(message: &str) -> Self {
        serde_json::from_str(message).unwrap_or_default()
    }

    /// Finds the listed tokens among `tokens`. The last part of the result tells whether each
    /// listed token was found.
    fn places(&self, tokens: &[&str]) -> (Vec<(u32, u32)>, Vec<Option<IllegalTokenReason>>, bool) {
        let lists = self
            .by_reason
            .iter()
            .flatten()
            .map(|(reason, listed)| (Some(reason), listed))
            .chain([(None, &self.flat)])
            .filter_map(|(reason, listed)| Some((reason, listed.as_ref()?)))
            .filter(|(_, listed)| !listed.is_empty());
        let mut reasons = Vec::new();
        let mut listed: HashMap<&str, u32> = HashMap::new();
        for (number, (reason, list)) in (0..).zip(lists) {
            reasons.push(reason.cloned());
            listed.extend(list.iter().map(|token| (token.as_str(), number)));
        }
        let refused: Vec<(u32, u32)> = (0..)
            .zip(tokens)
            .filter_map(|(place, token)| Some((place, *listed.get(token)?)))
            .collect();
        let all_found = refused.len() == listed.len();
        (refused, reasons, all_found)
    }

    /// Whether the counts agree with what was found, so that the tokens that are not listed can be
    /// taken for accepted.
    fn adds_up(&self, refused: usize, sent: usize) -> bool {
        let is = |count: Option<u64>, expected: usize| {
            count.is_none_or(|count| usize::try_from(count) == Ok(expected))
        };
        refused > 0 && is(self.failure, refused) && is(self.success, sent - refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V3: Codes = Codes {
        all: "80000000",
        some: "80100000",
        none: "80300007",
    };

    /// Reads an answer to the tokens a, b, c and shows one letter for each outcome.
    fn check(code: &str, message: &str, expected: &str) {
        let tokens = ["a", "b", "c"];
        let verdict = Verdict::read(V3, code, message, "r", &tokens).expect("a known code");
        let settled = verdict.settle(true);
        let shown: Vec<String> = (0..tokens.len())
            .map(|place| match settled.of(place) {
                Outcome::Accepted { request_id } => format!("accepted {request_id}"),
                Outcome::Refused(refusal) => match refusal.reason() {
                    Some(reason) => format!("refused {reason}"),
                    None => "refused".to_owned(),
                },
                Outcome::NotSent(_) => "not sent".to_owned(),
                Outcome::Unknown(_) => "unknown".to_owned(),
            })
            .collect();
        assert_eq!(shown.join(", "), expected, "{code} {message}");
    }

    #[test]
    fn success_accepts_every_token() {
        check("80000000", "Success", "accepted r, accepted r, accepted r");
        check(" 80000000 ", "", "accepted r, accepted r, accepted r");
    }

    #[test]
    fn v3_sorts_refused_tokens_by_reason() {
        check(
            "80100000",
            r#"{"success":1,"failure":2,"illegalTokens":{"tokenFormatError":["c"],"noRight":["a"]}}"#,
            "refused noRight, accepted r, refused tokenFormatError",
        );
        check(
            "80100000",
            r#"{"illegalTokens":{"somethingNew":["b"]}}"#,
            "accepted r, refused somethingNew, accepted r",
        );
    }

    #[test]
    fn hms_lists_refused_tokens_flat() {
        for name in ["illegal_tokens", "illegal_token"] {
            check(
                "80100000",
                &format!(r#"{{"success":2,"failure":1,"{name}":["b"]}}"#),
                "accepted r, refused, accepted r",
            );
        }
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        check(
            "80100000",
            r#"{"success":2,"failure":1,"illegal_tokens":null,"illegalTokens":{"tokenFormatError":["b"],"noRight":null}}"#,
            "accepted r, refused tokenFormatError, accepted r",
        );
        check(
            "80100000",
            r#"{"success":null,"failure":1,"illegal_tokens":["b"],"illegalTokens":null}"#,
            "accepted r, refused, accepted r",
        );
    }

    #[test]
    fn a_partial_answer_that_does_not_add_up_leaves_the_rest_unknown() {
        let nothing_known = "unknown, unknown, unknown";
        check("80100000", "some tokens are wrong", nothing_known);
        check("80100000", "", nothing_known);
        check("80100000", "{}", nothing_known);
        check("80100000", r#"{"illegal_tokens":["x***y"]}"#, nothing_known);
        check(
            "80100000",
            r#"{"failure":2,"illegal_tokens":["a"]}"#,
            "refused, unknown, unknown",
        );
        check(
            "80100000",
            r#"{"success":1,"failure":1,"illegal_tokens":["a"]}"#,
            "refused, unknown, unknown",
        );
    }

    #[test]
    fn when_all_are_refused_the_reasons_are_taken_where_given() {
        check(
            "80300007",
            r#"{"failure":3,"illegalTokens":{"noRight":["a","b","c"]}}"#,
            "refused noRight, refused noRight, refused noRight",
        );
        check(
            "80300007",
            "All the tokens are invalid",
            "refused, refused, refused",
        );
    }

    #[test]
    fn other_codes_are_not_about_tokens() {
        assert!(Verdict::read(V3, "80300008", "", "", &["a"]).is_none());
    }
}
