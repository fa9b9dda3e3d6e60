//! The slide puzzle that comes before every code.

use std::fmt;

use auth_core::{Error, Result, Secret, wire};

use crate::DeviceClient;
use crate::model::{Captcha, CaptchaPoint, VerifyCaptcha};

/// A slide puzzle: two pictures to show, and where to send how far the piece was moved.
///
/// ```no_run
/// # async fn example(phone: oneaccess_sdk::DeviceClient, x: f64) -> oneaccess_sdk::Result<()> {
/// use oneaccess_sdk::model::SmsType;
///
/// let puzzle = phone.captcha().await?;
/// // Show `puzzle.picture()` and `puzzle.piece()`; the person drops the piece at `x`.
/// let proof = puzzle.solve(x, "13800000000").await?;
/// phone.send_sms_code("13800000000", SmsType::LoginSms, proof).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Puzzle {
    device: DeviceClient,
    picture: Vec<u8>,
    piece: Vec<u8>,
    token: Secret,
}

impl Puzzle {
    pub(crate) fn new(device: &DeviceClient, captcha: Captcha) -> Result<Self> {
        let decode = |text: &str, what: &str| {
            wire::base64_in(text)
                .ok_or_else(|| Error::decode(format!("`{what}` of the captcha is not Base64")))
        };
        Ok(Self {
            device: device.clone(),
            picture: decode(&captcha.original_image_base64, "originalImageBase64")?,
            piece: decode(&captcha.jigsaw_image_base64, "jigsawImageBase64")?,
            token: captcha.token,
        })
    }

    /// The background, a PNG.
    pub fn picture(&self) -> &[u8] {
        &self.picture
    }

    /// The piece that belongs into it, a PNG.
    pub fn piece(&self) -> &[u8] {
        &self.piece
    }

    /// The token of the puzzle, for a server that answers a browser before it is solved; see
    /// [`DeviceClient::solve_captcha`].
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Sends the place where the piece was dropped, in pixels from the left edge, and returns the
    /// proof that a code to `recipient` is asked for with.
    pub async fn solve(&self, x: f64, recipient: impl Into<String>) -> Result<Secret> {
        self.device.solve_captcha(&self.token, x, recipient).await
    }
}

impl DeviceClient {
    /// Sends the place where the piece of a puzzle was dropped, in pixels from the left edge, and
    /// returns the proof that a code to `recipient`, a mobile number or e-mail address, is asked
    /// for with.
    pub async fn solve_captcha(
        &self,
        token: &Secret,
        x: f64,
        recipient: impl Into<String>,
    ) -> Result<Secret> {
        let point = wire::json_text(&CaptchaPoint::new(x, HEIGHT));
        let answer = VerifyCaptcha::new(point, token.clone(), recipient);
        let proof = self.client.verify_captcha(&self.headers, &answer).await?;
        Ok(proof.captcha_token)
    }
}

/// Shows the size of the pictures.
impl fmt::Debug for Puzzle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puzzle")
            .field("picture", &self.picture.len())
            .field("piece", &self.piece.len())
            .finish_non_exhaustive()
    }
}

/// What the platform expects as the height of every piece.
const HEIGHT: f64 = 5.0;
