"""compare_starts.py LAMBDA_DIR ONSALE EMULATOR NODE_HOME PYTHON STARTS: starts real release binaries of functions in
AWS's Lambda Runtime Interface Emulator, beside a Node and a Python function that do one conditional write, all in
turn and on the same local stack, and prints what a start takes. An empty NODE_HOME or PYTHON leaves that one out.

Python's standard library, and what count_start.py uses. The table is reached over TLS, as on AWS.
"""
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import zipfile

from tools.shared.examples import example, token
from tools.shared.local_stack import (
    Failed, aws_headers, free_port, post, process, resources, run_as_program, stack, wait_until_open)
from tools.functions.count_start import (
    AMAZON_ROOTS, FIRST, NOT_REACHED, Table, Tls, certificates, count, environment, with_system_roots)

FUNCTIONS = ("hold_seat", "pay", "authorize", "list_seats")
SEATS, SEAT_PRICE, PER_USER = 200, 1000, 50
# One start of each comes before the others.
STARTS_MAX = PER_USER - 2
PASSWORD = "lantern-quarry-58"
COMPARED = pathlib.Path(__file__).resolve().parent / "compared"


# ------------------------------------------------------------------------------------------------------------ one start


class NotReached(Failed):
    """A function did not reach the table when it started."""


class Start:
    """One start of a function in the emulator, and its first call."""

    def __init__(self, emulator, home):
        self.emulator, self.home = emulator, home

    def run(self, name, command, variables, event):
        """(milliseconds of the initialisation, of all until the caller has the answer; KiB of memory; the answer)"""
        runtime, api = free_port(), free_port()
        call = [self.emulator, "--log-level", "info"]
        call += ["--runtime-interface-emulator-address", f"127.0.0.1:{runtime}"]
        call += ["--runtime-api-address", f"127.0.0.1:{api}", *command]
        with process(call, environment(name, variables), self.home, signal.SIGTERM) as child:
            wait_until_open(runtime, child)
            url = f"http://127.0.0.1:{runtime}/2015-03-31/functions/function/invocations"
            began = time.monotonic()
            answer = post(url, event)
            took = (time.monotonic() - began) * 1000
            memory = resident(child.pid)
        log = "".join((self.home / f"{pathlib.Path(self.emulator).name}.{kind}").read_text(errors="replace")
                      for kind in ("out", "err"))
        found = re.search(r"INIT REPORT\(.*durationMs: ([\d.]+)", log)
        if not found:
            raise Failed(f"{name}: the emulator reported no initialisation\n{log[-3000:]}")
        if NOT_REACHED in log:
            raise NotReached(f"{name} did not reach the table at its start\n{log[-3000:]}")
        return float(found[1]), took, memory, answer


def resident(parent):
    """KiB that the process which a process has started has in memory; the last one, if it has started others."""
    memory = 0
    while children := pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split() or grandchildren(parent):
        parent = int(children[-1])
        memory = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{parent}/status").read_text())[1])
    return memory


def grandchildren(parent):
    """The children of a process whose other threads have started them."""
    return [word for path in pathlib.Path(f"/proc/{parent}/task").glob("*/children") for word in path.read_text().split()]


# ------------------------------------------------------------------------------------------------------------- the sale


