"""A bare loop, no framework: orjson into an SQLite upsert. It maps, checks and counts nothing."""

import sqlite3

import orjson

from measure import DIRECTORY, expect, measured
from pages import pages

UPSERT = "INSERT INTO products VALUES (?, ?) ON CONFLICT (sku) DO UPDATE SET record = excluded.record"

with measured():
    table = sqlite3.connect(f"{DIRECTORY}/peer.sqlite")
    table.execute("PRAGMA journal_mode = WAL")
    table.execute("PRAGMA synchronous = NORMAL")
    table.execute("CREATE TABLE products (sku TEXT PRIMARY KEY, record BLOB) WITHOUT ROWID")
    for body in pages():
        with table:
            table.executemany(UPSERT, ((record["sku"], orjson.dumps(record)) for record in orjson.loads(body)))
expect(table.execute("SELECT count(*) FROM products").fetchone()[0])
