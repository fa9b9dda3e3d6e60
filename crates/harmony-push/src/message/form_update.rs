//! Widget refreshes: push-type 1.

use auth_core::Result;
use serde_json::Value;

use crate::check::At;
use crate::message::options::delivery_options;
use crate::message::{Draft, Message, Sealed, Tokens};
use crate::model::{FormImage, FormUpdatePayload, PushOptions, PushType};

/// New content for one widget on one device: push-type 1. It goes to exactly one token.
///
/// A widget that does not exist on the device is held back for 30 days by the platform, so take
/// the id from the device and drop it when the user removes the widget ([receipt status
/// 261](crate::receipts)).
#[derive(Clone, Debug, PartialEq)]
pub struct FormUpdate {
    payload: FormUpdatePayload,
    options: PushOptions,
}

delivery_options!(FormUpdate);

impl FormUpdate {
    /// Adds the image of the widget; the platform takes one for now.
    pub fn image(mut self, image: FormImage) -> Self {
        self.payload.images.get_or_insert_default().push(image);
        self
    }
}

impl From<FormUpdatePayload> for FormUpdate {
    fn from(payload: FormUpdatePayload) -> Self {
        Self {
            payload,
            options: PushOptions::default(),
        }
    }
}

impl Message for FormUpdate {}

impl Sealed for FormUpdate {
    fn kind(&self) -> PushType {
        PushType::FormUpdate
    }

    #[inline]
    fn prepare(&self) -> Result<Draft> {
        check(&self.payload)?;
        let mut draft = Draft::new(self.kind(), &self.payload, &self.options)?;
        draft.tokens = Tokens::One;
        Ok(draft)
    }
}

#[inline]
fn check(form: &FormUpdatePayload) -> Result<()> {
    for (key, value) in &form.form_data {
        At("payload").must(
            !key.starts_with("datashareproxy://"),
            "formData",
            "must not have keys that begin with datashareproxy://",
        )?;
        check_value(value)?;
    }
    for image in form.images.iter().flatten() {
        let key = image.key_name.as_deref().unwrap_or_default();
        At("payload.images").must(
            !form.form_data.contains_key(key),
            "keyName",
            "must differ from the keys of `formData`",
        )?;
    }
    Ok(())
}

#[inline]
fn check_value(value: &Value) -> Result<()> {
    let at = At("payload");
    match value {
        Value::Null => at.fail("formData", "must not hold null"),
        Value::Number(number) => at.must(
            number.as_f64().is_some_and(|number| number <= LARGEST),
            "formData",
            "must not hold numbers above 2^53-1",
        ),
        Value::Array(values) => values.iter().try_for_each(check_value),
        Value::Object(members) => members.values().try_for_each(check_value),
        Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// The largest number a widget takes: 2^53-1.
const LARGEST: f64 = 9_007_199_254_740_991.0;
