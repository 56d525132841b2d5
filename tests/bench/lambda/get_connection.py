"""`GET /erp/connections/{id}` as a function of Python's Lambda runtime (awslambdaric) over boto3 would be.

It does less than ours: it checks no token.
"""

import json
import os

import boto3

TABLE = os.environ["CAUSEWAY_TABLE"]
dynamodb = boto3.client("dynamodb")


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def handler(event, _context):
    connection = event["pathParameters"]["id"]
    key = {"pk": {"S": "erp_connection"}, "sk": {"S": connection}}
    item = dynamodb.get_item(TableName=TABLE, Key=key).get("Item")
    if item is None:
        return answer(404, {"error": "There is no such connection.", "code": "NOT_FOUND"})
    return answer(200, plain({"M": item}))


def plain(value):
    """A DynamoDB value as JSON; what is sealed as a mask."""
    ((kind, inner),) = value.items()
    if kind == "M":
        return {name: plain(member) for name, member in inner.items()}
    if kind == "L":
        return [plain(member) for member in inner]
    if kind == "N":
        return float(inner)
    if kind == "B":
        return "••••••••"
    return None if kind == "NULL" else inner
