//! When orders were shipped, and by which bill of lading: it stands in the deliveries that refer to them.

use std::collections::BTreeMap;

use domain::connection::providers::sap::{ODataVersion, SapService};
use domain::json::{self, Json};
use transport::ErpError;
use transport::http::place;
use url::Url;

use super::client::Sap;
use super::lists::one_of;
use super::pull::{following, places, plainly};
use super::shape::{put, text};
use crate::rest::{self, Client};

/// How many orders or deliveries are asked for at a time: an address has room for no more.
const AT_A_TIME: usize = 40;

/// The most pages that the deliveries of so many orders may have.
const MOST_PAGES: usize = 100;

/// What a delivery tells of the orders it is for.
#[derive(Debug, Default, Clone)]
struct Shipped {
    /// The JSON of the day its goods left.
    on: String,
    bill_of_lading: String,
}

/// Asks for the deliveries of orders.
#[derive(Debug)]
pub(super) struct Deliveries {
    client: Client,
    items: Url,
    headers: Url,
}

impl Deliveries {
    pub(super) fn of(erp: &Sap) -> Self {
        let select = |fields| [("$select", fields)];
        let items = select("DeliveryDocument,ReferenceSDDocument");
        let headers = select("DeliveryDocument,ActualGoodsMovementDate,BillOfLading");
        Self {
            client: erp.client().clone(),
            items: erp.url(SapService::Deliveries, "A_OutbDeliveryItem", &items),
            headers: erp.url(SapService::Deliveries, "A_OutbDeliveryHeader", &headers),
        }
    }

    /// Adds to each order that was delivered, wholly or in part, when its goods last left.
    ///
    /// # Errors
    /// With what they said.
    pub(super) async fn tell(&self, orders: &mut [String]) -> Result<(), ErpError> {
        let delivered = |order: &String| {
            let json = Json::parse(order.as_bytes()).ok()?;
            let is_delivered = matches!(text(json, "OverallDeliveryStatus").as_str(), "B" | "C");
            is_delivered.then(|| text(json, "SalesOrder"))
        };
        let numbers: Vec<String> = orders.iter().filter_map(delivered).collect();
        let mut shipped = BTreeMap::new();
        for numbers in numbers.chunks(AT_A_TIME) {
            shipped.extend(self.shipped(numbers).await?);
        }
        for order in orders {
            let number =
                Json::parse(order.as_bytes()).map(|json| text(json, "SalesOrder")).unwrap_or_default();
            let Some(shipped) = shipped.get(bare(&number)) else { continue };
            put(order, "ActualGoodsMovementDate", &shipped.on);
            if !shipped.bill_of_lading.is_empty() {
                put(order, "BillOfLading", &json::string(&shipped.bill_of_lading));
            }
        }
        Ok(())
    }

    /// The last shipment of each of these orders.
    async fn shipped(&self, orders: &[String]) -> Result<BTreeMap<String, Shipped>, ErpError> {
        let mut orders_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let condition = one_of("ReferenceSDDocument", orders.iter().map(String::as_str));
        self.each(&self.items, &condition, |item| {
            let order = bare(&text(item, "ReferenceSDDocument")).to_owned();
            orders_of.entry(text(item, "DeliveryDocument")).or_default().push(order);
        })
        .await?;
        let mut shipped = BTreeMap::<String, Shipped>::new();
        let deliveries: Vec<_> = orders_of.keys().map(String::as_str).collect();
        for some in deliveries.chunks(AT_A_TIME) {
            let condition = one_of("DeliveryDocument", some.iter().copied());
            self.each(&self.headers, &condition, |header| {
                let on = header.get("ActualGoodsMovementDate").map(Json::text).unwrap_or("null");
                let orders = orders_of.get(&text(header, "DeliveryDocument")).into_iter().flatten();
                for order in orders.filter(|_| on != "null") {
                    let last = shipped.entry(order.clone()).or_default();
                    // Of one length, as days of one age are: the later is the greater.
                    if (on.len(), on) > (last.on.len(), last.on.as_str()) {
                        *last = Shipped { on: on.to_owned(), bill_of_lading: text(header, "BillOfLading") };
                    }
                }
            })
            .await?;
        }
        Ok(shipped)
    }

    /// Shows each record of a list that meets a condition.
    async fn each(
        &self,
        list: &Url,
        condition: &str,
        mut look: impl FnMut(Json<'_>) + Send,
    ) -> Result<(), ErpError> {
        let (records, link) = places(ODataVersion::V2);
        let mut url = list.clone();
        rest::set(&mut url, "$filter", condition);
        for _ in 0..MOST_PAGES {
            let request = self.client.get(plainly(url.clone()));
            let answer = self.client.send(&request).await?;
            let json = rest::read(&answer, &request)?;
            let Some(found) = json.as_ref().and_then(|json| json.at(records)) else {
                return Err(ErpError::Malformed(format!("{} answered without a list", place(&answer.url))));
            };
            found.items().into_iter().for_each(&mut look);
            let next = json.as_ref().and_then(|json| json.at(link)).and_then(Json::as_string);
            match next {
                Some(next) => url = following(&answer.url, &next)?,
                None => return Ok(()),
            }
        }
        Err(ErpError::Malformed(format!("{} has no last page", place(list))))
    }
}

/// A number without the zeros that fill it up: it is shown with them here and without them there.
fn bare(number: &str) -> &str {
    number.trim_start_matches('0')
}
