//! What stands in the store: its versions, and who may read it.

use auth_core::{Action, Stored, TokenStore};

use crate::fleet::world::{HOUR, Platform, SECOND, World, all, key, on_every_store, tokens};

on_every_store!(
    the_records_of_every_released_version_are_read,
    what_every_released_version_wrote_of_its_failures_is_heeded,
    half_a_fleet_of_a_later_version_shares_with_the_other_half,
    a_record_of_an_unknown_format_is_not_overwritten,
);

/// The record that each released version wrote; one file for each, never changed.
const RECORDED: &[(&str, &str)] = &[("0.1.0", include_str!("records/0.1.0.json"))];

/// A world whose store holds this record, and nothing else has happened in.
async fn holding(world: &World, record: &str) -> World {
    let mut world = world.with_another_shelf();
    world.platform = Platform::default();
    let stored = Stored::new(1_767_225_600, record.trim().as_bytes().to_vec());
    let store = &world.store.shelf;
    assert!(store.compare_and_set(&key(), 0, &stored).await.unwrap());
    world
}

async fn the_records_of_every_released_version_are_read(world: World) {
    for (version, record) in RECORDED {
        let world = holding(&world, record).await;
        assert_eq!(tokens(&world.voiding(1)).await, ["recorded"], "{version}");
        world.clock.advance(HOUR);
        tokens(&world.voiding(1)).await;
        assert_eq!(world.platform.handed(), ["recorded-refresh"], "{version}");
    }
}

/// The same of a login that was refused, with a token that is not to be trusted.
const FAILED: &[(&str, &str)] = &[("0.1.0", include_str!("records/0.1.0.failed.json"))];

async fn what_every_released_version_wrote_of_its_failures_is_heeded(world: World) {
    for (version, record) in FAILED {
        let world = holding(&world, record).await;
        let error = all(&world.voiding(1)).await.remove(0).unwrap_err();
        assert_eq!(error.action(), Action::FixCredentials, "{version}");
        assert!(error.to_string().contains("the secret is wrong"), "{error}");
        assert_eq!(world.platform.logins(), 0);
        world.clock.advance(SECOND * 301);
        // The token is not used, but what there is to renew it with is.
        assert_eq!(tokens(&world.voiding(1)).await, ["token-1"], "{version}");
        assert_eq!(world.platform.handed(), ["recorded-refresh"], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn this_version_writes_what_the_newest_record_shows() {
    let world = World::new();
    tokens(&world.voiding(1)).await;
    let written = world.store.record().await;
    let (_, recorded) = RECORDED.last().unwrap();
    let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
    let members = |value: &serde_json::Value| -> Vec<String> {
        let token = value["token"].as_object().unwrap();
        let top = value.as_object().unwrap();
        top.keys().chain(token.keys()).cloned().collect()
    };
    assert_eq!(members(&written), members(&recorded));
}

async fn half_a_fleet_of_a_later_version_shares_with_the_other_half(world: World) {
    let processes = world.voiding(4);
    for round in 1..=5 {
        assert_eq!(tokens(&processes).await, vec![format!("token-{round}"); 4]);
        // A later version adds members, and writes without those that it no longer needs.
        let mut record = world.store.record().await;
        record["mood"] = "good".into();
        record["token"]["scope"] = "all".into();
        let generation = world.store.generation().await;
        let stored = Stored::new(generation + 1, serde_json::to_vec(&record).unwrap());
        let store = &world.store.shelf;
        assert!(
            store
                .compare_and_set(&key(), generation, &stored)
                .await
                .unwrap()
        );
        assert_eq!(
            tokens(&world.voiding(2)).await,
            vec![format!("token-{round}"); 2]
        );
        world.clock.advance(HOUR);
    }
    assert_eq!(world.platform.logins(), 5);
}

async fn a_record_of_an_unknown_format_is_not_overwritten(world: World) {
    for record in [&br#"{"v":99,"sealed":"yes"}"#[..], b"swordfish"] {
        let world = world.with_another_shelf();
        let stored = Stored::new(5, record.to_vec());
        let store = &world.store.shelf;
        assert!(store.compare_and_set(&key(), 0, &stored).await.unwrap());
        let error = all(&world.voiding(1)).await.remove(0).unwrap_err();
        assert_eq!(error.action(), Action::Backoff);
        assert!(error.to_string().contains("`shelf`"), "{error}");
        assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
        assert_eq!(world.store.generation().await, 5);
    }
    assert_eq!(world.platform.logins(), 0);
}
