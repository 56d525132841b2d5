//! The canonical product.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::fields::{Quantity, record};

record! {
    /// A product of the catalogue. Its key is `sku`.
    Product {
        /// Stock keeping unit.
        #[schema(example = "SKU-1")]
        sku "sku": String ["sku" "productid" "itemnumber" "itemcode" "itemno" "productnumber" "productcode" "partnumber" "articlenumber" "material" "itemid" "code" "number" "id"] = required,
        /// What people call it.
        #[schema(example = "Chai")]
        name "name": String ["name" "productname" "itemname" "title" "displayname" "itemdescription"],
        /// A longer text.
        description "description": String ["description" "longdescription" "productdescription" "details"],
        /// Sales price of one unit, a decimal as text.
        #[schema(value_type = Option<String>, example = "18.00")]
        price "price": Decimal ["price" "unitprice" "salesprice" "listprice" "sellingprice" "standardrate"],
        /// Currency of the price, ISO 4217.
        #[schema(example = "EUR")]
        currency "currency": String ["currency" "currencycode"],
        /// Unit of measure.
        #[schema(example = "EA")]
        unit "unit": String ["unit" "unitofmeasure" "uom" "baseunit" "baseunitofmeasure" "stockuom" "quantityperunit"],
        /// Category.
        category "category": String ["category" "categoryname" "categoryid" "productgroup" "itemgroup" "productcategory" "itemcategory"],
        /// Brand or maker.
        brand "brand": String ["brand" "manufacturer" "brandname"],
        /// Supplier.
        supplier "supplier": String ["supplier" "suppliername" "supplierid" "vendor"],
        /// GTIN, EAN or UPC.
        barcode "barcode": String ["barcode" "ean" "gtin" "upc" "ean13" "upccode"],
        /// Weight of one unit.
        weight "weight": Quantity ["weight" "grossweight" "netweight"],
        /// Address of a picture.
        image_url "imageUrl": String ["imageurl" "image" "picture" "pictureurl" "thumbnail"],
        /// Whether it may be sold.
        active "active": bool ["active" "isactive" "enabled" "saleable"],
        /// Whether it is no longer sold.
        discontinued "discontinued": bool ["discontinued" "isdiscontinued" "isinactive" "disabled" "blocked"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}
