"""A local stack as another program starts and asks it: shared by what runs the functions outside of it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
CALL_SECONDS = 60
AWS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}
# A program that says where it listens and where its data are is told to pick free ports.
PORTS = ("port", "lambda-port", "dynamodb-port", "sqs-port", "data-platform-port", "payment-provider-port", "mailbox-port",
         "metrics-port")


class Failed(Exception):
    """What was expected and what came instead."""


def post(url, body, headers=None):
    """Posts JSON and gives the JSON of the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), headers or {})
    with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
        text = answer.read().decode()
        return json.loads(text) if text else None


def ask(method, url, body=None, headers=None):
    """The status and the JSON of an answer, whatever its status; None where the body is no JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, None


def asked(wanted, method, url, body=None, headers=None):
    """The JSON of an answer of the status that is wanted."""
    status, told = ask(method, url, body, headers)
    if status != wanted:
        raise Failed(f"{method} {url}: {wanted} expected, came {status} {json.dumps(told)}")
    return told


def aws_headers(service, target):
    """What a request to an API of AWS carries that an emulator looks at: whose it is, and what it asks for."""
    scope = f"local/20260101/us-east-1/{service}/aws4_request"
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": target,
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0",
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, seconds, look):
    """What `look` finds, once it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"{what}: not within {seconds} s")


def listens(port):
    """Whether somebody listens at this port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until_open(port, child):
    """Until `child`, which is running, listens at a port."""

    def look():
        if child.poll() is not None:
            raise Failed(f"{child.args[0]} ended with {child.returncode}")
        return listens(port)

    until(f"a listener at port {port}", START_SECONDS, look)


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


@contextlib.contextmanager
def stack(program, home, *flags):
    """A local stack in memory on free ports, as the addresses that it prints. It has to end well."""
    command = [str(program), "--in-memory", *(text for port in PORTS for text in (f"--{port}", "0")), *flags]
    name = Path(program).name
    with process(command, {**os.environ, **AWS}, home, signal.SIGINT) as child:
        yield ready_line(child, home, name)
    if child.returncode != 0:
        raise Failed(f"the stack ended with {child.returncode}:\n" + (home / f"{name}.err").read_text()[-3000:])
    print("local stack: stopped cleanly")


def ready_line(child, home, name):
    """The addresses the stack printed: the first line of its output that is a JSON object."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        for line in (home / f"{name}.out").read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                return json.loads(line)
        time.sleep(0.05)
    raise Failed("the stack printed no ready line:\n" + (home / f"{name}.err").read_text()[-3000:])


def resources(ready):
    """The variables of the functions that name what the stack has: its table, its queues, its receiver of events; and
    that top-ups are free, as they are there."""

    def names(service, target):
        return post(ready[service], {}, aws_headers(service, target))

    tables = names("dynamodb", "DynamoDB_20120810.ListTables")["TableNames"]
    queues = {url.rsplit("/", 1)[1]: url for url in names("sqs", "AmazonSQS.ListQueues")["QueueUrls"]}
    if len(tables) != 1:
        raise Failed(f"one table expected, not {tables}")
    return {
        "TABLE_NAME": tables[0],
        "PAYMENTS_QUEUE_URL": queues["PaymentsQueue"],
        "SALES_QUEUE_URL": queues["SalesQueue"],
        "TOKENS_QUEUE_URL": queues["TokensQueue"],
        "CARDS_QUEUE_URL": queues["CardsQueue"],
        "DATA_PLATFORM_QUEUE_URL": queues["DataPlatformQueue"],
        "PARKED_QUEUE_URL": queues["ParkedQueue"],
        "DATA_PLATFORM_URL": ready["data_platform"] + "/events",
        "FREE_TOP_UPS": "true",
        "LOG_LEVEL": "info",
    }


def run_as_program(main, usage, arguments):
    """Calls `main` with the arguments of the command line, so many as are named, and ends with what failed."""
    if len(sys.argv) != 1 + arguments:
        sys.exit(usage)
    try:
        main(*sys.argv[1:])
    except Failed as failed:
        print()
        sys.exit(f"FAILED: {failed}")
