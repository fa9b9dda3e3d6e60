//! Prints the addresses that a platform's client connects to, for those who keep a firewall.

use std::collections::BTreeSet;

use crate::codegen::plan::Plan;
use crate::codegen::print::doc;

/// The heading of the page, which all platforms share.
pub(crate) const HEAD: &str = "\
<!-- Written by `cargo xtask codegen` from `crates/*/openapi.yaml`. Edit those documents, not this file. -->

# Hosts

What a firewall must let through: outgoing https to port 443, unless the address says otherwise. A client connects to
the addresses of the site that it was built for and to no others: redirects are not followed. Name resolution and a
proxy from the environment come on top. Calls of a platform to you are on the pages of the crates.
";

/// The table of one platform.
pub(crate) fn table(plan: &Plan<'_>) -> String {
    let mut rows = BTreeSet::new();
    for server in &plan.document.servers {
        let about = server.description.split_whitespace().collect::<Vec<_>>();
        rows.insert(format!(
            "| `{}` | `{}` | {} | {} |\n",
            server.url,
            server.role,
            server.site,
            doc::markdown(&about.join(" ")).replace('|', "\\|")
        ));
    }
    format!(
        "\n## {}\n\n| address | role | site | remarks |\n|---|---|---|---|\n{}",
        plan.name,
        String::from_iter(rows)
    )
}
