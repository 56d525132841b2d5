//! The canonical invoice.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::fields::{Quantity, record};

record! {
    /// A line of an invoice.
    InvoiceLine {
        /// Line number.
        line_number "lineNumber": String ["linenumber" "lineno" "line" "position" "sequence" "linesequencenumber" "billingdocumentitem"],
        /// Number of the order that the line is of, where the invoice is for several.
        order_number "orderNumber": String ["ordernumber"],
        /// Stock keeping unit.
        sku "sku": String ["sku" "productid" "itemnumber" "itemcode" "productnumber" "material" "item" "productcode" "lineobjectnumber"],
        /// What was sold.
        description "description": String ["description" "name" "productname" "itemname" "itemtext" "billingdocumentitemtext"],
        /// How much.
        quantity "quantity": Quantity ["quantity" "qty" "billingquantity"],
        /// Price of one.
        #[schema(value_type = Option<String>, example = "12.50")]
        unit_price "unitPrice": Decimal ["unitprice" "price" "rate" "netprice" "unitsellingprice"],
        /// Total of the line.
        #[schema(value_type = Option<String>, example = "25.00")]
        total "total": Decimal ["total" "amount" "linetotal" "lineamount" "netamount" "amountexcludingtax"],
    }
}

record! {
    /// An invoice. Its key is `invoiceNumber`.
    Invoice {
        /// Number of the invoice.
        #[schema(example = "INV-1001")]
        invoice_number "invoiceNumber": String ["invoicenumber" "invoiceno" "invoiceid" "transactionnumber" "documentnumber" "billingdocument" "tranid" "number" "id"] = required,
        /// Number of the order it is for.
        order_number "orderNumber": String ["ordernumber" "orderid" "orderno" "salesorder" "salesdocument"],
        /// The buyer's own reference.
        reference "reference": String ["reference" "externaldocumentnumber" "purchaseordernumber" "customerreference" "pono" "otherrefnum"],
        /// The buyer.
        customer_id "customerId": String ["customerid" "customernumber" "customer" "customercode" "soldtoparty" "billto"],
        /// The buyer's name.
        customer_name "customerName": String ["customername" "billtoname" "companyname"],
        /// Status, in the ERP's words.
        #[schema(example = "open")]
        status "status": String ["status" "invoicestatus" "state" "paymentstatus"],
        /// Currency, ISO 4217.
        #[schema(example = "EUR")]
        currency "currency": String ["currency" "currencycode" "transactioncurrency"],
        /// Net total.
        #[schema(value_type = Option<String>, example = "100.00")]
        net_total "netTotal": Decimal ["nettotal" "subtotal" "totalamountexcludingtax" "netamount" "totalnetamount"],
        /// Tax.
        #[schema(value_type = Option<String>, example = "19.00")]
        tax "tax": Decimal ["tax" "taxamount" "taxtotal" "totaltaxamount" "vat"],
        /// Total with tax.
        #[schema(value_type = Option<String>, example = "119.00")]
        total "total": Decimal ["total" "grandtotal" "totalamount" "amount" "totalamountincludingtax" "grosstotal" "totalgrossamount" "invoicetotal"],
        /// What is still to be paid.
        #[schema(value_type = Option<String>, example = "0.00")]
        balance "balance": Decimal ["balance" "remainingamount" "outstandingamount" "amountdue" "openamount"],
        /// Day it was issued.
        issued_on "issuedOn": Date ["issuedon" "invoicedate" "issuedate" "postingdate" "billingdocumentdate" "trandate" "date"],
        /// Day it is due.
        due_on "dueOn": Date ["dueon" "duedate" "netduedate" "paymentduedate"],
        /// Its lines.
        lines "lines": Vec<InvoiceLine> ["lines" "items" "invoicelines" "lineitems" "salesinvoicelines" "positions"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}
