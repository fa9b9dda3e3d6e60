//! What OneAccess tells an application about its directory: calls to an address of yours.
//!
//! In the portal you set an address, a security token, and, if you like, a key for signatures and
//! one for encryption. OneAccess then sends organizations and users as they are added, changed and
//! deleted ([guide][guide]). There is no event for a user who leaves: being disabled arrives as a
//! change, at best. Whoever needs to know compares a nightly snapshot, see the feature
//! `app-accounts`.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use oneaccess_sdk::events::{Encryption, Handled, Receiver, Secrets};
//! use oneaccess_sdk::model::Event;
//!
//! fn receiver() -> oneaccess_sdk::Result<Receiver> {
//!     let secrets = Secrets::new("security-token")
//!         .signature_key("signature-key")
//!         .encryption_key("0123456789abcdef", Encryption::Gcm)?;
//!     Ok(Receiver::new(secrets))
//! }
//!
//! /// What your web framework calls: answer with HTTP 200 and this text, as JSON.
//! async fn receive(
//!     receiver: &Receiver,
//!     authorization: Option<&str>,
//!     body: &[u8],
//!     now: SystemTime,
//! ) -> String {
//!     let reply = receiver.handle(authorization, body, now, |event| async move {
//!         match event {
//!             Event::CreateUser(user) => {
//!                 println!("new: {:?}", user.name);
//!                 Ok(Handled::Id("your-id-of-the-user".to_owned()))
//!             }
//!             Event::CreateOrganization(_) => Ok(Handled::Id("your-id-of-it".to_owned())),
//!             _ => Ok(Handled::Done),
//!         }
//!     });
//!     reply.await.body()
//! }
//! ```
//!
//! [guide]: https://support.huaweicloud.com/devg-oneaccess/oneaccess_06_0121.html

mod cipher;
mod delivery;
mod envelope;
mod receiver;
mod secrets;

use auth_core::wire;

pub use self::delivery::{Delivery, Handled, Refused};
pub use self::envelope::Rejection;
pub use self::receiver::Receiver;
pub use self::secrets::{Encryption, Secrets};

use crate::model::EventReply;

impl EventReply {
    /// The reply as the JSON to answer with, with HTTP 200 whatever its code.
    pub fn body(&self) -> String {
        wire::json_text(self)
    }
}
