"""Rewrites a translated template as far as the local AWS needs it. AWS itself never sees this; cfn-lint judges what comes before.

Nothing is added that the template does not say, and what is not understood is an error.
"""

METHOD, CORS = "x-amazon-apigateway-any-method", "x-amazon-apigateway-cors"
INTEGRATION = {"type": "IntegrationType", "httpMethod": "IntegrationMethod", "uri": "IntegrationUri",
               "payloadFormatVersion": "PayloadFormatVersion"}


def emulate(translated: dict, roots: str) -> list[str]:
    """Changes the template in place and says what was changed. Functions trust the certificates in the file `roots`."""
    resources, parameters = translated["Resources"], translated["Parameters"]
    changes = drop_refused(resources)
    secrets = {name: {"Fn::GetAtt": [name, "Id"]} for name, resource in resources.items()
               if resource["Type"] == "AWS::SecretsManager::Secret"}
    numbers = {name: entry["Default"] for name, entry in parameters.items() if entry["Type"] == "Number"}
    resources.update(with_references(resources, secrets))
    for name, resource in list(resources.items()):
        properties = resource.get("Properties")
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            routes = expand_body(name, properties)
            resources.update(routes)
            changes.append(f"{name}: its OpenAPI body as {len(routes) // 2} routes and integrations")
        elif resource["Type"] == "AWS::IAM::Role":
            changes += drop_conditions(name, properties)
        elif resource["Type"] == "AWS::Lambda::EventSourceMapping":
            resource["Properties"] = with_references(properties, numbers)
        elif resource["Type"] == "AWS::Lambda::Function":
            properties["Environment"]["Variables"]["SSL_CERT_FILE"] = roots
    return changes + [
        f"every function: SSL_CERT_FILE is {roots}, as there is no /var/task and the local AWS has a certificate of its own",
        f"{', '.join(secrets)}: by GetAtt Id, as Ref gives a name and not the ARN",
        "event sources: numbers instead of references to parameters, which arrive as text",
    ]


def drop_conditions(role: str, properties: dict) -> list[str]:
    """Conditions on an encryption context, which the local IAM does not see and would never meet."""
    statements = [statement for policy in properties.get("Policies", []) for statement in policy["PolicyDocument"]["Statement"]]
    found = [statement for statement in statements if "kms:EncryptionContext" in str(statement.get("Condition"))]
    return [f"{role}: {statement['Action']} without its condition {statement.pop('Condition')}" for statement in found]


def with_references(value, instead: dict):
    """The value with other values in place of some references."""
    if isinstance(value, dict):
        name = value.get("Ref")
        return instead[name] if name in instead else {key: with_references(entry, instead) for key, entry in value.items()}
    return [with_references(entry, instead) for entry in value] if isinstance(value, list) else value


def drop_refused(resources: dict) -> list[str]:
    """Alarms on sums of metrics, which the local AWS has no way to evaluate."""
    refused = [name for name, resource in resources.items()
               if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]]
    for name in refused:
        del resources[name]
    return [f"{name}: left out, an alarm on a sum of metrics" for name in refused]


def expand_body(api: str, properties: dict) -> dict:
    """Moves what the OpenAPI document says into properties of the API, and returns its routes and integrations as resources."""
    body = properties.pop("Body")
    # How an import treats warnings, and nothing is imported.
    properties.pop("FailOnWarnings", None)
    info = body.pop("info")
    properties |= {"Name": info.pop("title"), "Version": info.pop("version")}
    if CORS in body:
        # In OpenAPI's spelling of the keys, which is the one that is read.
        properties["CorsConfiguration"] = body.pop(CORS)
    properties["Tags"] = {tag.pop("name"): tag.pop("x-amazon-apigateway-tag-value") for tag in body.pop("tags", [])}
    resources = {}
    for number, (path, methods) in enumerate(body.pop("paths").items()):
        operation = methods.pop(METHOD)
        integration = operation.pop("x-amazon-apigateway-integration")
        described = {INTEGRATION[key]: value for key, value in integration.items()}
        described["IntegrationType"] = described["IntegrationType"].upper()
        target = f"{api}Integration{number}"
        key = "$default" if operation.pop("isDefaultRoute", False) else f"ANY {path}"
        route = {"RouteKey": key, "Target": {"Fn::Sub": f"integrations/${{{target}}}"}}
        resources[target] = {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"ApiId": {"Ref": api}} | described}
        resources[f"{api}Route{number}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": api}} | route}
        # Parameters only repeat the path.
        refuse_rest(path, methods, {key: value for key, value in operation.items() if value and key != "parameters"})
    body.pop("openapi")
    refuse_rest(api, info, body)
    return resources


def refuse_rest(place: str, *rest: dict):
    for left in rest:
        if left:
            raise ValueError(f"{place}: the local deployment does not know {', '.join(left)}")
