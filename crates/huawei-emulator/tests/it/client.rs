//! A small HTTP client and a signer, independent of the crates that are tested against the
//! emulator.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn verdict(&self) -> &str {
        self.headers["x-emulator-verdict"]
            .to_str()
            .unwrap_or_default()
    }
}

/// A request in the making.
pub(crate) struct Call {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

pub(crate) fn get(url: impl Into<String>) -> Call {
    call("GET", url)
}

pub(crate) fn post(url: impl Into<String>) -> Call {
    call("POST", url)
}

pub(crate) fn call(method: &'static str, url: impl Into<String>) -> Call {
    Call {
        method,
        url: url.into(),
        headers: Vec::new(),
        body: Bytes::new(),
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let call = self.header("content-type", "application/json");
        call.body(body.to_string())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        let call = self.header("content-type", "application/x-www-form-urlencoded");
        call.body(body.to_owned())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, and fails the test when there is no answer.
    pub(crate) async fn send(self) -> Answer {
        let address = self.url.clone();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn try_send(self) -> io::Result<Answer> {
        let uri: Uri = self.url.parse().map_err(io::Error::other)?;
        let authority = uri
            .authority()
            .expect("test addresses are absolute")
            .to_string();
        let stream = TcpStream::connect(&authority).await?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(io::Error::other)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(self.method)
            .uri(path)
            .header("host", authority);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(self.body))
            .map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let answer = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        drop(sender);
        let _ = connection.await;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}

/// What makes a JWT of a service account.
pub(crate) struct Signer {
    key: RsaKeyPair,
    file: Value,
}

impl Signer {
    /// Reads a key file.
    pub(crate) fn new(key_file: &str) -> Self {
        let file: Value = serde_json::from_str(key_file).expect("a key file is JSON");
        let pem = file["private_key"].as_str().expect("a key file has a key");
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD.decode(body).expect("a PEM is Base64");
        let key = RsaKeyPair::from_pkcs8(&der).expect("the key is sound");
        Self { key, file }
    }

    /// A JWT of an hour.
    pub(crate) fn jwt(&self, now_s: i64) -> String {
        self.jwt_with(json!({}), json!({ "iat": now_s, "exp": now_s + 3600 }))
    }

    /// A JWT with other members of header and claims.
    pub(crate) fn jwt_with(&self, header: Value, claims: Value) -> String {
        let mut full_header = json!({"alg": "PS256", "typ": "JWT", "kid": self.file["key_id"]});
        let mut full_claims = json!({
            "iss": self.file["sub_account"],
            "aud": "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
        });
        for (full, other) in [(&mut full_header, header), (&mut full_claims, claims)] {
            for (name, value) in other.as_object().into_iter().flatten() {
                full[name] = value.clone();
            }
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&full_header), part(&full_claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("the key signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
