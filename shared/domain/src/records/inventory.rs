//! The canonical stock level.

use jiff::Timestamp;

use super::fields::{Quantity, record};

record! {
    /// The stock of one product, at one location where the ERP tells them apart. Its key is `sku`, or `sku|location`.
    StockLevel {
        /// Stock keeping unit.
        #[schema(example = "SKU-1")]
        sku "sku": String ["sku" "productid" "itemnumber" "itemcode" "itemno" "productnumber" "productcode" "partnumber" "articlenumber" "material" "itemid" "item" "code" "product" "id"] = required,
        /// Warehouse, plant or shop.
        #[schema(example = "MAIN")]
        location "location": String ["location" "warehouse" "warehousecode" "locationid" "warehouseid" "plant" "site" "organizationcode" "storagelocation"],
        /// How much there is.
        quantity "quantity": Quantity ["quantity" "qty" "onhand" "quantityonhand" "unitsinstock" "stock" "stocklevel" "instock" "actualqty" "inventory" "stockquantity"] = required,
        /// How much of it may be sold.
        available "available": Quantity ["available" "quantityavailable" "availablequantity" "free" "unrestricted"],
        /// How much of it is promised.
        reserved "reserved": Quantity ["reserved" "allocated" "committed" "quantitycommitted" "reservedqty"],
        /// How much is on its way in.
        incoming "incoming": Quantity ["incoming" "onorder" "unitsonorder" "quantityonorder" "orderedqty"],
        /// Below this it is ordered anew.
        reorder_level "reorderLevel": Quantity ["reorderlevel" "reorderpoint" "minimumstock" "safetystock"],
        /// Unit of measure.
        unit "unit": String ["unit" "unitofmeasure" "uom" "baseunit" "stockuom"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}
