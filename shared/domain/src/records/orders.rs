//! The canonical order, and how far it has come.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::fields::{Quantity, record};

record! {
    /// A postal address.
    Address {
        /// Who receives.
        name "name": String ["name" "fullname" "recipient" "company"],
        /// Street and number.
        street "street": String ["street" "address" "addressline1" "address1" "line1" "streetaddress"],
        /// A second line.
        street2 "street2": String ["street2" "addressline2" "address2" "line2"],
        /// City.
        city "city": String ["city" "town" "locality"],
        /// State, county or region.
        region "region": String ["region" "state" "county" "province" "stateprovince"],
        /// Postal code.
        postal_code "postalCode": String ["postalcode" "postcode" "zip" "zipcode"],
        /// Country.
        country "country": String ["country" "countrycode" "countryregion"],
    }
}

record! {
    /// A line of an order.
    OrderLine {
        /// Line number.
        line_number "lineNumber": String ["linenumber" "lineno" "line" "position" "sequence" "lineid" "salesorderitem"],
        /// Stock keeping unit.
        #[schema(example = "SKU-1")]
        sku "sku": String ["sku" "productid" "itemnumber" "itemcode" "productnumber" "material" "item" "productcode" "lineobjectnumber"],
        /// What is ordered.
        description "description": String [
            "description" "name" "productname" "itemname" "title" "productdescription" "salesorderitemtext"
        ],
        /// How much.
        quantity "quantity": Quantity ["quantity" "qty" "orderedquantity" "requestedquantity"],
        /// Unit of measure.
        unit "unit": String [
            "unit" "uom" "unitofmeasure" "unitofmeasurecode" "ordereduomcode" "requestedquantityunit"
        ],
        /// Price of one.
        #[schema(value_type = Option<String>, example = "12.50")]
        unit_price "unitPrice": Decimal ["unitprice" "price" "rate" "unitsellingprice"],
        /// Discount on the line, as the ERP gives it.
        #[schema(value_type = Option<String>, example = "0.15")]
        discount "discount": Decimal ["discount" "discountpercent" "discountamount"],
        /// Total of the line.
        #[schema(value_type = Option<String>, example = "25.00")]
        total "total": Decimal ["total" "amount" "linetotal" "lineamount" "netamount" "amountexcludingtax"],
    }
}

record! {
    /// An order. Its key is `orderNumber`.
    Order {
        /// Number of the order.
        #[schema(example = "10248")]
        order_number "orderNumber": String ["ordernumber" "orderid" "orderno" "salesorder" "salesordernumber" "documentnumber" "tranid" "number" "id"] = required,
        /// The shop's own reference.
        reference "reference": String ["reference" "externaldocumentnumber" "externalid" "purchaseordernumber" "purchaseorderbycustomer" "customerreference" "clientorderref" "pono" "otherrefnum"],
        /// The buyer.
        customer_id "customerId": String ["customerid" "customernumber" "customer" "customercode" "soldtoparty" "clientid"],
        /// The buyer's name.
        customer_name "customerName": String ["customername" "companyname"],
        /// The buyer's e-mail address.
        email "email": String ["email" "customeremail" "emailaddress"],
        /// The seller's employee.
        employee_id "employeeId": String ["employeeid" "salesperson" "salespersonid" "salesrep"],
        /// Status, in the ERP's words.
        #[schema(example = "open")]
        status "status": String ["status" "orderstatus" "state"],
        /// Currency, ISO 4217.
        #[schema(example = "EUR")]
        currency "currency": String ["currency" "currencycode" "transactioncurrency"],
        /// Net total.
        #[schema(value_type = Option<String>, example = "100.00")]
        net_total "netTotal": Decimal ["nettotal" "subtotal" "totalamountexcludingtax" "totalnetamount"],
        /// Tax.
        #[schema(value_type = Option<String>, example = "19.00")]
        tax "tax": Decimal ["tax" "taxamount" "taxtotal" "totaltaxamount" "vat"],
        /// Freight.
        #[schema(value_type = Option<String>, example = "32.38")]
        shipping_cost "shippingCost": Decimal ["shippingcost" "freight" "shipping" "shippingamount" "deliverycost"],
        /// Total with tax and freight.
        #[schema(value_type = Option<String>, example = "151.38")]
        total "total": Decimal ["total" "grandtotal" "totalamount" "amount" "totalamountincludingtax" "ordertotal"],
        /// When it was placed.
        ordered_at "orderedAt": Timestamp ["orderedat" "orderdate" "salesorderdate" "transactiondate" "trandate" "date" "createdat" "created"],
        /// Day it is wanted.
        required_on "requiredOn": Date ["requiredon" "requireddate" "requesteddeliverydate" "deliverydate" "duedate"],
        /// When it was shipped.
        shipped_at "shippedAt": Timestamp ["shippedat" "shippeddate" "shipdate"],
        /// How it is shipped.
        shipping_method "shippingMethod": String ["shippingmethod" "shipvia" "carrier" "shippingcarrier"],
        /// Where it goes.
        shipping_address "shippingAddress": Address ["shippingaddress" "shipto" "deliveryaddress" "shiptoaddress"] behind ["ship" "shipping" "shipto" "delivery"],
        /// Where the bill goes.
        billing_address "billingAddress": Address ["billingaddress" "billto" "billtoaddress" "invoiceaddress"] behind ["bill" "billing" "billto"],
        /// Its lines.
        lines "lines": Vec<OrderLine> ["lines" "items" "orderlines" "lineitems" "salesorderlines" "orderitems" "positions"],
        /// A note.
        notes "notes": String ["notes" "note" "comment" "comments" "memo"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}

record! {
    /// How far an order has come. Its key is `orderNumber`.
    OrderStatusUpdate {
        /// Number of the order.
        #[schema(example = "10248")]
        order_number "orderNumber": String ["ordernumber" "orderid" "orderno" "salesorder" "salesordernumber" "number" "id"] = required,
        /// The shop's own reference.
        reference "reference": String ["reference" "externaldocumentnumber" "externalid" "purchaseordernumber" "purchaseorderbycustomer" "customerreference" "clientorderref" "pono" "otherrefnum"],
        /// Status, in the ERP's words.
        #[schema(example = "shipped")]
        status "status": String ["status" "orderstatus" "state" "deliverystatus" "fulfillmentstatus"],
        /// Who carries it.
        carrier "carrier": String ["carrier" "shippingcarrier" "shipvia" "shippingmethod"],
        /// Tracking number.
        tracking_number "trackingNumber": String ["trackingnumber" "tracking" "trackingno" "trackingcode" "billoflading"],
        /// Where it can be followed.
        tracking_url "trackingUrl": String ["trackingurl" "trackinglink"],
        /// When it was shipped.
        shipped_at "shippedAt": Timestamp ["shippedat" "shippeddate" "shipdate" "shipmentdate"],
        /// When it arrived.
        delivered_at "deliveredAt": Timestamp ["deliveredat" "deliverydate" "delivereddate"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}
