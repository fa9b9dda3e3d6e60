//! Service providers that act for the app of a merchant.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use auth_core::jwt::{ServiceAccount, ServiceKey};
use auth_core::{Clock, Error, Result, Secret, Token, TokenProvider};

use crate::Client;
use crate::model::{
    AgentAssertionClaims, AgentToken, CreateAgentAccessToken, CreateAgentAccessTokenParameters,
    CreateAgentClientTokenParameters, RefreshAgentAccessToken, RefreshAgentAccessTokenParameters,
};

/// A merchant that a service provider acts for. Keep it: it keeps the signed assertion for its hour.
///
/// Of the answers only the access token is confirmed; the rest, the layout of errors included, is
/// inferred from the other token endpoint.
#[derive(Clone)]
pub struct Merchant {
    client: Client,
    agent: ServiceAccount,
    merchant: String,
}

/// Signs assertions for one merchant.
struct Assertions {
    agent: ServiceAccount,
    merchant: String,
    clock: Clock,
}

/// Signs the assertion by which an agent acts for a merchant at `now`, valid for an hour.
///
/// A [`Merchant`] does it where it is needed.
pub fn agent_assertion(
    agent: &ServiceKey,
    merchant_client_id: &str,
    now: SystemTime,
) -> Result<Token> {
    agent.sign_claims(now, |iat, exp| {
        let seconds = |time| i64::try_from(time).unwrap_or(i64::MAX);
        let (iat, exp) = (seconds(iat), seconds(exp));
        AgentAssertionClaims::new(agent.account_id(), merchant_client_id, iat, exp)
    })
}

impl Client {
    /// The calls of an agent for a merchant, named by the client id of its app.
    pub fn for_merchant(&self, client_id: impl Into<String>) -> Result<Merchant> {
        let Some(agent) = &self.shared.agent else {
            return Err(Error::config(
                "there is no agent: set one with `ClientBuilder::agent`",
            ));
        };
        let agent = agent.clone();
        let merchant = client_id.into();
        let assertions = Assertions {
            agent: agent.clone(),
            merchant: merchant.clone(),
            clock: self.api.clock().clone(),
        };
        let tenant = agent.key().ok();
        let tenant = tenant.map(|key| format!("{}/{merchant}", key.identity()));
        let assertions = self
            .api
            .own_tokens("agent_assertion", tenant.as_deref(), assertions)
            .secret(agent.source().clone());
        let api = self
            .api
            .with_credential("agentClientAssertion", assertions.build());
        let client = Self {
            api,
            ..self.clone()
        };
        Ok(Merchant {
            client,
            agent,
            merchant,
        })
    }
}

impl Merchant {
    /// An app-level token of the merchant's app.
    pub async fn client_token(&self) -> Result<AgentToken> {
        let agent = self.agent.ready().await?;
        let parameters = CreateAgentClientTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: agent.account_id(),
        };
        self.client.create_agent_client_token(parameters).await
    }

    /// The tokens of a user who signed in to the merchant's app, for the code.
    pub async fn access_token(&self, code: impl Into<Secret>) -> Result<AgentToken> {
        let agent = self.agent.ready().await?;
        let parameters = CreateAgentAccessTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: agent.account_id(),
        };
        let code = CreateAgentAccessToken::new(code);
        self.client
            .create_agent_access_token(parameters, &code)
            .await
    }

    /// New tokens of a user of the merchant's app, for the refresh token.
    pub async fn refresh(&self, refresh_token: impl Into<Secret>) -> Result<AgentToken> {
        let agent = self.agent.ready().await?;
        let parameters = RefreshAgentAccessTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: agent.account_id(),
        };
        let token = RefreshAgentAccessToken::new(refresh_token);
        self.client
            .refresh_agent_access_token(parameters, &token)
            .await
    }

    /// The client that carries the assertion, for the calls under the names of the platform's
    /// document.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The client id of the merchant's app.
    pub fn client_id(&self) -> &str {
        &self.merchant
    }
}

#[async_trait]
impl TokenProvider for Assertions {
    async fn token(&self) -> Result<Token> {
        let key = self.agent.ready().await?;
        agent_assertion(&key, &self.merchant, self.clock.now())
    }
}

impl fmt::Debug for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant")
            .field("client_id", &self.merchant)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}
