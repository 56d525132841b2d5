//! What an answer tells about what follows: an address, a cursor, a total, or that nothing does. Pure.

use domain::connection::{Paging, PagingStyle};
use domain::json::{Json, Kind};
use http::HeaderMap;
use http::header::LINK;

use crate::rest::JsonAnswer;

/// Everything an answer tells, whatever the paging style.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// The `Link` header's next address.
    pub(super) link: Option<String>,
    /// What the answer itself names as next.
    pub(super) next: Option<Next>,
    /// A member for what is next is there and empty, which means that this was the last page.
    pub(super) said_last: bool,
    /// Whether there is more, if it tells.
    pub(super) more: Option<bool>,
    /// How many records there are in all.
    pub(super) total: Option<u64>,
    /// The number of this page.
    pub(super) page: Option<u64>,
    /// How many pages there are.
    pub(super) pages: Option<u64>,
    /// A number beside the records that is larger than theirs: perhaps a total under a name of its own.
    pub(super) larger: Option<u64>,
    /// The offset of this answer, and the query parameter that goes with it.
    pub(super) offset: Option<(&'static str, u64)>,
}

/// What an answer names as next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// An address, perhaps relative.
    Address(String),
    /// A cursor, and the query parameter that usually carries it.
    Cursor(&'static str, String),
    /// A page number.
    Page(u64),
}

/// Members that hold the next address.
const ADDRESSES: [&str; 16] = [
    "@odata.nextLink",
    "odata.nextLink",
    "nextLink",
    "next",
    "next_page_url",
    "nextPageUrl",
    "next_url",
    "links.next",
    "links.next.href",
    "_links.next.href",
    "_links.next",
    "paging.next",
    "paging.next.link",
    "pagination.next",
    "meta.next",
    "d.__next",
];

/// Members that hold the next cursor, each with the query parameter that usually carries it.
const CURSORS: [(&str, &str); 14] = [
    ("nextCursor", "cursor"),
    ("next_cursor", "cursor"),
    ("cursor", "cursor"),
    ("nextPageToken", "pageToken"),
    ("next_page_token", "page_token"),
    ("nextToken", "nextToken"),
    ("next_token", "next_token"),
    ("continuationToken", "continuationToken"),
    ("meta.nextCursor", "cursor"),
    ("meta.next_cursor", "cursor"),
    ("pagination.nextCursor", "cursor"),
    ("pagination.next_cursor", "cursor"),
    ("response_metadata.next_cursor", "cursor"),
    ("paging.next.after", "after"),
];

/// Members that hold the next page's number.
const PAGES: [&str; 4] = ["nextPage", "next_page", "meta.next_page", "pagination.next_page"];

const MORE: [&str; 8] = [
    "hasMore",
    "has_more",
    "hasNextPage",
    "has_next",
    "meta.has_more",
    "meta.hasMore",
    "pagination.has_more",
    "pagination.hasMore",
];

/// Members that say whether this is the last page.
const LAST: [&str; 5] = ["last", "isLast", "is_last", "isLastPage", "pageable.last"];

/// Members that hold the number of this page.
const PAGE_NUMBERS: [&str; 12] = [
    "number",
    "page",
    "pageNumber",
    "page_number",
    "currentPage",
    "current_page",
    "pageIndex",
    "page.number",
    "pageable.pageNumber",
    "meta.page",
    "meta.current_page",
    "pagination.page",
];

/// Members that hold how many pages there are.
const PAGE_COUNTS: [&str; 10] = [
    "totalPages",
    "total_pages",
    "pageCount",
    "page_count",
    "last_page",
    "lastPage",
    "page.totalPages",
    "meta.last_page",
    "meta.total_pages",
    "pagination.totalPages",
];

const TOTALS: [&str; 17] = [
    "total",
    "totalCount",
    "total_count",
    "@odata.count",
    "odata.count",
    "d.__count",
    "totalResults",
    "total_results",
    "totalItems",
    "totalRecords",
    "totalElements",
    "page.totalElements",
    "meta.total",
    "meta.total_count",
    "meta.totalCount",
    "pagination.total",
    "paging.total",
];

const OFFSETS: [(&str, &str); 5] = [
    ("offset", "offset"),
    ("skip", "skip"),
    ("meta.offset", "offset"),
    ("pagination.offset", "offset"),
    ("paging.offset", "offset"),
];

