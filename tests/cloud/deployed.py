"""Readies a stack on the emulator for the end-to-end tests, and prints where they find it, as `export` lines.

Three things differ from AWS. The emulator (ministack 1.5.33) does not import an HTTP API's OpenAPI body, so its routes are
made here, from the template as CloudFormation processed it: what is tested is what SAM made of our events. It keeps a number
that comes by a parameter as text, and then cannot compare it: the bound of workers is set anew. And the first admin
gets the password that the tests know, before anybody signed in.
"""

import json
import sys

import boto3

PASSWORD = "correct-horse-battery"


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
                yield ("$default" if path.strip("/") == "$default" else f"{method} {path}"), name


def make_routes(template, api, names):
    """Makes the routes of the API `api`."""
    gateway, functions = boto3.client("apigatewayv2"), boto3.client("lambda")
    integrations = {}
    for key, name in routes(template):
        if name not in integrations:
            function = functions.get_function(FunctionName=names[name])["Configuration"]["FunctionArn"]
            made = gateway.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
            )
            integrations[name] = made["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integrations[name]}")


def bound_workers(resources):
    """Sets the bound of each event source mapping, as the number it is in the template."""
    functions = boto3.client("lambda")
    for resource in resources:
        if resource["ResourceType"] == "AWS::Lambda::EventSourceMapping":
            mapping = functions.get_event_source_mapping(UUID=resource["PhysicalResourceId"])
            if bound := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
                scaling = {"MaximumConcurrency": int(bound)}
                functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=scaling)


def main(stack):
    cloudformation = boto3.client("cloudformation")
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    make_routes(template, names["Api"], names)
    bound_workers(resources)
    boto3.client("secretsmanager").put_secret_value(SecretId=names["AdminPassword"], SecretString=PASSWORD)

    print(f"export E2E_URL={cloudformation.meta.endpoint_url}/_aws/execute-api/{names['Api']}")
    print(f"export E2E_TABLE={names['Table']}")
    print(f"export E2E_RUNS_QUEUE_URL={names['Runs']}")
    print(f"export E2E_KMS_KEY_ID={names['Key']}")
    print(f"export E2E_SCHEDULER={names['Scheduler']}")


if __name__ == "__main__":
    main(sys.argv[1])
