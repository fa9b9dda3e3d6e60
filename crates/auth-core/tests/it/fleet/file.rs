//! The store in files: what a process leaves that dies at any step, and what becomes of damage.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use std::{env, fs};

use auth_core::testing::conformance;
use auth_core::{Action, FileStore, Lease, Stored, TokenStore};

use crate::fleet::secrets::Directory;
use crate::fleet::world::key;

#[tokio::test]
async fn the_store_in_files_conforms() {
    let directory = Directory::new("conforms");
    let (one, other) = (FileStore::new(&directory.0), FileStore::new(&directory.0));
    conformance(one.unwrap(), other.unwrap()).await;
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let directory = Directory::new("private");
    let path = directory.0.join("tokens");
    let store = FileStore::new(&path).unwrap();
    store
        .lease(&key(), "a", Duration::from_secs(60))
        .await
        .unwrap();
    assert!(
        store
            .compare_and_set(&key(), 0, &Stored::new(1, vec![1]))
            .await
            .unwrap()
    );
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the record, the lease, the lock");
}

#[tokio::test]
async fn what_lies_in_the_place_of_the_temporary_file_is_neither_used_nor_followed() {
    let directory = Directory::new("planted");
    let store = FileStore::new(&directory.0).unwrap();
    let name = key().path().replace('/', "~");
    let (temporary, record) = (
        directory.0.join(format!("{name}.tmp")),
        directory.0.join(format!("{name}.token")),
    );
    let victim = directory.0.join("victim");
    fs::write(&victim, "precious").unwrap();

    fs::write(&temporary, "left behind").unwrap();
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o666)).unwrap();
    let write = |generation| {
        let (store, new) = (store.clone(), Stored::new(generation, vec![1]));
        async move { store.compare_and_set(&key(), generation - 1, &new).await }
    };
    assert!(write(1).await.unwrap());
    let mode = fs::metadata(&record).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    std::os::unix::fs::symlink(&victim, &temporary).unwrap();
    assert!(write(2).await.unwrap());
    assert!(fs::symlink_metadata(&record).unwrap().is_file());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

/// What the tests below start: an operation that ends at the step of the environment variable. Does
/// nothing as a test of its own.
#[tokio::test]
async fn act_and_die() {
    let (Ok(directory), Ok(step), Ok(what)) =
        (env::var(DIRECTORY), env::var(STEP), env::var(OPERATION))
    else {
        return;
    };
    let step: usize = step.parse().unwrap();
    let taken = AtomicUsize::new(0);
    let store = FileStore::new(directory)
        .unwrap()
        .before_each_step(move |_| {
            if taken.fetch_add(1, Ordering::SeqCst) == step {
                // As `kill -9`: nothing is unwound, closed or flushed.
                std::process::abort();
            }
        });
    match &*what {
        "write" => {
            let new = Stored::new(2, NEW.to_vec());
            assert!(store.compare_and_set(&key(), 1, &new).await.unwrap());
        }
        "lease" => {
            let lease = store.lease(&key(), "dead", SHORT).await;
            assert_eq!(lease.unwrap(), Lease::Granted);
        }
        _ => store.release(&key(), "dead").await.unwrap(),
    }
}

/// Does this in another process, which dies before this step; tells whether it lived.
fn act(directory: &Path, what: &str, step: u32) -> bool {
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "fleet::file::act_and_die"])
        .env(DIRECTORY, directory)
        .env(OPERATION, what)
        .env(STEP, step.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.unwrap().success()
}

#[tokio::test]
async fn a_process_that_dies_at_any_step_leaves_the_old_record_or_the_new_one() {
    let directory = Directory::new("dies");
    let (mut old, mut new) = (0, 0);
    for step in 0.. {
        let path = directory.0.join(step.to_string());
        let store = FileStore::new(&path).unwrap();
        assert!(
            store
                .compare_and_set(&key(), 0, &Stored::new(1, OLD.to_vec()))
                .await
                .unwrap()
        );
        let lived = act(&path, "write", step);
        let stored = store.read(&key()).await.unwrap().stored.unwrap();
        match stored.generation() {
            1 => {
                assert_eq!(stored.record(), OLD);
                old += 1;
            }
            _ => {
                assert_eq!(stored.record(), NEW);
                new += 1;
            }
        }
        // The next process goes on at once: nothing is locked, nothing is in the way.
        let next = Stored::new(3, NEW.to_vec());
        assert!(
            store
                .compare_and_set(&key(), stored.generation(), &next)
                .await
                .unwrap()
        );
        if lived {
            break;
        }
    }
    // Each step before the renaming, and each after it, the last run being the one that lived.
    assert_eq!((old, new), (8, 3));
}

