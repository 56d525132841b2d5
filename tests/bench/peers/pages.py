"""The ERP's pages as bytes, over one connection, for the peers that fetch by hand."""

import http.client
from urllib.parse import urlsplit

from measure import ADDRESS


def pages():
    connection = http.client.HTTPConnection(urlsplit(ADDRESS).netloc)
    page = 1
    while True:
        connection.request("GET", f"/products?page={page}")
        body = connection.getresponse().read()
        if body == b"[]":
            return
        yield body
        page += 1
