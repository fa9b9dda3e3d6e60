//! Signatures that let pages inside the WeLink client call its JS-API.

use std::borrow::Cow;
use std::time::SystemTime;

use auth_core::{Error, Result, Secret};
use percent_encoding::percent_decode_str;
use ring::digest;

use crate::Client;

/// What a page hands to `HWH5.config` to call the JS-API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageSignature {
    /// The client id of the app.
    pub client_id: String,
    /// Unix seconds.
    pub timestamp: u64,
    /// A random word, in lower case as the platform wants it.
    pub nonce: String,
    /// The signature.
    pub signature: String,
}

/// # Pages inside the WeLink client
impl Client {
    /// Signs a page, by its whole address, for the JS-API ([page][page]).
    ///
    /// Each call gets a ticket, because the platform does not say how long one is valid. Where that
    /// is too much, keep the ticket of [`get_js_ticket`](Self::get_js_ticket) for as long as you
    /// dare and sign with [`js_signature`].
    ///
    /// [page]: https://open.welink.huaweicloud.com/wecode/docs/dev/jsapi/useapi/overview.html
    pub async fn sign_page(&self, page_url: &str) -> Result<PageSignature> {
        let Some(app) = &self.shared.app else {
            return Err(Error::config(
                "there is no app to sign for: use `Client::builder`",
            ));
        };
        let answer = self.get_js_ticket().await?;
        let Some(ticket) = answer.jstickets else {
            return Err(Error::decode("the answer holds no ticket"));
        };
        let now = self.api.clock().now();
        let timestamp = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let nonce = format!("{:032x}", fastrand::u128(..));
        Ok(PageSignature {
            client_id: app.client_id().to_owned(),
            signature: js_signature(&ticket, &nonce, timestamp, page_url),
            timestamp,
            nonce,
        })
    }
}

/// The signature of a page for the JS-API: SHA-1 in lower-case hexadecimal digits, over ticket,
/// nonce in lower case, time in Unix seconds and the address of the page, decoded once and without
/// what follows `#`.
///
/// ```
/// use welink_oauth::{Secret, js_signature};
///
/// let ticket = Secret::new("A593A60B5594D4A157AE85E05DE4C77E0517CEFBE2337522E5386D2A3E9BF7CD");
/// let signature = js_signature(&ticket, "abc123", 1_600_000_000, "http://abc.com#top");
/// assert_eq!(signature.len(), 40);
/// ```
pub fn js_signature(ticket: &Secret, nonce: &str, timestamp: u64, page_url: &str) -> String {
    let nonce = nonce.to_lowercase();
    let page = page(page_url);
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in ["jsapi_ticket=", ticket.expose(), "&noncestr=", &nonce] {
        context.update(part.as_bytes());
    }
    context.update(format!("&timestamp={timestamp}&url={page}").as_bytes());
    let mut text = String::with_capacity(40);
    for byte in context.finish().as_ref() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The address of a page as it is signed.
fn page(url: &str) -> Cow<'_, str> {
    let page = url.split('#').next().unwrap_or_default();
    percent_decode_str(page).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_signed_decoded_once_and_without_its_fragment() {
        let url = "http://abc.com?url=http%3A%2F%2Fabc.com%2Fsome%2520where#top";
        assert_eq!(page(url), "http://abc.com?url=http://abc.com/some%20where");
    }

    #[test]
    fn the_nonce_counts_in_lower_case() {
        let ticket = Secret::new("t");
        let sign = |nonce| js_signature(&ticket, nonce, 1, "https://a");
        assert_eq!(sign("ABC"), sign("abc"));
        assert_ne!(sign("abc"), sign("abd"));
    }
}
