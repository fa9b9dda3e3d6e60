//! Short ways to say what a tap does.

use serde_json::json;

use crate::model::{ClickAction, ClickActionType};

impl ClickAction {
    /// Opens the home page of the app.
    pub fn home() -> Self {
        Self::new(ClickActionType::OpenHomePage)
    }

    /// Opens the page of the app whose ability has this action.
    pub fn page(action: impl Into<String>) -> Self {
        Self::new(ClickActionType::OpenPage).action(action)
    }

    /// Opens the page of the app whose ability has this URI.
    pub fn page_at(uri: impl Into<String>) -> Self {
        Self::new(ClickActionType::OpenPage).uri(uri)
    }

    /// Clears the notification; only in the auxiliary area of a live view.
    pub fn clear() -> Self {
        Self::new(ClickActionType::Clear)
    }

    /// Opens the dialler with a telephone number; only in the auxiliary area of a live view.
    pub fn dial(number: impl Into<String>) -> Self {
        let data = [("tel".to_owned(), json!(number.into()))];
        Self::new(ClickActionType::Dial).data(data.into_iter().collect())
    }
}
