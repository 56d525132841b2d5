"""dlt's `rest_api` source into parquet files."""

from dlt_source import parquet, pipeline, products, rows_in_parquet
from measure import expect, measured

with measured():
    pipeline(parquet()).run(products(), loader_file_format="parquet").raise_on_failed_jobs()
expect(rows_in_parquet())
