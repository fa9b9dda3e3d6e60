//! What the fuzz target `oneaccess_login` does with its input; the target includes this file.

use std::sync::Arc;

use async_trait::async_trait;
use auth_core::{HttpSend, Result};
use bytes::Bytes;
use http::{Request, Response};
use oneaccess_sdk::{Application, Client, Device, SsoUser, attempts_left, locked_for};

/// A platform that answers everything with the same bytes, once as a success and once as an error.
struct Platform(u16, Bytes);

#[async_trait]
impl HttpSend for Platform {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>> {
        let mut answer = Response::new(self.1.clone());
        *answer.status_mut() = self.0.try_into().expect("a status");
        Ok(answer)
    }
}

/// The answer to a login, of any content: no panic, and no session without a token.
pub(crate) fn run(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    for status in [200, 400] {
        let platform = Platform(status, Bytes::copy_from_slice(data));
        let client = Client::builder(Application::without_secret("id"), "a.example")
            .transport(Arc::new(platform))
            .build()
            .expect("a client");
        let phone = client.on(Device::new("system", "fingerprint", "agent"));
        match runtime.block_on(phone.login_by_password("name", "password")) {
            Ok(login) => {
                let _ = (login.state_token().is_some(), login.success().is_ok());
            }
            Err(error) => {
                let _ = (attempts_left(&error), locked_for(&error), error.to_string());
            }
        }
    }
    if let Ok(answer) = serde_json::from_slice(data) {
        let user = SsoUser::of(answer);
        let named = |user: &SsoUser| user.id.is_some() || user.user_name.is_some();
        assert!(user.as_ref().is_none_or(named), "a user that nobody is");
    }
}
