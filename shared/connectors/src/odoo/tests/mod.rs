//! The connector against an Odoo that keeps its rules, by both protocols.

mod books;
mod domain;
mod erp;
mod models;
mod pulls;
mod pushes;

use ::domain::DataType;
use ::domain::connection::{ConnectionMethod, ConnectionSettings, Provider};
use ::domain::json::Opened;
use ::domain::mapping::Mapper;
use serde_json::Value;

use crate::conformance::{Server, conformance};
use crate::{Connector, Item, Pull, default_mapping};
use books::Books;
use erp::{Json2, JsonRpc, Version};

/// Has both protocols pass the suite, and these tests.
macro_rules! by_both {
    ($($file:ident::$name:ident,)*) => {
        mod json2 {
            use super::*;
            conformance!(Json2);
            $(#[tokio::test]
            async fn $name() {
                $file::$name::<Json2>().await;
            })*
        }
        mod jsonrpc {
            use super::*;
            conformance!(JsonRpc);
            $(#[tokio::test]
            async fn $name() {
                $file::$name::<JsonRpc>().await;
            })*
        }
    };
}

by_both! {
    pulls::every_data_type_is_read_as_it_is_meant,
    pulls::records_of_one_moment_come_once_though_a_page_does_not_hold_them,
    pulls::an_archived_product_does_not_take_the_place_of_an_active_one,
    pulls::what_belongs_to_a_page_is_asked_for_at_once,
    pulls::a_change_of_what_belongs_to_a_record_is_one_of_the_record,
    pulls::stock_is_told_apart_by_warehouse_where_some_are_named,
    pulls::fields_of_their_own_can_be_read_and_are_checked,
    pulls::requests_to_read_have_the_form_the_vendor_asks_for,
    pulls::another_protocol_is_proposed_where_there_is_none,
    pushes::requests_to_write_have_the_form_the_vendor_asks_for,
    pushes::a_confirmed_order_whose_confirmation_was_cut_is_confirmed_and_not_made_again,
    pushes::lines_are_replaced_in_a_quotation_and_refused_in_a_confirmed_order,
    pushes::only_what_was_not_confirmed_is_deleted,
    pushes::what_the_order_names_and_odoo_does_not_have_is_told_before_it_is_sent,
    pushes::an_order_gets_a_price_list_in_its_currency,
    pushes::an_address_is_made_once,
    pushes::an_order_cancelled_there_had_come,
    pushes::their_words_are_passed_on_without_the_traceback,
}

fn settings() -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 0, retry_delay: 10, ..ConnectionSettings::default() }
}

async fn erp<V: Version>(put: &[(&str, Value)]) -> Server<V> {
    let books = Books::new(std::any::TypeId::of::<V>() == std::any::TypeId::of::<Json2>());
    for (model, records) in put {
        books.put(model, records.clone());
    }
    Server::start(V::of(books)).await
}

fn connector<V: Version>(erp: &Server<V>) -> Box<dyn Connector> {
    V::connected(&erp.origin, settings(), true)
}

fn all_of(data_type: DataType) -> Pull {
    Pull { data_type, page_size: 10, resume: None, since: None }
}

/// What a pull yields in our form.
async fn pulled(connector: &dyn Connector, pull: Pull) -> Vec<Value> {
    let (data_type, is_whole) = (pull.data_type, pull.since.is_none());
    let mut pages = connector.pull(pull).await.unwrap();
    let mapping = default_mapping(Provider::Odoo, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            let mut out = Vec::new();
            mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
            records.push(serde_json::from_slice(&out).unwrap());
        }
    }
    assert_eq!(pages.complete(), is_whole);
    records
}
