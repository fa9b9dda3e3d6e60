//! Prints the types that hold parameters: options, groups, and required ones given by name.

use anyhow::Result;

use crate::codegen::plan::{Argument, Group, Options, Plan};
use crate::codegen::print::doc::Doc;
use crate::codegen::print::notes;
use crate::codegen::print::operations::{Method, Returns, borrowed, is_literal, returns};
use crate::codegen::print::structs::{argument, converted, link, setter_name};

/// Prints the types of an operation.
pub(super) fn of_method(plan: &Plan<'_>, method: &Method<'_>, gate: &str, out: &mut String) {
    let link = format!("[`Client::{0}`](crate::Client::{0})", method.name());
    if let Some(name) = &method.arguments.together {
        let about = Doc::new(format!("The required parameters of {link}."));
        literal(plan, name, about, &method.arguments.required, gate, out);
    }
    if let Some(options) = &method.arguments.options {
        let about = Doc::new(format!("The optional parameters of {link}."));
        of_options(plan, options, &about, gate, out);
    }
    if let Returns::Unsure(name) = returns(plan, method) {
        let mut about = Doc::new(format!(
            "What {link} answers: nothing that is known so far."
        ));
        about.add("It is a struct, so that members can be added once they are.");
        about.print(out, 0);
        out.push_str(gate);
        out.push_str("#[derive(Clone, Debug, Default, PartialEq, Eq)]\n#[non_exhaustive]\n");
        out.push_str(&format!("pub struct {name} {{}}\n\n"));
    }
}

/// Prints the groups of parameters that operations share.
pub(super) fn groups(plan: &Plan<'_>, out: &mut String) -> Result<()> {
    for group in plan.groups()? {
        let about = Doc::new("Parameters that many operations take together.");
        match is_literal(&group) {
            true => literal(plan, &group.name, about, &group.members, "", out),
            false => owned(plan, &group, &about, out),
        }
    }
    Ok(())
}

/// A struct that is written out at the call, so that texts are not mixed up.
fn literal(
    plan: &Plan<'_>,
    name: &str,
    about: Doc,
    members: &[Argument<'_>],
    gate: &str,
    out: &mut String,
) {
    about.print(out, 0);
    out.push_str(gate);
    out.push_str(
        "#[derive(Clone, Copy, Debug, PartialEq)]\n\
         #[expect(clippy::exhaustive_structs, reason = \"a caller writes out each member\")]\n",
    );
    out.push_str(&format!("pub struct {name}<'a> {{\n"));
    for member in members {
        notes::of_parameter(member).print(out, 4);
        out.push_str(&format!(
            "pub {}: {},\n",
            member.name,
            borrowed(plan, &member.ty(), "'a ")
        ));
    }
    out.push_str("}\n\n");
}

fn of_options(plan: &Plan<'_>, options: &Options<'_>, about: &Doc, gate: &str, out: &mut String) {
    fields(
        plan,
        &options.name,
        &options.members,
        about,
        "Default, ",
        gate,
        out,
    );
    let mut methods = setters(plan, &options.members);
    methods.push_str(&check(plan, &options.members));
    out.push_str(&format!(
        "impl {} {{\n{}}}\n\n",
        options.name,
        methods.trim_end()
    ));
}

fn owned(plan: &Plan<'_>, group: &Group<'_>, about: &Doc, out: &mut String) {
    let required: Vec<&Argument<'_>> = group
        .members
        .iter()
        .filter(|member| !member.optional())
        .collect();
    let default = if required.is_empty() { "Default, " } else { "" };
    fields(plan, &group.name, &group.members, about, default, "", out);
    let mut methods = String::new();
    if !required.is_empty() {
        let arguments: Vec<String> = required
            .iter()
            .map(|member| format!("{}: {}", member.name, argument(plan, &member.ty())))
            .collect();
        methods.push_str(&format!(
            "/// Creates it with its required members.\npub fn new({}) -> Self {{\nSelf {{\n",
            arguments.join(", ")
        ));
        for member in &group.members {
            let value = match (member.optional(), member.switch) {
                (_, true) => "false".to_owned(),
                (true, false) => "None".to_owned(),
                (false, false) => converted(plan, &member.ty(), &member.name),
            };
            match value == member.name {
                true => methods.push_str(&format!("{value},\n")),
                false => methods.push_str(&format!("{}: {value},\n", member.name)),
            }
        }
        methods.push_str("}\n}\n\n");
    }
    methods.push_str(&setters(plan, &group.members));
    methods.push_str(&check(plan, &group.members));
    out.push_str(&format!(
        "impl {} {{\n{}}}\n\n",
        group.name,
        methods.trim_end()
    ));
}

fn fields(
    _: &Plan<'_>,
    name: &str,
    members: &[Argument<'_>],
    about: &Doc,
    derive: &str,
    gate: &str,
    out: &mut String,
) {
    about.print(out, 0);
    out.push_str(gate);
    out.push_str(&format!(
        "#[derive(Clone, Debug, {derive}PartialEq)]\n#[non_exhaustive]\npub struct {name} {{\n"
    ));
    for member in members {
        notes::of_parameter(member).print(out, 4);
        let ty = match (member.switch, member.optional()) {
            (true, _) => "bool".to_owned(),
            (false, true) => format!("Option<{}>", member.ty().rust()),
            (false, false) => member.ty().rust(),
        };
        out.push_str(&format!("pub {}: {ty},\n", member.name));
    }
    out.push_str("}\n\n");
}

fn setters(plan: &Plan<'_>, members: &[Argument<'_>]) -> String {
    let mut out = String::new();
    let settable = |member: &&Argument<'_>| member.optional() || member.switch;
    for member in members.iter().filter(settable) {
        let name = setter_name(&member.name);
        let field = &member.name;
        let link = link(field);
        let (verb, argument, value) = match member.switch {
            true => ("Switches", String::new(), "true".to_owned()),
            false => (
                "Sets",
                format!(", {field}: {}", argument(plan, &member.ty())),
                format!("Some({})", converted(plan, &member.ty(), field)),
            ),
        };
        let on = if member.switch { " on" } else { "" };
        out.push_str(&format!(
            "/// {verb} [`{link}`](Self::{link}){on}.\n\
             pub fn {name}(mut self{argument}) -> Self {{\nself.{field} = {value};\nself\n}}\n\n"
        ));
    }
    out
}

fn check(plan: &Plan<'_>, members: &[Argument<'_>]) -> String {
    let lines = notes::member_checks(plan, members);
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "/// Checks the limits that the platform's documents state. The error names the parameter.\n\
         pub fn check(&self) -> Result<()> {{\nlet at = Place::parameter();\n{}\nOk(())\n}}\n\n",
        lines.join("\n")
    )
}
