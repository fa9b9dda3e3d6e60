//! Proof that the emulator refuses what a document forbids: for every kind of rule an operation
//! has, a request that breaks it, refused by the emulator and, where Python is at hand, by the
//! checker of the documents, which shares no code with it.

mod document;
mod example;
mod mutants;
mod oracle;

use std::collections::{BTreeMap, BTreeSet};

use huawei_emulator::Rule;
use serde_json::Value;

use self::document::{Document, Operation};
use self::mutants::Mutant;
use crate::samples::{self, PLATFORMS, verdict};

/// How many forms of each operation are tried, so that every member of a union has its turn.
const FORMS: usize = 14;

/// Good requests to an operation: made ones and published ones.
fn good_requests(platform: &str, document: &Document, operation: &Operation<'_>) -> Vec<Value> {
    let made = (0..FORMS).map(|choice| example::sample(document, operation, choice));
    let prefix = format!("{}.request.", operation.id);
    let published = samples::requests(platform)
        .into_iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(_, sample)| sample)
        .filter(|sample| verdict(platform, sample).is_some_and(|it| it.violations.is_empty()));
    made.chain(published).collect()
}

#[test]
fn a_request_with_everything_an_operation_takes_is_accepted() {
    let mut wrong = Vec::new();
    let mut good = Vec::new();
    for platform in PLATFORMS {
        let document = Document::open(platform);
        for operation in document.operations() {
            for choice in 0..FORMS {
                let sample = example::sample(&document, &operation, choice);
                let checked = verdict(platform, &sample);
                let accepted = checked.as_ref().is_some_and(|checked| {
                    checked.operation == operation.id && checked.violations.is_empty()
                });
                if !accepted {
                    wrong.push(format!("{platform} {} {choice}: {checked:?}", operation.id));
                }
                good.push((
                    platform,
                    format!("{}.request.{choice}.json", operation.id),
                    sample,
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let Some(refused) = oracle::refused("good", &good) else {
        return;
    };
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_kind_of_rule_is_enforced() {
    let mut unbroken = Vec::new();
    let mut bad = Vec::new();
    let mut unseen: BTreeMap<Rule, usize> = BTreeMap::new();
    for platform in PLATFORMS {
        let document = Document::open(platform);
        for operation in document.operations() {
            for (rule, mutant) in mutants_by_rule(platform, &document, &operation) {
                match mutant {
                    None => unbroken.push(format!("{platform} {} {rule}", operation.id)),
                    Some(mutant) if mutant.seen_by_oracle => {
                        let keyword = rule.keyword().replace('-', "_").to_lowercase();
                        let name = format!("{}.request.{keyword}.json", operation.id);
                        bad.push((platform, name, mutant.sample));
                    }
                    Some(_) => *unseen.entry(rule).or_default() += 1,
                }
            }
        }
    }
    assert!(
        unbroken.is_empty(),
        "no mutation was refused:\n{}",
        unbroken.join("\n")
    );
    assert!(bad.len() > 800, "only {} mutated requests", bad.len());
    let Some(refused) = oracle::refused("bad", &bad) else {
        return;
    };
    let accepted: BTreeSet<String> = bad
        .iter()
        .map(|(platform, name, _)| format!("{platform}/{name}"))
        .filter(|name| !refused.contains(name))
        .collect();
    assert!(accepted.is_empty(), "check.py accepts {accepted:#?}");
}

/// For every kind of rule an operation has, a request that the emulator refuses for it, one that
/// the checker can see if there is one.
fn mutants_by_rule(
    platform: &str,
    document: &Document,
    operation: &Operation<'_>,
) -> BTreeMap<Rule, Option<Mutant>> {
    let mut found: BTreeMap<Rule, Option<Mutant>> = BTreeMap::new();
    for good in good_requests(platform, document, operation) {
        for mutant in mutants::mutants(document, operation, &good) {
            let best = found.entry(mutant.rule).or_default();
            if best
                .as_ref()
                .is_some_and(|best| best.seen_by_oracle || !mutant.seen_by_oracle)
            {
                continue;
            }
            let checked = verdict(platform, &mutant.sample);
            let broke = |rule| {
                let mut violations = checked.iter().flat_map(|checked| &checked.violations);
                violations.any(|violation| violation.rule == rule)
            };
            if broke(mutant.rule) {
                *best = Some(mutant);
            }
        }
    }
    found
}
