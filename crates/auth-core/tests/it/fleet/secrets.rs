//! Secrets that change while the program runs.

use std::sync::{Arc, Mutex};
use std::{env, fs};

use async_trait::async_trait;
use auth_core::testing::ManualClock;
use auth_core::{Action, Cached, Error, Result, RetryPolicy, SecretSource, Token, TokenProvider};
use tokio::time::sleep;

use crate::fleet::world::{HOUR, SECOND, World, key, text};

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
