//! What there is in the database, in both versions of Odoo.

/// A field: name, type, and the model it leads to.
pub(super) type Field = (&'static str, &'static str, &'static str);

/// The fields that came with Odoo 19, or went with it.
pub(super) const RENAMED: [(&str, Field, Field); 4] = [
    ("sale.order.line", ("product_uom_id", "many2one", "uom.uom"), ("product_uom", "many2one", "uom.uom")),
    ("product.product", ("is_storable", "boolean", ""), ("detailed_type", "selection", "")),
    ("hr.employee", ("contract_date_start", "date", ""), ("first_contract_date", "date", "")),
    ("res.partner", ("country_code", "char", ""), ("color", "integer", "")),
];

pub(super) const MODELS: &[(&str, &str)] = &[
    (
        "product.product",
        "default_code:char name:char description_sale:text lst_price:float currency_id:many2one:res.currency \
        uom_id:many2one:uom.uom categ_id:many2one:product.category barcode:char weight:float active:boolean sale_ok:boolean \
        type:selection product_tmpl_id:many2one:product.template qty_available:float free_qty:float incoming_qty:float \
        x_brand:char",
    ),
    ("product.template", "name:char"),
    (
        "sale.order",
        "name:char client_order_ref:char origin:char state:selection partner_id:many2one:res.partner \
        partner_shipping_id:many2one:res.partner partner_invoice_id:many2one:res.partner date_order:datetime \
        commitment_date:datetime effective_date:datetime currency_id:many2one:res.currency \
        pricelist_id:many2one:product.pricelist warehouse_id:many2one:stock.warehouse amount_untaxed:monetary \
        amount_tax:monetary amount_total:monetary invoice_status:selection delivery_status:selection \
        order_line:one2many:sale.order.line picking_ids:one2many:stock.picking",
    ),
    (
        "sale.order.line",
        "order_id:many2one:sale.order display_type:selection product_id:many2one:product.product name:text \
        product_uom_qty:float price_unit:float discount:float price_subtotal:monetary",
    ),
    (
        "stock.picking",
        "name:char state:selection picking_type_code:selection date_done:datetime \
        carrier_id:many2one:delivery.carrier carrier_tracking_ref:char carrier_tracking_url:char",
    ),
    (
        "account.move",
        "name:char move_type:selection state:selection payment_state:selection partner_id:many2one:res.partner \
        ref:char invoice_origin:char invoice_date:date invoice_date_due:date currency_id:many2one:res.currency \
        amount_untaxed:monetary amount_tax:monetary amount_total:monetary amount_residual:monetary \
        invoice_line_ids:one2many:account.move.line",
    ),
    (
        "account.move.line",
        "display_type:selection product_id:many2one:product.product name:char quantity:float \
        product_uom_id:many2one:uom.uom price_unit:float discount:float price_subtotal:monetary",
    ),
    (
        "hr.employee",
        "name:char work_email:char work_phone:char job_title:char department_id:many2one:hr.department \
        work_location_id:many2one:hr.work.location parent_id:many2one:hr.employee departure_date:date barcode:char active:boolean",
    ),
    (
        "res.partner",
        "name:char ref:char email:char street:char street2:char city:char zip:char \
        state_id:many2one:res.country.state country_id:many2one:res.country parent_id:many2one:res.partner type:selection \
        active:boolean property_product_pricelist:many2one:product.pricelist currency_id:many2one:res.currency",
    ),
    ("product.pricelist", "name:char currency_id:many2one:res.currency active:boolean"),
    ("res.currency", "name:char"),
    ("res.country", "name:char code:char"),
    ("res.company", "name:char"),
    ("stock.warehouse", "name:char code:char"),
    ("uom.uom", "name:char"),
    ("product.category", "name:char"),
    ("hr.department", "name:char"),
    ("delivery.carrier", "name:char"),
];
