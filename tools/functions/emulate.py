"""Runs the real release binaries of functions in AWS's Lambda Runtime Interface Emulator.

Usage: python3 -m tools.functions.emulate EMULATOR TARGET_DIR

Starts the local stack of TARGET_DIR/debug in memory, and in the emulator one function after another from
TARGET_DIR/lambda, over the stack's DynamoDB and SQS ports. Each is posted its events/<function>.json, and its
answer is checked. What only a run can know (a token, the id of a reservation) is put into the events that follow.
"""

import json
import os
import re
import secrets
import signal
import tempfile
import time
from pathlib import Path

from tools.shared.examples import body_of, example, expect_metrics, main_flow
from tools.shared.local_stack import (
    AWS, Failed, free_port, post, process, resources, run_as_program, stack, wait_until_open)

# How long the emulator may take to pass on what a function wrote before it answered.
METRICS_SECONDS = 5


def variables(ready, home):
    """The variables of the functions: addresses of the ports, the names found there, and secrets of their own."""
    key, other = home / "signing-key", home / "other-secret"
    key.write_text(secrets.token_hex(32))
    # Not the secret that the stack's receiver knows.
    other.write_text(secrets.token_hex(32))
    return {
        **resources(ready),
        "AWS_ENDPOINT_URL_DYNAMODB": ready["dynamodb"],
        "AWS_ENDPOINT_URL_SQS": ready["sqs"],
        "DATA_PLATFORM_SECRET_FILE": str(other),
        "SIGNING_KEY_FILE": str(key),
        "CARD_REPORT_SECRETS_FILE": str(other),
    }


class Functions:
    """Calls functions in the emulator, each in a process of its own."""

    def __init__(self, emulator, target, variables, home):
        self.emulator, self.target, self.variables, self.home = emulator, target, variables, home

    def call(self, name, change=None):
        """The function's answer to its event."""
        event = example(name)
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
        return body_of(name, self.call(name, change), status)

    def expect_metrics(self, name):
        """The log has what the call counted, as CloudWatch reads it."""
        end = time.monotonic() + METRICS_SECONDS
        while '"_aws"' not in self.log() and time.monotonic() < end:
            time.sleep(0.01)
        expect_metrics(name, self.log())

    def milliseconds(self, line):
        """What the emulator's log says something took."""
        found = re.search(line + r"\(.*duration(?:Ms)?: ([\d.]+)", self.log())
        return f"{float(found[1]):.1f}" if found else "?"

    def log(self):
        name = Path(self.emulator).name
        return "".join((self.home / f"{name}.{kind}").read_text(errors="replace")[-3000:] for kind in ("out", "err"))


def main(emulator, target):
    target = Path(target).resolve()
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        with stack(target / "debug" / "onsale", home) as ready:
            print(f"local stack: DynamoDB {ready['dynamodb']}, SQS {ready['sqs']}")
            main_flow(Functions(emulator, target, variables(ready, home), home))


if __name__ == "__main__":
    run_as_program(main, __doc__, 2)
