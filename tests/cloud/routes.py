"""Makes the routes of a deployed HTTP API, as API Gateway does from the OpenAPI body in the template.

The emulator does not import that body (ministack 1.5.33). It is taken from the template as CloudFormation processed it,
so what is tested is what SAM made of our events. Prints the address of the API.
"""

import json
import sys

import boto3


def functions(stack):
    """The names of the stack's functions by what the template calls them."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    every = (resource for page in pages for resource in page["StackResourceSummaries"])
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in every}


def routes(template):
    """Each route's key, such as `GET /health`, and what the template calls its function."""
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::ApiGatewayV2::Api":
            continue
        for path, operations in resource["Properties"]["Body"]["paths"].items():
            for method, operation in operations.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                name = uri.split("${")[-1].split(".Arn}")[0]
                method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                yield ("$default" if path == "/$default" else f"{method} {path}"), name


def main(stack):
    cloudformation, gateway = boto3.client("cloudformation"), boto3.client("apigatewayv2")
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    names = functions(stack)
    api = next(names[name] for name, r in template["Resources"].items() if r["Type"] == "AWS::ApiGatewayV2::Api")
    integrations = {}
    for key, function in routes(template):
        if function not in integrations:
            arn = boto3.client("lambda").get_function(FunctionName=names[function])["Configuration"]["FunctionArn"]
            made = gateway.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )
            integrations[function] = made["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integrations[function]}")
    endpoint = gateway.meta.endpoint_url
    print(f"{endpoint}/_aws/execute-api/{api}/$default")


if __name__ == "__main__":
    main(sys.argv[1])
