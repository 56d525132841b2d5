//! The stock of one product, added up over its locations.

use axum::Json;
use axum::extract::State;
use domain::DataType;
use domain::ids::{ClientId, ConnectionId, SiteId};
use domain::records::{Quantity, Record, StockLevel};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::connections::find as find_connection;
use crate::path::{Path, SkuPath};
use crate::query::{Limit, Query};
use crate::rules::Whose;
use crate::{ApiError, ApiState};

/// How many connections are asked at a time.
const AT_A_TIME: usize = 8;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_inventory))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct InventoryQuery {
    /// Only stock this connection tells of; over all connections if left out.
    erp_connection_id: Option<ConnectionId>,
    /// As this site has it: its own, or its client's, if the assignment that counts overrides the rules. Needs
    /// `erpConnectionId`.
    #[param(example = "site_001")]
    site_id: Option<SiteId>,
    /// As this client has it. Needs `erpConnectionId`; not together with `siteId`.
    #[param(example = "client_001")]
    client_id: Option<ClientId>,
}

/// The stock of one product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stock {
    /// Stock keeping unit.
    #[schema(example = "SKU-1")]
    sku: String,
    /// How much there is, over all locations.
    quantity: Quantity,
    /// How much of it may be sold. A location that does not tell counts with all it has.
    available: Quantity,
    /// Where it is.
    locations: Vec<Location>,
    /// When any of it last changed here.
    updated_at: Timestamp,
}

/// The stock of one product at one place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StockLocation)]
pub(crate) struct Location {
    /// Warehouse, plant or shop, where the ERP tells them apart.
    #[schema(example = "MAIN", required = true)]
    location: Option<String>,
    /// The connection that tells.
    erp_connection_id: ConnectionId,
    /// How much there is.
    quantity: Quantity,
    /// How much of it may be sold.
    available: Quantity,
    /// When it last changed here.
    updated_at: Timestamp,
}

/// Read the stock of a product
///
/// Added up over its locations, and over all connections unless one is named.
#[utoipa::path(get, path = "/erp/inventory/{sku}", tag = "records", params(SkuPath, InventoryQuery),
    responses((status = 200, description = "The stock", body = Stock),
        (status = 404, description = "No connection tells of stock of this product")))]
pub(crate) async fn get_inventory(
    State(state): State<ApiState>,
    Path(path): Path<SkuPath>,
    Query(query): Query<InventoryQuery>,
) -> Result<Json<Stock>, ApiError> {
    let sku = path.sku.0;
    let records = match &query.erp_connection_id {
        Some(id) => {
            let connection = find_connection(&state, id).await?.id;
            let whose = Whose { site: query.site_id.as_ref(), client: query.client_id.as_ref() };
            let of = whose.collection(&state, &connection, DataType::Inventory).await?;
            match &of.scope {
                Some(_) => state.store().stock_levels(&of, &sku).await?,
                None => state.store().current_stock_levels(&connection, &sku).await?,
            }
        }
        None if query.site_id.is_some() || query.client_id.is_some() => {
            let message = "is needed with siteId or clientId: over which connection?";
            return Err(ApiError::invalid_parameter("erpConnectionId", message));
        }
        None => over_all_connections(&state, &sku).await?,
    };
    let locations = records.into_iter().map(location).collect::<Result<Vec<_>, _>>()?;
    add_up(&sku, locations).map(Json).ok_or_else(|| ApiError::not_found("stock of", &sku))
}

async fn over_all_connections(state: &ApiState, sku: &str) -> Result<Vec<Record>, ApiError> {
    let records: Vec<Vec<Record>> = stream::iter(all_connections(state).await?)
        .map(|connection| async move { state.store().current_stock_levels(&connection, sku).await })
        .buffered(AT_A_TIME)
        .try_collect()
        .await?;
    Ok(records.into_iter().flatten().collect())
}

async fn all_connections(state: &ApiState) -> Result<Vec<ConnectionId>, ApiError> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = state.store().list_connections(Limit::MAX, cursor.as_deref()).await?;
        all.extend(page.items.into_iter().map(|connection| connection.id));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

fn location(record: Record) -> Result<Location, ApiError> {
    let level: StockLevel = serde_json::from_str(record.data.get()).map_err(ApiError::internal)?;
    let quantity = level.quantity.unwrap_or(Quantity(Decimal::ZERO));
    Ok(Location {
        location: level.location,
        erp_connection_id: record.erp_connection_id,
        quantity,
        available: level.available.unwrap_or(quantity),
        updated_at: record.updated_at,
    })
}

fn add_up(sku: &str, locations: Vec<Location>) -> Option<Stock> {
    let updated_at = locations.iter().map(|location| location.updated_at).max()?;
    let sum = |of: fn(&Location) -> Quantity| {
        Quantity(locations.iter().map(|location| of(location).0).fold(Decimal::ZERO, Decimal::saturating_add))
    };
    let (quantity, available) = (sum(|location| location.quantity), sum(|location| location.available));
    Some(Stock { sku: sku.to_owned(), quantity, available, locations, updated_at })
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::RawValue};

    use super::*;

    fn record(data: &str) -> Record {
        Record {
            id: "SKU-1".to_owned(),
            erp_connection_id: "erp_1".parse().unwrap(),
            data_type: DataType::Inventory,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            deleted: false,
            pending: false,
            change_id: None,
            data: RawValue::from_string(data.to_owned()).unwrap(),
        }
    }

    #[test]
    fn stock_is_added_up_to_the_last_digit() {
        let records = [
            r#"{"sku":"SKU-1","location":"MAIN","quantity":0.1,"available":0.05}"#,
            r#"{"sku":"SKU-1","location":"NORTH","quantity":0.2}"#,
        ];
        let locations = records.map(|data| location(record(data)).unwrap());
        let stock = serde_json::to_value(add_up("SKU-1", locations.into()).unwrap()).unwrap();
        assert_eq!((&stock["quantity"], &stock["available"]), (&json!(0.3), &json!(0.25)));
        assert_eq!(stock["locations"][1]["available"], json!(0.2), "what is not told apart may all be sold");
        assert!(add_up("SKU-1", Vec::new()).is_none());
    }
}
