//! In which fields versions of a record differ. Objects are compared by their inner fields, lists as a whole; numbers
//! and amounts by their value, so that `18` is `18.0`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::json::{Json, Kind};
use crate::records::{Field, FieldKind, MODIFIED_AT, fields_of, parse_decimal};

/// How deep objects are looked into; what lies deeper is compared as text.
const MAX_DEPTH: usize = 64;

/// A field in which two versions of a record differ.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldDifference {
    /// Its dotted path.
    #[schema(example = "shippingAddress.city")]
    pub field: String,
    /// What both sides last agreed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub base: Option<Box<RawValue>>,
    /// What the ERP says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub erp: Option<Box<RawValue>>,
    /// What we say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub system: Option<Box<RawValue>>,
}

/// The fields in which the ERP's version and ours differ, in the order of the data type's fields. `modifiedAt` is left
/// out: only the ERP tells.
#[must_use]
pub fn difference(
    data_type: DataType,
    base: Option<Json<'_>>,
    erp: Option<Json<'_>>,
    system: Option<Json<'_>>,
) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    walk(fields_of(data_type), "", [base, erp, system], &mut found);
    found
}

fn walk(fields: &'static [Field], at: &str, sides: [Option<Json<'_>>; 3], found: &mut Vec<FieldDifference>) {
    let [base, erp, system] = sides;
    for name in names(fields, [erp, system]) {
        if at.is_empty() && name == MODIFIED_AT {
            continue;
        }
        let kind = kind_of(fields, &name);
        let inner = [base, erp, system].map(|side| side.and_then(|side| side.get(&name)));
        if same(kind, inner[1], inner[2]) {
            continue;
        }
        let field = path(at, &name);
        if has_inner_fields(kind, &inner) && field.split('.').count() < MAX_DEPTH {
            walk(inner_fields(kind), &field, inner, found);
        } else {
            let [base, erp, system] = inner.map(own);
            found.push(FieldDifference { field, base, erp, system });
        }
    }
}

fn own(value: Option<Json<'_>>) -> Option<Box<RawValue>> {
    RawValue::from_string(value?.text().to_owned()).ok()
}

/// Whether two versions of a record say the same, but for `modifiedAt`.
#[must_use]
pub fn same_record(data_type: DataType, a: Json<'_>, b: Json<'_>) -> bool {
    let fields = fields_of(data_type);
    let sides = [Some(a), Some(b)];
    names(fields, sides).iter().filter(|name| *name != MODIFIED_AT).all(|name| {
        let [a, b] = sides.map(|side| side.and_then(|side| side.get(name)));
        same(kind_of(fields, name), a, b)
    })
}

/// Whether two values say the same. Nothing, `null` and an empty object are alike.
pub(crate) fn same(kind: Option<FieldKind>, a: Option<Json<'_>>, b: Option<Json<'_>>) -> bool {
    same_within(MAX_DEPTH, kind, a, b)
}

fn same_within(depth: usize, kind: Option<FieldKind>, a: Option<Json<'_>>, b: Option<Json<'_>>) -> bool {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) if a.text() == b.text() => return true,
        (Some(a), Some(b)) => (a, b),
        (Some(one), None) | (None, Some(one)) => return is_nothing(depth, one),
        (None, None) => return true,
    };
    if depth == 0 {
        return false;
    }
    match (a.kind(), b.kind()) {
        (Kind::Object, Kind::Object) => {
            let fields = inner_fields(kind);
            names(fields, [Some(a), Some(b)])
                .iter()
                .all(|name| same_within(depth - 1, kind_of(fields, name), a.get(name), b.get(name)))
        }
        (Kind::Array, Kind::Array) => {
            let inner = match kind {
                Some(FieldKind::List(fields)) => Some(FieldKind::Object(fields)),
                _ => None,
            };
            let (a, b) = (a.items(), b.items());
            let alike = |(a, b): (&Json<'_>, &Json<'_>)| same_within(depth - 1, inner, Some(*a), Some(*b));
            a.len() == b.len() && a.iter().zip(&b).all(alike)
        }
        (Kind::Null | Kind::Object, Kind::Null | Kind::Object) => {
            is_nothing(depth, a) && is_nothing(depth, b)
        }
        _ => same_leaf(kind, a, b),
    }
}

fn is_nothing(depth: usize, value: Json<'_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Object => depth > 0 && value.members().iter().all(|(_, value)| is_nothing(depth - 1, *value)),
        _ => false,
    }
}

