//! Helpers for tests: a scripted transport, a manual clock, a provider that counts, a search for
//! secrets in what is printed.
//!
//! With them a client is tested without a network and without waiting: answers, failures and
//! silences come in the order of a script, tokens are counted, and time is moved by hand. Waits
//! between attempts run on tokio's clock, so a test under `start_paused` skips them.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use auth_core::testing::{CountingProvider, Reply, Script};
//! use auth_core::{
//!     Api, Cached, Carrier, Operation, Outcome, Platform, Request, Scheme, Server, Verdict,
//! };
//! use http::Method;
//!
//! static TOKEN: Scheme = Scheme { name: "token", carrier: Carrier::Bearer };
//! static OUTCOME: Outcome =
//!     Outcome { verdict: Verdict::Status, success: &[], partial: &[], envelopes: &[] };
//! static PLATFORM: Platform = Platform {
//!     name: "example",
//!     servers: &[Server { role: "api", site: "global", url: "https://api.example.com" }],
//!     codes: &[],
//!     schemes: &[&TOKEN],
//!     security: &[&[&TOKEN]],
//!     outcome: &OUTCOME,
//!     tokens: &[],
//! };
//! static LIST_ITEMS: Operation = Operation {
//!     platform: &PLATFORM,
//!     id: "list_items",
//!     method: Method::GET,
//!     path: "/items",
//!     query: &[],
//!     role: "api",
//!     idempotent: true,
//!     sensitive: false,
//!     security: &[&[&TOKEN]],
//!     outcome: &OUTCOME,
//! };
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)]
//! async fn main() -> auth_core::Result<()> {
//!     let script = Script::new()
//!         .expect(Method::GET, "/items", Reply::status(503))
//!         .expect(Method::GET, "/items", Reply::json(200, &["a", "b"]));
//!     let provider = CountingProvider::new(Duration::from_secs(3600));
//!     let api = Api::builder(&PLATFORM)
//!         .credential("token", Cached::new(provider.clone()))
//!         .transport(script.transport())
//!         .build()?;
//!
//!     let items: Vec<String> = Request::new(&LIST_ITEMS).send(&api).await?;
//!
//!     assert_eq!(items, ["a", "b"]);
//!     assert_eq!(provider.count(), 1);
//!     assert_eq!(script.requests()[1].headers()["authorization"], "Bearer token-1");
//!     script.verify();
//!     Ok(())
//! }
//! ```

mod canary;
#[cfg(debug_assertions)]
mod notes;
mod provider;
mod reply;
mod script;
mod store;
mod watched;

pub use crate::clock::ManualClock;
pub use canary::Canary;
#[cfg(all(debug_assertions, feature = "jwt"))]
pub(crate) use notes::note_key;
#[cfg(debug_assertions)]
pub(crate) use notes::{note, tell};
pub use provider::CountingProvider;
pub use reply::Reply;
pub use script::Script;
pub use store::conformance;
pub use watched::{Leak, Watched};
