//! What is sent to an ERP, and what came of it.

use domain::DataType;
use domain::change::Operation;
use domain::mapping::FieldMapping;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use thiserror::Error;
use transport::ErpError;
use transport::http::Unanswered;

/// One record that is to be made, changed or deleted at the ERP.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The kind of record.
    pub data_type: DataType,
    /// What is to become of it.
    pub operation: Operation,
    /// The ERP's key if it is known, else ours.
    pub key: &'a str,
    /// By what the record can be looked up afterwards: its own `reference` if it has one, else our key.
    pub reference: &'a str,
    /// The same for each try with the same content, and for no other.
    pub idempotency_key: &'a str,
    /// The canonical record, whole. A delete may do without.
    pub record: Option<&'a RawValue>,
    /// How records that are read are mapped: without a template it is followed backwards.
    pub mapping: &'a FieldMapping,
    /// The ERP's time zone: a moment that is sent as a day is sent as the day it has in it.
    pub zone: &'a TimeZone,
}

/// The ERP has taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The key the ERP gave a new record, if it told.
    pub erp_key: Option<String>,
    /// One sentence for a person.
    pub message: String,
}

/// Why a record is not surely at the ERP, as far as it matters for what is done next.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PushError {
    /// The ERP surely did nothing with it: it can be sent again as soon as what hinders it is gone.
    #[error(transparent)]
    NotSent(ErpError),
    /// The ERP may have taken it: look before it is sent again.
    #[error(transparent)]
    Unknown(ErpError),
    /// The ERP understood it and refused it.
    #[error(transparent)]
    Rejected(ErpError),
    /// It cannot be put into the ERP's form; nothing was sent.
    #[error("{0}")]
    NeedsMapping(String),
}

impl From<Unanswered> for PushError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NotSent(error) => Self::NotSent(error),
            Unanswered::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// What is looked for at the ERP.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// The kind of record.
    pub data_type: DataType,
    /// The [`Push::reference`] it was sent with.
    pub reference: &'a str,
    /// How records that are read are mapped.
    pub mapping: &'a FieldMapping,
}

/// The ERP has a record with our reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its key there, if it can be told.
    pub erp_key: Option<String>,
}
