//! The tokens of the tenants that an app acts for, kept side by side.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use auth_core::Cached;

/// Token caches by tenant, each made when it is first asked for.
pub(crate) struct Tenants {
    make: Box<dyn Fn(&str) -> Cached + Send + Sync>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tenants: HashMap<String, (u64, Cached)>,
    uses: u64,
}

impl Tenants {
    pub(crate) fn new(make: impl Fn(&str) -> Cached + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            known: Mutex::default(),
        }
    }

    /// The tokens of a tenant. The one not asked for longest makes room above the bound.
    pub(crate) fn of(&self, tenant_id: &str) -> Cached {
        // No step in between leaves a state that the next cannot work with.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.uses += 1;
        let now = known.uses;
        if let Some((used, tokens)) = known.tenants.get_mut(tenant_id) {
            *used = now;
            return tokens.clone();
        }
        if known.tenants.len() >= MOST {
            let oldest = known.tenants.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                known.tenants.remove(&oldest);
            }
        }
        let tokens = (self.make)(tenant_id);
        known
            .tenants
            .insert(tenant_id.to_owned(), (now, tokens.clone()));
        tokens
    }
}

/// How many tenants' tokens are kept.
const MOST: usize = 10_000;
