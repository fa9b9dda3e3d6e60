//! A store in Redis or Valkey: for fleets.

mod news;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo,
    ProtocolVersion, RedisError, RedisResult, TlsCertificates,
};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::store::redis::news::News;
use crate::store::{Lease, Snapshot, StoreKey, Stored, TokenStore};
use crate::{Action, Error, Result};

/// A store in Redis 6 or later, or in Valkey. Clones share the connection.
///
/// Every operation is one script, so it is atomic, and all the keys of a credential lie in one slot
/// of a [cluster](Self::cluster). Leases end by the server's clock. Connections are made when they are needed and made
/// again when they break. Those who wait are told of a new token by the server.
///
/// Give it a server that keeps what it was told: `appendonly yes` loses at most a second, and
/// `maxmemory-policy noeviction` throws nothing away. A token that is lost costs one login.
///
/// ```no_run
/// use auth_core::RedisStore;
///
/// let store = RedisStore::new("rediss://:password@redis.example.com:6379/0")?;
/// # Ok::<_, auth_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    settings: Settings,
    connection: OnceCell<Connection>,
    news: News,
}

#[derive(Clone)]
struct Settings {
    /// The server, or some nodes of the cluster.
    nodes: Vec<ConnectionInfo>,
    is_cluster: bool,
    root: Option<String>,
    prefix: String,
}

#[derive(Clone)]
enum Connection {
    Cluster(ClusterConnection),
    Server(ConnectionManager),
}

impl RedisStore {
    /// A store at this address: `redis://` on this machine, `rediss://` with TLS anywhere, each with
    /// user, password and number of the database as needed. Nothing is sent yet.
    ///
    /// `redis://` to another host is refused: the tokens would travel unprotected. Where that is
    /// meant, see [`unprotected`](Self::unprotected).
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self::at(vec![protected(url)?], false))
    }

    /// A store in a cluster: the addresses of some nodes, each as for [`new`](Self::new), from which
    /// the others are learnt. All have the user, password and TLS of the first.
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let nodes: Vec<_> = urls.into_iter().map(protected).collect::<Result<_>>()?;
        match nodes.is_empty() {
            true => Err(Error::config("a cluster needs the address of a node")),
            false => Ok(Self::at(nodes, true)),
        }
    }

    /// A store at an address without TLS on a network that is protected by other means.
    pub fn unprotected(url: &str) -> Result<Self> {
        let info = parse(url)?;
        match info.addr() {
            ConnectionAddr::TcpTls { .. } => Self::new(url),
            _ => Ok(Self::at(vec![info], false)),
        }
    }

    fn at(nodes: Vec<ConnectionInfo>, is_cluster: bool) -> Self {
        Self::with(Settings {
            nodes,
            is_cluster,
            root: None,
            prefix: DEFAULT_PREFIX.to_owned(),
        })
    }

    fn with(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            settings,
            connection: OnceCell::new(),
            news: News::default(),
        }))
    }

    /// Begins every key with this text instead of `auth-core`, for servers that others use too.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self::with(Settings {
            prefix: prefix.into(),
            ..self.0.settings.clone()
        })
    }

    /// Trusts the authority in this PEM text, instead of those of the operating system.
    #[must_use]
    pub fn root_certificate(self, pem: impl Into<String>) -> Self {
        Self::with(Settings {
            root: Some(pem.into()),
            ..self.0.settings.clone()
        })
    }

    async fn connection(&self) -> Result<Connection> {
        let connection = self.0.connection.get_or_try_init(|| async {
            let connection = match self.0.settings.is_cluster {
                true => self.connect_cluster().await.map(Connection::Cluster),
                false => self.connect_server().await.map(Connection::Server),
            };
            connection.map_err(failed)
        });
        connection.await.cloned()
    }

    async fn connect_server(&self) -> RedisResult<ConnectionManager> {
        let Settings { nodes, root, .. } = &self.0.settings;
        let client = match root {
            None => Client::open(nodes[0].clone())?,
            Some(root) => Client::build_with_tls(nodes[0].clone(), trusting(root))?,
        };
        let news = self.0.news.clone();
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_number_of_retries(RECONNECTS)
            .set_min_delay(FIRST_DELAY)
            .set_max_delay(LONGEST_DELAY)
            .set_push_sender(move |push| news.hear(&push))
            .set_automatic_resubscription();
        let mut connection = ConnectionManager::new_lazy_with_config(client, config)?;
        connection.subscribe(self.channel()).await?;
        Ok(connection)
    }

    async fn connect_cluster(&self) -> RedisResult<ClusterConnection> {
        let Settings { nodes, root, .. } = &self.0.settings;
        let news = self.0.news.clone();
        let mut client = ClusterClient::builder(nodes.clone())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .retries(MOVES)
            .push_sender(move |push| news.hear(&push));
        if let Some(root) = root {
            client = client.certs(trusting(root));
        }
        let mut connection = client.build()?.get_async_connection().await?;
        // A message goes to all nodes, wherever it was published.
        connection.subscribe(self.channel()).await?;
        Ok(connection)
    }

    /// Runs a script on the keys of `key`.
    async fn run<T: FromRedisValue>(
        &self,
        script: &str,
        key: &StoreKey,
        arguments: &[&[u8]],
    ) -> Result<T> {
        let mut connection = self.connection().await?;
        let mut command = redis::cmd("EVAL");
        // The part in braces decides on the slot: both keys are in one.
        let key = format!("{}:{{{key}}}", self.0.settings.prefix);
        command.arg(script).arg(2);
        command
            .arg(format!("{key}:record"))
            .arg(format!("{key}:lease"));
        for argument in arguments {
            command.arg(*argument);
        }
        match connection.query(&command).await {
            // It may tell of a connection that broke long ago, or of an attempt to connect while the
            // server was away: nobody had asked since. Asked again, it is about now.
            Err(error) if error.is_unrecoverable_error() || error.is_io_error() => {
                connection.query(&command).await.map_err(failed)
            }
            result => result.map_err(failed),
        }
    }

    fn channel(&self) -> String {
        format!("{}:changed", self.0.settings.prefix)
    }
}

