//! Orders on their way to the ERP: placed by a shop, pushed whatever goes wrong, each exactly once.

use std::collections::BTreeSet;

use domain::DataType;
use domain::change::Change;
use domain::run::{Counts, Run};
use jiff::Timestamp;
use serde_json::json;
use serde_json::value::RawValue;
use store::ChangeFilter;

use crate::lab::Lab;
use crate::proof::hold;

/// What is pushed.
pub(crate) const ORDERS: DataType = DataType::Orders;

/// The orders of one seed.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    references: Vec<String>,
}

impl Orders {
    /// A shop places the orders of the plan, as the API does.
    pub(crate) async fn place(&mut self, lab: &Lab) {
        for _ in 0..lab.plan.orders {
            let reference = format!("web-{:04}", self.references.len() + 1);
            let order = json!({"orderNumber": reference, "reference": reference, "customerId": "C1", "total": "25.10"});
            let order = RawValue::from_string(order.to_string()).unwrap();
            let (connection, now) = (lab.connection.id.clone(), Timestamp::now());
            let change = Change::new(connection, ORDERS, reference.clone(), Some(order), None, now);
            lab.store.create_change(&change).await.unwrap();
            self.references.push(reference);
        }
    }

    /// After any run: nothing is at the ERP twice, or is not ours, and no more is counted than happened.
    pub(crate) fn hold(&self, lab: &Lab, runs: &[Run]) -> Result<(), String> {
        let taken = lab.shop.lock().unwrap().desk.references();
        let distinct: BTreeSet<&String> = taken.iter().collect();
        hold!(distinct.len() == taken.len(), "an order was pushed twice: {taken:?}");
        let strange = taken.iter().find(|reference| !self.references.contains(reference));
        hold!(strange.is_none(), "the ERP has an order nobody placed: {strange:?}");
        for run in runs {
            hold!(run.pushed.add_up(), "the counts do not add up: {run:?}");
        }
        let created = created(runs);
        hold!(created <= taken.len() as u64, "{created} are counted, the ERP has {}", taken.len());
        Ok(())
    }

    /// After runs when all was calm: everything is at the ERP, everything is counted, nothing waits any more.
    pub(crate) async fn hold_in_the_end(&self, lab: &Lab, runs: &[Run]) -> Result<(), String> {
        self.hold(lab, runs)?;
        let taken: BTreeSet<String> = lab.shop.lock().unwrap().desk.references().into_iter().collect();
        let missing = self.references.iter().find(|reference| !taken.contains(*reference));
        hold!(missing.is_none(), "{missing:?} never reached the ERP");
        let (created, placed) = (created(runs), self.references.len() as u64);
        hold!(created == placed, "{created} are counted as created, {placed} were placed");
        let waiting = lab.store.list_changes(&ChangeFilter::default(), 100, None).await;
        let waiting = waiting.map_err(|error| error.to_string())?.items;
        hold!(waiting.is_empty(), "something waits though all was pushed: {waiting:?}");
        for reference in &self.references {
            let found = lab.store.current_record(&lab.connection.id, ORDERS, reference).await;
            let found = found.map_err(|error| error.to_string())?.record;
            let shown =
                found.is_some_and(|order| order.id.starts_with("SO-") && !order.pending && !order.deleted);
            hold!(shown, "{reference} is not to be found under our number, as the order the ERP took");
        }
        Ok(())
    }
}

fn created(runs: &[Run]) -> u64 {
    let of = |run: &Run| {
        let Counts { created, .. } = run.pushed;
        created
    };
    runs.iter().map(of).sum()
}
