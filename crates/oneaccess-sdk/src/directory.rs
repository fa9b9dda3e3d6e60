//! Snapshots of who is there, for a nightly synchronisation, and what changed between two.
//!
//! OneAccess sends no event for somebody who leaves, so systems compare lists once a night. What
//! goes wrong there is always the same: a list that is cut short, empty, or moved between two of
//! its pages makes people look gone, and a program disables all of them. So a [`Snapshot`] says
//! whether it is [complete](Snapshot::Complete), who is missing from a partial one is never
//! reported as having left, and [`LeaverLimit`] holds back more leavers than you find likely.
//!
//! ```no_run
//! # #[cfg(feature = "app-accounts")]
//! # async fn example(client: oneaccess_sdk::Client, last: oneaccess_sdk::directory::Members)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! use oneaccess_sdk::directory::LeaverLimit;
//!
//! let snapshot = client.snapshot_app_accounts("application-id").await?;
//! let changes = snapshot.changes_since(&last, LeaverLimit::default())?;
//! for member in &changes.left {
//!     println!("{} is gone", member.login);
//! }
//! for member in &changes.disabled {
//!     println!("{} may not log in any more", member.login);
//! }
//! let next = serde_json::to_string(&snapshot.baseline(&last))?;
//! # Ok(())
//! # }
//! ```

mod changes;
mod limit;
mod reading;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::changes::Changes;
pub use self::limit::{LeaverLimit, TooManyLeavers};
pub use self::reading::Gap;

/// Who was there when a list was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Snapshot {
    /// The list was read from its beginning to its end, twice with the same result.
    Complete(Members),
    /// Something is missing, or may be.
    #[non_exhaustive]
    Partial {
        /// Who was found all the same.
        members: Members,
        /// Why it is not complete.
        gaps: Vec<Gap>,
    },
}

/// The people of a snapshot by their ids. What [`Snapshot::baseline`] makes of them is written down for
/// the next comparison, with serde.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Members(pub(crate) BTreeMap<String, Member>);

/// One account or user, as far as a comparison needs it. Identity numbers are not taken along.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// The id of the account, or of the user in a snapshot of users.
    pub id: String,
    /// The name of the account, or the login name of the user.
    pub login: String,
    /// The real name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// The mobile number; in a snapshot of users alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The e-mail address; in a snapshot of users alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the account or user is disabled: it is there, and may not log in.
    #[serde(default)]
    pub disabled: bool,
    /// Custom attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extension: BTreeMap<String, Value>,
}

impl Snapshot {
    /// Who was found, be it all or some.
    pub fn members(&self) -> &Members {
        match self {
            Self::Complete(members) | Self::Partial { members, .. } => members,
        }
    }

    /// Why it is not complete; empty if it is.
    pub fn gaps(&self) -> &[Gap] {
        match self {
            Self::Complete(_) => &[],
            Self::Partial { gaps, .. } => gaps,
        }
    }

    /// What to write down for the next comparison, once the changes since `last` are dealt with: who
    /// was found, and, if the snapshot is partial, those of `last` who were not. Left out, they would
    /// be new the next time, and those who have left by then would never be reported.
    pub fn baseline(&self, last: &Members) -> Members {
        let mut baseline = self.members().clone();
        if let Self::Partial { .. } = self {
            for member in last.iter() {
                let kept = baseline.0.entry(member.id.clone());
                kept.or_insert_with(|| member.clone());
            }
        }
        baseline
    }

    /// What changed since `last`. Whoever is missing from a partial snapshot has not left: see
    /// [`Changes::leavers_are_known`].
    ///
    /// # Errors
    ///
    /// More have left than `limit` allows. Nothing is reported then; look, and raise the limit if
    /// it is true.
    pub fn changes_since(
        &self,
        last: &Members,
        limit: LeaverLimit,
    ) -> Result<Changes, TooManyLeavers> {
        let complete = matches!(self, Self::Complete(_));
        let changes = Changes::between(last, self.members(), complete);
        limit.check(changes.left.len(), last.len())?;
        Ok(changes)
    }
}

impl Members {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The member with this id.
    pub fn get(&self, id: &str) -> Option<&Member> {
        self.0.get(id)
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.values()
    }
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let members = members.into_iter();
        Self(members.map(|it| (it.id.clone(), it)).collect())
    }
}

impl Member {
    /// A member with this id and login name, and nothing else known.
    pub fn new(id: impl Into<String>, login: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            login: login.into(),
            name: None,
            org_id: None,
            mobile: None,
            email: None,
            disabled: false,
            extension: BTreeMap::new(),
        }
    }
}
