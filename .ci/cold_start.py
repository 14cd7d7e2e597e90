"""cold_start.py LAMBDA_DIR ONSALE EMULATOR NODE_HOME PYTHON STARTS: starts real release binaries of functions in AWS's
Lambda Runtime Interface Emulator, beside a Node and a Python function that do one conditional write, all in turn and
on the same local stack, and prints what a start takes. An empty NODE_HOME or PYTHON leaves that one out.

cold_start.py --gate LAMBDA_DIR: counts the instructions of one function's start, and fails if they are too many.

Python's standard library, valgrind and openssl. The table is reached over TLS, as on AWS.
"""
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
import zipfile

import emulate

FUNCTIONS = ("hold_seat", "pay", "authorize", "list_seats")
# What all else is a multiple of.
FIRST = "hold_seat"
MEMORY_MB = 256
SEATS, SEAT_PRICE, PER_USER = 200, 1000, 50
# One start of each comes before the others.
STARTS_MAX = PER_USER - 2
PASSWORD = "lantern-quarry-58"
# A start is 6.7 million instructions, half of them the connection to the table. To parse the roots of a system but once
# is 9 million more (a run shows that the bound notices it), to gather the processor's jitter 330 million.
INSTRUCTIONS_MAX = 9_000_000
# Python and Node run some hundred times slower when each instruction is counted.
COUNT_SECONDS_MAX = 240
COUNTS_MAX = 10
SYSTEM_ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
NOT_REACHED = "was not reached at the start"
HERE = pathlib.Path(__file__).resolve().parent
COMPARED = HERE / "compared"
AMAZON_ROOTS = emulate.ROOT / "shared/platform/src/roots.pem"


# ---------------------------------------------------------------------------------------------- instructions of a start


def count(command, variables):
    """Instructions from the start of a process until it asks Lambda's API for its first event.

    A listener stands in the place of the API. When the request has come the process is ended, so what is counted is all
    of the initialisation, with the connection to the table that a function of ours opens in it. Where counting makes
    that too slow for the second it is given, because of what else the machine does, it is counted again.
    """
    for _ in range(COUNTS_MAX):
        counted, reached = count_once(command, variables)
        if reached or counted > INSTRUCTIONS_MAX:
            return counted
    raise emulate.Failed(f"{command[0]} did not reach the table in {COUNTS_MAX} counts: is the machine very busy?")


def count_once(command, variables):
    """The instructions, and whether the table was reached in time."""
    with socket.socket() as api, tempfile.TemporaryDirectory() as home:
        api.bind(("127.0.0.1", 0))
        api.listen()
        api.settimeout(COUNT_SECONDS_MAX)
        told = {**environment("counted", variables), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.getsockname()[1]}"}
        counter = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={home}/counted"]
        child = subprocess.Popen(
            [*counter, *command], env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            connection, _ = api.accept()
            with connection:
                connection.settimeout(COUNT_SECONDS_MAX)
                asked = connection.recv(65536)
                child.send_signal(signal.SIGTERM)
                log = child.communicate(timeout=COUNT_SECONDS_MAX)[0].decode(errors="replace")
        finally:
            child.kill()
            child.wait()
        if b"/runtime/invocation/next" not in asked:
            raise emulate.Failed(f"{command[0]} did not ask for an event but for {asked[:200]}")
        found = re.search(r"^(?:summary|totals): (\d+)$", pathlib.Path(home, "counted").read_text(), re.MULTILINE)
        if not found:
            raise emulate.Failed(f"valgrind told no sum\n{log[-2000:]}")
        return int(found[1]), NOT_REACHED not in log


class Table:
    """What stands for the table where only starts are counted: it is healthy, over TLS."""

    def __init__(self, home):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("content-length", "7")
                self.end_headers()
                self.wfile.write(b"healthy")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root, chain, key = certificates(home)
        self.root, self.address, self.home = root, Tls(server.server_address[1], chain, key).url, home

    def variables(self, roots):
        """Of a function that trusts these roots, and this table's."""
        named = self.home / f"{roots.name}.and-ours"
        named.write_text(roots.read_text() + self.root.read_text())
        return {"AWS_ENDPOINT_URL_DYNAMODB": self.address, "SSL_CERT_FILE": str(named)}


def environment(name, variables):
    """What Lambda tells every function, and what this one is told."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "TABLE_NAME": "Table",
        **emulate.AWS,
        **variables,
    }


def system_roots():
    return next((pathlib.Path(path) for path in SYSTEM_ROOTS if pathlib.Path(path).exists()), None)


def with_system_roots(binary, table):
    """What a start takes that trusts whom the system trusts, and how many they are; none where it trusts nobody."""
    roots = system_roots()
    return (count([binary], table.variables(roots)), pem_count(roots)) if roots else (None, 0)


def pem_count(path):
    return path.read_text().count("BEGIN CERTIFICATE")


def gate(lambda_dir):
    binary = str(lambda_dir / FIRST / "bootstrap")
    with tempfile.TemporaryDirectory() as home:
        table = Table(pathlib.Path(home))
        counted = count([binary], table.variables(AMAZON_ROOTS))
        print(f"{FIRST} starts in {counted:,} instructions; {INSTRUCTIONS_MAX:,} are the most")
        if counted > INSTRUCTIONS_MAX:
            raise emulate.Failed("a start has become dearer: see docs/cold-start.md")
        # The same with what the bound is there to notice, so that it is known to notice it.
        other, roots = with_system_roots(binary, table)
        if other is None:
            print("SKIPPED the counter-check: this system has no file of roots")
            return
        print(f"with the {roots} roots of this system: {other:,}")
        if other <= INSTRUCTIONS_MAX:
            raise emulate.Failed("the bound would not notice that the system's roots are parsed")


# ------------------------------------------------------------------------------------------------------ TLS for the table


def certificates(home):
    """A root of our own, and a certificate of localhost by it: (root, chain, key)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *curve, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    (home / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-out", "chain.pem", "-days", "2", "-extfile", "names")
    return home / "root.pem", home / "chain.pem", home / "key.pem"


class Tls:
    """Stands before an HTTP port and speaks TLS, with or without success."""

    def __init__(self, port, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.behind, self.refused = port, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, plain):
        # Or what the handshake says last would wait for the other end's acknowledgement.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = self.context.wrap_socket(plain, server_side=True)
        except (OSError, ssl.SSLError):
            self.refused += 1
            plain.close()
            return
        with connection, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.behind)) as other:
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Requests and answers come in turns, so one thread is enough: an answer ends where its length says.
            while self.pass_message(connection, other) and self.pass_message(other, connection):
                pass

    @staticmethod
    def pass_message(giver, taker):
        """Passes one message of HTTP/1.1 on, and says whether there was one."""
        message = b""
        while b"\r\n\r\n" not in message:
            part = giver.recv(65536)
            if not part:
                return False
            message += part
        head, _, body = message.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        missing = int(length[1]) - len(body) if length else 0
        while missing > 0:
            part = giver.recv(65536)
            if not part:
                return False
            message += part
            missing -= len(part)
        taker.sendall(message)
        return True


