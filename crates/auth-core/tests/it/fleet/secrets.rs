//! Secrets that change while the program runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{env, fs};

use async_trait::async_trait;
use auth_core::testing::ManualClock;
use auth_core::{
    Action, Cached, Error, Result, RetryPolicy, Secret, SecretSource, Token, TokenProvider,
};
use tokio::time::sleep;

use crate::capture::Capture;
use crate::fleet::world::{HOUR, SECOND, World, all, key, text};

/// A platform that takes one secret, and a provider that has the one of its source.
#[derive(Clone)]
struct Account {
    source: SecretSource,
    right: Arc<Mutex<String>>,
    calls: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl TokenProvider for Account {
    async fn token(&self) -> Result<Token> {
        let secret = self.source.current()?.expose().to_owned();
        self.calls.lock().unwrap().push(secret.clone());
        match *self.right.lock().unwrap() == secret {
            true => Token::bearer(format!("token of {secret}"), HOUR),
            false => Err(Error::credentials("the secret is wrong")),
        }
    }
}

impl Account {
    fn new(source: SecretSource, right: &str) -> Self {
        Self {
            source,
            right: Arc::new(Mutex::new(right.to_owned())),
            calls: Arc::default(),
        }
    }

    fn cached(&self) -> (Cached, ManualClock) {
        let clock = ManualClock::new();
        let cached = Cached::builder(self.clone())
            .clock(clock.clock())
            .retry(RetryPolicy::none())
            .secret(self.source.clone())
            .build();
        (cached, clock)
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

/// A directory of this test's own, removed at the end.
pub(crate) struct Directory(pub(crate) std::path::PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let unique = format!("auth-core-{name}-{}", std::process::id());
        let path = env::temp_dir().join(unique);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Sets the time of the last change back, as if it had been a while ago.
fn settle(path: &std::path::Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + HOUR)
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_replaced_is_taken_up_by_the_next_fetch() {
    let directory = Directory::new("replaced");
    let path = directory.0.join("secret");
    fs::write(&path, "old\n").unwrap();
    let account = Account::new(SecretSource::file(&path).unwrap(), "old");
    let (cached, clock) = account.cached();
    assert_eq!(text(&cached.token().await.unwrap()), "token of old");
    let next = directory.0.join("next");
    fs::write(&next, "new\n").unwrap();
    settle(&next);
    fs::rename(&next, &path).unwrap();
    *account.right.lock().unwrap() = "new".to_owned();
    clock.advance(HOUR);
    assert_eq!(text(&cached.token().await.unwrap()), "token of new");
    assert_eq!(account.calls(), ["old", "new"], "no call failed");
}

#[tokio::test(start_paused = true)]
async fn a_mounted_secret_of_kubernetes_is_exchanged_by_its_link() {
    let directory = Directory::new("mounted");
    let root = &directory.0;
    for (version, secret) in [("..1", "old"), ("..2", "new")] {
        fs::create_dir(root.join(version)).unwrap();
        fs::write(root.join(version).join("secret"), secret).unwrap();
        settle(&root.join(version).join("secret"));
    }
    let link = |version: &str| {
        std::os::unix::fs::symlink(version, root.join("..next")).unwrap();
        fs::rename(root.join("..next"), root.join("..data")).unwrap();
    };
    link("..1");
    std::os::unix::fs::symlink("..data/secret", root.join("secret")).unwrap();
    let account = Account::new(SecretSource::file(root.join("secret")).unwrap(), "old");
    let (cached, clock) = account.cached();
    cached.token().await.unwrap();
    link("..2");
    *account.right.lock().unwrap() = "new".to_owned();
    clock.advance(HOUR);
    assert_eq!(text(&cached.token().await.unwrap()), "token of new");
    assert_eq!(account.calls(), ["old", "new"]);
    let accepted = account.source.accepted();
    let accepted: Vec<_> = accepted.iter().map(auth_core::Secret::expose).collect();
    assert_eq!(accepted, ["new", "old"], "callbacks on their way pass too");
}

#[tokio::test(start_paused = true)]
async fn a_half_written_file_keeps_the_old_secret() {
    let directory = Directory::new("half");
    let path = directory.0.join("secret");
    fs::write(&path, "{old}").unwrap();
    let whole = |text: &str| text.ends_with('}');
    let source = SecretSource::file_valid_if(&path, whole).unwrap();
    for half in ["", "  \n", "{ne"] {
        fs::write(&path, half).unwrap();
        settle(&path);
        assert!(!source.refresh().await.unwrap());
        assert_eq!(source.current().unwrap().expose(), "{old}");
    }
    fs::remove_file(&path).unwrap();
    assert!(!source.refresh().await.unwrap());
    // Written just now: it may go on, so it is left until it is settled.
    fs::write(&path, "{newer}").unwrap();
    assert!(!source.refresh().await.unwrap());
    settle(&path);
    assert!(source.refresh().await.unwrap());
    assert_eq!(source.current().unwrap().expose(), "{newer}");
}

#[tokio::test(start_paused = true)]
async fn after_wrong_credentials_the_secret_is_read_again_once() {
    let directory = Directory::new("again");
    let path = directory.0.join("secret");
    fs::write(&path, "old").unwrap();
    let account = Account::new(SecretSource::file(&path).unwrap(), "new");
    let (cached, clock) = account.cached();
    // Written this moment, so the look before the fetch leaves it; the refusal makes it count.
    fs::write(&path, "new").unwrap();
    assert_eq!(text(&cached.token().await.unwrap()), "token of new");
    assert_eq!(account.calls(), ["old", "new"]);
    // Where it is the same still, the account is not tried again.
    *account.right.lock().unwrap() = "newest".to_owned();
    clock.advance(HOUR);
    let error = cached.token().await.unwrap_err();
    assert_eq!(error.action(), Action::FixCredentials);
    assert_eq!(account.calls(), ["old", "new", "new"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_token_was_refused_a_file_written_this_moment_counts() {
    let directory = Directory::new("refused");
    let path = directory.0.join("secret");
    fs::write(&path, "old").unwrap();
    let account = Account::new(SecretSource::file(&path).unwrap(), "old");
    let (cached, _) = account.cached();
    let old = cached.token().await.unwrap();
    fs::write(&path, "new").unwrap();
    *account.right.lock().unwrap() = "new".to_owned();
    cached.reject(&old);
    assert_eq!(text(&cached.token().await.unwrap()), "token of new");
    assert_eq!(account.calls(), ["old", "new"], "the old one is not tried");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let error = SecretSource::file("/nowhere/secret").unwrap_err();
    assert!(error.to_string().contains("/nowhere/secret"), "{error}");
    let error = SecretSource::env("AUTH_CORE_NO_SUCH_VARIABLE").unwrap_err();
    assert!(
        error.to_string().contains("AUTH_CORE_NO_SUCH_VARIABLE"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_replica_with_the_right_secret_is_not_held_up_by_those_with_the_wrong_one() {
    let world = World::new();
    let old = Account::new(SecretSource::value("old"), "new");
    let new = Account {
        source: SecretSource::value("new"),
        ..old.clone()
    };
    let process = |account: &Account| {
        Cached::builder(account.clone())
            .clock(world.clock.clock())
            .retry(RetryPolicy::none())
            .secret(account.source.clone())
            .store(world.store.clone(), key())
            .voids_previous()
            .build()
    };
    let (stale, fixed) = (process(&old), process(&new));
    assert!(stale.token().await.is_err());
    assert!(process(&old).token().await.is_err());
    assert_eq!(text(&fixed.token().await.unwrap()), "token of new");
    assert_eq!(old.calls(), ["old", "new"]);
    // And the others find its token as soon as they look again.
    sleep(SECOND * 6).await;
    assert_eq!(text(&stale.token().await.unwrap()), "token of new");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_says_so_once_and_once_when_it_is_well() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let told = |what: &str| capture.text().matches(what).count();
    let directory = Directory::new("warned");
    let path = directory.0.join("secret");
    fs::write(&path, "{old}").unwrap();
    let source = SecretSource::file_valid_if(&path, |text| text.ends_with('}')).unwrap();
    for round in 1..=2 {
        fs::rename(&path, directory.0.join("aside")).unwrap();
        for _ in 0..5 {
            assert!(!source.refresh().await.unwrap());
            assert_eq!(source.accepted().len(), 1);
        }
        // It comes back as it was: nothing is taken up, but it is well again.
        fs::rename(directory.0.join("aside"), &path).unwrap();
        for _ in 0..5 {
            assert!(!source.refresh().await.unwrap());
        }
        assert_eq!(told("a secret stays as it is: its source failed"), round);
        assert_eq!(told("the source of a secret is well again"), round);
    }
    // Half-written, and looked at again and again.
    fs::write(&path, "{ne").unwrap();
    settle(&path);
    for _ in 0..5 {
        assert!(!source.refresh().await.unwrap());
        assert_eq!(source.accepted(), [Secret::new("{old}")]);
    }
    fs::write(&path, "{new}").unwrap();
    settle(&path);
    assert!(source.refresh().await.unwrap());
    assert_eq!(told("a secret stays as it is: its source failed"), 3);
    assert_eq!(told("the source of a secret is well again"), 3);
    assert_eq!(told("a secret has changed and is taken up"), 1);
    assert!(!capture.text().contains("{new}"), "{}", capture.text());
}

#[tokio::test(start_paused = true)]
async fn replicas_with_different_wrong_secrets_do_not_try_them_in_turns() {
    let world = World::new();
    let old = Account::new(SecretSource::value("old"), "right");
    let typo = Account {
        source: SecretSource::value("typo"),
        ..old.clone()
    };
    let processes = [&old, &typo].map(|account| {
        let process = || {
            Cached::builder(account.clone())
                .clock(world.clock.clock())
                .retry(RetryPolicy::none())
                .secret(account.source.clone())
                .store(world.store.clone(), key())
                .voids_previous()
                .build()
        };
        (0..6).map(|_| process()).collect::<Vec<_>>()
    });
    for _ in 0..900 {
        for got in all(&processes.concat()).await {
            assert_eq!(got.unwrap_err().action(), Action::FixCredentials);
        }
        world.clock.advance(SECOND);
    }
    assert_eq!(old.calls(), ["old", "typo", "old"]);
}

#[tokio::test(start_paused = true)]
async fn every_cache_of_a_source_tries_another_secret_at_once() {
    let directory = Directory::new("shared");
    let path = directory.0.join("secret");
    fs::write(&path, "old").unwrap();
    let account = Account::new(SecretSource::file(&path).unwrap(), "new");
    let caches: Vec<_> = (0..3).map(|_| account.cached().0).collect();
    for cached in &caches {
        for _ in 0..5 {
            assert!(cached.token().await.is_err());
        }
    }
    assert_eq!(account.calls(), ["old"; 3]);
    fs::write(&path, "new").unwrap();
    settle(&path);
    // No time has passed: what is remembered is about the old secret.
    for cached in &caches {
        assert_eq!(text(&cached.token().await.unwrap()), "token of new");
    }
    assert_eq!(account.calls()[3..], ["new"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_vault_is_asked_once_for_all_who_come_at_a_time() {
    let asked = Arc::new(AtomicUsize::new(0));
    let vault = SecretSource::vault({
        let asked = Arc::clone(&asked);
        move || {
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                match number {
                    3 => std::future::pending::<()>().await,
                    _ => sleep(SECOND).await,
                }
                Ok(Secret::new(format!("secret-{number}")))
            }
        }
    });
    let all = || futures_util::future::join_all((0..100).map(|_| vault.refresh()));
    assert!(all().await.iter().all(Result::is_ok));
    // The first asks for itself; those who came before its answer share the next.
    assert!(asked.load(Ordering::SeqCst) <= 2);
    assert_eq!(
        vault.current().unwrap().expose(),
        format!("secret-{}", asked.load(Ordering::SeqCst))
    );
    // One that hangs is given up, and what is known stays.
    asked.store(2, Ordering::SeqCst);
    assert!(!vault.refresh().await.unwrap());
    assert!(vault.current().is_ok());
}
