//! One fetch for the fleet, whoever dies, sleeps or is refused.

use std::slice::from_ref;
use std::sync::Arc;

use auth_core::testing::{ManualClock, conformance};
use auth_core::{
    Action, Error, MemoryStore, Outcome, Platform, Token, TokenProvider, TokenStore, Verdict,
};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::fleet::world::{
    Answer, HOUR, SECOND, World, all, key, on_every_store, ready, text, tokens,
};

on_every_store!(
    one_fetch_serves_all_processes,
    a_token_is_renewed_ahead_of_time_once_for_all,
    the_lease_of_a_dead_process_ends_and_exactly_one_takes_over,
    a_write_that_is_refused_marks_the_other_token_and_all_agree_on_a_third,
    a_late_refusal_of_an_old_token_does_not_bring_back_one_refused_since,
    a_token_refused_in_one_process_is_replaced_once_for_all,
    refusals_at_the_same_time_cause_one_login,
    a_refresh_token_is_handed_on_through_the_store,
    a_crash_between_issued_and_stored_is_repaired_by_the_next_process,
    twelve_replicas_with_a_wrong_secret_call_three_times_in_a_quarter_of_an_hour,
    a_wait_that_the_platform_asks_for_is_kept_by_all,
    hosts_with_wrong_clocks_agree_on_the_platforms_time_and_the_end_of_the_token,
    a_cache_that_is_warm_serves_at_once_and_one_that_is_shut_down_fetches_no_more,
    a_shutdown_lets_the_fetch_end_and_gives_up_the_lease,
);

#[tokio::test]
async fn the_store_in_memory_conforms() {
    let store = MemoryStore::new();
    conformance(store.clone(), store).await;
}

async fn one_fetch_serves_all_processes(world: World) {
    let processes = world.processes(20);
    assert_eq!(tokens(&processes).await, vec!["token-1"; 20]);
    assert_eq!(world.platform.logins(), 1);
    // A process that starts later finds the token.
    assert_eq!(tokens(&world.processes(1)).await, ["token-1"]);
    world.clock.advance(HOUR);
    assert_eq!(tokens(&processes).await, vec!["token-2"; 20]);
    assert_eq!(world.platform.logins(), 2);
}

