//! Users, and the e-mail addresses they sign in with.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::ids::UserId;
use domain::user::User;
use serde::{Deserialize, Serialize};

use crate::item::Item;
use crate::{Store, StoreError, key};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    user_id: UserId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hash {
    password_hash: String,
}

impl Store {
    /// Adds a user with the hash of their password. The e-mail address is theirs alone.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the e-mail address is taken.
    pub async fn create_user(&self, user: &User, password_hash: &str) -> Result<(), StoreError> {
        let mut item = key::user(&user.id).with(user)?;
        item.insert("passwordHash".to_owned(), crate::item::text(password_hash));
        let claim = key::user_email(&user.email).with(Claim { user_id: user.id.clone() })?;
        let writes = vec![self.put_new(item)?, self.put_new(claim)?];
        self.transact(writes).await
    }

    /// A write of an item that must not be there yet, for a transaction.
    pub(crate) fn put_new(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        let put =
            put.condition_expression("attribute_not_exists(pk)").build().map_err(StoreError::corrupt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Reads a user.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get(&key::user(id)).await
    }

    /// Finds a user by e-mail address, with the hash of their password.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError> {
        let Some(claim) = self.get::<Claim>(&key::user_email(email)).await? else { return Ok(None) };
        let Some(item) = self.get_item(&key::user(&claim.user_id)).await? else { return Ok(None) };
        let Hash { password_hash } = serde_dynamo::from_item(item.clone())?;
        Ok(Some((serde_dynamo::from_item(item)?, password_hash)))
    }
}
