"""The ERP as dlt's own `rest_api` source, and a pipeline whose state lies in the bench's directory."""

import dlt
from dlt.sources.rest_api import rest_api_source

from measure import ADDRESS, DIRECTORY


def products(**hints):
    paginator = {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None}
    return rest_api_source(
        {
            "client": {"base_url": ADDRESS, "paginator": paginator},
            "resources": [{"name": "products", "endpoint": {"path": "products"}, **hints}],
        }
    )


def pipeline(destination):
    return dlt.pipeline(
        "peer", pipelines_dir=f"{DIRECTORY}/pipelines", destination=destination, dataset_name="peer"
    )


def parquet():
    return dlt.destinations.filesystem(bucket_url=f"file://{DIRECTORY}/files")


def rows_in_parquet():
    from glob import glob

    import pyarrow.parquet as pq

    files = glob(f"{DIRECTORY}/files/peer/products/*.parquet")
    return sum(pq.ParquetFile(file).metadata.num_rows for file in files)
