//! Snapshots over lists that fail, move, end early or are empty.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oneaccess_sdk::directory::{Gap, LeaverLimit, Members, Snapshot};
use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Sent};

/// A page of accounts, by their numbers, with a total.
fn page(numbers: impl Iterator<Item = usize>, total: usize) -> Reply {
    let accounts: Vec<Value> = numbers
        .map(|number| json!({"id": format!("id-{number}"), "account_name": format!("a{number}")}))
        .collect();
    (
        200,
        json!({"total": total, "accounts": accounts}).to_string(),
    )
}

/// The rows of a page of a list that has so many.
fn rows(sent: &Sent, count: usize) -> std::ops::Range<usize> {
    let (index, size) = (sent.number("offset"), sent.number("limit"));
    (index * size).min(count)..((index + 1) * size).min(count)
}

async fn snapshot(fake: &Arc<Fake>) -> Snapshot {
    fake.client().snapshot_app_accounts("app").await.unwrap()
}

#[track_caller]
fn check(snapshot: &Snapshot, count: usize, gap: Option<&str>) {
    let gaps: Vec<String> = snapshot.gaps().iter().map(Gap::to_string).collect();
    assert_eq!(snapshot.members().len(), count, "{gaps:?}");
    match gap {
        None => assert!(matches!(snapshot, Snapshot::Complete(_)), "{gaps:?}"),
        Some(gap) => assert!(gaps.iter().any(|it| it.contains(gap)), "{gaps:?}"),
    }
}

#[tokio::test]
async fn a_list_that_stands_still_is_complete() {
    for count in [1, 99, 100, 101, 250] {
        let fake = Fake::new(move |sent| page(rows(sent, count), count));
        check(&snapshot(&fake).await, count, None);
        let pages = count / 100 + 1;
        assert_eq!(fake.sent().len(), 2 * pages, "{count}");
    }
}

#[tokio::test]
async fn a_total_that_is_too_small_means_nothing() {
    let fake = Fake::new(|sent| page(rows(sent, 2), 1));
    check(&snapshot(&fake).await, 2, None);
}

#[tokio::test]
async fn an_empty_list_is_partial_and_nobody_leaves_it() {
    let fake = Fake::new(|_| page(0..0, 0));
    let empty = snapshot(&fake).await;
    check(&empty, 0, Some("empty"));
    let fake = Fake::new(|sent| page(rows(sent, 3), 3));
    let last: Members = snapshot(&fake).await.members().clone();
    let changes = empty.changes_since(&last, LeaverLimit::at_most(0)).unwrap();
    assert!(changes.is_empty() && !changes.leavers_are_known);
}

#[tokio::test]
async fn an_empty_page_in_the_middle_is_noticed() {
    let fake = Fake::new(|sent| match sent.number("offset") {
        1 => page(0..0, 250),
        _ => page(rows(sent, 250), 250),
    });
    check(&snapshot(&fake).await, 100, Some("after 100 of 250"));
}

#[tokio::test]
async fn an_empty_page_that_denies_the_total_is_noticed() {
    let fake = Fake::new(|sent| match sent.number("offset") {
        1 => page(0..0, 0),
        _ => page(rows(sent, 250), 250),
    });
    check(
        &snapshot(&fake).await,
        100,
        Some("changed while it was read"),
    );
}

#[tokio::test]
async fn pages_that_are_all_the_same_come_to_an_end() {
    let fake = Fake::new(|_| page(0..100, 100));
    check(
        &snapshot(&fake).await,
        100,
        Some("changed while it was read"),
    );
    assert_eq!(fake.sent().len(), 8);
}

#[tokio::test]
async fn who_left_behind_a_partial_snapshot_is_reported_by_the_next() {
    let night = |fake: Arc<Fake>| async move { snapshot(&fake).await };
    let first = night(Fake::new(|sent| page(rows(sent, 150), 150))).await;
    let last = first.baseline(&Members::default());
    assert_eq!(last.len(), 150);

    // The second page fails, and those on it are neither gone nor forgotten.
    let second = night(Fake::new(|sent| match sent.number("offset") {
        1 => (
            400,
            r#"{"error_code":"COM.0601","error_msg":"no"}"#.to_owned(),
        ),
        _ => page(rows(sent, 151), 151),
    }));
    let second = second.await;
    assert!(second.changes_since(&last, LeaverLimit::at_most(0)).is_ok());
    let last = second.baseline(&last);
    assert_eq!(last.len(), 150);

    let third = night(Fake::new(|sent| page(rows(sent, 149), 149))).await;
    let changes = third.changes_since(&last, LeaverLimit::at_most(1)).unwrap();
    let left: Vec<_> = changes.left.iter().map(|member| &*member.id).collect();
    assert_eq!((left, changes.joined.len()), (vec!["id-149"], 0));
    assert_eq!(third.baseline(&last).len(), 149);
}

#[tokio::test]
async fn a_page_that_fails_leaves_a_gap_and_the_others() {
    let fake = Fake::new(|sent| match sent.number("offset") {
        1 => (
            400,
            r#"{"error_code":"COM.0601","error_msg":"no"}"#.to_owned(),
        ),
        _ => page(rows(sent, 250), 250),
    });
    check(
        &snapshot(&fake).await,
        150,
        Some("page 1 could not be read"),
    );
    let fake = Fake::new(|_| {
        (
            400,
            r#"{"error_code":"COM.0601","error_msg":"no"}"#.to_owned(),
        )
    });
    assert!(fake.client().snapshot_app_accounts("app").await.is_err());
}

#[tokio::test]
async fn rows_that_move_are_noticed_and_read_again() {
    // Somebody leaves the first page after it was read: a row moves up, and is missed.
    let calls = AtomicUsize::new(0);
    let fake = Fake::new(move |sent| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        let gone = usize::from(call > 0);
        let count = 150 - gone;
        let rows = rows(sent, count).map(move |row| row + gone);
        page(rows, count)
    });
    check(&snapshot(&fake).await, 149, None);
    assert!(fake.sent().len() > 4);
    // Somebody comes and goes all the time.
    let calls = AtomicUsize::new(0);
    let fake = Fake::new(move |sent| {
        let shift = calls.fetch_add(1, Ordering::Relaxed);
        page(rows(sent, 150).map(move |row| row + shift), 150)
    });
    let snapshot = snapshot(&fake).await;
    let moved = snapshot.gaps().iter().any(|gap| matches!(gap, Gap::Moved));
    assert!(moved, "{snapshot:?}");
}

#[tokio::test]
async fn more_leavers_than_allowed_are_held_back() {
    let fake = Fake::new(|sent| page(rows(sent, 300), 300));
    let last = snapshot(&fake).await.members().clone();
    let fake = Fake::new(|sent| page(rows(sent, 100), 100));
    let now = snapshot(&fake).await;
    let refused = now
        .changes_since(&last, LeaverLimit::default())
        .unwrap_err();
    assert_eq!((refused.missing, refused.allowed), (200, 15));
    let changes = now.changes_since(&last, LeaverLimit::none()).unwrap();
    assert_eq!(changes.left.len(), 200);
}
