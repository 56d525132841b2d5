//! Lists that end, and the cursors that go on with them.
//!
//! A cursor is the sort key to go on after, with a checksum over it and the list's name, so that a cursor that was
//! changed, or belongs to another list, is refused instead of answering with something else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::StoreError;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// The same page with every item turned into another.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Listing<U> {
        Listing { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

/// Makes a cursor for `list` that goes on after `position`.
pub(crate) fn encode(list: &str, position: &str) -> String {
    let mut bytes = checksum(list, position.as_bytes()).to_be_bytes().to_vec();
    bytes.extend_from_slice(position.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the position from a cursor of `list`.
///
/// # Errors
/// [`StoreError::InvalidCursor`] if it is not one.
pub(crate) fn decode(list: &str, cursor: Option<&str>) -> Result<Option<String>, StoreError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StoreError::InvalidCursor)?;
    let (sum, position) = bytes.split_first_chunk::<8>().ok_or(StoreError::InvalidCursor)?;
    if u64::from_be_bytes(*sum) != checksum(list, position) {
        return Err(StoreError::InvalidCursor);
    }
    let position = String::from_utf8(position.to_vec()).map_err(|_| StoreError::InvalidCursor)?;
    Ok(Some(position))
}

fn checksum(list: &str, position: &[u8]) -> u64 {
    xxh3_64_with_seed(position, xxh3_64_with_seed(list.as_bytes(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_foreign_cursor_is_refused() {
        let cursor = encode("connections", "erp_1");
        assert_eq!(decode("connections", Some(&cursor)).unwrap().as_deref(), Some("erp_1"));
        assert!(decode("runs", Some(&cursor)).is_err());
        let mut changed = cursor.into_bytes();
        let last = changed.len() - 1;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        assert!(decode("connections", Some(std::str::from_utf8(&changed).unwrap())).is_err());
        assert!(decode("connections", Some("%%%")).is_err());
        assert!(decode("connections", Some("")).is_err());
    }
}
