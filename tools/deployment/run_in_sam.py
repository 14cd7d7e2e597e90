"""Calls every function with `sam local invoke`, and the API with `sam local start-api`, against a local stack.

Usage: run_in_sam.py ONSALE BUILT IMAGE BRIDGE

ONSALE is the program of the local stack, BUILT the folder with a folder of each built function, IMAGE what Lambda's
containers are made from, and BRIDGE the network interface over which they see this machine. Each function is given its
events/<function>.json, in a container of its own; what it answers is on SAM's standard output, and is all that counts:
SAM ends with 0 whatever it is. It needs the Python that SAM is installed in.
"""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# SAM's commands and what they import, once for all calls: three quarters of a call's time.
import samcli.commands.local.invoke.cli  # noqa: F401
import samcli.local.docker.manager  # noqa: F401
from samcli.cli.main import cli

from tools.shared.built_template import built_template
from tools.shared.examples import body_of, example, expect, logical_id, main_flow, the_rest
from tools.shared.local_stack import (
    ROOT, Failed, asked, free_port, process, resources, run_as_program, stack, wait_until_open)

# Of one call of SAM: its own start, the container's, the call, and its end.
SAM_SECONDS = 60
# SAM makes an image of its own from it, and does not look whether it has changed: so each run has another.
RUNTIME = f"onsale-sam-{os.getpid()}"
SECRETS = "/run/onsale"
# The request of Linux for an interface's address; Python has no name for it.
SIOCGIFADDR = 0x8915
# With credentials SAM would ask AWS whose they are, again and again; without, it gives containers some of its own making.
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
# Demo data, as README.md has them.
SCHEDULE = "965d5465-870a-811b-a08d-0a917363a8fe"
SEATS = ["A-1-41", "A-1-42"]


@contextlib.contextmanager
def runtime(image, ready, home):
    """SAM gives a container the variables only that the template names. Others are the image's: where the table and
    the queues are, and files in the place of the secrets that Secrets Manager would have."""
    context = home / "runtime"
    context.mkdir()
    names = ("signing-key", "data-platform-secret", "card-report-secrets")
    for name in names:
        (context / name).write_text(secrets.token_hex(32))
    variables = {
        "AWS_ENDPOINT_URL_DYNAMODB": ready["dynamodb"],
        "AWS_ENDPOINT_URL_SQS": ready["sqs"],
        "SIGNING_KEY_FILE": f"{SECRETS}/signing-key",
        "DATA_PLATFORM_SECRET_FILE": f"{SECRETS}/data-platform-secret",
        "CARD_REPORT_SECRETS_FILE": f"{SECRETS}/card-report-secrets",
    }
    lines = [f"FROM {image}", f"COPY {' '.join(names)} {SECRETS}/"]
    lines += [f"ENV {name}={value}" for name, value in variables.items()]
    (context / "Dockerfile").write_text("\n".join(lines) + "\n")
    build = ["docker", "build", "--quiet", "--tag", RUNTIME, str(context)]
    done = subprocess.run(build, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"docker build: {done.stderr}")
    try:
        yield
    finally:
        left = subprocess.run(["docker", "images", "--quiet", RUNTIME], capture_output=True, text=True).stdout.split()
        subprocess.run(["docker", "image", "rm", "--force", *left], stdout=subprocess.DEVNULL)


def sam(arguments, environment, home):
    """The status of `sam` with these arguments, and what it writes to its two outputs, in a process of its own. It is
    not started from its file: a copy of this process, which has read SAM's modules, goes on where that would begin."""
    out, err = home / "sam-invoke.out", home / "sam-invoke.err"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for descriptor, file in ((0, os.devnull), (1, out), (2, err)):
                flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                os.dup2(os.open(file, flags, 0o600), descriptor)
            signal.alarm(SAM_SECONDS)
            os.chdir(ROOT)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv = ["sam", *arguments]
            cli()
        except SystemExit as ended:
            status = ended.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status if isinstance(status, int) else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), out.read_text(), err.read_text()


