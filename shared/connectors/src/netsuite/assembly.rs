//! JSON put together of parts that stay as they were written, so that numbers keep every digit.

/// An object of these members.
pub(super) fn object(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A list of these values.
pub(super) fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

/// A member of an object, whose value is JSON.
pub(super) fn member(name: &str, json: &str) -> String {
    format!("{}:{json}", domain::json::string(name))
}
