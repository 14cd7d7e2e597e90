#!/usr/bin/env python3
"""Calls every function with `sam local invoke`, and the API with `sam local start-api`, against a local stack.

Usage: sam_local.py ONSALE TEMPLATE IMAGE ADDRESS

ONSALE is the program of the local stack, TEMPLATE one whose functions are built, IMAGE what Lambda's containers are made
from, and ADDRESS this machine's as a container sees it. Each function is given its events/<function>.json, in a container
of its own; what it answers is on SAM's standard output, and is all that counts: SAM ends with 0 whatever it is.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples import example, expect, expect_metrics, logical_id, main_flow, the_rest
from local_stack import AWS, ROOT, Failed, asked, free_port, process, resources, stack, wait_until_open

# Of one call of SAM: its own start, the container's, the call, and its end.
SAM_SECONDS = 60
RUNTIME = "onsale-sam-runtime"
SECRETS = "/run/onsale"
# Demo data, as README.md has them.
SCHEDULE = "965d5465-870a-811b-a08d-0a917363a8fe"
SEATS = ["A-1-41", "A-1-42"]


def make_runtime(image, ready, home):
    """SAM gives a container the variables only that the template names. Others are the image's: where the table and the
    queues are, and files in the place of the secrets that Secrets Manager would have."""
    context = home / "runtime"
    context.mkdir()
    for name in ("signing-key", "data-platform-secret"):
        (context / name).write_text(secrets.token_hex(32))
    variables = {
        "AWS_ENDPOINT_URL_DYNAMODB": ready["dynamodb"],
        "AWS_ENDPOINT_URL_SQS": ready["sqs"],
        "SIGNING_KEY_FILE": f"{SECRETS}/signing-key",
        "DATA_PLATFORM_SECRET_FILE": f"{SECRETS}/data-platform-secret",
    }
    lines = [f"FROM {image}", f"COPY signing-key data-platform-secret {SECRETS}/"]
    lines += [f"ENV {name}={value}" for name, value in variables.items()]
    (context / "Dockerfile").write_text("\n".join(lines) + "\n")
    done = subprocess.run(["docker", "build", "--quiet", "--tag", RUNTIME, str(context)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"docker build: {done.stderr}")


class Sam:
    """SAM's local commands, with all that they are given."""

    def __init__(self, template, ready, home):
        self.home = home
        variables = home / "variables.json"
        variables.write_text(json.dumps({"Parameters": resources(ready)}))
        self.options = ["--template", str(template), "--env-vars", str(variables), "--skip-pull-image"]
        self.options += ["--invoke-image", RUNTIME]
        self.environment = {**os.environ, **AWS, "SAM_CLI_TELEMETRY": "0"}
        self.called = set()

    def call(self, name, change=None):
        """The function's answer to its event."""
        event = example(name)
        if change:
            change(event)
        file = self.home / "event.json"
        file.write_text(json.dumps(event))
        command = ["sam", "local", "invoke", logical_id(name), "--event", str(file), *self.options]
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SAM_SECONDS,
        )
        lines = done.stdout.strip().splitlines()
        try:
            answer = json.loads(lines[-1])
        except (IndexError, ValueError) as problem:
            raise Failed(f"{name} answered no JSON: {done.stdout}\n{done.stderr[-3000:]}") from problem
        if done.returncode != 0 or (isinstance(answer, dict) and "errorMessage" in answer):
            raise Failed(f"{name}: {json.dumps(answer)}\n{done.stderr[-3000:]}")
        expect_metrics(name, done.stderr)
        self.called.add(name)
        print(f"  {name:<24} {time.monotonic() - began:4.1f} s", end="  ", flush=True)
        return answer

    def http(self, name, status, change=None):
        """The JSON body of the answer to an HTTP event; None if it has none."""
        answer = self.call(name, change)
        if answer.get("statusCode") != status:
            raise Failed(f"{name}: {status} expected, came {json.dumps(answer)}")
        print(status, end=" ")
        return json.loads(answer["body"]) if answer.get("body") else None

    def serve(self):
        """The API, and README.md's first requests to it: log in, hold two seats, pay for them."""
        port = free_port()
        command = ["sam", "local", "start-api", "--port", str(port), *self.options]
        with process(command, self.environment, self.home, signal.SIGINT) as child:
            try:
                wait_until_open(port, child)
                self.buy(f"http://127.0.0.1:{port}")
            except (OSError, Failed) as problem:
                raise Failed(f"sam local start-api: {problem}\n{(self.home / 'sam.err').read_text()[-3000:]}") from problem

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


def main(onsale, template, image, address):
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        with stack(Path(onsale).resolve(), home, "--host", address) as ready:
            print(f"local stack: DynamoDB {ready['dynamodb']}, SQS {ready['sqs']}")
            make_runtime(image, ready, home)
            sam = Sam(Path(template).resolve(), ready, home)
            began = time.monotonic()
            main_flow(sam)
            the_rest(sam)
            print(f"sam local invoke: {len(sam.called)} functions in {time.monotonic() - began:.0f} s")
            sam.serve()
            sold(ready)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failed:
        print()
        sys.exit(f"FAILED: {failed}")
