//! Which lists the records of each data type are read from. Pure.

use domain::DataType;
use domain::connection::providers::netsuite::NetSuiteSettings;

use super::query::{Column, Detail, Table, column, day, moment, name_of};

/// The list that records of a data type are read from.
pub(super) fn table(data_type: DataType, settings: &NetSuiteSettings) -> Table {
    let mut table = match data_type {
        DataType::Orders => orders(settings),
        DataType::OrderStatus => order_status(settings),
        DataType::Invoices => invoices(settings),
        DataType::Products => products(settings),
        DataType::Inventory => inventory(settings),
        DataType::Employees => employees(),
    };
    if let Some(own) = settings.columns.get(&data_type) {
        table.columns.retain(|(name, _)| !own.contains_key(name));
        let own = own.iter().filter_map(|(name, expression)| Some((name.clone(), expression.clone()?)));
        table.columns.extend(own);
    }
    table
}

/// What all transactions have that we read.
fn transaction(kind: &str, columns: impl IntoIterator<Item = Column>) -> Table {
    let mut all = vec![
        column("id", "t.id"),
        column("tranid", "t.tranid"),
        column("externalid", "t.externalid"),
        column("otherrefnum", "t.otherrefnum"),
        column("status", "t.status"),
        column("lastmodifieddate", moment("t.lastmodifieddate")),
    ];
    all.extend(columns);
    Table {
        columns: all,
        from: "transaction t".to_owned(),
        conditions: vec![format!("t.type = '{kind}'")],
        key: &["id"],
        changed: Some("t.lastmodifieddate"),
        details: Vec::new(),
        statuses: &[],
    }
}

const ORDER: &str = "SalesOrd";

/// Their column has letters, and words only in the language of whoever signs in.
const ORDER_STATUSES: &[(&str, &str)] = &[
    ("A", "Pending Approval"),
    ("B", "Pending Fulfillment"),
    ("C", "Cancelled"),
    ("D", "Partially Fulfilled"),
    ("E", "Pending Billing/Partially Fulfilled"),
    ("F", "Pending Billing"),
    ("G", "Billed"),
    ("H", "Closed"),
];

const INVOICE_STATUSES: &[(&str, &str)] = &[("A", "Open"), ("B", "Paid In Full")];

fn orders(settings: &NetSuiteSettings) -> Table {
    let mut table = transaction(
        ORDER,
        [
            column("entity", "t.entity"),
            column("customername", name_of("t.entity")),
            column("trandate", day("t.trandate")),
            column("memo", "t.memo"),
            column("shipaddresskey", "t.shippingaddress"),
        ],
    );
    table.add_total(settings);
    table.details = vec![lines(settings), addresses()];
    table.statuses = ORDER_STATUSES;
    table
}

fn order_status(settings: &NetSuiteSettings) -> Table {
    let details = settings.shipments.then(shipments).into_iter().collect();
    Table { details, statuses: ORDER_STATUSES, ..transaction(ORDER, []) }
}

fn invoices(settings: &NetSuiteSettings) -> Table {
    let mut table = transaction(
        "CustInvc",
        [
            column("entity", "t.entity"),
            column("customername", name_of("t.entity")),
            column("trandate", day("t.trandate")),
            column("duedate", day("t.duedate")),
            column("balance", "t.foreignamountunpaid"),
        ],
    );
    table.add_total(settings);
    table.details = vec![lines(settings), orders_of_invoices()];
    table.statuses = INVOICE_STATUSES;
    table
}

impl Table {
    fn add_total(&mut self, settings: &NetSuiteSettings) {
        if settings.multiple_currencies {
            self.from.push_str(" LEFT JOIN currency c ON c.id = t.currency");
            self.columns.extend([column("total", "t.foreigntotal"), column("currency", "c.symbol")]);
        } else {
            self.columns.push(column("total", "t.total"));
        }
    }
}

/// The lines of transactions that sell: quantities and amounts of sales are negative there. Tax, freight and cost of goods
/// are lines too, though nobody ordered them.
pub(super) fn lines(settings: &NetSuiteSettings) -> Detail {
    let amount = if settings.multiple_currencies { "tl.foreignamount" } else { "tl.netamount" };
    let conditions = [
        "tl.mainline = 'F'",
        "tl.taxline = 'F'",
        "NVL(tl.iscogs, 'F') = 'F'",
        "NVL(tl.itemtype, 'None') NOT IN ('ShipItem', 'TaxItem', 'TaxGroup', 'EndGroup', 'Subtotal')",
    ];
    Detail {
        name: "lines",
        by: "id",
        of: "tl.transaction",
        columns: vec![
            column("linenumber", "tl.linesequencenumber"),
            column("sku", format!("i.{}", settings.sku_column)),
            column("description", "tl.memo"),
            column("quantity", "tl.quantity * -1"),
            column("unitprice", "tl.rate"),
            column("amount", format!("{amount} * -1")),
            column("itemtype", "tl.itemtype"),
        ],
        from: "transactionline tl LEFT JOIN item i ON i.id = tl.item".to_owned(),
        conditions: conditions.map(str::to_owned).into(),
        order: "tl.id",
    }
}