impl Connection {
    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Cluster(connection) => command.query_async(connection).await,
            Self::Server(connection) => command.query_async(connection).await,
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address could be shown; what stands beside it is a password.
        f.debug_struct("RedisStore")
            .field("prefix", &self.0.settings.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn read(&self, key: &StoreKey) -> Result<Snapshot> {
        type Answer = (u64, u64, Option<u64>, Option<Vec<u8>>);
        let (seconds, micros, generation, record): Answer = self.run(READ, key, &[]).await?;
        let since = Duration::from_secs(seconds) + Duration::from_micros(micros);
        Ok(Snapshot {
            stored: generation
                .zip(record)
                .map(|(generation, record)| Stored::new(generation, record)),
            now: SystemTime::UNIX_EPOCH + since,
        })
    }

    async fn compare_and_set(&self, key: &StoreKey, expected: u64, new: &Stored) -> Result<bool> {
        if new.generation() <= expected {
            return Ok(false);
        }
        let (expected, generation) = (expected.to_string(), new.generation().to_string());
        let (channel, path) = (self.channel(), key.path());
        let arguments = [
            expected.as_bytes(),
            generation.as_bytes(),
            new.record(),
            channel.as_bytes(),
            path.as_bytes(),
        ];
        self.run(COMPARE_AND_SET, key, &arguments).await
    }

    async fn lease(&self, key: &StoreKey, holder: &str, span: Duration) -> Result<Lease> {
        let span = span.as_millis().to_string();
        let left: i64 = self
            .run(LEASE, key, &[holder.as_bytes(), span.as_bytes()])
            .await?;
        Ok(match u64::try_from(left) {
            Err(_) => Lease::Granted,
            Ok(left) => Lease::Held {
                left: Duration::from_millis(left),
            },
        })
    }

    async fn release(&self, key: &StoreKey, holder: &str) -> Result<()> {
        let (channel, path) = (self.channel(), key.path());
        let arguments = [holder.as_bytes(), channel.as_bytes(), path.as_bytes()];
        self.run(RELEASE, key, &arguments).await
    }

    async fn changed(&self, key: &StoreKey, seen: u64, at_most: Duration) {
        // Registered before the look, so that a write in between is not missed.
        let told = self.0.news.about(key.path());
        let told = async {
            if let Ok(Snapshot { stored, .. }) = self.read(key).await
                && stored.map_or(0, |stored| stored.generation()) != seen
            {
                return;
            }
            told.wait().await;
        };
        let _ = timeout(at_most, told).await;
    }
}

/// An address at which tokens are safe on their way.
fn protected(url: &str) -> Result<ConnectionInfo> {
    let info = parse(url)?;
    match info.addr() {
        ConnectionAddr::Tcp(host, _) if !is_local(host) => Err(Error::config(
            "tokens would travel to the redis server unprotected: use `rediss://`",
        )),
        ConnectionAddr::TcpTls { insecure: true, .. } => Err(Error::config(
            "the certificate of a redis server is always verified: take `#insecure` out",
        )),
        _ => Ok(info),
    }
}

fn parse(url: &str) -> Result<ConnectionInfo> {
    install_ring();
    // The cause would show the address, and with it the password.
    let info = url
        .into_connection_info()
        .map_err(|_| Error::config("this is no address of a redis server"))?;
    let settings = info.redis_settings().clone();
    // The newer protocol lets the server speak first.
    Ok(info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3)))
}

