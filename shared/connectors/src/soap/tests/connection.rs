//! A connection to the service under test.

use domain::connection::{ConnectionSettings, Credentials};
use serde_json::{Value, json};

use crate::Connector;
use crate::conformance::transport;
use crate::soap::Soap;

/// Settings that fit this service.
pub(super) fn soap_settings(v12: bool) -> Value {
    let paging = if v12 {
        json!({"style": "cursor", "cursorPath": "GetProductsResponse.NextCursor"})
    } else {
        json!({"style": "page"})
    };
    let refusal = |name: &str| json!({"path": format!("{name}.Status"), "values": ["REJECTED"], "wordsPath": format!("{name}.Message")});
    let mut soap = json!({
        "version": if v12 { "1.2" } else { "1.1" },
        "auth": if v12 { "password_text" } else { "password_digest" },
        "read": {"products": {
            "soapAction": "urn:erp/GetProducts",
            "body": "<e:GetProducts xmlns:e=\"urn:erp\"><e:Company>{{company}}</e:Company>\
                     <e:ChangedSince>{{since}}</e:ChangedSince><e:Page>{{page}}</e:Page><e:Cursor>{{cursor}}</e:Cursor>\
                     <e:PageSize>{{pageSize}}</e:PageSize></e:GetProducts>",
            "recordPath": "GetProductsResponse.Products.Product",
            "paging": paging,
        }},
        "push": {"orders": {
            "create": {
                "soapAction": "urn:erp/CreateOrder",
                "body": "<CreateOrder xmlns=\"urn:erp\"><Reference>{{reference}}</Reference>\
                         <CustomerId>{{customerId}}</CustomerId><OrderedOn>{{orderedAt|date}}</OrderedOn>\
                         <Note>{{notes}}</Note><Lines>{{#lines}}<Line><Sku>{{sku}}</Sku>\
                         <Quantity>{{quantity}}</Quantity><UnitPrice currency=\"{{$.currency}}\">{{unitPrice}}\
                         </UnitPrice></Line>{{/lines}}</Lines></CreateOrder>",
                "keyPath": "CreateOrderResponse.OrderNumber",
                "refusal": refusal("CreateOrderResponse"),
            },
            "update": {
                "soapAction": "urn:erp/ChangeOrder",
                "body": "<ChangeOrder xmlns=\"urn:erp\"><OrderNumber>{{key}}</OrderNumber><Note>{{notes}}</Note>\
                         </ChangeOrder>",
            },
            "delete": {
                "soapAction": "urn:erp/DeleteOrder",
                "body": "<DeleteOrder xmlns=\"urn:erp\"><OrderNumber>{{key}}</OrderNumber></DeleteOrder>",
            },
            "find": {
                "soapAction": "urn:erp/FindOrders",
                "body": "<FindOrders xmlns=\"urn:erp\"><Reference>{{reference}}</Reference></FindOrders>",
                "recordPath": "FindOrdersResponse.Orders.Order",
                "keyPath": "OrderNumber",
            },
        }},
    });
    if !v12 {
        soap["timestampSeconds"] = 120.into();
    }
    soap
}

/// A connector with `soap` as its settings.
pub(super) fn connect(
    origin: &str,
    settings: &ConnectionSettings,
    soap: Value,
    password: &str,
) -> Box<dyn Connector> {
    let settings = ConnectionSettings { soap: serde_json::from_value(soap).unwrap(), ..settings.clone() };
    let credentials = Credentials {
        api_url: Some(format!("{origin}/soap")),
        username: Some("erp".to_owned()),
        password: Some(password.to_owned().into()),
        company: Some("Cronus & Co".to_owned()),
        ..Credentials::default()
    };
    Box::new(Soap::new(&settings, &credentials, &transport()).unwrap())
}
