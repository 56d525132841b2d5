//! Keeps values of an earlier version of a record in the next.

use crate::data_type::DataType;
use crate::json::{Json, Kind, Members, write_member};
use crate::records::{EXTRA, Field, FieldKind, fields_of};

/// A canonical record with the values that an earlier version of it had in `fields` (`price`, `shippingAddress.city`);
/// `None` if it had none that the record is without. A field of lines keeps the lines as a whole: which of the old ones is
/// which of the new is not known.
#[must_use]
pub fn retain(data_type: DataType, record: Json<'_>, earlier: Json<'_>, fields: &[String]) -> Option<String> {
    let mut out = String::with_capacity(record.text().len() + 64);
    out.push('{');
    let mut kept = false;
    let (record, earlier) = (record.members(), earlier.members());
    for Field { name, kind, .. } in fields_of(data_type) {
        let inner = fields.iter().filter_map(|field| field.strip_prefix(name)?.strip_prefix('.'));
        let inner: Vec<_> = inner.collect();
        let whole = fields.iter().any(|field| field == name)
            || !inner.is_empty() && matches!(kind, FieldKind::List(_));
        let (now, before) = (member(&record, name), member(&earlier, name));
        match (now, before) {
            (_, Some(before)) if whole => {
                kept |= now != Some(before);
                write_member(name, before.text(), &mut out);
            }
            (_, Some(before)) if !inner.is_empty() => {
                let names = inner_names(*kind, now, before);
                kept |= retain_inner(name, &names, now, before, &inner, &mut out);
            }
            (Some(now), _) => write_member(name, now.text(), &mut out),
            (None, _) => {}
        }
    }
    let own: Vec<_> =
        fields.iter().filter_map(|field| field.strip_prefix(EXTRA)?.strip_prefix('.')).collect();
    match (member(&record, EXTRA), member(&earlier, EXTRA)) {
        (now, Some(before)) if !own.is_empty() => {
            let names = member_names(now, before);
            kept |= retain_inner(EXTRA, &names, now, before, &own, &mut out);
        }
        (Some(now), _) => write_member(EXTRA, now.text(), &mut out),
        (None, _) => {}
    }
    out.push('}');
    kept.then_some(out)
}

fn member<'a>(members: &Members<'a>, name: &str) -> Option<Json<'a>> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// Writes an object with the values that an earlier version had in `held`; says whether that changed it.
fn retain_inner(
    name: &str,
    names: &[String],
    now: Option<Json<'_>>,
    before: Json<'_>,
    held: &[&str],
    out: &mut String,
) -> bool {
    let mut object = "{".to_owned();
    for inner in names {
        let kept = before.get(inner).filter(|_| held.contains(&inner.as_str()));
        if let Some(value) = kept.or_else(|| now?.get(inner)) {
            write_member(inner, value.text(), &mut object);
        }
    }
    object.push('}');
    let changed = now.map_or(object != "{}", |now| now.text() != object);
    if object != "{}" {
        write_member(name, &object, out);
    }
    changed
}

/// The names of an object's fields in the order they are written in.
fn inner_names(kind: FieldKind, now: Option<Json<'_>>, before: Json<'_>) -> Vec<String> {
    match kind {
        FieldKind::Object(fields) => fields.iter().map(|field| field.name.to_owned()).collect(),
        _ => member_names(now, before),
    }
}

/// The names of the members of both, those of the earlier one first.
fn member_names(now: Option<Json<'_>>, before: Json<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for object in [Some(before), now].into_iter().flatten().filter(|object| object.kind() == Kind::Object) {
        object.each_member(|name, _| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(data_type: DataType, record: &str, earlier: &str, fields: &[&str]) -> Option<String> {
        let fields: Vec<_> = fields.iter().map(|field| (*field).to_owned()).collect();
        let [record, earlier] = [record, earlier].map(|text| Json::parse(text.as_bytes()).unwrap());
        retain(data_type, record, earlier, &fields)
    }

    #[test]
    fn a_field_is_kept_where_it_stood_and_every_digit_with_it() {
        let earlier = r#"{"sku":"A","name":"Tee","price":"12345678901234567.8900","extra":{"a":1.50,"b":2}}"#;
        let record = r#"{"sku":"A","name":"Tea","extra":{"b":3}}"#;
        assert_eq!(
            kept(DataType::Products, record, earlier, &["price"]).unwrap(),
            r#"{"sku":"A","name":"Tea","price":"12345678901234567.8900","extra":{"b":3}}"#
        );
        assert_eq!(
            kept(DataType::Products, record, earlier, &["extra.a"]).unwrap(),
            r#"{"sku":"A","name":"Tea","extra":{"a":1.50,"b":3}}"#
        );
        let bare = r#"{"sku":"A","name":"Tea"}"#;
        assert_eq!(
            kept(DataType::Products, bare, earlier, &["extra.a", "price"]).unwrap(),
            r#"{"sku":"A","name":"Tea","price":"12345678901234567.8900","extra":{"a":1.50}}"#
        );
    }

    #[test]
    fn nothing_is_kept_where_nothing_was() {
        let (earlier, record) = (r#"{"sku":"A"}"#, r#"{"sku":"A","name":"Tee"}"#);
        assert_eq!(kept(DataType::Products, record, earlier, &["price", "extra.a"]), None);
        assert_eq!(kept(DataType::Products, r#"{"sku":"A"}"#, record, &["brand"]), None, "name may go");
    }

    #[test]
    fn fields_of_objects_are_kept_alone_and_those_of_lines_with_all_lines() {
        let earlier = r#"{"orderNumber":"1","shippingAddress":{"city":"Köln","country":"DE"},"lines":[{"sku":"A","quantity":1}]}"#;
        let record = r#"{"orderNumber":"1","shippingAddress":{"country":"AT"},"lines":[{"sku":"A"}]}"#;
        assert_eq!(
            kept(DataType::Orders, record, earlier, &["shippingAddress.city"]).unwrap(),
            r#"{"orderNumber":"1","shippingAddress":{"city":"Köln","country":"AT"},"lines":[{"sku":"A"}]}"#
        );
        assert_eq!(
            kept(DataType::Orders, record, earlier, &["lines.quantity"]).unwrap(),
            r#"{"orderNumber":"1","shippingAddress":{"country":"AT"},"lines":[{"sku":"A","quantity":1}]}"#
        );
    }
}
