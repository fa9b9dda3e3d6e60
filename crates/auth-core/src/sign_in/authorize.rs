//! The address of the consent page.

use std::fmt;

use oauth2::{PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};

use crate::sign_in::{OAuthClient, PendingSignIn, random_id, random_verifier};
use crate::{Error, Result, Secret};

/// The address of the consent page in the making. Begin it once per sign-in.
#[must_use = "a sign-in is not begun before `begin` is called"]
pub struct Authorize<'a> {
    client: &'a OAuthClient,
    redirect_uri: String,
    scopes: Vec<String>,
    parameters: Vec<(&'static str, String)>,
    data: String,
    pkce: bool,
    nonce: bool,
}

/// Where to send the browser, and what to remember until it comes back.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is these two things")]
pub struct Redirect {
    /// The address of the consent page.
    pub url: String,
    /// What to remember: in a sealed cookie, or in the session.
    pub pending: PendingSignIn,
}

impl<'a> Authorize<'a> {
    pub(super) fn new(client: &'a OAuthClient, redirect_uri: String) -> Self {
        Self {
            client,
            redirect_uri,
            scopes: Vec::new(),
            parameters: Vec::new(),
            data: String::new(),
            pkce: true,
            nonce: true,
        }
    }

    /// Asks for a scope, or for several with blanks between, besides those asked for before.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Adds a parameter of the platform's own.
    pub fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Keeps a text of the caller's with the sign-in: the page to go to afterwards, for example. It
    /// does not get into the address.
    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = data.into();
        self
    }

    /// Leaves PKCE out, for platforms that do not know it.
    pub fn without_pkce(mut self) -> Self {
        self.pkce = false;
        self
    }

    /// Leaves the nonce out, for platforms that issue no ID tokens.
    pub fn without_nonce(mut self) -> Self {
        self.nonce = false;
        self
    }

    /// Makes state, nonce and PKCE verifier, and the address that carries them.
    ///
    /// # Errors
    ///
    /// A redirect_uri that is no whole address: with it the user would agree in vain.
    pub fn begin(self) -> Result<Redirect> {
        let OAuthClient { api, shared } = self.client;
        if RedirectUrl::new(self.redirect_uri.clone()).is_err() {
            return Err(Error::config("the redirect_uri is not an address"));
        }
        let state = random_id()?;
        let nonce = self.nonce.then(random_id).transpose()?;
        let verifier = self.pkce.then(random_verifier).transpose()?;

        let scopes = (!self.scopes.is_empty()).then(|| self.scopes.join(" "));
        let mut request = shared
            .endpoints
            .authorize
            .request()
            .query("response_type", "code")
            .query("client_id", &shared.id)
            .query("redirect_uri", &self.redirect_uri)
            .query_opt("scope", scopes)
            .query("state", state.expose())
            .query_opt("nonce", nonce.as_ref().map(Secret::expose));
        if let Some(verifier) = &verifier {
            let challenge = challenge(verifier);
            request = request
                .query("code_challenge", challenge.as_str())
                .query("code_challenge_method", challenge.method().as_str());
        }
        for (name, value) in &self.parameters {
            request = request.query(name, value);
        }
        Ok(Redirect {
            url: api.url(&request)?,
            pending: PendingSignIn {
                client_id: shared.id.clone(),
                state,
                nonce,
                verifier,
                redirect_uri: self.redirect_uri,
                // Not the platform's: it is compared with the time of the replica that finishes.
                issued_at: api.clock().local_now(),
                data: self.data,
            },
        })
    }
}

impl fmt::Debug for Authorize<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize")
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

fn challenge(verifier: &Secret) -> PkceCodeChallenge {
    let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let challenge = challenge(&verifier);
        assert_eq!(
            challenge.as_str(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(challenge.method().as_str(), "S256");
    }
}
