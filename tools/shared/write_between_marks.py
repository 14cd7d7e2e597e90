"""write_between_marks.py DOCUMENT NAME < TEXT: puts the text between the marks NAME of a Markdown document."""
import pathlib
import sys

document, name = pathlib.Path(sys.argv[1]), sys.argv[2]
begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
before, rest = document.read_text().split(begin)
_, after = rest.split(end)
document.write_text(f"{before}{begin}\n\n{sys.stdin.read().strip()}\n\n{end}{after}")
