"""dlt's `rest_api` source merged by id into DuckDB: what comes nearest to what a sync does."""

import dlt

from dlt_source import pipeline, products
from measure import DIRECTORY, expect, measured

with measured():
    peer = pipeline(dlt.destinations.duckdb(f"{DIRECTORY}/table.duckdb"))
    source = products(write_disposition="merge", primary_key="sku")
    peer.run(source, loader_file_format="parquet").raise_on_failed_jobs()
with peer.sql_client() as sql:
    expect(sql.execute_sql("SELECT count(*) FROM products")[0][0])