#[tokio::test]
async fn a_process_that_dies_at_any_step_of_a_lease_is_followed_by_the_next_when_that_ends() {
    let directory = Directory::new("leases");
    for (what, steps) in [("lease", 7), ("release", 3)] {
        for step in 0..=steps {
            let path = directory.0.join(format!("{what}-{step}"));
            let store = FileStore::new(&path).unwrap();
            if what == "release" {
                let lease = store.lease(&key(), "dead", SHORT).await;
                assert_eq!(lease.unwrap(), Lease::Granted);
            }
            assert_eq!(act(&path, what, step), step == steps, "{what} {step}");
            let key = key();
            let next = async {
                while store.lease(&key, "next", SHORT).await.unwrap() != Lease::Granted {}
            };
            let followed = tokio::time::timeout(SHORT * 20, next).await;
            assert!(followed.is_ok(), "{what} {step}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_that_another_has_the_lease_does_not_queue_for_the_lock() {
    let directory = Directory::new("lease");
    let (writing, is_writing) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let writer = FileStore::new(&directory.0)
        .unwrap()
        .before_each_step(move |step| {
            if step == "sync" {
                writing.send(()).unwrap();
                may_go_on.lock().unwrap().recv().unwrap();
            }
        });
    let store = FileStore::new(&directory.0).unwrap();
    let lease = async |holder| {
        let key = key();
        let asked = store.lease(&key, holder, Duration::from_secs(60));
        tokio::time::timeout(Duration::from_secs(1), asked).await
    };
    assert_eq!(lease("a").await.unwrap().unwrap(), Lease::Granted);
    let write = tokio::spawn(async move {
        let new = Stored::new(1, OLD.to_vec());
        writer.compare_and_set(&key(), 0, &new).await
    });
    tokio::task::block_in_place(|| is_writing.recv().unwrap());
    let held = lease("b").await.unwrap().unwrap();
    assert!(matches!(held, Lease::Held { .. }), "{held:?}");
    // Who would change something has to wait.
    assert!(lease("a").await.is_err());
    go_on.send(()).unwrap();
    assert!(write.await.unwrap().unwrap());
    assert_eq!(lease("a").await.unwrap().unwrap(), Lease::Granted);
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_reported() {
    let directory = Directory::new("damaged");
    let store = FileStore::new(&directory.0).unwrap();
    assert!(
        store
            .compare_and_set(&key(), 0, &Stored::new(1, OLD.to_vec()))
            .await
            .unwrap()
    );
    let entries = || {
        fs::read_dir(&directory.0)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let record = entries()
        .find(|path| path.extension().unwrap() == "token")
        .unwrap();
    let whole = fs::read(&record).unwrap();
    let mut kept = 0;
    for damaged in [
        &whole[..whole.len() - 1],
        b"",
        b"a letter to a friend",
        &whole[1..],
    ] {
        fs::write(&record, damaged).unwrap();
        let error = store.read(&key()).await.unwrap_err();
        assert_eq!(error.action(), Action::Backoff);
        assert!(error.to_string().contains("damaged"), "{error}");
        // What it was is still there, and the store can be written again.
        kept += 1;
        let aside = entries().filter(|path| {
            let name = path.file_name().unwrap();
            name.to_string_lossy().contains("damaged")
        });
        assert_eq!(aside.count(), kept);
        assert!(store.read(&key()).await.unwrap().stored.is_none());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const DIRECTORY: &str = "AUTH_CORE_TEST_DIRECTORY";
const OPERATION: &str = "AUTH_CORE_TEST_OPERATION";
const STEP: &str = "AUTH_CORE_TEST_STEP";
/// A lease that is over before anybody notices.
const SHORT: Duration = Duration::from_millis(250);
const OLD: &[u8] = b"the old record";
const NEW: &[u8] = b"the new record, which is longer";
