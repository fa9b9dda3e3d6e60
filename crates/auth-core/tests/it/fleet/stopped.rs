//! A process that has the lease is stopped for longer than that lasts, and goes on.
//!
//! It is a thread with a runtime of its own, which blocks as a whole: what SIGSTOP does to a process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use auth_core::Error;
use tokio::time::sleep;

use crate::fleet::world::{Answer, SECOND, World, on_every_store, ready, stop, tokens};

on_every_store!(
    what_a_holder_obtained_without_its_lease_is_refused_by_generation_and_not_used,
    a_login_that_ends_without_its_lease_marks_what_is_stored_and_the_next_reader_replaces_it,
    a_holder_stopped_before_its_login_does_not_log_in,
);

async fn what_a_holder_obtained_without_its_lease_is_refused_by_generation_and_not_used(
    world: World,
) {
    let (stop, stopped) = stop();
    world.platform.queue([Answer::Stopped(stop)]);
    let writes: Arc<Mutex<Vec<&str>>> = Arc::default();
    let holder = world.start({
        let writes = Arc::clone(&writes);
        move |done| {
            if ["written", "refused", "failed"].contains(&done) {
                writes.lock().unwrap().push(done);
            }
        }
    });
    stopped.reached();
    let others = world.voiding(3);
    assert_eq!(tokens(&others).await, vec!["token-2"; 3]);
    let generation = world.store.generation().await;
    stopped.go_on();
    // The platform issued token 1 to it, which may have voided token 2: it uses neither.
    assert_eq!(holder.token().unwrap(), "token-3");
    assert_eq!(*writes.lock().unwrap(), ["refused", "written", "written"]);
    assert_eq!(world.store.generation().await, generation + 2);
    assert_eq!(world.store.record().await["token"]["value"], "token-3");
    let old = others[0].cached().unwrap().clone();
    for process in &others {
        process.reject(&old);
    }
    assert_eq!(tokens(&others).await, vec!["token-3"; 3]);
    assert_eq!(world.platform.logins(), 3);
}

async fn a_login_that_ends_without_its_lease_marks_what_is_stored_and_the_next_reader_replaces_it(
    world: World,
) {
    let (stop, stopped) = stop();
    world.platform.queue([Answer::Stopped(stop)]);
    let holder = world.start(|_| ());
    stopped.reached();
    let others = world.voiding(2);
    assert_eq!(tokens(&others).await, vec!["token-2"; 2]);
    // It marks what it finds, and is then not able to replace it.
    let away = Error::transport("the platform is away");
    world.platform.queue([Answer::Error(away)]);
    stopped.go_on();
    holder.token().unwrap_err();
    let marked = world.store.record().await;
    assert_eq!(marked["suspect"], true);
    assert_eq!(marked["token"]["value"], "token-2");
    // Who has the token goes on with it until it is refused; who comes next does not begin with it.
    sleep(SECOND).await;
    assert_eq!(tokens(&world.voiding(1)).await, ["token-4"]);
    let replaced = world.store.record().await;
    assert!(replaced["suspect"].is_null(), "{replaced}");
    let old = others[0].cached().unwrap().clone();
    for process in &others {
        assert_eq!(ready(process).as_deref(), Some("token-2"));
        process.reject(&old);
    }
    assert_eq!(tokens(&others).await, vec!["token-4"; 2]);
    assert_eq!(world.platform.logins(), 4, "the third brought nothing");
}

async fn a_holder_stopped_before_its_login_does_not_log_in(world: World) {
    // After its last look at the record, and after its lease was confirmed.
    for point in ["read", "lease"] {
        let before = world.platform.logins();
        let world = world.with_another_shelf();
        let (stop, stopped) = stop();
        let (stop, times) = (Mutex::new(stop), AtomicUsize::new(0));
        let holder = world.start(move |done| {
            if done == point && times.fetch_add(1, Ordering::SeqCst) == 1 {
                stop.lock().unwrap().here();
            }
        });
        stopped.reached();
        let got = tokens(&world.voiding(3)).await;
        assert_eq!(got, vec![format!("token-{}", before + 1); 3]);
        stopped.go_on();
        assert_eq!(holder.token().unwrap(), got[0], "after the second {point}");
        assert_eq!(world.platform.logins(), before + 1);
    }
}
