//! Dead letters: kept once, sent again once, deleted by a person.

use domain::dead_letter::DeadLetter;
use domain::ids::{DeadLetterId, RunId};
use jiff::Timestamp;

use crate::item::{Range, index, text, value};
use crate::key::{self, BY_KIND};
use crate::{Listing, Store, StoreError};

/// What became of the wish to send a letter again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// It may be sent now, by whoever asked.
    Now,
    /// It was sent before.
    Before,
}

impl Store {
    /// Keeps a letter. One that is kept already stays as it is.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn keep_dead_letter(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let mut item = key::dead_letter(&letter.id).with(letter)?;
        index(&mut item, BY_KIND, key::DEAD_LETTERS, format!("{}:{}", key::moment(letter.at), letter.id));
        match self.insert(item).await {
            Ok(()) | Err(StoreError::Exists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads a letter.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn dead_letter(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, StoreError> {
        self.get(&key::dead_letter(id)).await
    }

    /// Lists letters, newest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_dead_letters(
        &self,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<DeadLetter>, StoreError> {
        let range = Range { prefix: "", descending: true };
        self.list_index(BY_KIND, key::DEAD_LETTERS, range, limit, cursor).await
    }

    /// Takes the one right to send a letter again.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn claim_dead_letter(&self, id: &DeadLetterId, at: Timestamp) -> Result<Redriven, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::dead_letter(id).to_item()))
            .update_expression("SET redrivenAt = :at")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(redrivenAt)")
            .expression_attribute_values(":at", value(at)?);
        match update.send().await.map_err(StoreError::from) {
            Ok(_) => Ok(Redriven::Now),
            Err(StoreError::Changed) => Ok(Redriven::Before),
            Err(error) => Err(error),
        }
    }

    /// Notes the run that was started for a letter; without one, gives the right to send it again back.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the letter was deleted meanwhile.
    pub async fn note_redriven(&self, id: &DeadLetterId, run: Option<&RunId>) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::dead_letter(id).to_item()))
            .condition_expression("attribute_exists(pk)");
        let update = match run {
            Some(run) => update
                .update_expression("SET redrivenAs = :run")
                .expression_attribute_values(":run", text(run.as_str())),
            None => update.update_expression("REMOVE redrivenAt"),
        };
        update.send().await?;
        Ok(())
    }

    /// Deletes a letter; says whether it was there.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_dead_letter(&self, id: &DeadLetterId) -> Result<bool, StoreError> {
        self.delete(&key::dead_letter(id)).await
    }
}