# ------------------------------------------------------------------------------------------------------------ one start


class NotReached(emulate.Failed):
    """A function did not reach the table when it started."""


class Start:
    """One start of a function in the emulator, and its first call."""

    def __init__(self, emulator, home):
        self.emulator, self.home = emulator, home

    def run(self, name, command, variables, event):
        """(milliseconds of the initialisation, of all until the caller has the answer; KiB of memory; the answer)"""
        runtime, api = emulate.free_port(), emulate.free_port()
        call = [self.emulator, "--log-level", "info"]
        call += ["--runtime-interface-emulator-address", f"127.0.0.1:{runtime}"]
        call += ["--runtime-api-address", f"127.0.0.1:{api}", *command]
        with emulate.process(call, environment(name, variables), self.home, signal.SIGTERM) as child:
            emulate.wait_until_open(runtime, child)
            url = f"http://127.0.0.1:{runtime}/2015-03-31/functions/function/invocations"
            began = time.monotonic()
            answer = emulate.post(url, event)
            took = (time.monotonic() - began) * 1000
            memory = resident(child.pid)
        log = "".join((self.home / f"{pathlib.Path(self.emulator).name}.{kind}").read_text(errors="replace")
                      for kind in ("out", "err"))
        found = re.search(r"INIT REPORT\(.*durationMs: ([\d.]+)", log)
        if not found:
            raise emulate.Failed(f"{name}: the emulator reported no initialisation\n{log[-3000:]}")
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
        headers = {"content-type": "application/json"}
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
        event = json.loads((emulate.ROOT / "events" / f"{function}.json").read_text())
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
            emulate.token(self.holder["token"])(event)
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
    print(f"Printed by `.ci/cold-start` on {datetime.date.today()}; {machine()}; {starts} starts of each, in turn;"
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
    stack = [onsale, "--in-memory", *(f"--{port}port=0" for port in
             ("", "lambda-", "dynamodb-", "sqs-", "data-platform-", "metrics-"))]
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        root, chain, key = certificates(home)
        with emulate.process(stack, {**os.environ, **emulate.AWS}, home, signal.SIGINT) as child:
            program = pathlib.Path(onsale).name
            ready = ready_line(child, home, program)
            tls = Tls(int(ready["dynamodb"].rsplit(":", 1)[1]), chain, key)
            variables = emulate.resources(ready, home)
            # Amazon's roots and ours: a function parses as many as on AWS, and one.
            roots = home / "roots.pem"
            roots.write_text(AMAZON_ROOTS.read_text() + root.read_text())
            for name in ("SIGNING_KEY_FILE", "AWS_ENDPOINT_URL_DYNAMODB"):
                variables.pop(name)
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
                        raise emulate.Failed(f"{subject.name}: {field} is not {value}: {json.dumps(answer)}")
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
    raise emulate.Failed("a function spoke to a server whose certificate leads to none of Amazon's roots")


def create_table(address, name):
    body = {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    scope = "local/20260101/us-east-1/dynamodb/aws4_request"
    emulate.post(address, body, {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.CreateTable",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0"})


def ready_line(child, home, program):
    """As emulate.py's, whatever the program is called."""
    if program != "onsale":
        (home / "onsale.out").symlink_to(home / f"{program}.out")
        (home / "onsale.err").symlink_to(home / f"{program}.err")
    return emulate.ready_line(child, home)


def main(words):
    if len(words) == 2 and words[0] == "--gate":
        gate(pathlib.Path(words[1]))
    elif len(words) == 6 and 1 <= int(words[5]) <= STARTS_MAX:
        lambda_dir, onsale, emulator, node_home, python, starts = words
        measure(pathlib.Path(lambda_dir), onsale, emulator, node_home, python, int(starts))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except emulate.Failed as failed:
        sys.exit(f"FAILED: {failed}")
