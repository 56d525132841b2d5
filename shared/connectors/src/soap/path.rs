//! Where things are in a Body: paths of elements, and the records at their end. Pure.

use domain::json::Opened;
use transport::ErpError;

use crate::xml::Element;

/// The text at a path below an element, without space around it: of an element with everything in it, or of an
/// attribute.
pub(super) fn value(from: &Element, path: &str) -> Option<String> {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    all(from, above).into_iter().find_map(|parent| {
        let child = parent.children.iter().find(|child| child.name == last).map(whole_text);
        let attribute = || parent.attributes.iter().find(|(name, _)| name == last);
        child.or_else(|| attribute().map(|(_, value)| value.trim().to_owned()))
    })
}

fn whole_text(element: &Element) -> String {
    let own = Some(element.text.trim().to_owned());
    let texts = own.into_iter().chain(element.children.iter().map(whole_text));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn all<'a>(from: &'a Element, path: &str) -> Vec<&'a Element> {
    let steps = path.split('.').filter(|step| !step.is_empty());
    steps.fold(vec![from], |here, step| below(&here, step))
}

fn below<'a>(parents: &[&'a Element], name: &str) -> Vec<&'a Element> {
    parents.iter().flat_map(|parent| &parent.children).filter(|child| child.name == name).collect()
}

/// The records of a Body. Where what should hold them is empty there are none; where it holds something else, the path
/// is wrong.
///
/// # Errors
/// With what is there instead.
pub(super) fn records<'a>(body: &'a Element, path: &str) -> Result<Vec<&'a Element>, String> {
    let steps: Vec<&str> = path.split('.').collect();
    let mut here = vec![body];
    for (position, step) in steps.iter().enumerate() {
        let next = below(&here, step);
        let is_last = position + 1 == steps.len();
        if next.is_empty() {
            let mut names: Vec<&str> =
                here.iter().flat_map(|parent| &parent.children).map(|child| child.name.as_str()).collect();
            names.dedup();
            names.truncate(12);
            return match (position, &names[..]) {
                (0, []) => Err(format!("it has nothing in the Body where recordPath is {path}")),
                (1.., []) => Ok(Vec::new()),
                (1.., _) if is_last => Ok(Vec::new()),
                _ => Err(format!("recordPath is {path}, but there is no {step}, only {}", names.join(", "))),
            };
        }
        here = next;
    }
    Ok(here)
}

/// Records as a JSON list.
pub(super) fn to_json(records: &[&Element]) -> Vec<u8> {
    let mut json = vec![b'['];
    for (position, record) in records.iter().enumerate() {
        if position > 0 {
            json.push(b',');
        }
        record.write_record(&mut json);
    }
    json.push(b']');
    json
}

/// A list that was written by [`to_json`], opened.
///
/// # Errors
/// `Malformed`, which never comes.
pub(super) fn opened(json: &[u8]) -> Result<Opened<'_>, ErpError> {
    Opened::parse(json).map_err(|error| ErpError::Malformed(format!("the records cannot be read: {error}")))
}

/// Whether a value of a record is the reference.
pub(super) fn holds(record: &Element, reference: &str) -> bool {
    record.text.trim() == reference
        || record.attributes.iter().any(|(_, value)| value.trim() == reference)
        || record.children.iter().any(|child| holds(child, reference))
}