/// Gathers what an answer with `count` records tells.
pub(super) fn gather(
    answer: &JsonAnswer<'_>,
    headers: &HeaderMap,
    count: u64,
    paging: &Paging,
    total_path: Option<&str>,
) -> Hints {
    let next = match &paging.next_path {
        Some(path) => answer.at(path).map_or(Found::Nothing, |value| configured_next(value, paging)),
        None => usual_next(answer),
    };
    let number = |path: &&str| answer.at(path).and_then(whole_number);
    let usual_total = || {
        let counted = answer.at("count").and_then(whole_number).filter(|total| *total > count);
        TOTALS.iter().filter_map(number).find(|total| *total >= count).or(counted)
    };
    let header = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let header_total = || {
        let total = ["x-total-count", "x-wp-total", "x-total"].iter().find_map(|name| header(name));
        total.or_else(|| range_total(headers)).filter(|total| *total >= count)
    };
    let is_last = LAST.iter().find_map(|path| answer.at(path).and_then(yes_or_no));
    Hints {
        link: link_next(headers),
        said_last: next == Found::Empty,
        next: if let Found::Next(next) = next { Some(next) } else { None },
        more: MORE.iter().find_map(|path| answer.at(path).and_then(yes_or_no)).or(is_last.map(|last| !last)),
        page: PAGE_NUMBERS.iter().find_map(number),
        pages: PAGE_COUNTS.iter().find_map(number).or_else(|| header("x-wp-totalpages")),
        larger: larger_number(answer, count),
        total: match total_path {
            Some(path) => number(&path),
            None => usual_total().or_else(header_total),
        },
        offset: OFFSETS.iter().find_map(|(path, param)| Some((*param, number(path)?))),
    }
}

/// The total of `Content-Range: items 0-99/250` (RFC 9110, section 14.4).
fn range_total(headers: &HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

/// How many times the number of records a number beside them may be to be taken for a total.
const MOST_TIMES: u64 = 1_000;

/// A whole number beside the records that may count more of them. A time, a version or an id is much larger.
fn larger_number(answer: &JsonAnswer<'_>, count: u64) -> Option<u64> {
    let beside = answer.0.members.iter().map(|(_, value)| *value);
    let inner = beside.clone().filter(|value| value.kind() == Kind::Object).flat_map(|value| value.members());
    let all = beside.chain(inner.map(|(_, value)| value)).filter(|value| value.kind() == Kind::Number);
    let could_count = |number: &u64| *number > count && *number <= count.saturating_mul(MOST_TIMES);
    all.filter_map(whole_number).find(could_count)
}

/// What stands at a place for what is next.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Empty,
    Next(Next),
}

fn usual_next(answer: &JsonAnswer<'_>) -> Found {
    let addresses = ADDRESSES.iter().map(|path| (*path, None));
    let cursors = CURSORS.iter().map(|(path, param)| (*path, Some(*param)));
    let mut found = Found::Nothing;
    for (path, param) in addresses.chain(cursors) {
        let found_here = |value: Json<'_>| match value.as_string() {
            // OData allows nothing else here (JSON Format 4.01, section 4.6.3).
            Some(text) if !text.is_empty() && (path.ends_with("nextLink") || path == "d.__next") => {
                Found::Next(Next::Address(text.into_owned()))
            }
            _ => next_in(value, param),
        };
        match answer.at(path).map_or(Found::Nothing, found_here) {
            Found::Nothing => {}
            Found::Empty => found = Found::Empty,
            next @ Found::Next(_) => return next,
        }
    }
    let page = PAGES.iter().find_map(|path| answer.at(path));
    page.map_or(found, |value| whole_number(value).map_or(Found::Empty, |page| Found::Next(Next::Page(page))))
}

fn configured_next(value: Json<'_>, paging: &Paging) -> Found {
    match (paging.style, value.as_string()) {
        (PagingStyle::Cursor, _) => next_in(value, Some("cursor")),
        (PagingStyle::NextUrl, Some(text)) if !text.is_empty() => {
            Found::Next(Next::Address(text.into_owned()))
        }
        _ => next_in(value, None),
    }
}

/// Reads what stands at a place for cursors, of which the query parameter is given, or at one for addresses, where
/// some servers put a cursor or a page number all the same.
fn next_in(value: Json<'_>, param: Option<&'static str>) -> Found {
    match (value.kind(), param) {
        (Kind::Null, _) => Found::Empty,
        (Kind::Bool, _) if value.text() == "false" => Found::Empty,
        (Kind::Number, Some(param)) => Found::Next(Next::Cursor(param, value.text().to_owned())),
        (Kind::Number, None) => {
            value.text().parse().map_or(Found::Nothing, |page| Found::Next(Next::Page(page)))
        }
        (Kind::String, param) => {
            let text = value.as_string().unwrap_or_default().into_owned();
            match param {
                _ if text.is_empty() => Found::Empty,
                None if is_address(&text) => Found::Next(Next::Address(text)),
                _ => Found::Next(Next::Cursor(param.unwrap_or("cursor"), text)),
            }
        }
        _ => Found::Nothing,
    }
}

