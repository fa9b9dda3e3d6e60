//! Tenants that share a store: each gets the tokens of its own domain.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auth_core::{HttpSend, MemoryStore, Result};
use bytes::Bytes;
use http::{Request, Response, header};
use oneaccess_sdk::{Application, Client};
use serde_json::json;

/// Every domain there is; each issues a token that bears its name. Notes which was sent where.
#[derive(Default)]
struct Domains(Mutex<Vec<(String, String)>>);

#[async_trait]
impl HttpSend for Domains {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let host = request.uri().host().unwrap().to_owned();
        let body = match request.uri().path() {
            "/api/v2/tenant/token" => {
                json!({"access_token": format!("token-of-{host}"), "expires_in": "1800"})
            }
            _ => {
                let bearer = request.headers()[header::AUTHORIZATION].to_str().unwrap();
                self.0.lock().unwrap().push((host, bearer.to_owned()));
                json!({"user_id": "u", "user_name": "n"})
            }
        };
        Ok(Response::new(body.to_string().into()))
    }
}

#[tokio::test]
async fn a_token_in_a_store_goes_to_no_other_domain() {
    let (domains, store) = (Arc::new(Domains::default()), MemoryStore::new());
    for (domain, secret) in [("acme.example", "secret"), ("other.example", "any")] {
        let client = Client::builder(Application::new("client-id", secret), domain)
            .transport(Arc::<Domains>::clone(&domains))
            .store(store.clone())
            .build()
            .unwrap();
        client.get_user("u").await.unwrap();
    }
    let sent = domains.0.lock().unwrap();
    let expected = ["acme.example", "other.example"]
        .map(|host| (host.to_owned(), format!("Bearer token-of-{host}")));
    assert_eq!(*sent, expected);
}
