//! The pages that help with connections, `docs/connectors` of the repository, for the browser: error messages name them.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use pulldown_cmark::{Options, Parser, html};

use crate::{ApiError, ApiState};

/// A page: its name and its text, Markdown.
type Manual = (&'static str, &'static str);

macro_rules! manuals {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../docs/connectors/", $name, ".md")))),*]
    };
}

const MANUALS: &[Manual] = manuals![
    "sap",
    "oracle",
    "netsuite",
    "business-central",
    "odoo",
    "erpnext",
    "tryton",
    "rest",
    "soap",
    "doi",
    "sftp"
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}\
    table{border-collapse:collapse}td,th{border:1px solid #cbd2dc;padding:.3rem .6rem;text-align:left;vertical-align:top}\
    code{background:#eef1f5;padding:.1em .3em}pre{background:#eef1f5;padding:1rem;overflow:auto}pre code{padding:0}";

/// The list of the pages, and each page.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/docs/connectors", get(async || list_manuals()))
        .route("/docs/connectors/{page}", get(async |Path(page): Path<String>| get_manual(&page)))
}

fn list_manuals() -> Response {
    let mut list = String::from("# Connectors\n\n");
    for (name, text) in MANUALS {
        // Writing to a text cannot fail.
        writeln!(list, "- [{}](connectors/{name}.md)", title(text)).unwrap_or_default();
    }
    page(&list).into_response()
}

fn get_manual(name: &str) -> Response {
    let name = name.strip_suffix(".md").unwrap_or(name);
    match MANUALS.iter().find(|(there, _)| *there == name) {
        Some((_, text)) => page(text).into_response(),
        None => ApiError::not_found("page", name).into_response(),
    }
}

fn page(markdown: &str) -> Html<String> {
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{} · Causeway</title><style>{STYLE}</style><main>{body}</main></html>",
        title(markdown)
    ))
}

fn title(markdown: &str) -> &str {
    markdown.lines().next().unwrap_or_default().trim_start_matches("# ")
}

#[cfg(test)]
mod tests {
    use domain::connection::{ConnectionMethod, Provider};

    use super::*;

    /// What every page tells, in this order, whatever else it has to tell.
    const HEADINGS: [&str; 5] = [
        "## What to ask the admin for",
        "## Which fields to fill in",
        "## Which calls are made",
        "## What is not supported, and why",
        "## Common errors and their cure",
    ];

    #[test]
    fn there_is_a_page_for_every_kind_of_connection_and_it_tells_all_that_is_asked_for() {
        for provider in Provider::ALL {
            for method in ConnectionMethod::ALL {
                let name = provider.manual(method);
                let name = name.strip_prefix("docs/connectors/").unwrap().strip_suffix(".md").unwrap();
                let (_, text) =
                    MANUALS.iter().find(|(there, _)| *there == name).unwrap_or_else(|| panic!("{name}"));
                let headings: Vec<_> = text.lines().filter(|line| HEADINGS.contains(line)).collect();
                assert_eq!(headings, HEADINGS, "{name}");
            }
        }
    }
}
