//! Service providers that act for the app of a merchant.

use std::fmt;

use async_trait::async_trait;
use auth_core::{Cached, Error, Result, Secret, Token, TokenProvider};

use crate::model::{
    AgentToken, CreateAgentAccessToken, CreateAgentAccessTokenParameters,
    CreateAgentClientTokenParameters, RefreshAgentAccessToken, RefreshAgentAccessTokenParameters,
};
use crate::{Client, ServiceAccount};

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
}

impl Client {
    /// The calls of an agent for a merchant, named by the client id of its app.
    pub fn for_merchant(&self, client_id: impl Into<String>) -> Result<Merchant> {
        let Some(agent) = &self.shared.agent else {
            return Err(Error::config(
                "there is no agent: set one with `ClientBuilder::agent`",
            ));
        };
        let agent = agent.clone().clock(self.api.clock().clone());
        let merchant = client_id.into();
        let assertions = Assertions {
            agent: agent.clone(),
            merchant: merchant.clone(),
        };
        // Nothing is known of a key that a vault was not asked for yet: it is not pooled.
        let assertions = match (agent.account_id(), agent.key_id()) {
            (Some(account), Some(key)) => {
                let tenant = format!("{account}/{key}/{merchant}");
                self.api.own_tokens("agent_assertion", &tenant, assertions)
            }
            _ => Cached::builder(assertions).clock(self.api.clock().clone()),
        };
        let assertions = assertions.secret(agent.source().clone());
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
        let agent = self.agent.ready_id().await?;
        let parameters = CreateAgentClientTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: &agent,
        };
        self.client.create_agent_client_token(parameters).await
    }

    /// The tokens of a user who signed in to the merchant's app, for the code.
    pub async fn access_token(&self, code: impl Into<Secret>) -> Result<AgentToken> {
        let agent = self.agent.ready_id().await?;
        let parameters = CreateAgentAccessTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: &agent,
        };
        let code = CreateAgentAccessToken::new(code);
        self.client
            .create_agent_access_token(parameters, &code)
            .await
    }

    /// New tokens of a user of the merchant's app, for the refresh token.
    pub async fn refresh(&self, refresh_token: impl Into<Secret>) -> Result<AgentToken> {
        let agent = self.agent.ready_id().await?;
        let parameters = RefreshAgentAccessTokenParameters {
            x_client_id: &self.merchant,
            x_agent_client_id: &agent,
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
        self.agent.assertion(&self.merchant).await
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
