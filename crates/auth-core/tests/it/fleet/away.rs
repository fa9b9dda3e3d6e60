//! What happens while the store is away, and when it is back.

use std::sync::Arc;

use auth_core::{Action, ErrorKind};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::fleet::world::{Answer, HOUR, SECOND, World, all, on_every_store, ready, tokens};

on_every_store!(
    without_the_store_a_process_goes_on_with_its_token,
    where_a_login_voids_the_token_of_others_nobody_logs_in_without_the_store,
    the_designated_process_logs_in_without_the_store,
    where_tokens_live_side_by_side_each_fetches_and_then_all_agree_again,
    a_token_that_could_not_be_stored_is_in_use_and_stored_when_the_store_is_back,
    a_store_that_lost_everything_is_filled_again_by_one_login,
);

async fn without_the_store_a_process_goes_on_with_its_token(world: World) {
    let processes = world.voiding(3);
    tokens(&processes).await;
    world.store.away(true);
    world.clock.advance(HOUR * 57 / 60);
    for _ in 0..10 {
        assert_eq!(tokens(&processes).await, vec!["token-1"; 3]);
        sleep(SECOND).await;
    }
    assert_eq!(world.platform.logins(), 1);
}

async fn where_a_login_voids_the_token_of_others_nobody_logs_in_without_the_store(world: World) {
    let processes = world.voiding(3);
    tokens(&processes).await;
    world.store.away(true);
    let old = processes[0].cached().unwrap().clone();
    for process in &processes {
        process.reject(&old);
    }
    for _ in 0..10 {
        for got in all(&processes).await {
            let error = got.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert_eq!(error.action(), Action::Backoff);
            assert!(error.to_string().contains("`shelf`"), "{error}");
        }
        sleep(SECOND).await;
    }
    assert_eq!(world.platform.logins(), 1);
    world.store.away(false);
    sleep(SECOND * 3).await;
    assert_eq!(tokens(&processes).await, vec!["token-2"; 3]);
    assert_eq!(world.platform.logins(), 2);
}

async fn the_designated_process_logs_in_without_the_store(world: World) {
    world.store.away(true);
    let designated = world
        .builder()
        .voids_previous()
        .logs_in_without_store()
        .build();
    assert_eq!(tokens(std::slice::from_ref(&designated)).await, ["token-1"]);
    assert!(all(&world.voiding(1)).await[0].is_err());
    // What it obtained is stored as soon as the store is back, and found by the others.
    world.store.away(false);
    sleep(SECOND * 3).await;
    assert_eq!(ready(&designated).as_deref(), Some("token-1"));
    sleep(SECOND).await;
    assert_eq!(tokens(&world.voiding(2)).await, vec!["token-1"; 2]);
    assert_eq!(world.platform.logins(), 1);
}

async fn where_tokens_live_side_by_side_each_fetches_and_then_all_agree_again(world: World) {
    let processes = world.processes(3);
    world.store.away(true);
    let mut got = tokens(&processes).await;
    got.sort_unstable();
    assert_eq!(got, ["token-1", "token-2", "token-3"]);
    world.store.away(false);
    for _ in 0..5 {
        sleep(SECOND).await;
        tokens(&processes).await;
    }
    let agreed = tokens(&processes).await;
    assert!(agreed.iter().all(|token| *token == agreed[0]), "{agreed:?}");
    assert_eq!(world.platform.logins(), 3);
}

async fn a_token_that_could_not_be_stored_is_in_use_and_stored_when_the_store_is_back(
    world: World,
) {
    let gate = Arc::new(Notify::new());
    world.platform.queue([Answer::Gated(Arc::clone(&gate))]);
    let process = world.voiding(1);
    let caller = tokio::spawn({
        let process = process.clone();
        async move { all(&process).await.remove(0) }
    });
    world.platform.arrived(1).await;
    world.store.away(true);
    gate.notify_one();
    assert_eq!(caller.await.unwrap().unwrap(), "token-1");
    sleep(SECOND * 5).await;
    assert_eq!(tokens(&process).await, ["token-1"]);
    world.store.away(false);
    sleep(SECOND * 3).await;
    assert_eq!(tokens(&process).await, ["token-1"]);
    sleep(SECOND).await;
    assert_eq!(tokens(&world.voiding(2)).await, vec!["token-1"; 2]);
    assert_eq!(world.platform.logins(), 1);
}

async fn a_store_that_lost_everything_is_filled_again_by_one_login(world: World) {
    let processes = world.voiding(5);
    tokens(&processes).await;
    let before = world.store.generation().await;
    let emptied = world.with_another_shelf();
    // The same caches cannot be moved to the empty store, so new ones stand for restarted processes.
    let fresh = emptied.voiding(5);
    sleep(SECOND * 2).await;
    assert_eq!(tokens(&fresh).await, vec!["token-2"; 5]);
    assert!(emptied.store.generation().await > before);
    assert_eq!(world.platform.logins(), 2);
}
