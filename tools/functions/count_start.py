"""python3 -m tools.functions.count_start LAMBDA_DIR: counts the instructions that the start of one function takes, from
its release binary, and fails if they are too many. valgrind, openssl, and Python's standard library.
"""
import contextlib
import http.server
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

from tools.shared.local_stack import AWS, ROOT, Failed, run_as_program

# The function that is counted, and that compare_starts.py compares all else with.
FIRST = "hold_seat"
MEMORY_MB = 256
# A start is 6.7 million instructions, half of them the connection to the table. To parse the roots of a system but once
# is 9 million more (a run shows that the bound notices it), to gather the processor's jitter 330 million.
INSTRUCTIONS_MAX = 9_000_000
# Python and Node run some fifty times slower when each instruction is counted.
COUNT_SECONDS_MAX = 240
COUNTS_MAX = 3
SYSTEM_ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
AMAZON_ROOTS = ROOT / "shared/platform/src/tls/roots.pem"
# What a function logs that has not opened its connection, and what it says besides if it had no time for it.
NOT_REACHED, TOO_LATE = "no connection to the table could be opened at startup", "timed out"
LOGGED_IN = ROOT / "shared/platform/src/tls/mod.rs"
if NOT_REACHED not in LOGGED_IN.read_text():
    raise Failed(f"{LOGGED_IN.relative_to(ROOT)} logs other words than: {NOT_REACHED}")



def count(command, variables):
    """Instructions from the start of a process until it asks Lambda's API for its first event.

    A listener stands in the place of the API. When the request has come the process is ended, so what is counted is all
    of the initialisation, with the connection to the table that a function of ours opens in it. On a busy machine
    counting makes that too slow for the second it is given; then it is counted again, and at last said aloud. Roots and
    randomness are in the number even so: they come before anything is waited for.
    """
    counted = 0
    for _ in range(COUNTS_MAX):
        again, in_time = count_once(command, variables)
        counted = max(counted, again)
        if in_time or counted > INSTRUCTIONS_MAX:
            return counted
    print(f"{command[0]}: the machine is too busy to count the whole handshake", file=sys.stderr)
    return counted


def count_once(command, variables):
    """The instructions, and whether there was time for the table."""
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
            raise Failed(f"{command[0]} did not ask for an event but for {asked[:200]}")
        found = re.search(r"^(?:summary|totals): (\d+)$", pathlib.Path(home, "counted").read_text(), re.MULTILINE)
        if not found:
            raise Failed(f"valgrind told no sum\n{log[-2000:]}")
        return int(found[1]), not (NOT_REACHED in log and TOO_LATE in log)


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
        self.root, self.tls, self.home = root, Tls(server.server_address[1], chain, key), home
        self.address = self.tls.url

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
        **AWS,
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


def gate(lambda_dir):
    binary = str(pathlib.Path(lambda_dir) / FIRST / "bootstrap")
    with tempfile.TemporaryDirectory() as home:
        table = Table(pathlib.Path(home))
        # Told of no other roots, it trusts Amazon's, and so not this table, but learns that only from its certificate.
        alone = count([binary], {"AWS_ENDPOINT_URL_DYNAMODB": table.address})
        believed = count([binary], table.variables(AMAZON_ROOTS))
        print(f"{FIRST} starts in {believed:,} instructions, {alone:,} if it does not believe the table;"
              f" {INSTRUCTIONS_MAX:,} are the most")
        if max(alone, believed) > INSTRUCTIONS_MAX:
            raise Failed("a start has become dearer: see docs/reports/cold-start.md")
        if not table.tls.refused:
            raise Failed("it has not asked who the table is, or believes whom Amazon's roots do not vouch for")
        # The same with what the bound is there to notice, so that it is known to notice it.
        other, roots = with_system_roots(binary, table)
        if other is None:
            print("SKIPPED the counter-check: this system has no file of roots")
            return
        print(f"with the {roots} roots of this system: {other:,}")
        if other <= INSTRUCTIONS_MAX:
            raise Failed("the bound would not notice that the system's roots are parsed")


if __name__ == "__main__":
    run_as_program(gate, __doc__, 1)
