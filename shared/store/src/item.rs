//! Items as DynamoDB sees them: keys added, read back, listed, and written in batches.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, PutRequest, TransactWriteItem, WriteRequest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cursor::{self, Listing};
use crate::key::{Index, Key};
use crate::{Store, StoreError};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Most keys one `BatchGetItem` takes.
const MAX_GETS: usize = 100;

/// Most writes one `BatchWriteItem` takes.
pub(crate) const MAX_WRITES: usize = 25;

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A serialisable value as an attribute.
pub(crate) fn value(value: impl Serialize) -> Result<AttributeValue, StoreError> {
    Ok(serde_dynamo::to_attribute_value(value)?)
}

impl Key {
    /// The key as DynamoDB takes it.
    pub(crate) fn to_item(&self) -> Item {
        HashMap::from([("pk".to_owned(), text(&*self.pk)), ("sk".to_owned(), text(&*self.sk))])
    }

    /// An item with this key and the fields of `body`.
    pub(crate) fn with(&self, body: impl Serialize) -> Result<Item, StoreError> {
        let mut item: Item = serde_dynamo::to_item(body)?;
        item.extend(self.to_item());
        Ok(item)
    }

    fn of(item: &Item) -> Result<Self, StoreError> {
        Ok(Self { pk: string(item, "pk")?.to_owned(), sk: string(item, "sk")?.to_owned() })
    }
}

/// Puts an item into an index.
pub(crate) fn index(item: &mut Item, index: Index, pk: impl Into<String>, sk: impl Into<String>) {
    item.insert(index.pk.to_owned(), text(pk));
    item.insert(index.sk.to_owned(), text(sk));
}

/// Leaves out what says nothing, and zeros within `counts`: reading takes what is missing for the same. An item that is
/// written again and again should stay below 1 KB, beyond which each write costs twice.
pub(crate) fn make_lean(item: &mut Item, counts: &[&str]) {
    item.retain(|_, value| match value {
        AttributeValue::Null(_) | AttributeValue::Bool(false) => false,
        AttributeValue::L(list) => !list.is_empty(),
        _ => true,
    });
    for name in counts {
        if let Some(AttributeValue::M(map)) = item.get_mut(*name) {
            map.retain(|_, value| value.as_n().is_ok_and(|number| number != "0"));
        }
    }
}

/// A string attribute that must be there.
pub(crate) fn string<'i>(item: &'i Item, name: &str) -> Result<&'i str, StoreError> {
    let found = item.get(name).and_then(|value| value.as_s().ok());
    found.map(String::as_str).ok_or_else(|| StoreError::corrupt(format!("{name} is missing")))
}

/// Which part of a partition a list shows, and how.
pub(crate) struct Range<'q> {
    /// What the sort keys begin with.
    pub(crate) prefix: &'q str,
    /// Newest, that is greatest, first.
    pub(crate) descending: bool,
}

