//! A secret that is exchanged while calls run.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{env, fs};

use auth_core::{ReqwestSend, SecretSource};
use huawei_emulator::welink_oauth::WelinkOauth;
use tokio::task::{JoinSet, yield_now};
use welink_oauth::{AppSecret, Client};

use crate::stage::{Stage, builder};

/// How often the secret is exchanged.
const ROTATIONS: usize = 4;
/// How many tasks call all the time.
const CALLERS: usize = 8;
/// How many calls each of them makes between two exchanges, at least.
const CALLS: usize = 5;

/// A secret as Kubernetes mounts it: `secret` leads to `..data`, which leads to the newest folder.
struct Mount {
    root: PathBuf,
    version: usize,
}

impl Mount {
    fn new(secret: &str) -> Self {
        let root = env::temp_dir().join(format!("welink-mount-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let mut mount = Self { root, version: 0 };
        mount.exchange(secret);
        symlink("..data/secret", mount.path()).unwrap();
        mount
    }

    fn path(&self) -> PathBuf {
        self.root.join("secret")
    }

    fn exchange(&mut self, secret: &str) {
        self.version += 1;
        let folder = format!("..{}", self.version);
        fs::create_dir(self.root.join(&folder)).unwrap();
        fs::write(self.root.join(&folder).join("secret"), secret).unwrap();
        symlink(Path::new(&folder), self.root.join("..next")).unwrap();
        fs::rename(self.root.join("..next"), self.root.join("..data")).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mounted_secret_that_is_exchanged_under_load_fails_no_call() {
    let stage = Stage::new("rotation");
    let mut mount = Mount::new(WelinkOauth::CLIENT_SECRET);
    let source = SecretSource::file(mount.path()).unwrap();
    let client = builder(
        &stage.space,
        AppSecret::new(WelinkOauth::CLIENT_ID, source.clone()),
    )
    .transport(Arc::new(ReqwestSend::builder().build().unwrap()))
    .build()
    .unwrap();
    let tenant = client.as_tenant(WelinkOauth::SUBSCRIBER_ID).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let counts: Arc<[AtomicUsize; CALLERS]> = Arc::default();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let client: Client = if caller % 2 == 0 { &client } else { &tenant }.clone();
        let (done, counts) = (Arc::clone(&done), Arc::clone(&counts));
        callers.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                client.get_tenant().await.unwrap();
                counts[caller].fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let progress = async || {
        let before: Vec<_> = counts.iter().map(|it| it.load(Ordering::SeqCst)).collect();
        let slow = || {
            let pairs = counts.iter().zip(&before);
            let mut pairs = pairs.map(|(now, before)| now.load(Ordering::SeqCst) - before);
            pairs.any(|calls| calls < CALLS)
        };
        while slow() && !callers.is_empty() {
            yield_now().await;
        }
    };
    progress().await;
    for rotation in 1..=ROTATIONS {
        let secret = format!("secret-{rotation}+&=");
        stage.welink.change_app(WelinkOauth::CLIENT_ID, |app| {
            app.client_secret = secret.clone()
        });
        progress().await;
        mount.exchange(&secret);
        // Now every caller needs a token, and the file was written this very moment.
        stage.welink.revoke_access_tokens();
        progress().await;
        assert_eq!(source.current().unwrap().expose(), secret);
    }
    done.store(true, Ordering::SeqCst);
    while let Some(caller) = callers.join_next().await {
        caller.expect("no call failed");
    }
    assert!(!stage.welink.is_locked());
    let calls: usize = counts.iter().map(|it| it.load(Ordering::SeqCst)).sum();
    assert!(calls >= 2 * ROTATIONS * CALLERS * CALLS, "{calls} calls");
}
