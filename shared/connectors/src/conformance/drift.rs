//! The ERP's answers change their form from one day to the next.

use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::Value;

use super::{AMOUNT, Mood, NAME, Server, Subject, connector, erp};
use crate::{Item, Pull};

/// More requests than a page of one record takes, whatever is asked for beside it.
const REQUESTS: usize = 8;

/// The only record of an ERP whose answers are altered; if it cannot be mapped, the fields that are wrong with it.
async fn pulled<S: Subject>(alter: fn(&str) -> String) -> Result<Value, Vec<String>> {
    let erp: Server<S> = erp(1).await;
    erp.next((0..REQUESTS).map(|_| Mood::Alters(alter)));
    let pull = Pull { data_type: S::PULLED, page_size: 10, resume: None, since: None };
    let page = connector(&erp).pull(pull).await.unwrap().next().await.unwrap().unwrap();
    let [Item::Record(range)] = &page.items[..] else { panic!("{:?}", page.items) };
    let mut out = Vec::new();
    let record = Opened::parse(&page.body[range.clone()]).unwrap();
    match Mapper::new(S::PULLED, &S::mapping(), &[]).map(&record, &mut out) {
        Ok(_) => Ok(serde_json::from_slice(&out).unwrap()),
        Err(unmapped) => Err(unmapped.errors.into_iter().map(|error| error.field.to_string()).collect()),
    }
}

/// The record's name as it stands in an answer, in JSON or XML.
fn name_in(answer: &str) -> Option<String> {
    let json = serde_json::to_string(NAME).unwrap();
    let ascii = json.chars().map(|c| {
        let mut units = [0; 2];
        let escaped = c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"));
        if c.is_ascii() { c.to_string() } else { escaped.collect() }
    });
    [json.clone(), ascii.collect()].into_iter().find(|written| answer.contains(written))
}

pub(crate) async fn a_field_that_is_new_changes_nothing<S: Subject>() {
    let record = pulled::<S>(|answer| match name_in(answer) {
        // After a member: a name may stand in a list, too.
        Some(name) => [":", ": "].iter().fold(answer.to_owned(), |answer, colon| {
            let member = format!("{colon}{name}");
            answer.replace(&member, &format!("{member},\"brandNew\":[{{\"a\":null}}]"))
        }),
        None => answer.to_owned(),
    });
    let record = record.await.unwrap();
    assert_eq!((&record["name"], &record["price"]), (&NAME.into(), &AMOUNT.into()));
}

pub(crate) async fn a_field_that_is_gone_costs_no_record<S: Subject>() {
    let pulled = pulled::<S>(|answer| match name_in(answer) {
        Some(name) => {
            let (before, after) = answer.split_once(&name).unwrap();
            let key = before.trim_end_matches([' ', ':']).trim_end_matches('"').rfind('"').unwrap();
            let renamed = format!("\"was{}", &before[key + 1..]);
            format!("{}{renamed}{name}{after}", &before[..key])
        }
        None => answer.to_owned(),
    });
    match pulled.await {
        Ok(record) => assert_eq!(record["price"], AMOUNT),
        Err(fields) => assert_eq!(fields, ["name"]),
    }
}

pub(crate) async fn a_number_as_text_and_a_text_as_number_are_the_same_number<S: Subject>() {
    let record = pulled::<S>(|answer| {
        let text = format!("\"{AMOUNT}\"");
        match answer.trim_start().starts_with(['{', '[']) {
            true if answer.contains(&text) => answer.replace(&text, AMOUNT),
            true => answer.replace(AMOUNT, &text),
            false => answer.to_owned(),
        }
    });
    assert_eq!(record.await.unwrap()["price"], AMOUNT);
}
