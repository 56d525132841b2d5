//! What can be synced with a provider, and how: the same lists serve the connectors, the engine and whoever draws a
//! form.

use domain::connection::{ConnectionMethod, Provider};
use domain::mapping::FieldMapping;
use domain::{DataType, Direction};

use crate::{business_central, doi, erpnext, netsuite, odoo, oracle, sap, tryton};

/// What can be done with the records of one type.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// The kind of record.
    pub data_type: DataType,
    /// The directions a sync config may have.
    pub directions: &'static [Direction],
    /// Whether the ERP can be asked for what changed; else every pull reads everything.
    pub pulls_changes: bool,
    /// Our fields and the fields of theirs that fill them unless a sync config says otherwise; all others are found by
    /// their usual names.
    pub mapping: &'static [(&'static str, &'static str)],
}

impl Offer {
    /// Its mapping, in the form that a sync config has one.
    #[must_use]
    pub fn field_mapping(&self) -> FieldMapping {
        let entries = self.mapping.iter();
        entries.map(|(ours, theirs)| ((*ours).to_owned(), Some((*theirs).to_owned()))).collect()
    }
}

/// Records that are read only.
pub(crate) const PULLED: &[Direction] = &[Direction::Pull];

/// Records that go both ways.
pub(crate) const BOTH_WAYS: &[Direction] = &[Direction::Pull, Direction::Push, Direction::Bidirectional];

/// What a generic connector over HTTP can be told to do: everything. Whether it can ask for changes depends on
/// `settings.api.changedSince`, and for SOAP on the templates.
const OVER_HTTP: &[Offer] = &everything(BOTH_WAYS);

/// Files are read, and orders written.
const IN_FILES: &[Offer] = &[
    plain(DataType::Orders, BOTH_WAYS),
    plain(DataType::Products, PULLED),
    plain(DataType::OrderStatus, PULLED),
    plain(DataType::Inventory, PULLED),
    plain(DataType::Employees, PULLED),
    plain(DataType::Invoices, PULLED),
];

const fn everything(directions: &'static [Direction]) -> [Offer; 6] {
    [
        plain(DataType::Orders, directions),
        plain(DataType::Products, directions),
        plain(DataType::OrderStatus, directions),
        plain(DataType::Inventory, directions),
        plain(DataType::Employees, directions),
        plain(DataType::Invoices, directions),
    ]
}

const fn plain(data_type: DataType, directions: &'static [Direction]) -> Offer {
    Offer { data_type, directions, pulls_changes: false, mapping: &[] }
}

/// What can be synced with a provider over a method.
#[must_use]
pub const fn offers(provider: Provider, method: ConnectionMethod) -> &'static [Offer] {
    match (method, provider) {
        (ConnectionMethod::Doi, _) => doi::OFFERS,
        (ConnectionMethod::Sftp, _) => IN_FILES,
        (ConnectionMethod::Api, Provider::Sap) => sap::OFFERS,
        (ConnectionMethod::Api, Provider::Oracle) => oracle::OFFERS,
        (ConnectionMethod::Api, Provider::NetSuite) => netsuite::OFFERS,
        (ConnectionMethod::Api, Provider::BusinessCentral) => business_central::OFFERS,
        (ConnectionMethod::Api, Provider::Odoo) => odoo::OFFERS,
        (ConnectionMethod::Api, Provider::ErpNext) => erpnext::OFFERS,
        (ConnectionMethod::Api, Provider::Tryton) => tryton::OFFERS,
        (ConnectionMethod::Api, Provider::Soap | Provider::Custom) => OVER_HTTP,
    }
}

/// The mapping of a data type that a sync config's own entries are laid over.
#[must_use]
pub fn default_mapping(provider: Provider, method: ConnectionMethod, data_type: DataType) -> FieldMapping {
    of(offers(provider, method), data_type).map(Offer::field_mapping).unwrap_or_default()
}

/// Whether `offers` has changes alone of a data type.
pub(crate) fn offers_changes(offers: &[Offer], data_type: DataType) -> bool {
    of(offers, data_type).is_some_and(|offer| offer.pulls_changes)
}

fn of(offers: &[Offer], data_type: DataType) -> Option<&Offer> {
    offers.iter().find(|offer| offer.data_type == data_type)
}
