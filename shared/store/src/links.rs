//! Under which key the ERP has a record that we named ourselves: an order placed in a shop gets the ERP's number.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::DataType;
use domain::ids::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::item::Range;
use crate::key;
use crate::{Store, StoreError};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    erp_key: String,
}

impl Store {
    /// The ERP's key of a record that we named `our_key`, if it gave it another.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn erp_key(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        our_key: &str,
    ) -> Result<Option<String>, StoreError> {
        let link: Option<Link> = self.get(&key::link(connection, data_type, our_key)).await?;
        Ok(link.map(|link| link.erp_key))
    }

    /// The write that notes the ERP's key.
    pub(crate) fn link_write(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        our_key: &str,
        erp_key: &str,
    ) -> Result<TransactWriteItem, StoreError> {
        let link = Link { erp_key: erp_key.to_owned() };
        let item = key::link(connection, data_type, our_key).with(link)?;
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }

    /// Deletes every link of a connection.
    pub(crate) async fn delete_links(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        for data_type in DataType::ALL {
            let pk = key::links(connection, data_type);
            loop {
                let range = Range { prefix: "", descending: false };
                let links = self.query(None, &pk, &range, 100, None).await?;
                if links.is_empty() {
                    break;
                }
                self.delete_many(&links).await?;
            }
        }
        Ok(())
    }
}