class Sale:
    """Something to hold and to pay, made by the stack's own API; and the events that ask for it."""

    def __init__(self, ready):
        self.api = ready["api"]
        self.next = 0
        admin = self.ask("POST", "/sessions", {key: ready["admin"][key] for key in ("email", "password")})["access_token"]
        concert = self.ask("POST", "/concerts", {"name": "Start", "description": ""}, admin)["concert_id"]
        day = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86_400))
        date = {"place": "Hall", "starts_at": day(30), "sale_opens_at": day(-1), "sale_closes_at": day(29),
                "max_seats_per_user": PER_USER}
        self.schedule = self.ask("POST", f"/concerts/{concert}/schedules", date, admin)["schedule_id"]
        rows = [{"row": str(row), "from": 1, "to": 25} for row in range(1, SEATS // 25 + 1)]
        self.ask("POST", f"/schedules/{self.schedule}/seats", {"section": "A", "rows": rows, "price": SEAT_PRICE}, admin)
        self.holder, self.payer = self.join("holder"), self.join("payer")
        self.ask("POST", "/wallet", {}, self.payer["token"])
        self.ask("POST", "/wallet/charges", {"amount": SEAT_PRICE * PER_USER}, self.payer["token"])

    def ask(self, method, path, body=None, token=None):
        headers = {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
        if token:
            headers["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.api + path, json.dumps(body).encode() if body is not None else None,
                                         headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def join(self, name):
        account = {"email": f"{name}-{uuid.uuid4().hex[:8]}@example.com", "password": PASSWORD}
        user = self.ask("POST", "/users", {**account, "name": name})
        return {"token": self.ask("POST", "/sessions", account)["access_token"], "id": user["user_id"]}

    def seat(self):
        self.next += 1
        return f"A-{(self.next - 1) // 25 + 1}-{(self.next - 1) % 25 + 1}"

    def event(self, function):
        """The event of a call that has not been made before, and what its answer must have."""
        event = example(function)
        claims = event["requestContext"].get("authorizer", {}).get("lambda", {})
        event["headers"]["idempotency-key"] = str(uuid.uuid4())
        if function == "hold_seat":
            claims["sub"] = self.holder["id"]
            path = f"/schedules/{self.schedule}/seats/{self.seat()}/hold"
        elif function == "pay":
            claims["sub"] = self.payer["id"]
            wanted = {"schedule_id": self.schedule, "seat_ids": [self.seat()]}
            held = self.ask("POST", "/reservations", wanted, self.payer["token"])["reservation_id"]
            event["body"] = json.dumps({"reservation_id": held})
            return event, ("statusCode", 201)
        elif function == "authorize":
            token(self.holder["token"])(event)
            return event, ("isAuthorized", True)
        else:
            path = f"/schedules/{self.schedule}/seats"
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["pathParameters"] = {"schedule_id": self.schedule}
        if function == "hold_seat":
            event["pathParameters"]["seat_id"] = path.split("/")[-2]
        return event, ("statusCode", 201 if function == "hold_seat" else 200)


# ------------------------------------------------------------------------------------------------------------- subjects


class Subject:
    """What is started: its name, its command, what it is told besides, and its parts on the disk."""

    def __init__(self, name, command, variables, parts, program=None):
        self.name, self.command, self.variables, self.parts, self.program = name, command, variables, parts, program
        self.starts = []

    def packed(self):
        """Bytes of the package that a deployment would upload: its parts (path → name in it), deflated."""
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                for path, name in self.parts:
                    for each in [path] if path.is_file() else sorted(path.rglob("*")):
                        if each.is_file() and "__pycache__" not in each.parts:
                            archive.write(each, name if path.is_file() else f"{name}/{each.relative_to(path)}")
            return file.tell()

    def told(self, place):
        return sorted(start[place] for start in self.starts)


def subjects(lambda_dir, node_home, python, table):
    """All that is to be started."""
    found = []
    for name in FUNCTIONS:
        binary = lambda_dir / name / "bootstrap"
        found.append(Subject(name, [str(binary)], {}, [(binary, "bootstrap")], binary))
    compared = {"TABLE_NAME": table}
    if node_home:
        home = pathlib.Path(node_home)
        bundle = home / "bundle.cjs"
        node = shutil.which("node")
        modules = [(path, f"node_modules/{path.relative_to(home / 'node_modules')}")
                   for path in sorted((home / "node_modules").iterdir())
                   if path.is_dir() and path.name not in ("esbuild", "@esbuild", ".bin")]
        files = [(home / name, name) for name in ("runtime.mjs", "put.mjs")]
        found.append(Subject("Node, one file", [node, str(bundle)], compared, [(bundle, "bundle.cjs")]))
        found.append(Subject("Node", [node, str(home / "runtime.mjs")], compared, files + modules))
    if python:
        packages = next(pathlib.Path(python).parent.parent.glob("lib/python3*/site-packages"))
        # What the managed runtime brings along is no part of a package.
        own = [(path, path.name) for path in sorted(packages.iterdir())
               if not re.match(r"pip|setuptools|pkg_resources|_distutils|distutils|awslambdaric|snapshot|simplejson|runtime_client",
                               path.name)]
        own.append((COMPARED / "put.py", "put.py"))
        command = [python, "-m", "awslambdaric", "put.handler"]
        found.append(Subject("Python", command, {**compared, "PYTHONPATH": str(COMPARED)}, own))
    return found


# --------------------------------------------------------------------------------------------------------------- report


def machine():
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 2**20
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def report(found, starts, counted, systems, python):
    versions = [subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
                for program in (shutil.which("node"), python) if program]
    print(f"Printed by `tools/functions/compare-starts` on {datetime.date.today()}; {machine()}; {starts} starts of each, in turn;"
          f" Node is {versions[0]}, " if versions else "", end="")
    print("; ".join(versions[1:]) + ".\n")
    first = next(subject for subject in found if subject.name == FIRST)
    middle = lambda subject, place: statistics.median(subject.told(place))
    print("| | start, ms | to the first answer, ms | × start | × first answer | memory, MiB |")
    print("|---|--:|--:|--:|--:|--:|")
    for subject in found:
        spread = lambda place: f"{middle(subject, place):.1f} ({nth(subject, place, 0.1):.1f}–{nth(subject, place, 0.9):.1f})"
        ratios = [f"{middle(subject, place) / middle(first, place):.1f}" for place in (0, 1)]
        print(f"| {shown(subject)} | {spread(0)} | {spread(1)} | {' | '.join(ratios)} | {middle(subject, 2) / 1024:.0f} |")
    print("\nMedians, and in brackets the first and the last tenth.\n")
    print("| | instructions of a start | × | program, MB | package, zipped, MB |")
    print("|---|--:|--:|--:|--:|")
    for subject in found:
        number = counted.get(subject.name)
        told = (f"{number:,}", f"{number / counted[FIRST]:.1f}") if number else ("not counted", "")
        program = f"{subject.program.stat().st_size / 1e6:.1f}" if subject.program else ""
        print(f"| {shown(subject)} | {told[0]} | {told[1]} | {program} | {subject.packed() / 1e6:.1f} |")
    other, roots = systems
    if other:
        print(f"| `{FIRST}`, trusting the system's {roots} roots | {other:,} | {other / counted[FIRST]:.1f} | | |")


def shown(subject):
    return f"`{subject.name}`" if subject.name in FUNCTIONS else subject.name


def nth(subject, place, part):
    values = subject.told(place)
    return values[round(part * (len(values) - 1))]


def measure(lambda_dir, onsale, emulator, node_home, python, starts):
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        root, chain, key = certificates(home)
        with stack(onsale, home) as ready:
            tls = Tls(int(ready["dynamodb"].rsplit(":", 1)[1]), chain, key)
            variables = resources(ready)
            # Amazon's roots and ours: a function parses as many as on AWS, and one.
            roots = home / "roots.pem"
            roots.write_text(AMAZON_ROOTS.read_text() + root.read_text())
            variables |= {"AWS_ENDPOINT_URL_DYNAMODB": tls.url, "SSL_CERT_FILE": str(roots)}
            compared = {"AWS_ENDPOINT_URL_DYNAMODB": tls.url, "NODE_EXTRA_CA_CERTS": str(root),
                        "AWS_CA_BUNDLE": str(root)}
            create_table(ready["dynamodb"], "Compared")
            found = subjects(lambda_dir, node_home, python, "Compared")
            sale = Sale(ready)
            one = Start(emulator, home)
            expect_refusal(one, found[0], {**variables, "SSL_CERT_FILE": ""}, sale, tls)
            for number in range(starts + 1):
                for subject in found:
                    own = variables if subject.name in FUNCTIONS else compared
                    event, (field, value) = sale.event(subject.name) if subject.name in FUNCTIONS else (
                        {}, ("statusCode", 201))
                    *times, answer = one.run(subject.name, subject.command, {**own, **subject.variables}, event)
                    if answer.get(field) != value:
                        raise Failed(f"{subject.name}: {field} is not {value}: {json.dumps(answer)}")
                    if number > 0:  # the first one of each finds nothing in the page cache
                        subject.starts.append(times)
                print(f"start {number} of {starts}", file=sys.stderr)
    counted = {}
    with tempfile.TemporaryDirectory() as home:
        table = Table(pathlib.Path(home))
        trusting = table.variables(AMAZON_ROOTS)
        for subject in found:
            with contextlib.suppress(TimeoutError, subprocess.TimeoutExpired):
                counted[subject.name] = count(subject.command, {**trusting, **subject.variables})
            print(f"counted {subject.name}: {counted.get(subject.name)}", file=sys.stderr)
        report(found, starts, counted, with_system_roots(found[0].command[0], table), python)


def expect_refusal(one, subject, variables, sale, tls):
    """A function that is told of no other roots believes nobody but Amazon: not our server."""
    before = tls.refused
    event, _ = sale.event(subject.name)
    try:
        one.run(subject.name, subject.command, variables, event)
    except NotReached:
        if tls.refused == before:
            raise
        return
    raise Failed("a function spoke to a server whose certificate leads to none of Amazon's roots")


def create_table(address, name):
    body = {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    post(address, body, aws_headers("dynamodb", "DynamoDB_20120810.CreateTable"))


def main(lambda_dir, onsale, emulator, node_home, python, starts):
    if not 1 <= int(starts) <= STARTS_MAX:
        sys.exit(__doc__)
    measure(pathlib.Path(lambda_dir), onsale, emulator, node_home, python, int(starts))


if __name__ == "__main__":
    run_as_program(main, __doc__, 6)
