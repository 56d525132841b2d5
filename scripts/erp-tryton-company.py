"""Fills a new Tryton database for scripts/erp-tryton: a company with a chart of accounts, customers, products in stock,
an employee, an order that was shipped and invoiced, and an order that is still a draft."""

import datetime
import sys
from decimal import Decimal

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import create_payment_term, set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company

PRODUCTS = 30

config.set_trytond("causeway", user="admin", config_file=sys.argv[1])


def saved(model, **values):
    record = Model.get(model)()
    for name, value in values.items():
        setattr(record, name, value)
    record.save()
    return record


def found(model, *domain):
    return Model.get(model).find(list(domain))[0]


def company():
    party = saved("party.party", name="Causeway Ltd")
    create_company(party)
    made = get_company()
    user = found("res.user", ("login", "=", "admin"))
    user.companies.append(made)
    user.company = made
    user.save()
    conf = config.get_config()
    conf._context = Model.get("res.user").get_preferences(True, conf.context)
    return made


def accounting(made):
    create_chart(made)
    set_fiscalyear_invoice_sequences(create_fiscalyear(made)).click("create_period")
    return get_accounts(made)


def category(accounts):
    tax = create_tax(Decimal("0.10"))
    tax.save()
    made = Model.get("product.category")(name="Goods", accounting=True)
    made.account_expense = accounts["expense"]
    made.account_revenue = accounts["revenue"]
    made.customer_taxes.append(tax)
    made.save()
    return made


def products(goods):
    unit = found("product.uom", ("name", "=", "Unit"))
    made = []
    for number in range(1, PRODUCTS + 1):
        template = Model.get("product.template")(name=f"Grüße № {number}", default_uom=unit, type="goods", salable=True)
        template.list_price = Decimal("12.5") + number
        template.account_category = goods
        template.products[0].suffix_code = f"SKU-{number:03}"
        template.save()
        made.append(template.products[0])
    return made


def stock(made):
    storage = found("stock.location", ("code", "=", "STO"))
    inventory = Model.get("stock.inventory")(location=storage)
    for product in made[:5]:
        line = inventory.lines.new(product=product)
        line.quantity = 100.0
        line.expected_quantity = 0.0
    inventory.click("confirm")


def customer(country):
    made = Model.get("party.party")(name="Jane Doe", code="CUST-1")
    address = made.addresses[0]
    address.street, address.postal_code, address.city, address.country = "1 High St", "LS1 1AA", "Leeds", country
    mail = made.contact_mechanisms.new()
    mail.type, mail.value = "email", "jane@example.com"
    made.save()
    return made


def sale(party, made, term, reference):
    order = Model.get("sale.sale")()
    order.party, order.payment_term, order.invoice_method, order.reference = party, term, "order", reference
    order.sale_date = datetime.date(2026, 11, 20)
    for product, quantity in [(made[0], 2.0), (made[1], 1.0)]:
        line = order.lines.new()
        line.product, line.quantity = product, quantity
    comment = order.lines.new()
    comment.type, comment.description = "comment", "Thank you"
    order.save()
    return order


def ship(order):
    shipment = order.shipments[0]
    for step in ["assign_try", "pick", "pack", "ship", "do", "done"]:
        try:
            shipment.click(step)
        except Exception as error:  # the steps differ between the series
            print(f"{step}: {error}")


def main():
    made = company()
    goods = category(accounting(made))
    term = create_payment_term()
    term.save()
    country = saved("country.country", name="United Kingdom", code="GB")
    articles = products(goods)
    stock(articles)
    party = customer(country)
    saved("party.party", name="Nobody in particular", code="CUST-2")
    employee = saved("party.party", name="Ada Lovelace", code="EMP-1")
    saved("company.employee", party=employee, company=made, start_date=datetime.date(2020, 1, 2))
    order = sale(party, articles, term, "WEB-SHIPPED")
    order.click("quote")
    order.click("confirm")
    order.reload()
    print(order.state, order.shipment_state, order.invoice_state)
    ship(order)
    order.reload()
    invoice = order.invoices[0]
    # Tryton warns of an invoice that was due before today, and has a fiscal year for today only.
    invoice.invoice_date = datetime.date.today()
    invoice.click("post")
    sale(party, articles, term, "WEB-DRAFT")
    print(order.number, order.state, order.shipment_state, invoice.number, invoice.state)


main()
