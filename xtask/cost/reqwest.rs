//! One call with the HTTP client alone: the yardstick.

use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;

#[derive(serde::Serialize)]
struct Body {
    text: String,
}

#[derive(serde::Deserialize)]
struct Answer {
    code: String,
}

pub async fn call() -> Result<String, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .build()?;
    let body = Body {
        text: "hello".to_owned(),
    };
    let request = client.post("https://localhost/send").json(&body);
    let answer: Answer = request.send().await?.json().await?;
    Ok(answer.code)
}