/// Whether a text at a place for addresses is one, perhaps relative, and not a cursor: that has neither `?` nor `/`, but
/// where it is Base64.
fn is_address(text: &str) -> bool {
    let is_base64 = || {
        let letters = text.trim_end_matches('=');
        text.len() >= 8
            && text.len().is_multiple_of(4)
            && letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
    };
    let begins = ["http://", "https://", "//", "/", "?", "./"].iter().any(|start| text.starts_with(start));
    begins && !(text.starts_with('/') && is_base64() && text.ends_with('='))
        || text.contains('?')
        || (text.contains(['/', '=']) && !is_base64())
}

fn whole_number(value: Json<'_>) -> Option<u64> {
    match value.kind() {
        Kind::Number => value.text().parse().ok(),
        Kind::String => value.as_string()?.trim().parse().ok(),
        _ => None,
    }
}

fn yes_or_no(value: Json<'_>) -> Option<bool> {
    match value.text() {
        "true" | "\"true\"" => Some(true),
        "false" | "\"false\"" => Some(false),
        _ => None,
    }
}

/// The address with `rel="next"` of RFC 8288.
fn link_next(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let next = values.flat_map(|value| value.split('<').skip(1)).find_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations =
                value.trim_matches(|c: char| c == '"' || c == ',' || c.is_whitespace()).split(' ');
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|rel| rel.eq_ignore_ascii_case("next"))
        });
        is_next.then(|| address.trim().to_owned())
    });
    next.filter(|address| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(body: &str) -> Hints {
        let json = Json::parse(body.as_bytes()).unwrap();
        gather(&json.into(), &HeaderMap::new(), 2, &Paging::default(), None)
    }

    #[test]
    fn next_addresses_are_found() {
        let bodies = [
            r#"{"next":"https://a.example/p2"}"#,
            r#"{"@odata.nextLink":"https://a.example/p2"}"#,
            r#"{"links":{"next":"https://a.example/p2"}}"#,
            r#"{"_links":{"next":{"href":"https://a.example/p2"}}}"#,
            r#"{"paging":{"next":"https://a.example/p2"}}"#,
            r#"{"d":{"__next":"https://a.example/p2"}}"#,
            r#"{"next_page_url":"https://a.example/p2"}"#,
        ];
        for body in bodies {
            assert_eq!(hints(body).next, Some(Next::Address("https://a.example/p2".into())), "{body}");
        }
    }

    #[test]
    fn cursors_and_page_numbers_are_found() {
        let cursor = |param, text: &str| Some(Next::Cursor(param, text.to_owned()));
        assert_eq!(hints(r#"{"nextCursor":"abc"}"#).next, cursor("cursor", "abc"));
        assert_eq!(hints(r#"{"nextCursor":"/x="}"#).next, cursor("cursor", "/x="));
        assert_eq!(hints(r#"{"nextPageToken":"/x="}"#).next, cursor("pageToken", "/x="));
        assert_eq!(hints(r#"{"paging":{"next":{"after":"7"}}}"#).next, cursor("after", "7"));
        assert_eq!(hints(r#"{"next_page":3}"#).next, Some(Next::Page(3)));
    }

    #[test]
    fn an_empty_next_says_that_this_was_the_last_page() {
        for body in [r#"{"next":null}"#, r#"{"nextCursor":""}"#, r#"{"next_page":null}"#] {
            assert!(hints(body).said_last, "{body}");
        }
        assert!(!hints(r#"{"data":[]}"#).said_last);
        assert_eq!(
            hints(r#"{"links":{"next":null},"nextCursor":"b"}"#).next,
            Some(Next::Cursor("cursor", "b".into()))
        );
    }

    #[test]
    fn totals_are_believed_only_if_they_can_be_true() {
        assert_eq!(hints(r#"{"total":77}"#).total, Some(77));
        assert_eq!(hints(r#"{"d":{"__count":"77"}}"#).total, Some(77));
        assert_eq!(hints(r#"{"total":1}"#).total, None);
        assert_eq!(hints(r#"{"count":2}"#).total, None);
        assert_eq!(hints(r#"{"count":3}"#).total, Some(3));
        assert_eq!(hints(r#"{"total":12.5}"#).total, None);
    }

    #[test]
    fn the_link_header_is_read() {
        let link = |value: &str| link_next(&HeaderMap::from_iter([(LINK, value.parse().unwrap())]));
        let github =
            r#"<https://a.example/?page=1>; rel="prev", <https://a.example/?page=3&x=1,2>; rel="next""#;
        assert_eq!(link(github).as_deref(), Some("https://a.example/?page=3&x=1,2"));
        assert_eq!(link("</p2>; title=x; rel=next").as_deref(), Some("/p2"));
        assert_eq!(link(r#"<https://a.example/>; rel="last""#), None);
    }
}
