"""Deploys template.yaml with `sam deploy` onto ministack, which stands in for an account, and uses what came of it.

Usage: deploy_to_ministack.py PYTHON BUILT

PYTHON is the Python that ministack is installed in, BUILT the folder with a folder of each built function. It needs the
Python that SAM is installed in. With MODULES, a folder that has playwright-core, and CHROMIUM in the environment, a
ticket is bought on the deployed page, too. What ministack does not make of the template is said aloud:
tools/deployment/ministack_server.py.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import boto3

from tools.shared.built_template import built_template
from tools.shared.examples import example, expect
from tools.shared.local_stack import AWS, ROOT, Failed, ask, free_port, process, run_as_program, until, wait_until_open

DEPLOY_SECONDS = 400
# From a commit through the stream and a queue to whoever consumes it. Shorter than a hold, so that none lapses first.
RELAY_SECONDS = 40
# A hold is as long as this, and the sweep comes each minute.
HOLD_SECONDS = 60
SWEEP_SECONDS = HOLD_SECONDS + 120
# A browser starts, and functions start for the first time.
PAGE_SECONDS = 120
# Between two looks at what is to become so.
LOOK_SECONDS = 0.5
STACK = "onsale"
PASSWORD = "correct-horse-7"
# `sam delete` takes the address of a nested stack's template only as S3 on AWS has it, which ministack takes as well.
SAM = """
from samcli.cli.main import cli
from samcli.lib.package.s3_uploader import S3Uploader
S3Uploader.to_path_style_s3_url = lambda self, key, version=None: f"https://s3.amazonaws.com/{self.bucket_name}/{key}"
cli(prog_name="sam")
"""
PRICE = 50_000
# The settings of x-amazon-apigateway-cors.
CORS = ["allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge"]


class Account:
    """ministack, asked with the SDK of AWS."""

    def __init__(self, port, region):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.options = {
            "endpoint_url": self.endpoint,
            "region_name": region,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def client(self, service):
        return boto3.client(service, **self.options)

    def physical_id(self, logical_id):
        detail = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return detail["StackResourceDetail"]["PhysicalResourceId"]

    def invoke(self, logical_id, event):
        """The function's answer to an event."""
        answer = self.client("lambda").invoke(FunctionName=self.physical_id(logical_id), Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed(f"{logical_id}: {told}")
        return told


class Api:
    """The deployed API."""

    def __init__(self, account, api_id):
        self.endpoint = account.endpoint
        self.page = account.endpoint.replace("127.0.0.1", f"{api_id}.execute-api.localhost")
        self.headers = {"Host": f"{api_id}.execute-api.localhost"}

    def ask(self, wanted, method, path, body=None, token=None, told=True):
        """The JSON of an answer of the status that is wanted; it is printed unless not `told`."""
        headers = {**self.headers, **({"authorization": f"Bearer {token}"} if token else {})}
        if method == "POST":
            headers["idempotency-key"] = str(uuid.uuid4())
        status, answer = ask(method, self.endpoint + path, body, headers)
        if status != wanted:
            raise Failed(f"{method} {path}: {wanted} expected, came {status} {json.dumps(answer)}")
        if told:
            print(f"  {method:<6} {path}  {status}")
        return answer

    def look(self, path):
        """What is shown to anybody, asked for again and again."""
        time.sleep(LOOK_SECONDS)
        return self.ask(200, "GET", path, told=False)

    def log_in(self, email):
        return self.ask(200, "POST", "/sessions", {"email": email, "password": PASSWORD})["access_token"]

    def sign_up(self, email):
        self.ask(201, "POST", "/users", {"email": email, "password": PASSWORD, "name": "Somebody"})
        return self.log_in(email)


def run_sam(account, arguments):
    """`sam` in that account."""
    region = account.options["region_name"]
    environment = {**os.environ, **AWS, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    environment |= {"AWS_ENDPOINT_URL": account.endpoint, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        [sys.executable, "-c", SAM, *arguments, "--config-file", str(ROOT / "samconfig.toml")],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEPLOY_SECONDS,
    )
    if done.returncode != 0:
        refused = [line for line in done.stdout.splitlines() if "FAILED" in line]
        raise Failed(f"sam {arguments[0]}: {refused}\n{done.stderr[-2000:]}")


def deploy(account, built, home):
    """`sam deploy`, as docs/deploy.md has it, but for the questions it asks, and with short holds."""
    began = time.monotonic()
    arguments = ["deploy", "--template-file", str(built_template(built, home)), "--no-progressbar"]
    run_sam(account, [*arguments, "--no-confirm-changeset", "--parameter-overrides", f"HoldSeconds={HOLD_SECONDS}",
                       "ReleaseOnDecline=true", "FreeTopUps=true"])
    made = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    states = [made["ResourceStatus"] for page in made for made in page["StackResourceSummaries"]]
    expect("states", sorted(set(states)), ["CREATE_COMPLETE"])
    print(f"sam deploy: {len(states)} resources in {time.monotonic() - began:.0f} s")


def make_routes(account):
    """ministack makes the API without the definition that SAM gave it (`Body`); routes and authorizer are made here
    from that definition, one by one."""
    template = account.client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    definition = template["Resources"]["Api"]["Properties"]["Body"]
    condition, cors, otherwise = definition["x-amazon-apigateway-cors"]["Fn::If"]
    expect("CORS", [condition, sorted(cors), otherwise], ["AllowsOrigins", CORS, {"Ref": "AWS::NoValue"}])
    print()
    gateway, api_id = account.client("apigatewayv2"), account.physical_id("Api")
    if gateway.get_routes(ApiId=api_id)["Items"]:
        raise Failed("ministack makes routes by now: take make_routes out of tools/deployment/deploy_to_ministack.py")

    def uri(logical_id):
        arn = account.client("lambda").get_function(FunctionName=account.physical_id(logical_id))
        return (
            f"arn:aws:apigateway:{account.options['region_name']}:lambda:path/2015-03-31/functions/"
            f"{arn['Configuration']['FunctionArn']}/invocations"
        )

    (name, scheme), = definition["components"]["securitySchemes"].items()
    scheme = scheme["x-amazon-apigateway-authorizer"]
    authorizer = gateway.create_authorizer(
        ApiId=api_id,
        Name=name,
        AuthorizerType=scheme["type"].upper(),
        AuthorizerUri=uri("AuthorizeFunction"),
        IdentitySource=scheme["identitySource"],
        AuthorizerPayloadFormatVersion=scheme["authorizerPayloadFormatVersion"],
        AuthorizerResultTtlInSeconds=scheme["authorizerResultTtlInSeconds"],
        EnableSimpleResponses=scheme["enableSimpleResponses"],
    )["AuthorizerId"]
    count = 0
    for path, methods in definition["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            function = re.search(r"\$\{(\w+Function)\.Arn\}", integration["uri"]["Fn::Sub"])[1]
            target = gateway.create_integration(
                ApiId=api_id,
                IntegrationType=integration["type"].upper(),
                IntegrationUri=uri(function),
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )["IntegrationId"]
            route = {"ApiId": api_id, "Target": f"integrations/{target}"}
            route["RouteKey"] = path if path == "$default" else f"{method.upper()} {path}"
            if name in operation["security"][0]:
                route |= {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer}
            gateway.create_route(**route)
            count += 1
    print(f"NOT by ministack but from the definition that SAM gave it: {count} routes and the authorizer")
    return Api(account, api_id)


def rotate(account):
    """A new signing key, as Secrets Manager makes one when the stack is made, and every 30 days."""
    rotation = account.invoke("RotateKeysFunction", {})["rotation"]
    described = account.client("secretsmanager").describe_secret(SecretId=account.physical_id("SigningKey"))
    expect("rotated by the stack's own function", described["RotationLambdaARN"].split(":function:")[1],
        account.physical_id("RotateKeysFunction"))
    current = [version for version, stages in described["VersionIdsToStages"].items() if "AWSCURRENT" in stages]
    expect("current version", current, [rotation])
    print()


def administrator(account, api):
    """An access token of an administrator, made as docs/deploy.md says."""
    email = "admin@example.com"
    # Not over HTTP: ministack answers this path for itself.
    expect("health", account.invoke("GetHealthFunction", example("get_health"))["statusCode"], 200)
    print()
    rotate(account)
    before = api.sign_up(email)
    api.ask(401, "GET", "/users/me")
    api.ask(403, "GET", "/users/me", token=before[:-8] + "AAAAAAAA")
    user = api.ask(200, "GET", "/users/me", token=before)["user_id"]
    expect("role", account.invoke("GrantRoleFunction", {"user_id": user, "role": "admin"})["role"], "admin")
    print()
    rotate(account)
    token = api.log_in(email)
    # Another key, and nobody is logged out.
    for shown in (before, token):
        expect("email", api.ask(200, "GET", "/users/me", token=shown)["email"], email)
        print()
    return token


def put_on_sale(api, admin, name):
    """A concert with one date of ten seats; the id of the date."""
    concert = {"name": name, "description": "On a machine that is no account."}
    concert = api.ask(201, "POST", "/concerts", concert, admin)["concert_id"]
    begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86_400))
    opened = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    schedule = {"place": "Seoul Arts Center", "starts_at": begins, "sale_opens_at": opened, "sale_closes_at": begins}
    path = f"/concerts/{concert}/schedules"
    schedule = api.ask(201, "POST", path, {**schedule, "max_seats_per_user": 4}, admin)["schedule_id"]
    seats = {"section": "A", "rows": [{"row": "1", "from": 1, "to": 10}], "price": PRICE}
    api.ask(201, "POST", f"/schedules/{schedule}/seats", seats, admin)
    return schedule


def buy_on_the_page(api, admin):
    """Two tickets are bought in a browser, on the page that the deployed function serves."""
    if "MODULES" not in os.environ:
        print("NOT bought on the page: there is no browser")
        return
    name, email = "Onsale Encore", "mina@example.com"
    schedule = put_on_sale(api, admin, name)
    token = api.sign_up(email)
    api.ask(201, "POST", "/wallet", {}, token)
    api.ask(201, "POST", "/wallet/charges", {"amount": 1_000_000}, token)
    buy = ["node", str(ROOT / "tools" / "page" / "buy.mjs"), api.page, name, email, PASSWORD]
    done = subprocess.run(buy, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PAGE_SECONDS)
    if done.returncode != 0:
        raise Failed(f"the page: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    print(done.stdout.strip())
    seats = api.ask(200, "GET", f"/schedules/{schedule}/seats")["sections"][0]
    expect("seats sold on the page", seats["sold"], 2)
    print()


def sell(api, admin):
    """Seats are made, held, paid for, declined and free again; units are ordered, and left."""
    schedule = put_on_sale(api, admin, "Onsale Live")
    product = {"name": "Light stick", "price": 30_000, "stock": 5}
    product = api.ask(201, "POST", "/products", product, admin)["product_id"]
    rich, poor = api.sign_up("rich@example.com"), api.sign_up("poor@example.com")
    for token in (rich, poor):
        api.ask(201, "POST", "/wallet", {}, token)
    api.ask(201, "POST", "/wallet/charges", {"amount": 1_000_000}, rich)
    order = {"items": [{"product_id": product, "quantity": 2}]}
    api.ask(201, "POST", "/orders", {**order, "pay": False}, poor)
    held = api.ask(201, "POST", "/reservations", {"schedule_id": schedule, "seat_ids": ["A-1-1", "A-1-2"]}, rich)
    api.ask(409, "POST", "/reservations", {"schedule_id": schedule, "seat_ids": ["A-1-2"]}, poor)
    paid = api.ask(201, "POST", "/payments", {"reservation_id": held["reservation_id"]}, rich)
    expect("payment", [paid["state"], paid["amount"]], ["completed", 2 * PRICE])
    print()
    declined = api.ask(201, "POST", "/reservations", {"schedule_id": schedule, "seat_ids": ["A-1-3"]}, poor)
    api.ask(402, "POST", "/payments", {"reservation_id": declined["reservation_id"]}, poor)
    api.ask(201, "POST", "/orders", {**order, "pay": True}, rich)
    return schedule, product


def what_follows(account, api, schedule, product):
    """What is done by itself: by the stream, by the queues, by the clock. And the books agree."""
    seat = f"/schedules/{schedule}/seats/A-1-3"
    until("the declined seat is free", RELAY_SECONDS, lambda: api.look(seat)["state"] == "available")
    print("relayed and settled: the seat of the declined payment is free")

    def best():
        account.invoke("RankProductsFunction", example("rank_products"))
        return api.look("/products/popular?days=1&limit=3")["items"]

    sold = until("the sale is counted", RELAY_SECONDS, best)
    expect("counted", [item["product_id"] for item in sold], [product])
    print()
    until("the sweep", SWEEP_SECONDS, lambda: api.look(f"/products/{product}")["available"] == 3)
    print("swept on ministack's clock: the units of the order that nobody paid are back")
    states = [api.look(f"/schedules/{schedule}/seats/A-1-{seat}")["state"] for seat in (1, 2, 3, 4)]
    expect("seats", states, ["sold", "sold", "available", "available"])
    print()
    audit = account.invoke("AuditLedgerFunction", example("audit_ledger"))
    expect("books", [audit["outcome"], audit["differences"]], ["agree", 0])
    print()
    sqs = account.client("sqs")
    left = {}
    for queue in ("Payments", "Sales", "Tokens", "Cards", "DataPlatform"):
        url = account.physical_id(f"{queue}DeadLetterQueue")
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        left[queue] = int(told["ApproximateNumberOfMessages"])
    expect("dead letters", left, dict.fromkeys(left, 0))
    print()


def delete(account):
    """`sam delete`, after which nothing is left but the table, as docs/deploy.md says."""
    table = account.physical_id("Table")
    began = time.monotonic()
    run_sam(account, ["delete", "--stack-name", STACK, "--no-prompts"])
    left = {
        "tables": account.client("dynamodb").list_tables()["TableNames"],
        "functions": account.client("lambda").list_functions()["Functions"],
        "queues": account.client("sqs").list_queues().get("QueueUrls", []),
        "apis": account.client("apigatewayv2").get_apis()["Items"],
    }
    expect("left", left, {"tables": [table], "functions": [], "queues": [], "apis": []})
    print(f"sam delete: in {time.monotonic() - began:.0f} s")


def told_by_functions(account):
    """The last warnings and errors of the functions' logs."""
    with contextlib.suppress(Exception):
        events = account.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{STACK}")["events"]
        words = [event["message"].strip() for event in events]
        return [line for line in words if '"WARN"' in line or '"ERROR"' in line][-10:]
    return []


@contextlib.contextmanager
def ministack(python, home):
    """ministack on a free port of this machine, with all that it keeps in `home`, until the end."""
    port = free_port()
    region = re.search(r'^region = "(.*)"$', (ROOT / "samconfig.toml").read_text(), re.M)[1]
    for folder in ("temporary", "state", "s3"):
        (home / folder).mkdir()
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home / "temporary"),
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        # What it gives its functions.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "MINISTACK_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    command = [python, str(ROOT / "tools" / "deployment" / "ministack_server.py")]
    with process(command, environment, home, signal.SIGTERM) as child:
        wait_until_open(port, child)
        log = home / (Path(python).name + ".out")
        try:
            yield Account(port, region), port
        except Exception as problem:
            words = [line for line in log.read_text(errors="replace").splitlines() if " ERROR " in line]
            words = words[-10:] + told_by_functions(Account(port, region))
            raise Failed("\n".join([repr(problem), *words])) from problem
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("KEPT ONLY"):
                print(line)


def main(python, built):
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        with ministack(python, home) as (account, port):
            print(f"ministack: {account.endpoint}")
            deploy(account, Path(built).resolve(), home)
            api = make_routes(account)
            admin = administrator(account, api)
            buy_on_the_page(api, admin)
            schedule, product = sell(api, admin)
            what_follows(account, api, schedule, product)
            delete(account)


if __name__ == "__main__":
    run_as_program(main, __doc__, 2)