async fn a_token_is_renewed_ahead_of_time_once_for_all(world: World) {
    let processes = world.processes(10);
    tokens(&processes).await;
    world.clock.advance(HOUR * 57 / 60);
    for process in &processes {
        assert_eq!(ready(process).as_deref(), Some("token-1"));
    }
    sleep(SECOND * 3).await;
    for process in &processes {
        assert_eq!(ready(process).as_deref(), Some("token-2"));
    }
    assert_eq!(world.platform.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_no_longer_in_the_process_that_found_it() {
    let world = World::new();
    tokens(&world.processes(1)).await;
    world.clock.advance(HOUR / 2);
    let late = world.processes(1);
    tokens(&late).await;
    world.clock.advance(HOUR / 2 - SECOND * 6);
    assert!(ready(&late[0]).is_some());
    world.clock.advance(SECOND * 2);
    assert!(ready(&late[0]).is_none());
}

async fn the_lease_of_a_dead_process_ends_and_exactly_one_takes_over(world: World) {
    let lease = world.store.lease(&key(), "dead", world.lease).await;
    assert_eq!(lease.unwrap(), auth_core::Lease::Granted);
    assert_eq!(tokens(&world.voiding(10)).await, vec!["token-1"; 10]);
    assert_eq!(world.platform.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_lost_its_lease_during_the_login_uses_nothing_of_it() {
    let world = World::new();
    let gate = Arc::new(Notify::new());
    world.platform.queue([Answer::Gated(Arc::clone(&gate))]);
    let processes = world.voiding(3);
    let stopped = tokio::spawn({
        let process = processes[0].clone();
        async move { process.token().await.map(|token| text(&token)) }
    });
    world.platform.arrived(1).await;
    // What a stopped process cannot do: prolong. Another takes over and logs in.
    let holder = "another";
    let store = &world.store.shelf;
    while store.lease(&key(), holder, SECOND * 2).await.unwrap() != auth_core::Lease::Granted {
        // The clock jumps over the lease, as for a process that wakes up.
        world.clock.advance(SECOND * 11);
    }
    gate.notify_one();
    let got = stopped.await.unwrap().unwrap();
    // Its own was token-1; which it did not use, because another may have logged in meanwhile.
    assert_ne!(got, "token-1");
    assert_eq!(tokens(&processes).await, vec![got; 3]);
    assert_eq!(world.platform.logins(), 2);
}

async fn a_write_that_is_refused_marks_the_other_token_and_all_agree_on_a_third(world: World) {
    let gate = Arc::new(Notify::new());
    world.platform.queue([Answer::Gated(Arc::clone(&gate))]);
    let slow = world.voiding(1);
    let others = world.voiding(3);
    let first = tokio::spawn({
        let slow = slow[0].clone();
        async move { slow.token().await.map(|token| text(&token)) }
    });
    world.platform.arrived(1).await;
    // The lease gets lost without the holder noticing, as in a store that was restored.
    let store = &world.store.shelf;
    let lease = store.lease(&key(), "nobody", SECOND).await.unwrap();
    let auth_core::Lease::Held { .. } = lease else {
        panic!("the slow one holds it")
    };
    let record = br#"{"v":1,"token":{"value":"token-other","header":"authorization","prefix":"Bearer ","lifetime_ms":3600000,"expires_ms":1767229000000}}"#;
    let stored = auth_core::Stored::new(77, record.to_vec());
    assert!(store.compare_and_set(&key(), 0, &stored).await.unwrap());
    assert_eq!(tokens(&others).await, vec!["token-other"; 3]);
    gate.notify_one();
    // Token 1 voided the other's, and was itself not stored: neither is handed out again.
    assert_eq!(first.await.unwrap().unwrap(), "token-2");
    let other = others[0].cached().unwrap().clone();
    for process in &others {
        process.reject(&other);
    }
    assert_eq!(tokens(&others).await, vec!["token-2"; 3]);
    assert_eq!(world.platform.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_ended_without_its_lease_spoils_none_under_way() {
    let world = World::new();
    let (slow_gate, quick_gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gates = [&slow_gate, &quick_gate];
    let answers = gates.map(|gate| Answer::Gated(Arc::clone(gate)));
    world.platform.queue(answers);
    let (slow, quick) = (world.voiding(1), world.voiding(1));
    let ask = |process: &auth_core::Cached| {
        let process = process.clone();
        tokio::spawn(async move { process.token().await.map(|token| text(&token)) })
    };
    let first = ask(&slow[0]);
    world.platform.arrived(1).await;
    // The first one is paused past its lease, and the second logs in.
    world.clock.advance(SECOND * 6);
    let second = ask(&quick[0]);
    world.platform.arrived(2).await;
    slow_gate.notify_one();
    sleep(SECOND * 2).await;
    assert_eq!(world.store.generation().await, 0, "nobody else writes now");
    quick_gate.notify_one();
    assert_eq!(second.await.unwrap().unwrap(), "token-2");
    // Which of the two voided the other's is not known here: a third one settles it.
    assert_eq!(first.await.unwrap().unwrap(), "token-3");
    let old = quick[0].cached().unwrap().clone();
    quick[0].reject(&old);
    assert_eq!(tokens(&quick).await, ["token-3"]);
    assert_eq!(world.platform.logins(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_asked_for_after_a_login_without_its_lease_had_ended_is_trusted() {
    let world = World::new();
    let gate = Arc::new(Notify::new());
    world.platform.queue([Answer::Gated(Arc::clone(&gate))]);
    let slow = world.voiding(1);
    let first = tokio::spawn({
        let slow = slow[0].clone();
        async move { slow.token().await.map(|token| text(&token)) }
    });
    world.platform.arrived(1).await;
    world.clock.advance(SECOND * 6);
    let store = &world.store.shelf;
    let lease = store.lease(&key(), "another", SECOND * 5).await.unwrap();
    assert_eq!(lease, auth_core::Lease::Granted);
    gate.notify_one();
    sleep(SECOND).await;
    // The other one logs in only now.
    let now = world.store.read(&key()).await.unwrap().now;
    let expires = (now + HOUR).duration_since(std::time::UNIX_EPOCH).unwrap();
    let expires = expires.as_millis();
    let record = format!(
        r#"{{"v":1,"token":{{"value":"token-other","header":"authorization","prefix":"Bearer ","lifetime_ms":3600000,"expires_ms":{expires}}}}}"#
    );
    let stored = auth_core::Stored::new(77, record.into_bytes());
    assert!(store.compare_and_set(&key(), 0, &stored).await.unwrap());
    assert_eq!(first.await.unwrap().unwrap(), "token-other");
    assert_eq!(world.store.generation().await, 77, "it is not marked");
    assert_eq!(world.platform.logins(), 1);
}

async fn a_late_refusal_of_an_old_token_does_not_bring_back_one_refused_since(world: World) {
    let process = world.voiding(1);
    let mut refused = Vec::new();
    for round in 1..=2 {
        assert_eq!(tokens(&process).await, [format!("token-{round}")]);
        refused.push(process[0].cached().unwrap().clone());
        process[0].reject(&refused[round - 1]);
    }
    // The answer to a call from before comes only now, while nothing is held.
    process[0].reject(&refused[0]);
    assert_eq!(tokens(&process).await, ["token-3"]);
    process[0].reject(&refused[0]);
    process[0].reject(&refused[1]);
    assert_eq!(tokens(&process).await, ["token-3"]);
    assert_eq!(world.platform.logins(), 3);
}

async fn a_token_refused_in_one_process_is_replaced_once_for_all(world: World) {
    let processes = world.voiding(10);
    tokens(&processes).await;
    let old = processes[0].cached().unwrap().clone();
    processes[0].reject(&old);
    assert_eq!(tokens(&processes[..1]).await, ["token-2"]);
    // The others are refused later, and find what the first one fetched.
    for process in &processes[1..] {
        assert_eq!(ready(process).as_deref(), Some("token-1"));
        process.reject(&old);
    }
    assert_eq!(tokens(&processes).await, vec!["token-2"; 10]);
    // The provider hears of it once: that others replaced a token is no reason for alarm.
    assert_eq!(world.platform.refused(), ["token-1"]);
    // A late refusal of the old one changes nothing.
    for process in &processes {
        process.reject(&old);
        assert_eq!(ready(process).as_deref(), Some("token-2"));
    }
    assert_eq!(world.platform.logins(), 2);
}

async fn refusals_at_the_same_time_cause_one_login(world: World) {
    let processes = world.voiding(10);
    tokens(&processes).await;
    let old = processes[0].cached().unwrap().clone();
    for process in &processes {
        process.reject(&old);
    }
    assert_eq!(tokens(&processes).await, vec!["token-2"; 10]);
    assert_eq!(world.platform.logins(), 2);
}

async fn a_refresh_token_is_handed_on_through_the_store(world: World) {
    tokens(&world.processes(1)).await;
    world.clock.advance(HOUR * 2);
    // Another process, which never held the token, renews it.
    tokens(&world.processes(1)).await;
    assert_eq!(world.platform.handed(), ["login", "refresh-1"]);
}

async fn a_crash_between_issued_and_stored_is_repaired_by_the_next_process(world: World) {
    tokens(&world.voiding(1)).await;
    let old = tokens_of(&world).await;
    world.clock.advance(HOUR * 2);
    // A process takes the lease, is issued a token, and is killed before it can store it.
    let lease = world.store.lease(&key(), "killed", world.lease).await;
    assert_eq!(lease.unwrap(), auth_core::Lease::Granted);
    drop(world.platform.renew(Some(&old)).await.unwrap());
    assert_eq!(tokens(&world.voiding(2)).await, vec!["token-3"; 2]);
    assert_eq!(
        world.platform.handed(),
        ["login", "refresh-1", "refresh-1"],
        "what was stored last is what there is to renew"
    );
}

/// The token that a process finds.
async fn tokens_of(world: &World) -> Token {
    world.builder().build().token().await.unwrap()
}

async fn twelve_replicas_with_a_wrong_secret_call_three_times_in_a_quarter_of_an_hour(
    world: World,
) {
    let wrong = || Answer::Error(Error::credentials("the secret is wrong"));
    world.platform.queue((0..100).map(|_| wrong()));
    let processes = world.voiding(12);
    for _ in 0..900 {
        for got in all(&processes).await {
            let error = got.unwrap_err();
            assert_eq!(error.action(), Action::FixCredentials, "{error}");
        }
        world.clock.advance(SECOND);
    }
    let logins = world.platform.logins();
    assert!((1..=3).contains(&logins), "{logins}");
}

async fn a_wait_that_the_platform_asks_for_is_kept_by_all(world: World) {
    let locked = Error::reported(&PLATFORM, None, "41403", "the account is locked");
    let locked = locked.advise(Action::Backoff).after(SECOND * 900);
    world.platform.queue([Answer::Error(locked)]);
    let processes = world.voiding(12);
    for _ in 0..90 {
        for got in all(&processes).await {
            assert_eq!(got.unwrap_err().action(), Action::Backoff);
        }
        world.clock.advance(SECOND * 9);
    }
    assert_eq!(world.platform.logins(), 1);
    world.clock.advance(SECOND * 91);
    assert_eq!(tokens(&processes).await, vec!["token-2"; 12]);
}

async fn hosts_with_wrong_clocks_agree_on_the_platforms_time_and_the_end_of_the_token(
    world: World,
) {
    let wrong = || ManualClock::at(world.clock.clock().now());
    let (fast, slow) = (wrong(), wrong());
    fast.step_forward(SECOND * 600);
    slow.step_back(SECOND * 600);
    let process = |clock: &ManualClock| world.builder().clock(clock.clock()).build();
    let (first, second) = (process(&fast), process(&slow));
    // One hears the platform's time with an answer.
    let date = httpdate::fmt_http_date(world.clock.clock().now());
    let headers = [(http::header::DATE, date.parse().unwrap())];
    let clock = fast.clock();
    clock.observe(clock.mark(), &headers.into_iter().collect());
    assert_eq!(tokens(from_ref(&first)).await, ["token-1"]);
    // The other has it, and the token, from the store alone.
    assert_eq!(tokens(from_ref(&second)).await, ["token-1"]);
    let far = |clock: &ManualClock, by: i64| (clock.clock().offset_millis() - by).abs();
    assert!(far(&fast, -600_000) <= 3_000, "{:?}", fast.clock());
    assert!(far(&slow, 600_000) <= 3_000, "{:?}", slow.clock());
    for (process, clock) in [(&first, &fast), (&second, &slow)] {
        clock.advance(HOUR - SECOND * 8);
        assert!(ready(process).is_some());
        clock.advance(SECOND * 4);
        assert!(ready(process).is_none());
    }
    assert_eq!(world.platform.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_platform_is_asked_by_one_process_at_a_time() {
    let world = World::new();
    let down = || Answer::Error(Error::transport("the platform is away"));
    world.platform.queue((0..1_000).map(|_| down()));
    let processes = world.processes(20);
    for _ in 0..100 {
        assert!(all(&processes).await.iter().all(Result::is_err));
        sleep(SECOND / 10).await;
    }
    let logins = world.platform.logins();
    assert!((4..=12).contains(&logins), "{logins} in 10 s");
}

async fn a_cache_that_is_warm_serves_at_once_and_one_that_is_shut_down_fetches_no_more(
    world: World,
) {
    let process = world.builder().build();
    process.warm().await.unwrap();
    assert_eq!(ready(&process).as_deref(), Some("token-1"));
    process.shutdown().await;
    assert_eq!(text(&process.token().await.unwrap()), "token-1");
    world.clock.advance(HOUR);
    let error = process.token().await.unwrap_err();
    assert!(error.to_string().contains("shut down"), "{error}");
    assert_eq!(world.platform.logins(), 1);
}

async fn a_shutdown_lets_the_fetch_end_and_gives_up_the_lease(world: World) {
    let process = world.builder().build();
    let caller = tokio::spawn({
        let process = process.clone();
        async move { process.token().await.map(|token| text(&token)) }
    });
    world.platform.arrived(1).await;
    process.shutdown().await;
    assert_eq!(caller.await.unwrap().unwrap(), "token-1");
    let lease = world.store.lease(&key(), "next", SECOND).await.unwrap();
    assert_eq!(lease, auth_core::Lease::Granted);
}

/// A platform that says nothing of its codes.
static PLATFORM: Platform = Platform {
    name: "example",
    servers: &[],
    codes: &[],
    schemes: &[],
    security: &[],
    outcome: &Outcome {
        verdict: Verdict::Body,
        success: &[],
        partial: &[],
        envelopes: &[],
    },
    tokens: &[],
};
