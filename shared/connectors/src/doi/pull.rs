//! The pages of one pull: the documents that wait in the connection's inbox, a few at a time. What is stored is
//! forgotten; what comes meanwhile waits for the next run.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::run::Files;
use transport::ErpError;

use super::records::records;
use super::xml;
use crate::inbox::{Inbox, Waiting};
use crate::{Item, Page, Pages};

/// Documents on a page.
const AT_A_TIME: u32 = 10;

/// Documents that one run reads, so that a checkpoint can name them all.
const MOST: usize = 200;

/// The documents of one data type.
#[derive(Debug)]
pub(super) struct Documents {
    inbox: Arc<dyn Inbox>,
    data_type: DataType,
    /// Whether they stay where they are, for somebody who only looks.
    keeps: bool,
    /// Those that were read and are not forgotten yet.
    read: Vec<String>,
    /// How many were read.
    count: usize,
    after: Option<String>,
}

impl Documents {
    /// Opens them, and forgets what an earlier worker had stored.
    pub(super) async fn open(
        inbox: Arc<dyn Inbox>,
        data_type: DataType,
        keeps: bool,
        resume: Option<&str>,
    ) -> Result<Self, ErpError> {
        let read = resume.map(ids).unwrap_or_default();
        let after = read.iter().max().filter(|_| keeps).cloned();
        let mut documents = Self { inbox, data_type, keeps, count: read.len(), read, after };
        documents.forget(resume.unwrap_or_default()).await?;
        Ok(documents)
    }

    /// Forgets the documents that a resume names.
    async fn forget(&mut self, resume: &str) -> Result<(), ErpError> {
        let stored = ids(resume);
        if self.keeps || stored.is_empty() {
            return Ok(());
        }
        self.inbox.forget(self.data_type, &stored).await?;
        self.read.retain(|id| !stored.contains(id));
        Ok(())
    }

    fn page(&mut self, waiting: &[Waiting]) -> Page {
        let mut page = Page::default();
        for Waiting { id, document } in waiting {
            let read = xml::parse(document.as_bytes()).and_then(|root| records(self.data_type, &root));
            let begin = page.body.len();
            match read {
                Ok(records) => {
                    for record in records {
                        let begin = page.body.len();
                        page.body.extend_from_slice(record.to_string().as_bytes());
                        page.items.push(Item::Record(begin..page.body.len()));
                    }
                }
                Err(reason) => {
                    page.body.extend_from_slice(document.as_bytes());
                    page.items.push(Item::Broken(begin..page.body.len(), reason));
                }
            }
            self.read.push(id.clone());
        }
        page.resume = self.read.join(" ");
        page
    }
}

#[async_trait]
impl Pages for Documents {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        if self.count >= MOST {
            return Ok(None);
        }
        let waiting = self.inbox.waiting(self.data_type, self.after.as_deref(), AT_A_TIME).await?;
        let Some(last) = waiting.last() else { return Ok(None) };
        self.after = Some(last.id.clone());
        self.count += waiting.len();
        Ok(Some(self.page(&waiting)))
    }

    async fn stored(&mut self, resume: &str, _files: &Files) -> Result<(), ErpError> {
        self.forget(resume).await
    }
}

fn ids(resume: &str) -> Vec<String> {
    resume.split_whitespace().map(str::to_owned).collect()
}
