"""The example events, as they are told one after another: what only a run can know (a token, the id of a reservation)
is put into the events that follow, and each answer is checked."""

import json
import re

from tools.shared.local_stack import ROOT, Failed

# Where the order is written down in which all examples succeed on the demo data, and with which status.
STORIES = ROOT / "local" / "tests" / "examples.rs"
# Where no payment provider is set no cards are taken, and no card payment is there to be confirmed.
WITHOUT_CARDS = {"start_card_payment": 409, "confirm_card_payment": 404}


def example(name):
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def logical_id(name):
    """`GetMeFunction` from `get_me`."""
    return "".join(word.capitalize() for word in name.split("_")) + "Function"


def expect(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, found {found!r}")
    print(f"{what} = {json.dumps(wanted)}", end="; ")


def body_of(name, answer, wanted):
    """The JSON body of a function's answer to an HTTP event, of the status that is wanted; None if it has none, or is
    a page."""
    if answer.get("statusCode") != wanted:
        raise Failed(f"{name}: {wanted} expected, came {json.dumps(answer)}")
    print(wanted, end=" ")
    is_json = "json" in (answer.get("headers") or {}).get("content-type", "")
    return json.loads(answer["body"]) if answer.get("body") and is_json else None


def body(**fields):
    """A change of an event that sets fields of its JSON body."""

    def change(event):
        event["body"] = json.dumps({**json.loads(event["body"]), **fields})

    return change


def token(access_token):
    """A change of the authorizer's event that presents a token."""

    def change(event):
        event["identitySource"] = [f"Bearer {access_token}"]
        event["headers"] = {**(event.get("headers") or {}), "authorization": f"Bearer {access_token}"}

    return change


def last_of_path(value):
    """A change of an HTTP event that puts another id at the end of its path."""

    def change(event):
        path = event["rawPath"].rsplit("/", 1)[0] + "/" + value
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        for name in event.get("pathParameters") or {}:
            event["pathParameters"][name] = value

    return change


def key(idempotency_key, change):
    """The change, and another idempotency key: a request of its own, not the same again."""

    def both(event):
        event["headers"]["idempotency-key"] = idempotency_key
        change(event)

    return both


def expect_metrics(name, log):
    """Exactly one line of a call's log has what it counted, as CloudWatch reads it."""
    told = [line[line.index("{") :] for line in log.splitlines() if '"_aws"' in line and "{" in line]
    if len(told) != 1 or json.loads(told[0])["function"] != name:
        raise Failed(f"{name}: one line of metrics expected, came {told}\n{log}")


def main_flow(functions):
    """A hold and its payment, and what runs without a caller."""
    health = functions.http("get_health", 200)
    print(f"version {health['version']}")

    found = functions.http("search_concerts", 200)
    print(f"{len(found['items'])} concerts")

    session = functions.http("log_in", 200)
    expect("token_type", session["token_type"], "Bearer")
    print("an access_token of", len(session["access_token"]), "characters")

    # The token was signed by one binary and is verified by another, with the key found in the table.
    answer = functions.call("authorize", token(session["access_token"]))
    expect("isAuthorized", answer["isAuthorized"], True)
    print()
    answer = functions.call("authorize", token(session["access_token"][:-8] + "AAAAAAAA"))
    expect("isAuthorized of a forged token", answer["isAuthorized"], False)
    print()

    reservation = functions.http("create_reservation", 201)
    expect("state", reservation["state"], "held")
    print(len(reservation["tickets"]), "tickets")

    payment = functions.http("pay", 201, body(reservation_id=reservation["reservation_id"]))
    expect("state", payment["state"], "completed")
    expect("amount", payment["amount"], reservation["total"])
    print()

    paid = functions.http("get_reservation", 200, last_of_path(reservation["reservation_id"]))
    expect("state", paid["state"], "paid")
    print()

    for name in ("relay_changes", "release_declined_payment"):
        expect("batchItemFailures", functions.call(name)["batchItemFailures"], [])
        print()

    # Its client speaks to the receiver, which does not believe the signature: the message is to come again.
    failures = functions.call("deliver_webhooks")["batchItemFailures"]
    expect("failures", len(failures), 1)
    print()

    print(json.dumps(functions.call("run_expiry")))


def stories():
    """(function, status): all examples that are requests, in an order in which each succeeds, each once."""
    told = re.findall(r'^    \("(\w+)", (\d{3})\),', STORIES.read_text(), re.M)
    return [(name, int(status)) for name, status in dict.fromkeys(told)]


def the_rest(functions):
    """All examples that the main flow leaves out."""
    requests = [(name, status) for name, status in stories() if name not in functions.called]
    if len(requests) < 40:
        raise Failed(f"{STORIES} tells of {len(requests)} more examples only")
    for name, status in requests:
        if name == "cancel_reservation":
            # That of the story is paid by now, so another one.
            other = key("00000000-0000-4000-8000-0000000001ff", body(seat_ids=["A-1-9"]))
            reservation = functions.http("create_reservation", 201, other)["reservation_id"]
            print(reservation)
            functions.http(name, status, last_of_path(reservation))
        else:
            functions.http(name, WITHOUT_CARDS.get(name, status))
        print()
    # Before an end is told that no token had.
    audit = functions.call("audit_ledger")
    expect("outcome", audit["outcome"], "agree")
    expect("differences", audit["differences"], 0)
    print(audit["read"]["entries"], "entries")
    for name in ("free_queue_places", "record_sales", "settle_card_payments", "send_mail", "record_mail_report"):
        expect("batchItemFailures", functions.call(name)["batchItemFailures"], [])
        print()
    expect("was_suppressed", functions.call("allow_mail")["was_suppressed"], False)
    print()
    for name, granted in (("grant_role", True), ("revoke_role", False)):
        user = functions.call(name)
        expect("role", [user["role"], user["granted"]], ["admin", granted])
        print(user["user_id"])
    rotation = functions.call("rotate_keys")
    expect("rotation", rotation["rotation"], example("rotate_keys")["ClientRequestToken"])
    print()
    ranked = functions.call("rank_products")
    expect("days", sorted(ranked), ["days_1", "days_3", "days_7"])
    print()
    swept = functions.call("sweep_card_payments")
    expect("swept", swept, {"closed": 0, "failed": 0})
    print()
    advanced = functions.call("advance_queues")
    expect("failed", [advanced["failed"], advanced["queues_failed"]], [0, 0])
    print(advanced["queues"], "queues")
    uncalled = {path.stem for path in (ROOT / "events").glob("*.json")} - functions.called
    expect("examples that were not called", sorted(uncalled), [])
    print()
