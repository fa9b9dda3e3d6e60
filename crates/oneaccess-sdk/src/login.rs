//! What a login comes to, and the steps that lead on from there.

mod steps;
mod trouble;

use std::time::Duration;

use auth_core::{Error, Result, Secret};

use crate::model::{LoginResult, LoginResultData, LoginStatus, PasswordPolicy, SocialBindStep};
use crate::{DeviceClient, Session};

pub use steps::{BindOrRegister, PasswordExpired, PasswordWarning, SecondFactor};
pub use trouble::{attempts_left, locked_for};

/// What a login came to. Each arm but the last two carries what the next step needs, and its
/// methods are the steps there are.
///
/// ```no_run
/// # async fn example(phone: oneaccess_sdk::DeviceClient, old: &str, new: &str)
/// # -> oneaccess_sdk::Result<()> {
/// use oneaccess_sdk::Login;
///
/// match phone.login_by_wechat("code-from-the-app").await? {
///     Login::Success(session) => println!("in for {:?}", session.expires_in()),
///     Login::PasswordWarning(step) => drop(step.skip().await?),
///     Login::PasswordExpired(step) => drop(step.update(old, new).await?),
///     Login::SecondFactor(step) => println!("a code goes to {}", step.mobile().await?),
///     Login::BindOrRegister(step) => println!("whose is it? {:?}", step.ways()),
///     Login::Denied => println!("not allowed in"),
///     other => println!("something newer: {other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Login {
    /// The social account belongs to nobody yet: bind it to a person, or register one.
    BindOrRegister(BindOrRegister),
    /// The platform refuses this person.
    Denied,
    /// The password must be changed first.
    PasswordExpired(PasswordExpired),
    /// The password should be changed soon; it can wait.
    PasswordWarning(PasswordWarning),
    /// A code by SMS or e-mail comes first.
    SecondFactor(SecondFactor),
    /// The person is logged in.
    Success(Session),
    /// A status that this version does not know, or one that lacks what it should carry.
    Other(Box<LoginResult>),
}

impl Login {
    pub(crate) fn new(device: &DeviceClient, result: LoginResult) -> Self {
        let data = result.data_as_json();
        let state = result.state_token.clone();
        match (&result.status, state) {
            (LoginStatus::Success, _) => match result.session_token.clone() {
                Some(token) => Self::Success(Session::new(
                    device,
                    token,
                    result.id_token.clone(),
                    result.expire.and_then(seconds),
                )),
                None => Self::Other(Box::new(result)),
            },
            (LoginStatus::AccessDenied, _) => Self::Denied,
            (LoginStatus::PasswordWarn, Some(state)) => {
                Self::PasswordWarning(PasswordWarning::new(device, state, policy(data)))
            }
            (LoginStatus::PasswordExpired, Some(state)) => {
                Self::PasswordExpired(PasswordExpired::new(device, state, policy(data)))
            }
            (LoginStatus::MfaAuth, Some(state)) => {
                Self::SecondFactor(SecondFactor::resume(device, state))
            }
            (LoginStatus::SocialBind, Some(state)) => {
                Self::BindOrRegister(BindOrRegister::new(device, state, false, ways(data)))
            }
            (LoginStatus::UserRegister, Some(state)) => {
                Self::BindOrRegister(BindOrRegister::new(device, state, true, ways(data)))
            }
            _ => Self::Other(Box::new(result)),
        }
    }

    /// The session, for callers to whom every other outcome is a failure.
    ///
    /// # Errors
    ///
    /// The error says which step is missing; its action is to send the user through sign-in again.
    pub fn success(self) -> Result<Session> {
        let missing = match self {
            Self::Success(session) => return Ok(session),
            Self::BindOrRegister(_) => "the social account belongs to nobody yet",
            Self::Denied => "the platform refuses this person",
            Self::PasswordExpired(_) => "the password must be changed first",
            Self::PasswordWarning(_) => "the password should be changed, or the warning skipped",
            Self::SecondFactor(_) => "a second factor is asked for",
            Self::Other(_) => "the login came to a status that this version does not know",
        };
        Err(Error::credentials(missing).advise(auth_core::Action::SignInAgain))
    }

    /// The state token of the step, where there is one: what a server keeps while the person
    /// thinks.
    pub fn state_token(&self) -> Option<&Secret> {
        match self {
            Self::BindOrRegister(step) => Some(step.state_token()),
            Self::PasswordExpired(step) => Some(step.state_token()),
            Self::PasswordWarning(step) => Some(step.state_token()),
            Self::SecondFactor(step) => Some(step.state_token()),
            Self::Other(result) => result.state_token.as_ref(),
            Self::Denied | Self::Success(_) => None,
        }
    }
}

fn policy(data: Option<LoginResultData>) -> Option<PasswordPolicy> {
    match data {
        Some(LoginResultData::PasswordPolicy(policy)) => Some(*policy),
        _ => None,
    }
}

fn ways(data: Option<LoginResultData>) -> Vec<SocialBindStep> {
    match data {
        Some(LoginResultData::SocialBindFlow(flow)) => {
            flow.social_bind_or_register_flow.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// A number of seconds as the platform states lifetimes.
pub(crate) fn seconds(number: i32) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_secs)
}
