//! Prints a page of a platform's codes for those who meet one in a log: what it means, what to
//! do, where it occurs.

use crate::codegen::document::{Code, Document, Evidence};
use crate::codegen::plan::Plan;
use crate::codegen::print::doc;

/// The words of a page in one language.
pub(crate) struct Language {
    /// The end of the file's name.
    pub(crate) suffix: &'static str,
    /// The end of the other page's name, and what the link to it is called.
    other: (&'static str, &'static str),
    introduction: &'static str,
    action: &'static str,
    status: &'static str,
    occurs: &'static str,
    any_call: &'static str,
    unknown: &'static str,
    known_from: &'static str,
    source: &'static str,
    evidence: fn(Evidence) -> &'static str,
    what_to_do: fn(&str) -> &'static str,
}

/// Prints the page of a crate.
pub(crate) fn page(plan: &Plan<'_>, words: &Language) -> String {
    let (name, document) = (plan.name, plan.document);
    let mut out = format!(
        "<!-- Written by `cargo xtask codegen` from `{}`. Edit that document, not this file. -->\n\n\
         # {name}: {}\n\n{} [{}]({name}{}.md)\n",
        plan.settings.document,
        words.title(),
        words.introduction,
        words.other.1,
        words.other.0
    );
    for (row, id) in document.codes.iter().zip(document.row_ids()) {
        out.push_str(&format!("\n## `{id}`\n\n{}\n\n", meaning(&row.meaning)));
        let mut item = |name: &str, text: String| {
            if !text.is_empty() {
                out.push_str(&format!("- {name}: {text}\n"));
            }
        };
        item(words.action, (words.what_to_do)(row.action).to_owned());
        let status = row.status.map(|status| status.to_string());
        item(words.status, status.unwrap_or_default());
        item(words.occurs, occurs(document, &id, words));
        let evidence = row.evidence.unwrap_or(Evidence::Documented);
        item(words.known_from, (words.evidence)(evidence).to_owned());
        item(words.source, source(document, row, &id));
    }
    out
}

impl Language {
    fn title(&self) -> &'static str {
        match self.suffix {
            "" => "codes",
            _ => "错误码",
        }
    }
}

fn meaning(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    doc::sentence(&doc::markdown(&text))
}

/// The calls that are known to answer a code, and the callbacks that carry it.
fn occurs(document: &Document, id: &str, words: &Language) -> String {
    if document.errors.iter().any(|row| row.id == id) {
        return words.any_call.to_owned();
    }
    let calls = document.operations.iter().filter_map(|operation| {
        let rows = operation.errors.as_ref()?;
        rows.iter().any(|row| row.id == id).then_some(&operation.id)
    });
    let hooks = document
        .webhooks
        .iter()
        .filter(|hook| hook.errors.iter().any(|row| row.id == id))
        .map(|hook| &hook.id);
    let names: Vec<String> = calls.chain(hooks).map(|id| format!("`{id}`")).collect();
    match names.is_empty() {
        true => words.unknown.to_owned(),
        false => names.join(", "),
    }
}

/// Where a code stands: its own source, or that of the first call which answers it.
fn source(document: &Document, row: &Code, id: &str) -> String {
    let of_call = || {
        let call = document.operations.iter().find(|operation| {
            let rows = operation.errors.iter().flatten();
            rows.into_iter().any(|row| row.id == id)
        })?;
        call.source.first()
    };
    match row.source.as_ref().or_else(of_call) {
        Some(source) => doc::markdown(source),
        None => String::new(),
    }
}

pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        suffix: "",
        other: (".zh-CN", "中文"),
        introduction: "What each code means and what to do about it. The same is in `Error::api` and \
                       `Error::action` of a failed call.",
        action: "What to do",
        status: "HTTP status",
        occurs: "Answered by",
        any_call: "any call",
        unknown: "not told by the platform's documents",
        known_from: "Known from",
        source: "Source",
        evidence: |evidence| match evidence {
            Evidence::Documented => "the platform's documents",
            Evidence::ClientCode => "client code",
            Evidence::Inferred => "inference",
        },
        what_to_do: |action| match action {
            "Backoff" => "wait, then send the same request again",
            "ContactProvider" => "report it to the platform's operator",
            "DropTarget" => "stop addressing this device, user or token",
            "FixCredentials" => "correct the client id, secret, key or right",
            "FixRequest" => "correct the request",
            "NewToken" => "get a new token, then send the request once more",
            "SignInAgain" => "send the user through sign-in again",
            _ => "nothing: it is a result and not a fault",
        },
    },
    Language {
        suffix: ".zh-CN",
        other: ("", "English"),
        introduction: "每个错误码的含义与处理方法。调用失败时，`Error::api` 与 `Error::action` 给出同样的信息。\
                       含义一栏是对平台文档的英文概述，原文见来源链接。",
        action: "处理方法",
        status: "HTTP 状态码",
        occurs: "出现于",
        any_call: "任何调用",
        unknown: "平台文档未说明",
        known_from: "依据",
        source: "来源",
        evidence: |evidence| match evidence {
            Evidence::Documented => "平台文档",
            Evidence::ClientCode => "客户端代码（平台文档未记载）",
            Evidence::Inferred => "推断",
        },
        what_to_do: |action| match action {
            "Backoff" => "稍候，再发送同一请求",
            "ContactProvider" => "向平台运营方反馈",
            "DropTarget" => "停止向该设备、用户或令牌发送",
            "FixCredentials" => "更正 client id、密钥或权限",
            "FixRequest" => "修改请求",
            "NewToken" => "获取新的令牌，再发送一次",
            "SignInAgain" => "让用户重新登录",
            _ => "无需处理：这是结果，不是错误",
        },
    },
];
