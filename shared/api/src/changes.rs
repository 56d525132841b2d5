//! What a change changed, by name, for the audit trail; and how often one is tried when others change the same thing.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::ApiError;

/// How often a change without `If-Match` is begun anew when somebody else was quicker.
pub(crate) const ATTEMPTS: usize = 20;

/// The longest pause after the first lost attempt; it grows with each.
const PAUSE: Duration = Duration::from_millis(25);

/// Waits a little, at random: those who collided once would otherwise collide again.
pub(crate) async fn stand_back(attempt: usize) {
    let mut random = [u8::MAX];
    // Without randomness the pause is merely the longest.
    let _unlucky = aws_lc_rs::rand::fill(&mut random).is_err();
    let share = u32::from(random[0]);
    tokio::time::sleep(PAUSE * u32::try_from(attempt).unwrap_or(1) * share / 255).await;
}

/// The dotted paths of fields that differ, without those only we set. Names alone: values may be secrets.
pub(crate) fn changed_fields<T: Serialize>(
    before: &T,
    after: &T,
    server_fields: &[&str],
) -> Result<Vec<String>, ApiError> {
    let json = |value| serde_json::to_value(value).map_err(ApiError::internal);
    let (before, after) = (json(before)?, json(after)?);
    let mut changed = Vec::new();
    compare("", &before, &after, &mut changed);
    changed.retain(|field| !server_fields.contains(&field.as_str()));
    Ok(changed)
}

fn compare(path: &str, before: &Value, after: &Value, changed: &mut Vec<String>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            changed.push(path.to_owned());
        }
        return;
    };
    let added = new.keys().filter(|name| !old.contains_key(*name));
    for name in old.keys().chain(added) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let member = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or(Value::Null);
        compare(&path, &member(old), &member(new), changed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_named_by_path_and_never_by_value() {
        let before =
            json!({"name": "a", "version": 1, "credentials": {"apiKey": "v1.old"}, "settings": {"x": 1}});
        let after = json!({
            "name": "a", "version": 2, "credentials": {"apiKey": "v1.new", "apiSecret": "v1.s"}, "settings": {"x": 1},
        });
        let changed = changed_fields(&before, &after, &["version"]).unwrap();
        assert_eq!(changed, ["credentials.apiKey", "credentials.apiSecret"]);
    }
}
