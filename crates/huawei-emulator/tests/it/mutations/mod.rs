//! Proof that the emulator refuses what a document forbids: for every kind of rule an operation
//! has, a request that breaks it, refused by the emulator and, where Python is at hand, by the
//! checker of the documents, which shares no code with it.

mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use huawei_emulator::Rule;
use serde_json::Value;

pub(crate) use contract::{document, example, oracle};

use self::document::{Document, Operation};
use self::mutants::Mutant;
use crate::samples::{self, PLATFORMS, verdict};

/// How many forms of each operation are tried, so that every member of a union has its turn.
const FORMS: usize = 14;

/// The forms of a request to an operation, without repeats.
fn made(document: &Document, operation: &Operation<'_>) -> Vec<Value> {
    let mut made: Vec<Value> = Vec::new();
    for choice in 0..FORMS {
        let sample = example::sample(document, operation, choice);
        if !made.contains(&sample) {
            made.push(sample);
        }
    }
    made
}

/// Good requests to an operation: made ones and published ones.
fn good_requests(
    platform: &str,
    published: &[(String, Value)],
    made: &[Value],
    operation: &Operation<'_>,
) -> Vec<Value> {
    let prefix = format!("{}.request.", operation.id);
    let published = published
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(_, sample)| sample)
        .filter(|sample| verdict(platform, sample).is_some_and(|it| it.violations.is_empty()));
    made.iter().chain(published).cloned().collect()
}

#[test]
fn every_rule_is_kept_by_good_requests_and_enforced_on_bad_ones() {
    let mut wrong = Vec::new();
    let mut good = Vec::new();
    let mut bad = Vec::new();
    let mut unseen: BTreeMap<Rule, usize> = BTreeMap::new();
    for platform in PLATFORMS {
        let document = Document::open(platform);
        let published = samples::requests(platform);
        for operation in document.operations() {
            let id = operation.id;
            let made = made(&document, &operation);
            let seeds = good_requests(platform, &published, &made, &operation);
            for (choice, sample) in made.into_iter().enumerate() {
                let checked = verdict(platform, &sample);
                let accepted = checked.as_ref().is_some_and(|checked| {
                    checked.operation == id && checked.violations.is_empty()
                });
                if !accepted {
                    wrong.push(format!("{platform} {id} {choice} is refused: {checked:?}"));
                }
                good.push((platform, format!("{id}.request.{choice}.json"), sample));
            }
            for (rule, mutant) in mutants_by_rule(platform, &document, &operation, &seeds) {
                match mutant {
                    None => wrong.push(format!("{platform} {id}: nobody enforces {rule}")),
                    Some(mutant) if mutant.seen_by_oracle => {
                        let keyword = rule.keyword().replace('-', "_").to_lowercase();
                        bad.push((
                            platform,
                            format!("{id}.request.{keyword}.json"),
                            mutant.sample,
                        ));
                    }
                    Some(_) => *unseen.entry(rule).or_default() += 1,
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        good.len() > 370 && bad.len() > 1000,
        "{} and {}",
        good.len(),
        bad.len()
    );
    // What the checker does not look at: headers, paths, the size of the body, and what an
    // operation's parameters ask of each other.
    assert!(unseen.values().sum::<usize>() < bad.len() / 5, "{unseen:?}");
    let names = |exchanges: &[(&str, String, Value)]| -> BTreeSet<String> {
        let names = exchanges.iter();
        names
            .map(|(platform, name, _)| format!("{platform}/{name}"))
            .collect()
    };
    let expected = names(&bad);
    good.extend(bad);
    if let Some(refused) = oracle::refused(Path::new(env!("CARGO_TARGET_TMPDIR")), &good) {
        let wrong: Vec<_> = refused.symmetric_difference(&expected).collect();
        assert!(
            wrong.is_empty(),
            "the checker sees these otherwise: {wrong:#?}"
        );
    }
}

/// For every kind of rule an operation has, a request that the emulator refuses for it, one that
/// the checker can see if there is one.
fn mutants_by_rule(
    platform: &str,
    document: &Document,
    operation: &Operation<'_>,
    seeds: &[Value],
) -> BTreeMap<Rule, Option<Mutant>> {
    let mut found: BTreeMap<Rule, Option<Mutant>> = BTreeMap::new();
    for good in seeds {
        for mutant in mutants::mutants(document, operation, good) {
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
