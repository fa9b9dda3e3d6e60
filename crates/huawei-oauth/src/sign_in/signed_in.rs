//! What a sign-in gives.

use auth_core::sign_in::{RefreshToken, Tokens};
use auth_core::{Result, Token};

use crate::model::IdTokenClaims;
use crate::sign_in::lifetime;
use crate::{GroupUnionId, UserIds};

/// A user who has signed in: tokens, and verified claims of who it is.
#[derive(Clone, Debug)]
pub struct SignedIn {
    tokens: Tokens,
    claims: IdTokenClaims,
    user: UserIds,
    group_union_id: Option<GroupUnionId>,
}

/// What a refresh token gave.
#[derive(Clone, Debug)]
pub struct Refreshed {
    pub(super) tokens: Tokens,
    pub(super) claims: Option<IdTokenClaims>,
}

impl SignedIn {
    pub(super) fn new(tokens: Tokens, claims: IdTokenClaims) -> Self {
        let group = tokens.extra("group_union_id");
        let group = group.and_then(|id| id.as_str()).filter(|id| !id.is_empty());
        Self {
            group_union_id: group.map(GroupUnionId::from),
            user: UserIds::from(&claims),
            tokens,
            claims,
        }
    }

    /// Who it is. [`UserIds::key`] is never empty here.
    pub fn user(&self) -> &UserIds {
        &self.user
    }

    /// The verified claims of the ID token. Names and pictures are there if the scope was.
    pub fn claims(&self) -> &IdTokenClaims {
        &self.claims
    }

    /// The tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The access token as a credential, for [`Client::as_user`](crate::Client::as_user).
    pub fn token(&self) -> Result<Token> {
        self.tokens.token(lifetime())
    }

    /// The refresh token, if one came. Keep the one you have if none did.
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.tokens.refresh_token()
    }

    /// The user's id in the associated account group, if it was asked for.
    pub fn group_union_id(&self) -> Option<&GroupUnionId> {
        self.group_union_id.as_ref()
    }
}

impl Refreshed {
    /// The tokens, the refresh token among them.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The access token as a credential, for [`Client::as_user`](crate::Client::as_user).
    pub fn token(&self) -> Result<Token> {
        self.tokens.token(lifetime())
    }

    /// The verified claims of the new ID token, which comes if the scopes hold `openid`. Compare
    /// their user with the one whose refresh token it was.
    pub fn claims(&self) -> Option<&IdTokenClaims> {
        self.claims.as_ref()
    }
}
