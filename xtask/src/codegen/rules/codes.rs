//! Rules about the error table and what names its rows.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::codegen::document::{Document, RateLimit, RowId};

pub(super) fn check(document: &Document) -> Result<()> {
    let ids = document.row_ids();
    let mut seen = BTreeSet::new();
    for (row, id) in document.codes.iter().zip(&ids) {
        if !seen.insert(id.as_str()) {
            return Err(row.at.error(format!("a second row has the id `{id}`")));
        }
        if let Some(realm) = &row.realm
            && !is_realm(document, realm)
        {
            return Err(row
                .at
                .error(format!("no envelope names the realm `{realm}`")));
        }
    }
    let known = |row: &RowId| match seen.contains(row.id.as_str()) {
        true => Ok(()),
        false => Err(row
            .at
            .error(format!("`{}` is no row of `x-error-codes`", row.id))),
    };
    let limit = |limit: &RateLimit| match &limit.answer {
        Some(answer) if !seen.contains(answer.as_str()) => Err(limit
            .at
            .error(format!("`{answer}` is no row of `x-error-codes`"))),
        _ => Ok(()),
    };
    document.errors.iter().try_for_each(known)?;
    document.rate_limits.iter().try_for_each(limit)?;
    for operation in &document.operations {
        operation.errors.iter().flatten().try_for_each(known)?;
        operation.rate_limits.iter().try_for_each(limit)?;
    }
    document
        .webhooks
        .iter()
        .flat_map(|hook| &hook.errors)
        .try_for_each(known)
}

fn is_realm(document: &Document, realm: &str) -> bool {
    let of_calls = document
        .operations
        .iter()
        .filter_map(|operation| operation.outcome.as_ref());
    let mut envelopes = of_calls
        .chain([&document.outcome])
        .flat_map(|outcome| &outcome.envelopes);
    ["http", "receipt", "redirect"].contains(&realm)
        || envelopes.any(|envelope| envelope.realm.as_deref() == Some(realm))
}