class Sam:
    """SAM's local commands, with all that they are given."""

    def __init__(self, template, ready, home):
        self.home = home
        variables = home / "variables.json"
        variables.write_text(json.dumps({"Parameters": resources(ready)}))
        self.options = ["--template", str(template), "--env-vars", str(variables), "--skip-pull-image"]
        self.options += ["--invoke-image", RUNTIME]
        kept = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
        self.environment = {**kept, "SAM_CLI_TELEMETRY": "0"}
        self.called = set()

    def call(self, name, change=None):
        """The function's answer to its event."""
        event = example(name)
        if change:
            change(event)
        file = self.home / "event.json"
        file.write_text(json.dumps(event))
        arguments = ["local", "invoke", logical_id(name), "--event", str(file), *self.options]
        began = time.monotonic()
        status, out, err = sam(arguments, self.environment, self.home)
        try:
            answer = json.loads(out.strip().splitlines()[-1])
        except (IndexError, ValueError) as problem:
            raise Failed(f"{name} answered no JSON: {out}\n{err[-3000:]}") from problem
        if status != 0 or (isinstance(answer, dict) and "errorMessage" in answer):
            raise Failed(f"{name}: {status}, {json.dumps(answer)}\n{err[-3000:]}")
        self.called.add(name)
        print(f"  {name:<24} {time.monotonic() - began:4.1f} s", end="  ", flush=True)
        return answer

    def http(self, name, status, change=None):
        """The JSON body of the answer to an HTTP event."""
        return body_of(name, self.call(name, change), status)

    def serve(self):
        """The API, and README.md's first requests to it: log in, hold two seats, pay for them."""
        port = free_port()
        command = ["sam", "local", "start-api", "--port", str(port), *self.options]
        with process(command, self.environment, self.home, signal.SIGINT) as child:
            try:
                wait_until_open(port, child)
                self.buy(f"http://127.0.0.1:{port}")
            except (OSError, Failed) as problem:
                said = (self.home / "sam.err").read_text()[-3000:]
                raise Failed(f"sam local start-api: {problem}\n{said}") from problem

    def buy(self, api):
        credentials = {"email": "joon@onsale.local", "password": "correct-horse-7"}
        session = asked(200, "POST", f"{api}/sessions", credentials)
        print("  POST /sessions 200")
        wanted = {"schedule_id": SCHEDULE, "seat_ids": SEATS}
        forged = {"authorization": f"Bearer {session['access_token'][:-8]}AAAAAAAA"}
        asked(403, "POST", f"{api}/reservations", wanted, forged)
        print("  POST /reservations 403 with a forged token")
        bearer = {"authorization": f"Bearer {session['access_token']}"}
        reservation = asked(201, "POST", f"{api}/reservations", wanted, bearer)
        print("  POST /reservations 201", end=" ")
        expect("state", reservation["state"], "held")
        print()
        wanted = {"reservation_id": reservation["reservation_id"]}
        payment = asked(201, "POST", f"{api}/payments", wanted, bearer)
        print("  POST /payments 201", end=" ")
        expect("state", payment["state"], "completed")
        expect("amount", payment["amount"], reservation["total"])
        print()


def sold(ready):
    """What SAM's containers sold, as the stack itself shows it."""
    states = {
        seat: asked(200, "GET", f"{ready['api']}/schedules/{SCHEDULE}/seats/{seat}")["state"] for seat in SEATS
    }
    expect("states", states, dict.fromkeys(SEATS, "sold"))
    print()


def address_of(interface):
    """Its IPv4 address."""
    with socket.socket() as any_socket:
        request = struct.pack("256s", interface.encode())
        return socket.inet_ntoa(fcntl.ioctl(any_socket, SIOCGIFADDR, request)[20:24])


def main(onsale, built, image, bridge):
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        with stack(Path(onsale).resolve(), home, "--host", address_of(bridge)) as ready, runtime(image, ready, home):
            print(f"local stack: DynamoDB {ready['dynamodb']}, SQS {ready['sqs']}")
            calls = Sam(built_template(Path(built).resolve(), home), ready, home)
            began = time.monotonic()
            main_flow(calls)
            the_rest(calls)
            print(f"sam local invoke: {len(calls.called)} functions in {time.monotonic() - began:.0f} s")
            calls.serve()
            sold(ready)


if __name__ == "__main__":
    run_as_program(main, __doc__, 4)
