//! The pages as HTML: no script, everything that came from outside escaped.

use std::fmt::Write;

use http::HeaderValue;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};

use crate::answer::Answer;
use crate::page::escape;
use crate::platforms::Call;
use crate::validate::encode_pairs;

use super::{Account, Brand, LANGUAGE, Page, Phrase, TICKET, ticket};

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Chinese,
    English,
}

impl Language {
    /// What the person chose, else what the app asked for, else what the browser prefers.
    fn of(call: &Call<'_>) -> Self {
        let chosen = call.query(LANGUAGE).or_else(|| call.query("lang"));
        chosen
            .and_then(Self::named)
            .or_else(|| Self::preferred(call.header(ACCEPT_LANGUAGE.as_str())?))
            .unwrap_or(Self::English)
    }

    fn named(tag: &str) -> Option<Self> {
        match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The best of a list like `fr, zh-CN;q=0.8, en;q=0.5`.
    fn preferred(list: &str) -> Option<Self> {
        let weighted = list.split(',').filter_map(|entry| {
            let (tag, rest) = entry.split_once(';').unwrap_or((entry, ""));
            let weight = rest
                .trim()
                .strip_prefix("q=")
                .map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
            Some((Self::named(tag)?, weight))
        });
        // Of two that weigh the same the first one counts.
        let best = weighted.fold(None, |best: Option<(Self, f32)>, entry| match best {
            Some(best) if best.1 >= entry.1 => Some(best),
            _ => Some(entry),
        });
        best.filter(|(_, weight)| *weight > 0.0)
            .map(|(language, _)| language)
    }

    fn say(self, phrase: Phrase) -> &'static str {
        match self {
            Self::Chinese => phrase.zh,
            Self::English => phrase.en,
        }
    }

