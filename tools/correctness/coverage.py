#!/usr/bin/env python3
"""Prints which share of the product's lines tests ran, and fails where it is too small.

Usage: coverage.py FILE

FILE is what `llvm-cov export --format=lcov` printed. Lines of tests do not count: neither files of tests, nor a module of
tests, which is the last thing in a file here.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The parts, and the least share of each in percent; the last is all of them.
PARTS = [
    ("shared/domain/src", 95),
    ("shared/platform/src", 85),
    ("functions/src", 85),
    ("local/src", 85),
    ("simulation/src", 85),
    ("", 85),
]
# Files that are named because they have the most lines that no test ran.
WORST_MAX = 8


def tests_of(path):
    """The number of the line from which a file is tests only, past its end if none is, and the files that are tests."""
    lines = path.read_text().splitlines()
    folder = path.parent if path.stem in ("lib", "main", "mod") else path.with_suffix("")
    first, files = len(lines) + 1, set()
    for number, (line, following) in enumerate(zip(lines, lines[1:]), 1):
        module = re.fullmatch(r"(?:pub(?:\(crate\))? )?mod (\w+)(;| \{)", following.strip())
        if line.strip() == "#[cfg(test)]" and module:
            if module[2] == ";":
                files.add(folder / f"{module[1]}.rs")
            else:
                first = min(first, number)
    return first, files


def read(report):
    """For each file of the product its lines: number and whether any test ran it."""
    sources = {path for part, _ in PARTS[:-1] for path in (ROOT / part).rglob("*.rs")}
    ends = {path: tests_of(path) for path in sources}
    tests = set().union(*(files for _, files in ends.values()))
    found, lines, end = {}, {}, 0
    for row in report.read_text().splitlines():
        kind, _, rest = row.partition(":")
        if kind == "SF":
            path = Path(rest)
            product = path in sources and path not in tests
            lines = found.setdefault(path.relative_to(ROOT).as_posix(), {}) if product else {}
            end = ends[path][0] if product else 0
        elif kind == "DA":
            number, times = (int(field) for field in rest.split(",")[:2])
            if number < end:
                lines[number] = lines.get(number, False) or times > 0
    return found


def main():
    files = read(Path(sys.argv[1]))
    failed = False
    print(f"{'part':<22}{'lines':>8}{'run':>8}{'share':>9}{'least':>8}")
    for part, least in PARTS:
        lines = [ran for name, lines in files.items() if name.startswith(part) for ran in lines.values()]
        share = 100 * sum(lines) / len(lines) if lines else 0.0
        failed = failed or share < least
        print(f"{part or 'all':<22}{len(lines):>8}{sum(lines):>8}{share:>7.1f} %{least:>6} %")
    missed = {name: sum(not ran for ran in lines.values()) for name, lines in files.items()}
    worst = sorted(missed, key=missed.get, reverse=True)[:WORST_MAX]
    print("most lines that no test ran: " + ", ".join(f"{name} ({missed[name]})" for name in worst))
    if failed:
        sys.exit("a share is too small")


if __name__ == "__main__":
    main()