impl Store {
    /// Does several writes, all or nothing. A lost condition among them is [`StoreError::Changed`].
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) => {
                Err(StoreError::Changed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads one item.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        Ok(self.get_item(key).await?.map(serde_dynamo::from_item).transpose()?)
    }

    /// Reads one item as it is.
    pub(crate) async fn get_item(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&*self.table).set_key(Some(key.to_item()));
        Ok(request.consistent_read(true).send().await?.item)
    }

    /// Writes an item that must not be there yet.
    pub(crate) async fn insert(&self, item: Item) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").send().await.map_err(StoreError::from);
        match put {
            Err(StoreError::Changed) => Err(StoreError::Exists),
            other => other.map(|_| ()),
        }
    }

    /// Deletes an item; says whether it was there.
    pub(crate) async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&*self.table).set_key(Some(key.to_item()));
        let deleted = delete.return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld).send().await?;
        Ok(deleted.attributes.is_some())
    }

    /// Lists a part of a partition.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        pk: &str,
        range: Range<'_>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<T>, StoreError> {
        let Listing { items, next } = self.list_items(pk, range, limit, cursor).await?;
        let items = items.into_iter().map(serde_dynamo::from_item).collect::<Result<_, _>>()?;
        Ok(Listing { items, next })
    }

    /// [`Self::list`], as they are.
    pub(crate) async fn list_items(
        &self,
        pk: &str,
        range: Range<'_>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Item>, StoreError> {
        let list = format!("{pk}/{}", range.prefix);
        let after = cursor::decode(&list, cursor)?;
        let mut items = self.query(None, pk, &range, limit, after.as_deref()).await?;
        let next = next_cursor(&list, &mut items, limit, "sk")?;
        Ok(Listing { items, next })
    }

    /// Lists a part of an index: first the keys, then the items behind them.
    pub(crate) async fn list_index<T: DeserializeOwned>(
        &self,
        index: Index,
        pk: &str,
        range: Range<'_>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<T>, StoreError> {
        let list = format!("{}:{pk}/{}", index.name, range.prefix);
        let after = cursor::decode(&list, cursor)?;
        let mut keys = self.query(Some(index), pk, &range, limit, after.as_deref()).await?;
        let next = next_cursor(&list, &mut keys, limit, index.sk)?;
        Ok(Listing { items: self.get_many(&keys).await?, next })
    }

    /// One more than `limit` items of a partition, so that the caller knows whether there are more.
    pub(crate) async fn query(
        &self,
        index: Option<Index>,
        pk: &str,
        range: &Range<'_>,
        limit: u32,
        after: Option<&str>,
    ) -> Result<Vec<Item>, StoreError> {
        let names = index.unwrap_or(Index { name: "", pk: "pk", sk: "sk" });
        let (low, high) = bounds(range, after);
        let mut found = Vec::new();
        let mut from = None;
        let wanted = limit.saturating_add(1) as usize;
        while found.len() < wanted {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .set_index_name(index.map(|index| index.name.to_owned()))
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :low AND :high")
                .expression_attribute_names("#pk", names.pk)
                .expression_attribute_names("#sk", names.sk)
                .expression_attribute_values(":pk", text(pk))
                .expression_attribute_values(":low", text(&*low))
                .expression_attribute_values(":high", text(&*high))
                .scan_index_forward(!range.descending)
                .limit(i32::try_from(wanted - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from.take());
            let answer = request.send().await?;
            let edge = |item: &Item| string(item, names.sk).ok() != after;
            found.extend(answer.items.unwrap_or_default().into_iter().filter(edge));
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The items behind keys, in the order of the keys. A key whose item has gone meanwhile is left out.
    pub(crate) async fn get_many<T: DeserializeOwned>(&self, keys: &[Item]) -> Result<Vec<T>, StoreError> {
        let items = self.get_many_items(keys).await?;
        Ok(items.into_iter().map(serde_dynamo::from_item).collect::<Result<_, _>>()?)
    }

    /// [`Self::get_many`], as they are.
    pub(crate) async fn get_many_items(&self, keys: &[Item]) -> Result<Vec<Item>, StoreError> {
        let wanted = keys.iter().map(Key::of).collect::<Result<Vec<_>, _>>()?;
        let mut found: HashMap<(String, String), Item> = HashMap::with_capacity(keys.len());
        for chunk in wanted.chunks(MAX_GETS) {
            let mut open: Vec<Item> = chunk.iter().map(Key::to_item).collect();
            while !open.is_empty() {
                let asked = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
                let asked = asked.map_err(StoreError::corrupt)?;
                let answer = self.client.batch_get_item().request_items(&*self.table, asked).send().await?;
                for item in answer.responses.unwrap_or_default().remove(&*self.table).unwrap_or_default() {
                    let key = Key::of(&item)?;
                    found.insert((key.pk, key.sk), item);
                }
                let left = answer.unprocessed_keys.unwrap_or_default().remove(&*self.table);
                open = left.map(|left| left.keys).unwrap_or_default();
            }
        }
        Ok(wanted.into_iter().filter_map(|key| found.remove(&(key.pk, key.sk))).collect())
    }

    /// Writes items whatever was there before.
    pub(crate) async fn put_many(&self, items: Vec<Item>) -> Result<(), StoreError> {
        let writes = items.into_iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(StoreError::corrupt)?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        self.write_many(writes.collect::<Result<_, StoreError>>()?).await
    }

    /// Deletes items, whether or not they are there.
    pub(crate) async fn delete_many(&self, keys: &[Item]) -> Result<(), StoreError> {
        let writes = keys.iter().map(|item| {
            let key = Key::of(item)?.to_item();
            let delete = aws_sdk_dynamodb::types::DeleteRequest::builder().set_key(Some(key)).build();
            Ok(WriteRequest::builder().delete_request(delete.map_err(StoreError::corrupt)?).build())
        });
        self.write_many(writes.collect::<Result<_, StoreError>>()?).await
    }

    async fn write_many(&self, writes: Vec<WriteRequest>) -> Result<(), StoreError> {
        for chunk in writes.chunks(MAX_WRITES) {
            let mut open = chunk.to_vec();
            while !open.is_empty() {
                let answer = self.client.batch_write_item().request_items(&*self.table, open).send().await?;
                open = answer.unprocessed_items.unwrap_or_default().remove(&*self.table).unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// The sort keys between which a list goes on after `after`; both ends belong to it.
fn bounds(range: &Range<'_>, after: Option<&str>) -> (String, String) {
    let low = if range.prefix.is_empty() { "\u{0}".to_owned() } else { range.prefix.to_owned() };
    let high = format!("{}\u{10ffff}", range.prefix);
    match after {
        Some(after) if range.descending => (low, after.to_owned()),
        Some(after) => (after.to_owned(), high),
        None => (low, high),
    }
}

/// Cuts the one item too many, and makes the cursor from the last that stays.
fn next_cursor(
    list: &str,
    items: &mut Vec<Item>,
    limit: u32,
    sort: &str,
) -> Result<Option<String>, StoreError> {
    if items.len() <= limit as usize {
        return Ok(None);
    }
    items.truncate(limit as usize);
    items.last().map(|last| Ok(cursor::encode(list, string(last, sort)?))).transpose()
}
