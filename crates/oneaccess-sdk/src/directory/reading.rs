//! Reading a list whole, and noticing when that did not work.

use std::fmt;

use auth_core::{Error, Result};

use crate::Client;
use crate::directory::{Member, Members, Snapshot};
#[cfg(feature = "app-accounts")]
use crate::model::{AppAccount, ListAppAccounts};
#[cfg(feature = "users")]
use crate::model::{ListUsers, User};

/// Why a snapshot is not complete.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Gap {
    /// There was nobody at all, which is more often a mistake than the truth.
    Empty,
    /// A page could not be read.
    #[non_exhaustive]
    Failed {
        /// The page, counted from 0.
        page: i32,
        /// Why.
        error: Error,
    },
    /// The list changed while it was read, each of the times it was tried: rows move from page to
    /// page then, and are missed.
    Moved,
    /// An account has no id, so that it cannot be told from others.
    NoId,
    /// The list ended before the number of rows that the platform stated.
    #[non_exhaustive]
    Short {
        /// How many rows were read.
        read: usize,
        /// How many the platform stated.
        total: i64,
    },
}

/// Rows of one page, and how many the platform says there are in all.
struct Rows {
    members: Vec<Option<Member>>,
    total: i64,
}

/// One reading of the list.
struct Pass {
    members: Members,
    gaps: Vec<Gap>,
    moved: bool,
}

/// # Snapshots
impl Client {
    /// Reads who has an account in an application: usually your own.
    ///
    /// Every page is read at least twice, until two readings agree, and at most four times. So
    /// accounts that come or go meanwhile do not make others vanish.
    ///
    /// # Errors
    ///
    /// Not even the first page could be read.
    #[cfg(feature = "app-accounts")]
    pub async fn snapshot_app_accounts(&self, application_id: &str) -> Result<Snapshot> {
        let options = &ListAppAccounts::default();
        read(|page| async move {
            let answer = self
                .list_app_accounts(application_id, page, PAGE, options)
                .await?;
            Ok(Rows {
                members: answer.accounts.into_iter().map(account).collect(),
                total: answer.total,
            })
        })
        .await
    }

    /// Reads the users of an organization, or, if the id is empty, of the whole tenant: with names, numbers and addresses of people who may have nothing to do with your
    /// application. Prefer the snapshot of its accounts, `snapshot_app_accounts`, which works like
    /// this one.
    ///
    /// # Errors
    ///
    /// Not even the first page could be read.
    #[cfg(feature = "users")]
    pub async fn snapshot_users(&self, org_id: &str) -> Result<Snapshot> {
        let options = &ListUsers::default().org_id(org_id);
        read(|page| async move {
            let answer = self.list_users(page, PAGE, options).await?;
            Ok(Rows {
                members: answer.users.into_iter().map(user).map(Some).collect(),
                total: answer.total,
            })
        })
        .await
    }
}

/// Reads the list until two readings in a row agree.
async fn read<F>(fetch: impl Fn(i32) -> F) -> Result<Snapshot>
where
    F: Future<Output = Result<Rows>>,
{
    let mut last: Option<Pass> = None;
    for _ in 0..MOST_PASSES {
        let pass = pass(&fetch).await?;
        if !pass.gaps.is_empty() {
            // A second reading would not make it whole.
            return Ok(partial(pass.members, pass.gaps));
        }
        let agrees = |last: &Pass| last.members == pass.members && !last.moved;
        if !pass.moved && last.as_ref().is_some_and(agrees) {
            return Ok(Snapshot::Complete(pass.members));
        }
        last = Some(pass);
    }
    let members = last.map_or_else(Members::default, |pass| pass.members);
    Ok(partial(members, vec![Gap::Moved]))
}

fn partial(members: Members, gaps: Vec<Gap>) -> Snapshot {
    Snapshot::Partial { members, gaps }
}

/// Reads all pages once. A page that fails does not end the list; two in a row do.
async fn pass<F>(fetch: &impl Fn(i32) -> F) -> Result<Pass>
where
    F: Future<Output = Result<Rows>>,
{
    let mut pass = Pass {
        members: Members::default(),
        gaps: Vec::new(),
        moved: false,
    };
    let (mut read, mut total, mut last_total) = (0, 0, 0);
    let mut failed = 0;
    for page in 0..i32::MAX {
        let rows = match fetch(page).await {
            Ok(rows) => rows,
            Err(error) if page == 0 => return Err(error),
            Err(error) => {
                pass.gaps.push(Gap::Failed { page, error });
                failed += 1;
                if failed == 2 {
                    return Ok(pass);
                }
                continue;
            }
        };
        failed = 0;
        let count = rows.members.len();
        let known = pass.members.len();
        read += count;
        last_total = rows.total;
        total = last_total.max(total);
        for member in rows.members {
            match member {
                // The same row on two pages: others have moved past.
                Some(member) => {
                    let id = member.id.clone();
                    pass.moved |= pass.members.0.insert(id, member).is_some();
                }
                None => pass.gaps.push(Gap::NoId),
            }
        }
        // A page of which all is known would come for ever, from whoever does not look at its number.
        let is_new = pass.members.len() > known;
        if count < usize::try_from(PAGE).unwrap_or_default() || !is_new {
            break;
        }
    }
    if read == 0 {
        pass.gaps.push(Gap::Empty);
    } else if usize::try_from(total).is_ok_and(|total| total > read) && pass.gaps.is_empty() {
        // A total that is too small is known from the platform's own samples, and means nothing.
        match total == last_total {
            true => pass.gaps.push(Gap::Short { read, total }),
            false => pass.moved = true,
        }
    }
    Ok(pass)
}

#[cfg(feature = "app-accounts")]
fn account(account: AppAccount) -> Option<Member> {
    Some(Member {
        id: account.id?,
        login: account.account_name,
        name: account.name,
        org_id: account.org_id,
        mobile: None,
        email: None,
        disabled: account.disabled.unwrap_or_default(),
        extension: account.extension.unwrap_or_default(),
    })
}

#[cfg(feature = "users")]
fn user(user: User) -> Member {
    Member {
        id: user.user_id,
        login: user.user_name,
        name: user.name,
        org_id: user.org_id,
        mobile: user.mobile,
        email: user.email,
        disabled: user.disabled.unwrap_or_default(),
        extension: user.extension.unwrap_or_default(),
    }
}

/// Errors count as equal if they say the same.
impl PartialEq for Gap {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the list is empty"),
            Self::Failed { page, error } => write!(f, "page {page} could not be read: {error}"),
            Self::Moved => f.write_str("the list changed while it was read"),
            Self::NoId => f.write_str("an account has no id"),
            Self::Short { read, total } => {
                write!(f, "the list ended after {read} of {total} rows")
            }
        }
    }
}

/// How many rows are asked for at a time: the most that the platform gives.
const PAGE: i32 = 100;

/// How often the list is read before it is said to be moving.
const MOST_PASSES: usize = 4;
