"""Airbyte's Python CDK: an HTTP stream, its records as Airbyte messages into a file."""

import json
import os
import sys
from contextlib import contextmanager

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConnectorSpecification
from airbyte_cdk.sources import AbstractSource
from airbyte_cdk.sources.streams.http import HttpStream

from measure import ADDRESS, DIRECTORY, expect, measured


class Products(HttpStream):
    url_base = f"{ADDRESS}/"
    primary_key = "sku"

    def path(self, **_):
        return "products"

    def request_params(self, next_page_token=None, **_):
        return next_page_token or {"page": 1}

    def next_page_token(self, response):
        if response.content == b"[]":
            return None
        return {"page": int(response.url.rsplit("=", 1)[1]) + 1}

    def parse_response(self, response, **_):
        yield from response.json()

    def get_json_schema(self):
        return {"type": "object", "properties": {}, "additionalProperties": True}


class Erp(AbstractSource):
    def check_connection(self, logger, config):
        return True, None

    def streams(self, config):
        return [Products()]

    def spec(self, logger):
        return ConnectorSpecification(connectionSpecification={})


def written(name, content):
    path = f"{DIRECTORY}/{name}"
    with open(path, "w") as file:
        json.dump(content, file)
    return path


@contextmanager
def standard_output_into(path):
    """The CDK writes to the process's standard output itself, whatever `sys.stdout` is."""
    terminal = os.dup(1)
    with open(path, "wb") as file:
        os.dup2(file.fileno(), 1)
        yield
        sys.__stdout__.flush()
        os.dup2(terminal, 1)


stream = {"name": "products", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
catalog = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
arguments = ["read", "--config", written("config.json", {}), "--catalog", written("catalog.json", catalog)]
messages = f"{DIRECTORY}/messages.jsonl"
with measured(), standard_output_into(messages):
    launch(Erp(), arguments)
with open(messages) as lines:
    expect(sum('"type":"RECORD"' in line for line in lines))
