//! Checking images before they are sent.

use std::time::{Duration, SystemTime};

use auth_core::{Error, Result};

use crate::Client;
use crate::model::{ImagePushType, VerifyImage};

/// An image that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedImage {
    /// The address to put into the message instead of the original one. The image behind it must
    /// not change.
    pub url: String,
    /// The scenario it was checked for; in messages of another it is refused.
    pub push_type: ImagePushType,
    /// Until when the address may be sent.
    pub valid_until: Option<SystemTime>,
}

impl Client {
    /// Has an image checked for messages of one push-type, at most 60 a minute for an app.
    ///
    /// A message with an image that was not checked fails with 80100022. The address must be https
    /// and public.
    pub async fn check_image(
        &self,
        push_type: ImagePushType,
        url: impl Into<String>,
    ) -> Result<CheckedImage> {
        let image = VerifyImage::new(url);
        let checked = self
            .verify_image(self.project_id()?, push_type, &image)
            .await?;
        Ok(CheckedImage {
            push_type,
            url: checked.download_url.ok_or_else(|| {
                Error::decode("the image passed but the answer has no `downloadUrl`")
            })?,
            valid_until: checked.expire_time.and_then(|seconds| {
                let seconds = Duration::from_secs(seconds.trim().parse().ok()?);
                SystemTime::UNIX_EPOCH.checked_add(seconds)
            }),
        })
    }
}