fn addresses() -> Detail {
    let parts = ["addressee", "addr1", "addr2", "city", "state", "zip", "country"];
    let parts = parts.map(|part| column(part, format!("s.{part}")));
    Detail {
        name: "addresses",
        by: "shipaddresskey",
        of: "s.nkey",
        columns: parts.into(),
        from: "transactionshippingaddress s".to_owned(),
        conditions: Vec::new(),
        order: "",
    }
}

/// What was shipped, the latest first; one row for each tracking number.
fn shipments() -> Detail {
    Detail {
        name: "shipments",
        by: "id",
        of: "l.previousdoc",
        columns: vec![
            column("shipmentnumber", "f.tranid"),
            column("shipdate", day("f.trandate")),
            column("trackingnumber", "n.trackingnumber"),
        ],
        from: "nexttransactionlink l JOIN transaction f ON f.id = l.nextdoc \
               LEFT JOIN trackingnumbermap m ON m.transaction = f.id \
               LEFT JOIN trackingnumber n ON n.id = m.trackingnumber"
            .to_owned(),
        conditions: vec!["f.type = 'ItemShip'".to_owned(), "f.status IN ('C', 'ItemShip:C')".to_owned()],
        order: "f.id DESC, n.id",
    }
}

fn orders_of_invoices() -> Detail {
    Detail {
        name: "orders",
        by: "id",
        of: "l.nextdoc",
        columns: vec![column("ordernumber", "o.tranid"), column("reference", "o.externalid")],
        from: "nexttransactionlink l JOIN transaction o ON o.id = l.previousdoc".to_owned(),
        conditions: vec![format!("o.type = '{ORDER}'")],
        order: "o.id",
    }
}

fn products(settings: &NetSuiteSettings) -> Table {
    // Discounts, taxes and texts are items too, though nobody sells them.
    let unsold = "'Discount', 'Markup', 'Payment', 'Subtotal', 'Description', 'ShipItem', 'TaxItem', 'TaxGroup', 'EndGroup'";
    Table {
        columns: vec![
            column("id", "i.id"),
            column("sku", format!("i.{}", settings.sku_column)),
            column("displayname", "i.displayname"),
            column("itemtype", "i.itemtype"),
            column("subtype", "i.subtype"),
            column("upccode", "i.upccode"),
            column("isinactive", "i.isinactive"),
            column("lastmodifieddate", moment("i.lastmodifieddate")),
        ],
        from: "item i".to_owned(),
        conditions: vec![format!("i.itemtype NOT IN ({unsold})")],
        key: &["id"],
        changed: Some("i.lastmodifieddate"),
        details: settings.price_level.map(|level| prices(level, settings)).into_iter().collect(),
        statuses: &[],
    }
}

/// The prices of one level: for each currency, and there for each quantity from which it counts.
fn prices(level: u32, settings: &NetSuiteSettings) -> Detail {
    let mut detail = Detail {
        name: "prices",
        by: "id",
        of: "p.item",
        columns: vec![column("unitprice", "p.unitprice"), column("quantity", "p.quantity")],
        from: "pricing p".to_owned(),
        conditions: vec![format!("p.pricelevel = {level}")],
        order: "p.quantity",
    };
    if settings.multiple_currencies {
        detail.from.push_str(" LEFT JOIN currency c ON c.id = p.currency");
        detail.columns.push(column("currency", "c.symbol"));
        detail.order = "p.currency, p.quantity";
    }
    detail
}

fn inventory(settings: &NetSuiteSettings) -> Table {
    let amount = |name: &str| column(name, format!("NVL(a.{name}, 0)"));
    Table {
        columns: vec![
            column("item", "a.item"),
            column("sku", format!("i.{}", settings.sku_column)),
            column("locationid", "a.location"),
            column("location", name_of("a.location")),
            amount("quantityonhand"),
            amount("quantityavailable"),
            amount("quantitycommitted"),
            amount("quantityonorder"),
        ],
        from: "aggregateitemlocation a JOIN item i ON i.id = a.item".to_owned(),
        conditions: Vec::new(),
        key: &["item", "locationid"],
        // Nothing tells when a stock level was changed.
        changed: None,
        details: Vec::new(),
        statuses: &[],
    }
}

fn employees() -> Table {
    Table {
        columns: vec![
            column("id", "e.id"),
            column("entityid", "e.entityid"),
            column("firstname", "e.firstname"),
            column("lastname", "e.lastname"),
            column("email", "e.email"),
            column("title", "e.title"),
            column("department", name_of("e.department")),
            column("supervisor", "e.supervisor"),
            column("hiredate", day("e.hiredate")),
            column("releasedate", day("e.releasedate")),
            column("active", "DECODE(e.isinactive, 'T', 'F', 'T')"),
            column("lastmodifieddate", moment("e.lastmodifieddate")),
        ],
        from: "employee e".to_owned(),
        conditions: Vec::new(),
        key: &["id"],
        changed: Some("e.lastmodifieddate"),
        details: Vec::new(),
        statuses: &[],
    }
}