fn trusting(root: &str) -> TlsCertificates {
    TlsCertificates {
        client_tls: None,
        root_cert: Some(root.as_bytes().to_vec()),
    }
}

/// TLS by ring, where the application has chosen no other provider.
fn install_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been quicker; then there is one, which is all that matters.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn failed(error: RedisError) -> Error {
    Error::transport("the redis server did not do what it was asked to")
        .advise(Action::Backoff)
        .because(error)
}

const READ: &str = "\
local now = redis.call('TIME')
local found = redis.call('HMGET', KEYS[1], 'generation', 'record')
return {now[1], now[2], found[1], found[2]}";

/// Generations are compared as text: a number of Lua has 53 bits. A write whose answer was lost has
/// succeeded when it comes again.
const COMPARE_AND_SET: &str = "\
local found = redis.call('HGET', KEYS[1], 'generation') or '0'
if found == ARGV[2] and redis.call('HGET', KEYS[1], 'record') == ARGV[3] then return 1 end
if found ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'record', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1";

const LEASE: &str = "\
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return math.max(redis.call('PTTL', KEYS[2]), 0) end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return -1";

const RELEASE: &str = "\
if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('DEL', KEYS[2])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return redis.status_reply('OK')";

const DEFAULT_PREFIX: &str = "auth-core";
/// Whoever asks gives up after 2 s.
const CONNECT: Duration = Duration::from_millis(1_000);
const ANSWER: Duration = Duration::from_millis(1_500);
const RECONNECTS: usize = 4;
/// How often a command follows a key that has moved to another node, or waits for one that is away.
const MOVES: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(20);
const LONGEST_DELAY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_travel_unprotected_unless_that_is_meant() {
        for url in [
            "redis://127.0.0.1",
            "redis://localhost:7000/3",
            "redis://[::1]",
            "rediss://a.b",
        ] {
            assert!(RedisStore::new(url).is_ok(), "{url}");
        }
        for url in [
            "redis://10.0.0.1",
            "rediss://a.b/#insecure",
            "http://a.b",
            "",
        ] {
            assert!(RedisStore::new(url).is_err(), "{url}");
        }
        assert!(RedisStore::unprotected("redis://10.0.0.1").is_ok());
        assert!(RedisStore::unprotected("rediss://a.b/#insecure").is_err());
    }

    #[test]
    fn a_password_shows_nowhere() {
        let store = RedisStore::new("redis://user:swordfish@localhost").unwrap();
        assert!(!format!("{store:?}").contains("swordfish"));
        let error = RedisStore::new("redis://user:swordfish@10.0.0.1").unwrap_err();
        assert!(!format!("{error:?}").contains("swordfish"));
        let error = RedisStore::new("swordfish://user:swordfish@").unwrap_err();
        assert!(!format!("{error:?}").contains("swordfish"));
    }
}
