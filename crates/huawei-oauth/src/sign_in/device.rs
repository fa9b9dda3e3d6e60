//! Sign-in by QR code: shown here, scanned with a phone, polled for.

use std::fmt;
use std::time::Duration;

use auth_core::sign_in::{RefreshToken, Tokens};
use auth_core::{Action, Error, ErrorKind, Mark, Result, Secret};
use tokio::time::sleep;

use crate::generated::device::OPEN_DEVICE_PAGE;
use crate::model::{CreateDeviceCode, PollDeviceToken, Scope};
use crate::sign_in::{SignIn, SignedIn, seconds};

/// A sign-in by QR code in the making.
#[must_use = "a sign-in is not begun before `begin` is called"]
pub struct DeviceSignInBuilder<'a> {
    sign_in: &'a SignIn,
    scopes: Vec<Scope>,
}

/// A sign-in by QR code under way. Show [`qr_text`](Self::qr_text), then [`wait`](Self::wait).
///
/// It keeps to the platform's rules ([guide][guide]), which are not those of RFC 8628: a poll every
/// [`interval`](Self::interval), as many as fit into the life of the code, and no more once it has
/// not been scanned within [`scan_within`](Self::scan_within).
///
/// [guide]: https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/account-authorize-by-qrcode
pub struct DeviceSignIn {
    sign_in: SignIn,
    device_code: Secret,
    qr_text: Secret,
    begun: Mark,
    interval: Duration,
    life: Duration,
    scan_within: Duration,
    polls: u32,
    scanned: bool,
}

/// How far a sign-in by QR code is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// The user has signed in.
    Done(Box<SignedIn>),
    /// The code has not been scanned yet.
    NotScanned,
    /// The code has been scanned; the user has not decided yet.
    Scanned,
}

impl<'a> DeviceSignInBuilder<'a> {
    pub(super) fn new(sign_in: &'a SignIn) -> Self {
        Self {
            sign_in,
            scopes: vec![Scope::OpenId],
        }
    }

    /// Asks for a scope besides `openid`.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Asks the platform for the codes.
    pub async fn begin(self) -> Result<DeviceSignIn> {
        let client = &self.sign_in.client;
        let scopes: Vec<&str> = self.scopes.iter().map(Scope::as_str).collect();
        let request = CreateDeviceCode::new(client.client_id()?).scope(scopes.join(" "));
        let codes = client.create_device_code(&request).await?;

        let page = auth_core::Request::new(&OPEN_DEVICE_PAGE);
        let page = page.query("user_code", codes.user_code.expose());
        let address = client.api.url(&page)?;
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let url = codes.verification_url.as_str();
        let mark = if url.contains('?') { '&' } else { '?' };
        let span = |number, what| seconds(number, what).map(Duration::from_secs);
        Ok(DeviceSignIn {
            sign_in: self.sign_in.clone(),
            qr_text: Secret::new(format!("{url}{mark}{query}")),
            device_code: codes.device_code,
            begun: client.api.clock().mark(),
            interval: span(codes.interval, "interval")?.max(SHORTEST),
            life: span(codes.expire_in, "expire_in")?,
            scan_within: span(codes.scan_expire_in, "scan_expire_in")?,
            polls: 0,
            scanned: false,
        })
    }
}

impl DeviceSignIn {
    /// What the QR code holds: an address with a code that is a secret until it has been scanned.
    pub fn qr_text(&self) -> &Secret {
        &self.qr_text
    }

    /// How long to wait between two polls.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// How long the whole sign-in may take.
    pub fn life(&self) -> Duration {
        self.life
    }

    /// How long the user has to scan the code.
    pub fn scan_within(&self) -> Duration {
        self.scan_within
    }

    /// Waits until the user has decided.
    ///
    /// Dropping the future loses a poll at most; `wait` can be called again. A poll that fails for a
    /// passing reason is followed by the next one.
    ///
    /// # Errors
    ///
    /// [`Action::SignInAgain`] if the user refused, did not scan in time, or the code's time is over:
    /// show a new one.
    pub async fn wait(&mut self) -> Result<SignedIn> {
        loop {
            match self.poll().await {
                Ok(Progress::Done(signed_in)) => return Ok(*signed_in),
                Ok(Progress::NotScanned | Progress::Scanned) => {}
                Err(error) if passes(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for one interval and polls once, for pages that show how far it is.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait), and those of a single call.
    pub async fn poll(&mut self) -> Result<Progress> {
        // Polls that get no answer take longer than an interval.
        let age = self.sign_in.client.api.clock().elapsed(self.begun);
        if self.polls >= self.fit(self.life) || age >= self.life {
            return Err(over("the QR code's time is over"));
        }
        if !self.scanned && self.polls >= self.fit(self.scan_within) {
            return Err(over("the QR code was not scanned in time"));
        }
        sleep(self.interval).await;
        self.polls += 1;
        let client = &self.sign_in.client;
        let obtained_at = client.api.clock().now();
        let request = PollDeviceToken::new(self.device_code.clone());
        let token = match client.poll_device_token(&request).await {
            Ok(token) => token,
            Err(error) => match error.api().and_then(|api| api.sub_code.as_deref()) {
                Some(NOT_SCANNED) => return Ok(Progress::NotScanned),
                Some(SCANNED) => {
                    self.scanned = true;
                    return Ok(Progress::Scanned);
                }
                _ => return Err(error),
            },
        };
        let lifetime = Duration::from_secs(seconds(token.expires_in, "expires_in")?);
        let tokens = Tokens::new(token.access_token, obtained_at)
            .with_lifetime(lifetime)
            .with_scope(token.scope)
            .with_refresh_token(token.refresh_token.map(RefreshToken::from))
            .with_id_token(token.id_token);
        let signed_in = self.sign_in.signed_in(tokens, None).await?;
        Ok(Progress::Done(Box::new(signed_in)))
    }

    /// How many polls fit into a span.
    fn fit(&self, span: Duration) -> u32 {
        let polls = span.as_secs() / self.interval.as_secs();
        u32::try_from(polls).unwrap_or(u32::MAX)
    }
}

/// Whether the next poll may fare better: the code is still good, or its answer says that it is not.
fn passes(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Api => error.action() == Action::Backoff,
        ErrorKind::Transport => true,
        _ => false,
    }
}

fn over(what: &'static str) -> Error {
    Error::credentials(what).advise(Action::SignInAgain)
}

impl fmt::Debug for DeviceSignInBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignInBuilder")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignIn")
            .field("interval", &self.interval)
            .field("life", &self.life)
            .field("scan_within", &self.scan_within)
            .field("polls", &self.polls)
            .field("scanned", &self.scanned)
            .finish_non_exhaustive()
    }
}

/// Nobody has scanned the code yet.
const NOT_SCANNED: &str = "20411";
/// Somebody has scanned the code and not decided yet.
const SCANNED: &str = "20412";
/// The shortest interval, whatever an answer says.
const SHORTEST: Duration = Duration::from_secs(1);
