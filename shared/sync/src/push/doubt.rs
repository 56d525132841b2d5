//! Finding out whether the ERP has what was sent and never answered.

use connectors::Lookup;
use domain::change::{Change, ChangeState, InFlight, Operation};
use transport::ErpError;

use super::settling::Outcome;
use super::{Content, Pusher, reference};
use crate::course::Failure;

/// What is known of a record whose making was cut off.
pub(super) enum Fate {
    /// This came of it.
    Known(Outcome),
    /// The ERP does not have it, or does not mind getting it again.
    SendAgain,
    /// Nothing, and nobody can find out but a person.
    WaitsForAPerson,
}

impl Pusher<'_, '_> {
    /// Finds out whether the ERP has a record whose making was cut off.
    pub(super) async fn find_out(&mut self, change: &Change, content: &Content) -> Result<Fate, Failure> {
        if content.theirs.is_some() {
            return Ok(Fate::Known(Outcome::Taken { erp_key: None }));
        }
        let connector = &self.setting.connector;
        if connector.can_find(self.collection.data_type) {
            return match self.find(&change.record_id, &content.sent).await? {
                Ok(None) => Ok(Fate::SendAgain),
                Ok(Some(erp_key)) => Ok(Fate::Known(Outcome::Taken { erp_key })),
                Err(error) if is_of_record(&error) => Ok(Fate::Known(self.in_doubt(error, change))),
                Err(error) => Err(error.into()),
            };
        }
        if connector.repeats_safely(self.collection.data_type) {
            return Ok(Fate::SendAgain);
        }
        if change.state == ChangeState::Unknown {
            return Ok(Fate::WaitsForAPerson);
        }
        let error = ErpError::Unavailable("its worker died before the ERP had answered".to_owned());
        Ok(Fate::Known(self.in_doubt(error, change)))
    }

    /// Nobody knows; says what a person can do where the next sync cannot find out either.
    fn in_doubt(&self, error: ErpError, change: &Change) -> Outcome {
        let (connector, data_type) = (&self.setting.connector, self.collection.data_type);
        let finds_out = change.on_its_way().operation != Operation::Create
            || connector.can_find(data_type)
            || connector.repeats_safely(data_type);
        let because = (!finds_out).then(|| {
            format!(
                "it was sent, the answer got lost, and nothing says how to find out whether the ERP has it: look there \
                 for {}, then retry or discard it. With settings.api.push.{data_type}.lookup (SOAP: \
                 settings.soap.push.{data_type}.find) it is found out by itself",
                change.record_id
            )
        });
        Outcome::InDoubt { error, because }
    }

    /// Looks a record up at the ERP: found or not, and its key there.
    async fn find(
        &mut self,
        key: &str,
        sent: &InFlight,
    ) -> Result<Result<Option<Option<String>>, ErpError>, Failure> {
        let reference = reference(sent.record.as_deref(), key);
        let data_type = self.collection.data_type;
        let lookup = Lookup { data_type, reference: &reference, mapping: &self.mapping };
        let found = self.leased.keep(self.setting.connector.find(&lookup)).await?;
        Ok(found.map(|found| found.map(|found| found.erp_key)))
    }

    /// The answer got lost. Where the ERP can be asked at once, it is.
    pub(super) async fn look_again(
        &mut self,
        change: &Change,
        sent: &InFlight,
        error: ErpError,
    ) -> Result<Outcome, Failure> {
        let can_find = self.setting.connector.can_find(self.collection.data_type);
        if sent.operation == Operation::Create
            && can_find
            && let Ok(Some(erp_key)) = self.find(&change.record_id, sent).await?
        {
            return Ok(Outcome::Taken { erp_key });
        }
        Ok(self.in_doubt(error, change))
    }
}

/// Whether an error says something of one record, not of the ERP or the way to it.
const fn is_of_record(error: &ErpError) -> bool {
    matches!(error, ErpError::Malformed(_) | ErpError::Rejected(_))
}
