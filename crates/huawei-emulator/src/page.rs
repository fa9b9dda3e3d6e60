//! The page for a person with a browser: what the platforms show, and the requests with their
//! verdicts. Plain HTML, made here; everything that came from outside is escaped.

use std::fmt::Write;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};

use crate::answer::Answer;
use crate::clock::unix_ms;
use crate::document::Document;
use crate::log::{Entry, Verdict};
use crate::platforms::lock;
use crate::space::SpaceState;

/// The start page of a space.
pub(crate) fn home(space: &SpaceState) -> Answer {
    let mut html = String::from(HEAD);
    let name = space.id.as_deref().unwrap_or("default");
    let time = clock_time(unix_ms(space.clock.now()));
    let _ = write!(
        html,
        "<header><h1>Huawei emulator</h1><p>space <b>{}</b> · clock {time} UTC · {} requests · \
         the page renews itself</p></header>",
        escape(name),
        lock(&space.log).count(),
    );
    for document in Document::NAMES {
        let section = space.platforms.of(document).and_then(|it| lock(it).page());
        if let Some(section) = section {
            let _ = write!(html, "<h2>{document}</h2>{section}");
        }
    }
    html.push_str("<h2>Requests</h2>");
    let entries = lock(&space.log).entries();
    if entries.is_empty() {
        html.push_str(
            "<p>None yet. Point a client at this address, with the name of the platform as the \
             first part of the path: <code>/harmony-push</code>.</p>",
        );
    } else {
        html.push_str(
            "<div class=table><table><tr><th>#<th>time<th>request<th>operation<th>answer<th>verdict\
             </tr>",
        );
        for entry in entries.iter().rev().take(MOST_ROWS) {
            html.push_str(&row(entry));
        }
        html.push_str("</table></div>");
    }
    html.push_str("</main></html>\n");
    let mut answer = Answer::text("text/html; charset=utf-8", html);
    let headers = &mut answer.headers;
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}

fn row(entry: &Entry) -> String {
    let class = match entry.verdict {
        Verdict::Accepted => "yes",
        Verdict::Declined => "no",
        Verdict::Refused | Verdict::Unknown => "bad",
    };
    let status = match entry.status {
        0 => "reset".to_owned(),
        status => status.to_string(),
    };
    let summary = entry.operation.and_then(|id| {
        let document = Document::named(entry.document?)?;
        let operation = document
            .operations
            .iter()
            .find(|operation| operation.id == id)?;
        Some(&*operation.summary)
    });
    let fault = entry
        .fault
        .as_ref()
        .map(|fault| format!("fault: {fault}. "));
    let mut html = String::new();
    let _ = write!(
        html,
        "<tr><td>{}<td>{}<td><code>{} {}</code><td title=\"{}\">{}<td>{status} {}\
         <td><span class={class}>{}</span> {}{}</tr>",
        entry.number,
        clock_time(entry.time_ms),
        escape(&entry.method),
        escape(&entry.path),
        escape(summary.unwrap_or_default()),
        escape(entry.operation.unwrap_or("none")),
        escape(entry.code.as_deref().unwrap_or_default()),
        entry.verdict.as_str(),
        escape(&fault.unwrap_or_default()),
        escape(&entry.reason),
    );
    html
}

/// Text that is safe inside HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The time of day in UTC.
pub(crate) fn clock_time(time_ms: i64) -> String {
    let seconds = time_ms.div_euclid(1000).rem_euclid(86_400);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content=\"width=device-width, initial-scale=1\">\
<meta http-equiv=refresh content=5><title>Huawei emulator</title><style>\
:root{color-scheme:light dark}\
body{font:15px/1.45 system-ui,sans-serif;margin:0;background:light-dark(#f4f5f7,#15171a);\
color:light-dark(#1d2125,#e4e6ea)}\
main{max-width:76rem;margin:0 auto;padding:1rem}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
h3{font:12px/1.3 ui-monospace,monospace;margin:0 0 .5rem;overflow-wrap:anywhere;opacity:.7}\
header p,small{opacity:.7}p{margin:.25rem 0}\
.phones{display:flex;flex-wrap:wrap;gap:1rem}\
.phone{width:17rem;border:6px solid light-dark(#1d2125,#3a3f47);border-radius:1.6rem;\
padding:1rem .75rem;min-height:16rem;background:light-dark(#fff,#1d2024)}\
.push{border-radius:.7rem;padding:.5rem .7rem;margin-bottom:.5rem;\
background:light-dark(#eef1f6,#2a2e35);overflow-wrap:anywhere}.gone{opacity:.45}\
.table{overflow-x:auto}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;\
border-bottom:1px solid light-dark(#dcdfe4,#33373d)}\
code{font:13px ui-monospace,monospace}\
.yes,.no,.bad{border-radius:.4rem;padding:0 .4rem;color:#fff}\
.yes{background:#1f845a}.no{background:#946f00}.bad{background:#c9372c}\
</style><main>";

/// How many requests the page shows.
const MOST_ROWS: usize = 100;

#[cfg(test)]
mod tests {
    use super::{clock_time, escape};

    #[test]
    fn text_from_outside_cannot_become_markup() {
        let text = "<script a=\"1\" b='2'>&amp;";
        let safe = "&lt;script a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;";
        assert_eq!(escape(text), safe);
    }

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(clock_time(86_400_000 + 3_661_999), "01:01:01");
    }
}
