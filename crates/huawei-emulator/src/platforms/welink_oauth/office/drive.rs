//! The cloud drive: files that are uploaded to another address than the platform's, found again and
//! shared by links.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::clock::unix_ms;
use crate::control::{Refused, not_found};
use crate::platforms::ControlCall;

use super::super::apps::success;
use super::super::directory::{Record, list, text};
use super::super::seed::members;
use super::{Desk, Kind};

pub(super) const FILE: Kind = Kind {
    name: "files",
    key: "file_sn",
    missing: "43054",
};

/// The contents of files, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Drive {
    whole: BTreeMap<String, Bytes>,
    parts: BTreeMap<String, BTreeMap<u32, Bytes>>,
}

pub(super) fn answer(mut desk: Desk<'_>) -> Result<Answer, Refusal> {
    let call = desk.call;
    let body = call.body();
    let root = call.base.strip_suffix("/welink-oauth").unwrap_or(call.base);
    let address = |id: &str| format!("{root}/_emulator/welink-oauth/drive/{id}");
    let data = match call.operation.id.as_str() {
        "prepare_upload" => {
            let same = |file: &Record| {
                file.get("md5") == Some(&body["md5"]) && file.get("size") == Some(&body["size"])
            };
            let known = desk.shelf(&FILE).iter().find(|file| same(file)).cloned();
            let stored = known.filter(|file| desk.is_stored(file));
            match stored {
                // The drive has it already: there is nothing to send.
                Some(file) => json!({ "file_sn": file["file_sn"], "upload_url": "" }),
                None => {
                    let id = format!("{:032x}", fastrand::u128(..));
                    let mut file = members(body.clone());
                    file.insert("file_sn".to_owned(), json!(id));
                    desk.shelf(&FILE).push(file);
                    json!({ "file_sn": id, "upload_url": address(&id) })
                }
            }
        }
        "prepare_download" => {
            let file = desk.file(desk.body("file_sn"))?;
            let id = text(&file, "file_sn");
            json!({
                "file_sn": id, "size": file["size"], "md5": file["md5"],
                "download_url": address(id),
            })
        }
        "create_share_link" => {
            let file = desk.file(desk.body("file_sn"))?;
            let code = format!("{:016x}", fastrand::u64(..));
            let access = body["plain_access_code"].as_str();
            let mut link = json!({
                "link_code": code, "url": format!("https://emulator.test/link/{code}"),
                "effective_at": unix_ms(call.now), "scope": "enterprise",
            });
            for name in ["effective_at", "expire_at", "scope"] {
                if !body[name].is_null() {
                    link[name] = body[name].clone();
                }
            }
            let id = text(&file, "file_sn").to_owned();
            let stored = desk.record(&FILE, &id)?;
            let links = stored.entry("links").or_insert_with(|| json!([]));
            if let Some(links) = links.as_array_mut() {
                links.push(link.clone());
            }
            link["file_sn"] = json!(id);
            if let Some(access) = access {
                link["access_code"] = json!(access);
            }
            link
        }
        "list_share_links" => {
            let file = json!(desk.file(desk.body("file_sn"))?);
            let links = list(&file, "links");
            json!({ "file_sn": file["file_sn"], "total_count": links.len(), "links": links })
        }
        "delete_share_link" => {
            let file = desk.file(desk.query("file_sn"))?;
            let id = text(&file, "file_sn").to_owned();
            let mut links = list(&json!(file), "links").to_vec();
            let before = links.len();
            // Without a code all of them go.
            links.retain(|link| {
                call.query("link_code")
                    .is_some_and(|code| link["link_code"] != code)
            });
            if links.len() == before {
                return Err(Refusal::code("43054").because("the file has no such link"));
            }
            desk.record(&FILE, &id)?
                .insert("links".to_owned(), json!(links));
            json!({ "file_sn": id })
        }
        _ => return Err(Refusal::no_behaviour(call)),
    };
    Ok(success(
        json!({ "data": data, "request_id": call.request_id }),
    ))
}

