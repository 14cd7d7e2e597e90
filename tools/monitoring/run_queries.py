"""run_queries.py PROMETHEUS DASHBOARD: runs every query of a dashboard, and of the rules that this Prometheus has
loaded, and fails unless each has data, and so has each selector within it."""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# Seconds for which data are waited for: the last events are consumed, and recorded rules follow a scrape later.
WAIT_SECONDS = 30

# What a stack on which nothing fails does not count.
NEVER = {
    'onsale_http_requests_total{status=~"5.."}',
    'onsale_table_calls_total{outcome="throttled"}',
    'onsale_authorizations_total{outcome="failed"}',
    'onsale_refusals_total{function="receive_card_report", code="report-invalid"}',
    'onsale_mail_feedback_total{kind="bounced"}',
    'onsale_mail_feedback_total{kind="complained"}',
}

SELECTOR = re.compile(r'\b(?:onsale|up)(?:[_:][a-z0-9_:]+)?(?:\{[^}]*\})?')
ALERT = re.compile(r"(.+) (?:>|==) [0-9.]+")


def answer(prometheus, path, **parameters):
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{prometheus}/api/v1/{path}?{query}", timeout=10) as reply:
            return json.load(reply)["data"]
    except urllib.error.HTTPError as refused:
        sys.exit(f"{parameters}: {refused.read().decode()}")


def questions(prometheus, dashboard):
    """(where, query): the dashboard's, and the rules' without the numbers that alerts compare with."""
    for panel in dashboard["panels"]:
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    groups = answer(prometheus, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["type"] for rule in rules} == {"alerting", "recording"}, "rules of both kinds"
    for rule in rules:
        if rule["type"] == "recording":
            yield f"rule {rule['name']}", rule["query"]
            continue
        compared = ALERT.fullmatch(rule["query"])
        assert compared, f"{rule['name']} is no comparison with a number: {rule['query']}"
        yield f"alert {rule['name']}", compared.group(1)


def has_data(prometheus, query, until):
    while True:
        if answer(prometheus, "query", query=query)["result"]:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.5)


def main():
    prometheus, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        asked = list(questions(prometheus, json.load(file)))
    until = time.monotonic() + WAIT_SECONDS
    empty = []
    selectors = set()
    for where, query in asked:
        if not has_data(prometheus, query, until):
            empty.append(f"{where}: {query}")
        for selector in SELECTOR.findall(query):
            selectors.add(selector)
            if selector not in NEVER and not has_data(prometheus, selector, until):
                empty.append(f"{where}: {selector} in {query}")
    unused = NEVER - selectors
    if unused:
        empty.extend(f"no query has {selector}: take it out of NEVER" for selector in sorted(unused))
    for line in empty:
        print(f"NO DATA: {line}")
    print(f"{len(asked)} queries with {len(selectors)} selectors: {len(empty)} without data")
    sys.exit(1 if empty else 0)


main()
