//! Prints what a browser brings back from an address that was built for it.

use crate::codegen::document::{Browser, Carried};
use crate::codegen::names;
use crate::codegen::print::doc::{self, Doc};
use crate::codegen::print::operations::Method;

/// Prints the type of what a browser brings back from an operation.
pub(super) fn types(method: &Method<'_>, gate: &str, out: &mut String) {
    let Some(browser) = &method.operation.browser else {
        return;
    };
    let carried: Vec<&Carried> = browser.success.iter().chain(&browser.errors).collect();
    if carried.is_empty() {
        return;
    }
    let base: String = method.name().split('_').map(doc::capital).collect();
    let part = |list: &[Carried]| -> Vec<(String, bool)> {
        let mut names: Vec<(String, bool)> = Vec::new();
        for carried in list {
            for name in &carried.params {
                if names.iter().all(|(known, _)| known != name) {
                    names.push((name.clone(), list.len() == 1 && names.is_empty()));
                }
            }
        }
        names
    };
    let success = part(&browser.success);
    let errors = part(&browser.errors);
    let link = format!("[`Client::{0}`](crate::Client::{0})", method.name());
    Doc::new(format!("What the browser brings back from {link}.")).print(out, 0);
    out.push_str(gate);
    out.push_str("#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\n");
    out.push_str(&format!("pub enum {base}Return {{\n"));
    out.push_str(&format!("/// The user agreed.\nSuccess({base}Success),\n"));
    if !errors.is_empty() {
        out.push_str(&format!(
            "/// The platform or the user refused.\nRefusal({base}Refusal),\n"
        ));
    }
    out.push_str("}\n\n");
    structure(
        &base,
        "Success",
        "What a successful return carries.",
        &success,
        "Secret",
        out,
    );
    structure(
        &base,
        "Refusal",
        "What a refused return carries.",
        &errors,
        "String",
        out,
    );
    parser(&base, browser, &success, &errors, out);
}

fn structure(
    base: &str,
    kind: &str,
    about: &str,
    names: &[(String, bool)],
    ty: &str,
    out: &mut String,
) {
    if names.is_empty() {
        return;
    }
    out.push_str(&format!(
        "/// {about}\n#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\npub struct {base}{kind} {{\n"
    ));
    for (name, required) in names {
        let ty = if *required {
            ty.to_owned()
        } else {
            format!("Option<{ty}>")
        };
        out.push_str(&format!(
            "/// The parameter `{name}`.\npub {}: {ty},\n",
            names::field(name)
        ));
    }
    out.push_str("}\n\n");
}

fn parser(
    base: &str,
    browser: &Browser,
    success: &[(String, bool)],
    errors: &[(String, bool)],
    out: &mut String,
) {
    let mut forms = String::new();
    let mut arms = String::new();
    let count = browser.success.len() + browser.errors.len();
    for (index, carried) in browser.success.iter().chain(&browser.errors).enumerate() {
        let list: Vec<String> = carried
            .params
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        forms.push_str(&format!(
            "({}, &[{}][..]),\n",
            carried.in_query,
            list.join(", ")
        ));
        let is_success = index < browser.success.len();
        let (kind, fields) = if is_success {
            ("Success", success)
        } else {
            ("Refusal", errors)
        };
        let part = if carried.in_query {
            "query"
        } else {
            "fragment"
        };
        let mut values = String::new();
        for (name, required) in fields {
            let take = format!("back.{part}().get(\"{name}\")");
            let value = match (carried.params.contains(name), required, is_success) {
                (false, ..) => "None".to_owned(),
                (true, true, true) => format!("{take}.cloned().unwrap_or_default()"),
                (true, false, true) => format!("{take}.cloned()"),
                (true, true, false) => {
                    format!("{take}.map(|value| value.expose().to_owned()).unwrap_or_default()")
                }
                (true, false, false) => format!("{take}.map(|value| value.expose().to_owned())"),
            };
            values.push_str(&format!("{}: {value},\n", names::field(name)));
        }
        let pattern = if index + 1 == count {
            "_".to_owned()
        } else {
            index.to_string()
        };
        arms.push_str(&format!(
            "{pattern} => Self::{kind}({base}{kind} {{\n{values}}}),\n"
        ));
    }
    let choose = match count {
        1 => format!(
            "back.best(&[{forms}])?;\nOk({})",
            arms.trim_start_matches("_ => ")
                .trim_end()
                .trim_end_matches(',')
        ),
        _ => format!("let form = back.best(&[{forms}])?;\nOk(match form {{\n{arms}}})"),
    };
    out.push_str(&format!(
        "impl {base}Return {{\n/// Reads the address that the browser came back to, or its query alone.\n\
         #[inline]\npub fn parse(address: &str) -> Result<Self> {{\nlet back = WayBack::parse(address);\n{choose}\n}}\n}}\n\n"
    ));
}
