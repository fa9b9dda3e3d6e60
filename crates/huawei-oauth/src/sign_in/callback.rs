//! What the browser brings back, and what it brings when the user refused.

use auth_core::sign_in::{self, Refusal, Returned};

/// What the browser brings back from the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callback {
    /// The user agreed.
    Code(Returned),
    /// The user refused, or the platform did.
    Refused(Refusal),
    /// Neither a code nor an error. That is what a server sees when the user refused: the platform
    /// puts the refusal into the fragment of the address, which browsers do not send
    /// (`…/back#error=1107&error_description=access+denied`), and leaves the state out. Unless a
    /// script on the page sends the fragment along, nothing more can be told.
    Silent,
}

impl Callback {
    /// Reads the address that the browser came back to: whole, from the path on, or only its query.
    ///
    /// The code in it is URL-encoded, and is decoded here, once. Give the address as the server got
    /// it. From a framework that has decoded the parameters take them to [`Returned::new`] instead:
    /// decoded twice, a `+` in the code becomes a blank, and the platform refuses it.
    pub fn parse(address: &str) -> Self {
        match sign_in::Callback::parse(address) {
            Ok(sign_in::Callback::Code(returned)) => Self::Code(returned),
            Ok(sign_in::Callback::Refused(refusal)) => Self::Refused(refusal),
            Ok(_) | Err(_) => Self::Silent,
        }
    }

    /// Whether it was the user who refused, as far as can be told.
    pub fn is_refused_by_user(&self) -> bool {
        match self {
            Self::Code(_) => false,
            Self::Refused(refusal) => DENIED.contains(&refusal.error.as_str()),
            Self::Silent => true,
        }
    }
}

/// How the platform spells "access denied": a number in one document, a word in another.
const DENIED: [&str; 2] = ["1107", "access_denied"];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &str, by_user: bool) {
        let callback = Callback::parse(address);
        let shown = match &callback {
            Callback::Code(returned) => format!("code {}", returned.code.expose()),
            Callback::Refused(refusal) => format!("refused {}", refusal.error),
            Callback::Silent => "silent".to_owned(),
        };
        assert_eq!(shown, expected);
        assert_eq!(callback.is_refused_by_user(), by_user);
    }

    #[test]
    fn a_code_is_decoded_once() {
        // The vector of the form encoding.
        let address = "/back?code=DwEEABlWuXdOMrHW%2Fzgbz%2BDUMMY%3D%3D&state=s";
        check(address, "code DwEEABlWuXdOMrHW/zgbz+DUMMY==", false);
    }

    #[test]
    fn a_refusal_is_told_by_number_and_by_word_in_query_and_fragment() {
        let fragment = "https://app.example/back#error=1107&error_description=access+denied";
        check(fragment, "refused 1107", true);
        check("/back?error=1107", "refused 1107", true);
        check("/back?error=access_denied", "refused access_denied", true);
        check("/back?error=1201", "refused 1201", false);
    }

    #[test]
    fn what_a_server_sees_of_a_refusal_in_the_fragment_is_nothing() {
        check("/back", "silent", true);
        check("/back?tenant=1", "silent", true);
    }
}
