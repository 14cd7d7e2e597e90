#!/usr/bin/env python3
"""Runs the real release binaries of functions in AWS's Lambda Runtime Interface Emulator.

Usage: emulate.py EMULATOR TARGET_DIR

Starts the local stack of TARGET_DIR/debug in memory, and in the emulator one function after another from
TARGET_DIR/lambda, over the stack's DynamoDB and SQS ports. Each is posted its events/<function>.json, and its
answer is checked. What only a run can know (a token, the id of a reservation) is put into the events that follow.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
# How long the emulator may take to pass on what a function wrote before it answered.
METRICS_SECONDS = 5
CALL_SECONDS = 60
AWS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


class Failed(Exception):
    """What was expected and what came instead."""


def post(url, body, headers=None):
    """Posts JSON and gives the JSON of the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), headers or {})
    with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
        text = answer.read().decode()
        return json.loads(text) if text else None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def process(command, environment, home, stop_signal):
    """A process with its output in files, stopped in the end by the signal."""
    name = Path(command[0]).name
    with open(home / f"{name}.out", "wb") as out, open(home / f"{name}.err", "wb") as err:
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(stop_signal)
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with contextlib.suppress(ProcessLookupError):  # what the process started and left behind
            os.killpg(child.pid, signal.SIGKILL)


def ready_line(child, home):
    """The addresses the stack printed: the first line of its output that is a JSON object."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        for line in (home / "onsale.out").read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                return json.loads(line)
        time.sleep(0.05)
    raise Failed("the stack printed no ready line:\n" + (home / "onsale.err").read_text()[-3000:])


def resources(ready, home):
    """The variables of the functions: addresses of the ports, and the names found there."""

    def ask(service, target):
        scope = f"local/20260101/us-east-1/{service}/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": target,
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0",
        }
        return post(ready[service], {}, headers)

    tables = ask("dynamodb", "DynamoDB_20120810.ListTables")["TableNames"]
    queues = {url.rsplit("/", 1)[1]: url for url in ask("sqs", "AmazonSQS.ListQueues")["QueueUrls"]}
    if len(tables) != 1:
        raise Failed(f"one table expected, not {tables}")
    key = home / "signing-key"
    key.write_text(secrets.token_hex(32))
    # Not the secret that the stack's receiver knows.
    other = home / "other-secret"
    other.write_text(secrets.token_hex(32))
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": ready["dynamodb"],
        "AWS_ENDPOINT_URL_SQS": ready["sqs"],
        "TABLE_NAME": tables[0],
        "PAYMENTS_QUEUE_URL": queues["PaymentsQueue"],
        "DATA_PLATFORM_QUEUE_URL": queues["DataPlatformQueue"],
        "PARKED_QUEUE_URL": queues["ParkedQueue"],
        "DATA_PLATFORM_URL": ready["data_platform"] + "/events",
        "DATA_PLATFORM_SECRET_FILE": str(other),
        "SIGNING_KEY_FILE": str(key),
        "LOG_LEVEL": "info",
    }


class Functions:
    """Calls functions in the emulator, each in a process of its own."""

    def __init__(self, emulator, target, variables, home):
        self.emulator, self.target, self.variables, self.home = emulator, target, variables, home

    def call(self, name, change=None):
        """The function's answer to its event."""
        event = json.loads((ROOT / "events" / f"{name}.json").read_text())
        if change:
            change(event)
        runtime, api = free_port(), free_port()
        command = [self.emulator, "--log-level", "info"]
        command += ["--runtime-interface-emulator-address", f"127.0.0.1:{runtime}"]
        command += ["--runtime-api-address", f"127.0.0.1:{api}"]
        command += [str(self.target / "lambda" / name / "bootstrap")]
        environment = {
            "PATH": os.defpath,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
            **AWS,
            **self.variables,
        }
        if name != "log_in":
            del environment["SIGNING_KEY_FILE"]
        with process(command, environment, self.home, signal.SIGTERM) as child:
            url = f"http://127.0.0.1:{runtime}/2015-03-31/functions/function/invocations"
            wait_until_open(runtime, child)
            try:
                answer = post(url, event)
            except (OSError, ValueError) as problem:
                raise Failed(f"{name}: {problem}\n{self.log()}") from problem
        if isinstance(answer, dict) and "errorMessage" in answer:
            raise Failed(f"{name}: {json.dumps(answer)}\n{self.log()}")
        self.expect_metrics(name)
        start, first = (self.milliseconds(line) for line in ("INIT REPORT", "INVOKE RTDONE"))
        print(f"  {name:<20} start {start:>6} ms, first call {first:>6} ms", end="  ", flush=True)
        return answer

    def http(self, name, status, change=None):
        """The JSON body of the answer to an HTTP event."""
        answer = self.call(name, change)
        if answer.get("statusCode") != status:
            raise Failed(f"{name}: {status} expected, came {json.dumps(answer)}\n{self.log()}")
        print(status, end=" ")
        return json.loads(answer["body"])

    def expect_metrics(self, name):
        """Exactly one line of the log has what the call counted, as CloudWatch reads it."""
        end = time.monotonic() + METRICS_SECONDS
        told = []
        while not told and time.monotonic() < end:
            lines = self.log().splitlines()
            told = [line[line.index("{") :] for line in lines if '"_aws"' in line and "{" in line]
            time.sleep(0.01)
        if len(told) != 1 or json.loads(told[0])["function"] != name:
            raise Failed(f"{name}: one line of metrics expected, came {told}\n{self.log()}")

    def milliseconds(self, line):
        """What the emulator's log says something took."""
        found = re.search(line + r"\(.*duration(?:Ms)?: ([\d.]+)", self.log())
        return f"{float(found[1]):.1f}" if found else "?"

    def log(self):
        name = Path(self.emulator).name
        return "".join((self.home / f"{name}.{kind}").read_text(errors="replace")[-3000:] for kind in ("out", "err"))


