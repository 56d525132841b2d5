//! Lists within a record: Fusion gives but the first of a long list with the record, and says so.

use domain::json::{Json, Kind};
use transport::ErpError;
use transport::http::place;

use super::client::Oracle;
use super::mapping::{Child, Resource, fields_of_child};
use super::pull::LARGEST_PAGE;
use crate::rest;

/// The record, if the list in it is not whole.
pub(super) fn cut_short(resource: &Resource, record: Json<'_>) -> Option<String> {
    let list = record.get(resource.child?.name)?;
    has_more(list.get("hasMore")).then(|| record.text().to_owned())
}

/// Whether a collection says that there is more of it.
pub(super) fn has_more(flag: Option<Json<'_>>) -> bool {
    flag.is_some_and(|flag| flag.text() == "true")
}

/// A record with the whole of the list in it, which is read anew: in which order the first of it came is not known.
///
/// # Errors
/// With why it cannot be read.
pub(super) async fn completed(
    erp: &Oracle,
    resource: &Resource,
    fields: &str,
    record: &str,
) -> Result<String, ErpError> {
    let json = Json::parse(record.as_bytes()).ok();
    let key = resource.key.and_then(|key| json?.get(key)).filter(|key| key.kind() == Kind::Number);
    let (Some(json), Some(key), Some(child)) = (json, key, resource.child) else {
        return Err(ErpError::Malformed(format!(
            "{} gave a record without {}: settings.oracle.reads must ask for it",
            resource.name,
            resource.key.unwrap_or("a key")
        )));
    };
    let items = read_all(erp, resource, fields, key.text(), child).await?;
    Ok(with_member(json, child.name, &format!("{{\"items\":[{}]}}", items.join(","))))
}

async fn read_all(
    erp: &Oracle,
    resource: &Resource,
    fields: &str,
    key: &str,
    child: Child,
) -> Result<Vec<String>, ErpError> {
    let mut url = erp.url(resource, &[]);
    url.set_path(&format!("{}/{key}/child/{}", url.path(), child.name));
    let (fields, limit) = (fields_of_child(fields, child.name), LARGEST_PAGE.to_string());
    let order = format!("{}:asc", child.order);
    let query = [("onlyData", "true"), ("fields", &fields), ("orderBy", &order), ("limit", &limit)];
    url.query_pairs_mut().extend_pairs(query);
    let mut items: Vec<String> = Vec::new();
    loop {
        let mut page = url.clone();
        page.query_pairs_mut().append_pair("offset", &items.len().to_string());
        let request = erp.client().get(page);
        let answer = erp.client().send(&request).await?;
        let json = rest::read(&answer, &request)?;
        let found = json.as_ref().and_then(|json| json.at("items")).map(Json::items).unwrap_or_default();
        let more = json.is_some_and(|json| has_more(json.at("hasMore")));
        if more && found.is_empty() {
            let place = place(&answer.url);
            return Err(ErpError::Malformed(format!("{place} says that there is more, and gives nothing")));
        }
        items.extend(found.into_iter().map(|item| item.text().to_owned()));
        if !more {
            return Ok(items);
        }
    }
}

/// An object with another value in the place of one of its members. What is not replaced keeps every digit.
pub(super) fn with_member(object: Json<'_>, name: &str, value: &str) -> String {
    let member = |(key, old): (std::borrow::Cow<'_, str>, Json<'_>)| {
        let text = if key == name { value } else { old.text() };
        format!("{}:{text}", serde_json::Value::from(key.as_ref()))
    };
    let members: Vec<_> = object.members().into_iter().map(member).collect();
    format!("{{{}}}", members.join(","))
}
