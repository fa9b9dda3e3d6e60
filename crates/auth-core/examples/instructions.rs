//! Runs hits of the token cache for an instruction count, which repeats to a part in a thousand.
//!
//! Count a short and a long run, and divide the difference by the hits between them:
//!
//! ```text
//! cargo build --release -p auth-core --example instructions
//! for hits in 2000 42000; do
//!     valgrind --tool=callgrind --callgrind-out-file=/dev/null \
//!         target/release/examples/instructions cached $hits
//! done
//! ```
//!
//! The last line of each run is `Collected : <instructions>`. What can be counted: `arc_clone`,
//! `header_value_clone`, `cached`, `token`, `token_dyn`, `header`.

use std::env;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Cached, Error, Result, Token, TokenProvider};

struct Issuer;

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self) -> Result<Token> {
        Token::bearer("t".repeat(512), Duration::from_secs(3600))
    }
}

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let hits: u64 = arguments
        .next()
        .and_then(|hits| hits.parse().ok())
        .ok_or_else(|| Error::config("usage: instructions <what> <hits>"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::config("no runtime").because(error))?;
    runtime.block_on(run(&what, hits))
}

async fn run(what: &str, hits: u64) -> Result<()> {
    let cached = Cached::new(Issuer);
    let token = Arc::new(cached.token().await?);
    let erased: Arc<dyn TokenProvider> = Arc::new(cached.clone());
    match what {
        "arc_clone" => (0..hits).for_each(|_| drop(black_box(Arc::clone(&token)))),
        "header_value_clone" => {
            (0..hits).for_each(|_| drop(black_box(black_box(token.header().1).clone())));
        }
        "cached" => (0..hits).for_each(|_| drop(black_box(cached.cached()))),
        "header" => (0..hits).for_each(|_| {
            let token = cached.cached().expect("a valid token");
            drop(black_box(token.header().1.clone()));
        }),
        "token" => {
            for _ in 0..hits {
                drop(black_box(cached.token().await));
            }
        }
        "token_dyn" => {
            for _ in 0..hits {
                drop(black_box(erased.token().await));
            }
        }
        _ => return Err(Error::config("no such thing can be counted")),
    }
    Ok(())
}
