//! Announcements: each known by the system it comes from and its id there.

use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::clock::unix_s;

use super::super::apps::success;
use super::super::directory::{Keys, only, update};
use super::super::seed::members;
use super::{Desk, Kind};

pub(super) const ARTICLE: Kind = Kind {
    name: "articles",
    key: "id",
    missing: "43012",
};

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let keys = Keys::of(call);
    let named = |name: &str| keys.get(name).unwrap_or_default();
    // In one member, as both name an article together.
    let id = format!("{}/{}", named("sourceName"), named("sourceArticleId"));
    match call.operation.id.as_str() {
        "add_article" | "add_article_v1" => {
            if desk.directory.user(&keys).is_err() {
                return Err(Refusal::code("43051").because("there is no such author"));
            }
            if desk.place(&ARTICLE, &id).is_ok() {
                let reason = "sourceName has an article with this sourceArticleId";
                return Err(Refusal::code("43011").because(reason));
            }
            let mut article = members(call.body().clone());
            article.insert("id".to_owned(), json!(id));
            article
                .entry("pubTime")
                .or_insert_with(|| json!(unix_s(call.now)));
            let data = only(&article, &["sourceArticleId"]);
            desk.shelf(&ARTICLE).push(article);
            Ok(success(json!({ "data": data })))
        }
        "update_article" | "update_article_v1" => {
            let article = desk.record(&ARTICLE, &id)?;
            update(article, call.body());
            let data = only(article, &["sourceArticleId"]);
            Ok(success(json!({ "data": data })))
        }
        "delete_article" => {
            desk.take(&ARTICLE, &id)?;
            Ok(success(json!({})))
        }
        _ => Err(Refusal::no_behaviour(call)),
    }
}
