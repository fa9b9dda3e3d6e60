//! What the server says of its own accord: that the record under some key is another one now.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::watch;

/// Who waits for news of which key. Clones are one.
#[derive(Clone, Default)]
pub(super) struct News(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

/// News of one key from now on.
pub(super) struct Told(watch::Receiver<()>);

impl News {
    /// Hears what the server says.
    pub(super) fn hear(&self, push: &PushInfo) -> Result<(), Infallible> {
        let mut keys = self.keys();
        match (&push.kind, push.data.last()) {
            (PushKind::Message, Some(Value::BulkString(key))) => {
                if let Some(waiting) = std::str::from_utf8(key).ok().and_then(|key| keys.get(key)) {
                    waiting.send_replace(());
                }
            }
            // What was said while the connection was away is not said again.
            (PushKind::Disconnection | PushKind::Subscribe, _) => {
                for waiting in keys.values() {
                    waiting.send_replace(());
                }
            }
            _ => {}
        }
        // Keys that nobody waits for any more.
        keys.retain(|_, waiting| waiting.receiver_count() > 0);
        Ok(())
    }

    /// Begins to listen for news of a key.
    pub(super) fn about(&self, key: &str) -> Told {
        let mut keys = self.keys();
        Told(keys.entry(key.to_owned()).or_default().subscribe())
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    pub(super) async fn wait(mut self) {
        // An error would mean that the sender is gone, which the map keeps.
        let _ = self.0.changed().await;
    }
}