    /// Its name for machines.
    fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// The page that asks.
pub(super) fn page(page: &Page<'_>, call: &Call<'_>, warning: Option<Phrase>) -> Answer {
    let language = Language::of(call);
    let app = escape(page.app);
    let question = match (page.question, language) {
        (Some(question), _) => escape(language.say(question)),
        (None, Language::English) => format!("Sign in to {app}"),
        (None, Language::Chinese) => format!("登录 {app}"),
    };
    let lead = match language {
        Language::English => format!("<b>{app}</b> asks to use your {}.", escape(page.brand.name)),
        Language::Chinese => format!("<b>{app}</b> 请求使用您的 {}。", escape(page.brand.name)),
    };
    let mut html = format!("<h1>{question}</h1><p>{lead}</p>");
    if let Some(warning) = warning {
        let _ = write!(
            html,
            "<p class=warning role=alert>{}</p>",
            escape(language.say(warning))
        );
    }
    if let Some(code) = page.code {
        let _ = write!(
            html,
            "<p class=label>{}</p><p class=code>{}</p>",
            language.say(COMPARE),
            escape(code)
        );
    }
    html.push_str("<form method=post>");
    let _ = write!(
        html,
        "<input type=hidden name={TICKET} value=\"{}\">\
         <fieldset><legend class=label>{}</legend>",
        ticket(call),
        language.say(CHOOSE),
    );
    for (number, account) in page.users.iter().enumerate() {
        html.push_str(&choice(account, number == 0));
    }
    html.push_str("</fieldset>");
    if !page.permissions.is_empty() {
        let _ = write!(html, "<p class=label>{}</p><ul>", language.say(SEES));
        for permission in &page.permissions {
            let _ = write!(html, "<li>{}", escape(language.say(*permission)));
        }
        html.push_str("</ul>");
    }
    let _ = write!(
        html,
        "<div class=buttons>\
         <button name=decision value=refuse>{}</button>\
         <button name=decision value=accept class=yes>{}</button></div></form>",
        language.say(REFUSE),
        language.say(ACCEPT),
    );
    if let Some(address) = page.returns_to {
        let _ = write!(
            html,
            "<p class=small>{} <code>{}</code></p>",
            language.say(RETURNS),
            escape(site(address)),
        );
    }
    whole(call, page.brand, &question, &html)
}

/// A page that tells how it went and asks nothing.
pub(crate) fn notice(call: &Call<'_>, brand: Brand, title: Phrase, text: Phrase) -> Answer {
    let language = Language::of(call);
    let title = escape(language.say(title));
    let html = format!("<h1>{title}</h1><p>{}</p>", escape(language.say(text)));
    whole(call, brand, &title, &html)
}

fn choice(account: &Account<'_>, chosen: bool) -> String {
    let initial: String = account.name.chars().take(1).collect();
    format!(
        "<label class=user><input type=radio name=user value=\"{}\" required{}>\
         <span class=face aria-hidden=true>{}</span>\
         <span><b>{}</b><small>{}</small></span></label>",
        escape(account.id),
        if chosen { " checked" } else { "" },
        escape(&initial.to_uppercase()),
        escape(account.name),
        escape(&account.detail),
    )
}

/// The origin of an address, or its scheme where it has no host.
fn site(address: &str) -> &str {
    let after = address.find("://").map_or(0, |at| at + 3);
    let end = address[after..].find(['/', '?', '#']);
    end.map_or(address, |end| &address[..after + end])
}

/// Puts what a page says between its head and its foot.
fn whole(call: &Call<'_>, brand: Brand, title: &str, content: &str) -> Answer {
    let Brand {
        name: platform,
        colour,
    } = brand;
    let language = Language::of(call);
    let other = match language {
        Language::Chinese => Language::English,
        Language::English => Language::Chinese,
    };
    let name = match other {
        Language::Chinese => "中文",
        Language::English => "English",
    };
    let query = call.query.iter().filter(|(name, _)| name != LANGUAGE);
    let query = query.map(|(name, value)| (&**name, &**value));
    let link = encode_pairs(query.chain([(LANGUAGE, other.tag())]));
    let initial: String = platform.chars().take(1).collect();
    let html = format!(
        "<!doctype html><html lang={}><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>:root{{--brand:{colour}}}{STYLE}</style>\
         <main><header><span class=mark aria-hidden=true>{}</span><b>{}</b>\
         <a href=\"?{}\" lang={} hreflang={}>{name}</a></header>{content}</main>\
         <footer>{}</footer></html>\n",
        language.tag(),
        escape(&initial),
        escape(platform),
        escape(&link),
        other.tag(),
        other.tag(),
        language.say(EMULATED),
    );
    let mut answer = Answer::text("text/html; charset=utf-8", html);
    let headers: [(HeaderName, &str); 5] = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept-language"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        answer.headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

const ACCEPT: Phrase = Phrase {
    en: "Allow",
    zh: "同意并继续",
};
const CHOOSE: Phrase = Phrase {
    en: "Your account",
    zh: "选择帐号",
};
const COMPARE: Phrase = Phrase {
    en: "Is this the code that the other device shows?",
    zh: "请确认与另一台设备上显示的代码一致",
};
const EMULATED: Phrase = Phrase {
    en: "This is an emulator. The accounts are made up, and nothing leaves this machine.",
    zh: "这是模拟器：帐号均为虚构，数据不会离开本机。",
};
const REFUSE: Phrase = Phrase {
    en: "Cancel",
    zh: "取消",
};
const RETURNS: Phrase = Phrase {
    en: "Then you go back to",
    zh: "随后返回",
};
const SEES: Phrase = Phrase {
    en: "It will get",
    zh: "将获得以下权限",
};

/// Nothing is loaded, nothing runs, nobody frames the page. Forms may go anywhere, because browsers
/// hold a redirect after a form, and the redirects of the app behind it, to the same rule: an app
/// whose pages stand elsewhere than its callback could not be signed in to.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      frame-ancestors 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark;--line:light-dark(#e3e5e9,#363a41);--soft:light-dark(#667080,#9aa3b0)}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;\
justify-content:center;gap:1rem;padding:1rem;background:light-dark(#f1f3f6,#121417);\
color:light-dark(#191d23,#e8eaee);\
font:16px/1.5 system-ui,-apple-system,'Segoe UI','PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif}\
main{width:100%;max-width:26rem;padding:1.75rem;border-radius:1.25rem;\
background:light-dark(#fff,#1c1f24);box-shadow:0 1px 2px #0001,0 12px 40px #0000001a}\
header{display:flex;align-items:center;gap:.6rem;margin-bottom:1.5rem}\
header a{margin-left:auto;color:var(--soft);font-size:.875rem;text-decoration:none;\
border:1px solid var(--line);border-radius:1rem;padding:.1rem .7rem}\
header a:hover{border-color:var(--brand)}\
.mark{display:grid;place-items:center;width:2rem;height:2rem;border-radius:.6rem;\
background:var(--brand);color:#fff;font-weight:700}\
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .35rem;overflow-wrap:anywhere}\
p{margin:0 0 1rem}\
.label{font-size:.8125rem;color:var(--soft);margin:1.25rem 0 .4rem;padding:0}\
.small{font-size:.8125rem;color:var(--soft);margin:1rem 0 0;text-align:center;overflow-wrap:anywhere}\
.warning{border-left:3px solid var(--brand);padding:.5rem .75rem;border-radius:.3rem;\
background:light-dark(#fdf1f2,#3a2226)}\
.code{font:700 1.75rem/1.2 ui-monospace,monospace;letter-spacing:.15em;text-align:center;margin:.5rem 0}\
fieldset{border:0;margin:0;padding:0;display:grid;gap:.5rem}\
.user{display:flex;align-items:center;gap:.75rem;padding:.6rem .75rem;border:1px solid var(--line);\
border-radius:.8rem;cursor:pointer}\
.user:has(:checked){border-color:var(--brand);box-shadow:0 0 0 1px var(--brand)}\
.user:has(:focus-visible){outline:2px solid var(--brand);outline-offset:2px}\
.user input{position:absolute;opacity:0;pointer-events:none}\
.user b,.user small{display:block;line-height:1.3}\
.user small{color:var(--soft)}\
.face{display:grid;place-items:center;flex:none;width:2.25rem;height:2.25rem;border-radius:50%;\
background:light-dark(#e8ebf0,#2c3138);font-weight:600}\
ul{list-style:none;margin:0;padding:0}\
li{position:relative;padding:.25rem 0 .25rem 1.6rem}\
li::before{content:'';position:absolute;left:.3rem;top:.55rem;width:.7rem;height:.35rem;\
border:solid var(--brand);border-width:0 0 2px 2px;transform:rotate(-45deg)}\
.buttons{display:flex;gap:.75rem;margin-top:1.5rem}\
button{flex:1;font:inherit;font-weight:600;padding:.7rem 1rem;border-radius:2rem;cursor:pointer;\
border:1px solid var(--line);background:none;color:inherit}\
button.yes{background:var(--brand);border-color:var(--brand);color:#fff}\
button:hover{filter:brightness(1.08)}\
button:focus-visible{outline:2px solid var(--brand);outline-offset:2px}\
code{font:.8125rem ui-monospace,monospace}\
footer{font-size:.75rem;color:var(--soft);text-align:center;max-width:26rem}";

#[cfg(test)]
mod tests {
    use super::{Language, site};

    #[test]
    fn the_best_language_of_the_browser_is_taken() {
        use Language::{Chinese, English};
        let cases = [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Chinese)),
            ("en;q=0.5, zh", Some(Chinese)),
            ("fr, en-GB;q=0.8, zh;q=0.3", Some(English)),
            ("en, zh", Some(English)),
            ("zh;q=0", None),
            ("fr", None),
            ("", None),
            ("é", None),
        ];
        for (list, expected) in cases {
            assert_eq!(Language::preferred(list), expected, "{list}");
        }
    }

    #[test]
    fn a_person_sees_the_site_and_not_the_whole_address() {
        assert_eq!(site("https://a.test:8443/b/c?d=e"), "https://a.test:8443");
        assert_eq!(site("hms://redirect_url"), "hms://redirect_url");
        assert_eq!(site("nonsense"), "nonsense");
    }
}