def wait_until_open(port, child):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise Failed("the emulator did not start")


def expect(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, found {found!r}")
    print(f"{what} = {json.dumps(wanted)}", end="; ")


def body(**fields):
    """A change of an event that sets fields of its JSON body."""

    def change(event):
        event["body"] = json.dumps({**json.loads(event["body"]), **fields})

    return change


def token(access_token):
    """A change of the authorizer's event that presents a token."""

    def change(event):
        event["identitySource"] = [f"Bearer {access_token}"]
        event["headers"] = {**(event.get("headers") or {}), "authorization": f"Bearer {access_token}"}

    return change


def last_of_path(value):
    """A change of an HTTP event that puts another id at the end of its path."""

    def change(event):
        path = event["rawPath"].rsplit("/", 1)[0] + "/" + value
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        for name in event.get("pathParameters") or {}:
            event["pathParameters"][name] = value

    return change


def flow(functions):
    """A hold and its payment, and what runs without a caller."""
    health = functions.http("get_health", 200)
    print(f"version {health['version']}")

    found = functions.http("search_concerts", 200)
    print(f"{len(found['items'])} concerts")

    session = functions.http("log_in", 200)
    expect("token_type", session["token_type"], "Bearer")
    print("an access_token of", len(session["access_token"]), "characters")

    # The token was signed by one binary and is verified by another, with the key found in the table.
    answer = functions.call("authorize", token(session["access_token"]))
    expect("isAuthorized", answer["isAuthorized"], True)
    print()
    answer = functions.call("authorize", token(session["access_token"][:-8] + "AAAAAAAA"))
    expect("isAuthorized of a forged token", answer["isAuthorized"], False)
    print()

    reservation = functions.http("create_reservation", 201)
    expect("state", reservation["state"], "held")
    print(len(reservation["tickets"]), "tickets")

    payment = functions.http("pay", 201, body(reservation_id=reservation["reservation_id"]))
    expect("state", payment["state"], "completed")
    expect("amount", payment["amount"], reservation["total"])
    print()

    paid = functions.http("get_reservation", 200, last_of_path(reservation["reservation_id"]))
    expect("state", paid["state"], "paid")
    print()

    for name in ("relay_changes", "settle_payment"):
        expect("batchItemFailures", functions.call(name)["batchItemFailures"], [])
        print()

    # Its client speaks to the receiver, which does not believe the signature: the message is to come again.
    failures = functions.call("hand_to_data_platform")["batchItemFailures"]
    expect("failures", len(failures), 1)
    print()

    print(json.dumps(functions.call("expire_holds")))


def main(emulator, target):
    target = Path(target).resolve()
    stack = [str(target / "debug" / "onsale"), "--in-memory"]
    for port in ("", "lambda-", "dynamodb-", "sqs-", "data-platform-", "metrics-"):
        stack += [f"--{port}port", "0"]
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        with process(stack, {**os.environ, **AWS}, home, signal.SIGINT) as child:
            ready = ready_line(child, home)
            print(f"local stack: DynamoDB {ready['dynamodb']}, SQS {ready['sqs']}")
            flow(Functions(emulator, target, resources(ready, home), home))
        if child.returncode != 0:
            raise Failed(f"the stack ended with {child.returncode}:\n" + (home / "onsale.err").read_text()[-3000:])
        print("local stack: stopped cleanly")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failed:
        print()
        sys.exit(f"FAILED: {failed}")