impl Desk<'_> {
    fn is_stored(&self, file: &Record) -> bool {
        self.office.drive.whole.contains_key(text(file, "file_sn"))
    }

    /// A file that was uploaded.
    fn file(&mut self, id: &str) -> Result<Record, Refusal> {
        let file = self.record(&FILE, id)?.clone();
        match self.is_stored(&file) {
            true => Ok(file),
            false => Err(Refusal::code(FILE.missing).because("the file was not uploaded yet")),
        }
    }
}

impl super::Office {
    /// Answers a request to the address that a file is sent to, or read from.
    pub(crate) fn transfer(&mut self, id: &str, call: &ControlCall<'_>) -> Result<Answer, Refused> {
        let refused = |reason: &str| (StatusCode::BAD_REQUEST, reason.to_owned());
        let mut shelves = self.shelves.values().flatten();
        let Some(file) = shelves.find(|it| text(it, FILE.key) == id) else {
            return Err(not_found());
        };
        let size = file.get("size").and_then(Value::as_u64).unwrap_or_default();
        let fits = |content: &Bytes| u64::try_from(content.len()) == Ok(size);
        let ok = || Answer::json(&json!({ "code": "OK" }));
        let drive = &mut self.drive;
        match call.method.as_str() {
            "GET" if call.query("parts").is_some() => {
                let parts = drive.parts.get(id).into_iter().flatten();
                let parts =
                    parts.map(|(part, content)| json!({ "partId": part, "size": content.len() }));
                let parts: Vec<Value> = parts.collect();
                Ok(Answer::json(&json!({ "code": "OK", "parts": parts })))
            }
            "GET" => {
                let content = drive.whole.get(id).ok_or_else(not_found)?;
                Ok(Answer::text("application/octet-stream", content.clone()))
            }
            "PUT" if call.query("parts").is_some() => {
                drive.parts.insert(id.to_owned(), BTreeMap::new());
                Ok(ok())
            }
            "PUT" if call.query("partId").is_some() => {
                let part = call.query("partId").and_then(|part| part.parse().ok());
                let part = part
                    .filter(|part| *part > 0)
                    .ok_or_else(|| refused("partId is no number from 1 on"))?;
                let parts = drive
                    .parts
                    .get_mut(id)
                    .ok_or_else(|| refused("say ?parts first"))?;
                parts.insert(part, call.body.clone());
                Ok(ok())
            }
            "PUT" if call.query("commit").is_some() => {
                let parts = drive.parts.get(id).into_iter().flatten();
                let whole: Vec<u8> = parts.flat_map(|(_, content)| content.to_vec()).collect();
                let whole = Bytes::from(whole);
                if !fits(&whole) {
                    return Err(refused(
                        "the parts are not as long as the file was said to be",
                    ));
                }
                drive.parts.remove(id);
                drive.whole.insert(id.to_owned(), whole);
                Ok(ok())
            }
            "PUT" => {
                let content = in_form(call.body).unwrap_or_else(|| call.body.clone());
                if !fits(&content) || size >= LARGEST {
                    return Err(refused(
                        "the file is not as long as it was said to be, or wants parts",
                    ));
                }
                drive.whole.insert(id.to_owned(), content);
                Ok(ok())
            }
            _ => Err(not_found()),
        }
    }
}

/// The file in a form of one part, whose boundary the platform prescribes.
fn in_form(body: &Bytes) -> Option<Bytes> {
    let find = |wanted: &[u8]| {
        let mut windows = body.windows(wanted.len());
        windows.position(|window| window == wanted)
    };
    body.starts_with(BOUNDARY).then_some(())?;
    let start = find(b"\r\n\r\n")? + 4;
    let end = find(&[b"\r\n", BOUNDARY].concat())?;
    (start <= end).then(|| body.slice(start..end))
}

const BOUNDARY: &[u8] = b"----------ImCloudOnebox";

/// From this size on a file is sent in parts: 10 MiB.
const LARGEST: u64 = 10 * 1024 * 1024;
