//! Values that hold whole records, several versions of one at times, or the names of all their fields: JSON, compressed,
//! in one attribute. Versions of a record are much alike, so that together they weigh little more than one.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::item::Item;

/// The attribute that holds the value.
const ATTRIBUTE: &str = "packed";

/// zstd's level; its window then spans several records of the greatest size.
const LEVEL: i32 = 3;

/// Most bytes an item of the table has is 400 KB; this leaves room for its key and its other attributes.
const MAX_BYTES: usize = 390 << 10;

/// Largest value that is read back; a bound against a damaged length.
const MAX_UNPACKED_BYTES: usize = 8 << 20;

/// Puts `value` into an item.
///
/// # Errors
/// [`StoreError::TooLarge`] if it does not fit.
pub(crate) fn pack(value: &impl Serialize, item: &mut Item) -> Result<(), StoreError> {
    let plain = serde_json::to_vec(value).map_err(StoreError::corrupt)?;
    // What is larger could not be unpacked.
    if plain.len() > MAX_UNPACKED_BYTES {
        return Err(StoreError::TooLarge { bytes: plain.len(), limit: MAX_UNPACKED_BYTES });
    }
    let packed = zstd::bulk::compress(&plain, LEVEL).map_err(StoreError::corrupt)?;
    if packed.len() > MAX_BYTES {
        return Err(StoreError::TooLarge { bytes: packed.len(), limit: MAX_BYTES });
    }
    item.insert(ATTRIBUTE.to_owned(), AttributeValue::B(Blob::new(packed)));
    Ok(())
}

/// Reads the value of an item.
///
/// # Errors
/// [`StoreError::Corrupt`] if the item holds none that [`pack`] wrote.
pub(crate) fn unpack<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let packed = item.get(ATTRIBUTE).and_then(|value| value.as_b().ok());
    let packed = packed.ok_or_else(|| StoreError::corrupt("an item lacks its packed value"))?;
    let plain = zstd::bulk::decompress(packed.as_ref(), MAX_UNPACKED_BYTES).map_err(StoreError::corrupt)?;
    serde_json::from_slice(&plain).map_err(StoreError::corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same each time.
    fn noise() -> impl Iterator<Item = u64> {
        std::iter::successors(Some(1_u64), |state| {
            Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
        })
    }

    #[test]
    fn three_versions_of_the_largest_record_fit() {
        // Letters at random compress badly alone; the second and third version then cost next to nothing.
        let letters = noise().map(|number| char::from(b'0' + u8::try_from(number >> 58).unwrap()));
        let text: String = letters.filter(|letter| *letter != '\\').take(255 << 10).collect();
        let versions: Vec<String> = ["a", "b", "c"].iter().map(|end| format!("{text}{end}")).collect();
        let mut item = Item::new();
        pack(&versions, &mut item).unwrap();
        assert_eq!(unpack::<Vec<String>>(&item).unwrap(), versions);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_damaged_too() {
        let numbers: Vec<u64> = noise().take(60_000).collect();
        assert!(matches!(pack(&numbers, &mut Item::new()), Err(StoreError::TooLarge { .. })));
        let mut item = Item::new();
        assert!(unpack::<String>(&item).is_err());
        item.insert(ATTRIBUTE.to_owned(), AttributeValue::B(Blob::new([1, 2, 3])));
        assert!(unpack::<String>(&item).is_err());
    }
}