fn same_leaf(kind: Option<FieldKind>, a: Json<'_>, b: Json<'_>) -> bool {
    let text = |value: Json<'_>| value.as_string().map_or_else(|| value.text().to_owned(), Cow::into_owned);
    let is_amount = matches!(kind, Some(FieldKind::Money | FieldKind::Quantity));
    if is_amount || (a.kind() == Kind::Number && b.kind() == Kind::Number) {
        match (parse_decimal(&text(a)), parse_decimal(&text(b))) {
            (Some(a), Some(b)) => return a == b,
            _ if is_amount => return text(a) == text(b),
            _ => {}
        }
    }
    a.kind() == b.kind() && text(a) == text(b)
}

/// The names of the members of some objects: those of `fields` in their order, then the others as they come.
pub(crate) fn names<'a, const N: usize>(
    fields: &'static [Field],
    sides: [Option<Json<'a>>; N],
) -> Vec<Cow<'a, str>> {
    let given: Vec<Cow<'a, str>> =
        sides.into_iter().flatten().flat_map(Json::members).map(|(name, _)| name).collect();
    let known = fields.iter().map(|field| Cow::Borrowed(field.name)).filter(|name| given.contains(name));
    let mut names: Vec<Cow<'a, str>> = known.collect();
    for name in &given {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

pub(crate) fn kind_of(fields: &'static [Field], name: &str) -> Option<FieldKind> {
    fields.iter().find(|field| field.name == name).map(|field| field.kind)
}

pub(crate) const fn inner_fields(kind: Option<FieldKind>) -> &'static [Field] {
    match kind {
        Some(FieldKind::Object(fields)) => fields,
        _ => &[],
    }
}

/// Whether a field is looked at by its inner fields: those versions that have it have an object there.
pub(crate) fn has_inner_fields(kind: Option<FieldKind>, sides: &[Option<Json<'_>>]) -> bool {
    let kinds = sides.iter().flatten().map(|side| side.kind()).filter(|kind| *kind != Kind::Null);
    let kinds: Vec<Kind> = kinds.collect();
    matches!(kind, None | Some(FieldKind::Object(_)))
        && !kinds.is_empty()
        && kinds.iter().all(|kind| *kind == Kind::Object)
}

/// The dotted path of a member.
pub(crate) fn path(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn fields(data_type: DataType, a: &str, b: &str) -> Vec<String> {
        difference(data_type, None, Some(of(a)), Some(of(b))).into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn numbers_and_amounts_are_compared_by_value_and_keys_by_letter() {
        let same = fields(
            DataType::Products,
            r#"{"sku":"7","price":"18","weight":1.50,"extra":{"n":1e2}}"#,
            r#"{"extra":{"n":100.0},"weight":1.5,"price":"18.00","sku":"7","brand":null}"#,
        );
        assert!(same.is_empty(), "{same:?}");
        assert_eq!(fields(DataType::Products, r#"{"sku":"7"}"#, r#"{"sku":"07"}"#), ["sku"]);
        let beyond = (r#"{"extra":{"n":9007199254740993}}"#, r#"{"extra":{"n":9007199254740992}}"#);
        assert_eq!(fields(DataType::Products, beyond.0, beyond.1), ["extra.n"]);
    }

    #[test]
    fn objects_are_looked_into_and_lists_are_taken_whole() {
        let a = r#"{"shippingAddress":{"city":"Bern","street":"A"},"lines":[{"sku":"1","unitPrice":"1"}]}"#;
        let b = r#"{"shippingAddress":{"city":"Rom","street":"A"},"lines":[{"sku":"1","unitPrice":"1.0"}]}"#;
        assert_eq!(fields(DataType::Orders, a, b), ["shippingAddress.city"]);
        let c = r#"{"lines":[{"sku":"2"}]}"#;
        assert_eq!(
            fields(DataType::Orders, a, c),
            ["shippingAddress.street", "shippingAddress.city", "lines"]
        );
    }

    #[test]
    fn values_too_deep_to_look_into_are_compared_as_text() {
        let deep =
            |inner: &str| format!("{{\"extra\":{}{inner}{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(fields(DataType::Products, &deep("1"), &deep("1")), Vec::<String>::new());
        assert_eq!(fields(DataType::Products, &deep("1"), &deep("2")).len(), 1);
    }
}
