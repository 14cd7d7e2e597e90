"""buy_ticket.py API: buys a ticket behind a waiting queue through the client that openapi-python-client generates, and
reads the error responses on the way."""
import sys
import time
import uuid

from onsale_client import AuthenticatedClient, Client
from onsale_client.api.accounts import log_in, sign_up
from onsale_client.api.payments import pay
from onsale_client.api.products import create_product
from onsale_client.api.queue import get_queue_entry, join_queue
from onsale_client.api.reservations import create_reservation, get_reservation
from onsale_client.api.seats import list_seats
from onsale_client.api.wallet import create_wallet, top_up
from onsale_client.models import (
    CreateProductIn, CreateReservationIn, GatewayOut, LogInIn, PayIn, PaymentOut, ProblemOut, ReservationOut, SignUpIn,
    TopUpIn,
)

# An administrator needs no queue token.
ADMINISTRATOR = LogInIn(email="admin@onsale.local", password="onsale-admin-1")
# The queue of the demo data, and the date behind it.
QUEUE = "encore"
SCHEDULE = uuid.UUID("fe9f238d-5bfc-8711-8fe7-020a22b4c6aa")
REPLAYED = "idempotent-replayed"


def expect(found, wanted):
    """Fails with both when they differ."""
    if found != wanted:
        raise SystemExit(f"{found!r} instead of {wanted!r}")


def expect_problem(response, status, code):
    """Fails unless a response is this problem."""
    expect((response.status_code, type(response.parsed), response.parsed.code.value), (status, ProblemOut, code))
    return response.parsed


def key():
    """A new idempotency key."""
    return str(uuid.uuid4())


def new_buyer(api):
    """Signs up, logs in and tops up a wallet."""
    anybody = Client(base_url=api)
    email, password = f"{uuid.uuid4()}@example.com", "turquoise-lantern-41"
    sign_up.sync(client=anybody, body=SignUpIn(email=email, password=password, name="Python"))
    session = log_in.sync(client=anybody, body=LogInIn(email=email, password=password))
    buyer = AuthenticatedClient(base_url=api, token=session.access_token)
    create_wallet.sync(client=buyer)
    top_up.sync(client=buyer, body=TopUpIn(amount=500_000), idempotency_key=key())
    return buyer


def queue_token(buyer):
    """Joins the queue and waits to be admitted."""
    entry = join_queue.sync(QUEUE, client=buyer)
    token = entry.token
    while entry.state.value != "admitted":
        time.sleep(entry.retry_after_ms / 1_000)
        entry = get_queue_entry.sync(QUEUE, client=buyer, queue_token=token)
        token = entry.token or token
    return token


def main():
    """Waits in the queue, holds, is refused, pays."""
    api = sys.argv[1]
    buyer = new_buyer(api)
    session = log_in.sync(client=Client(base_url=api), body=ADMINISTRATOR)
    administrator = AuthenticatedClient(base_url=api, token=session.access_token)

    early = list_seats.sync_detailed(SCHEDULE, client=buyer)
    expect_problem(early, 401, "queue-token-required")
    token = queue_token(buyer)
    seat = list_seats.sync(SCHEDULE, client=buyer, queue_token=token, available=True).items[0].seat_id
    wanted = CreateReservationIn(schedule_id=SCHEDULE, seat_ids=[seat])
    first = key()
    held = create_reservation.sync_detailed(client=buyer, body=wanted, queue_token=token, idempotency_key=first)
    expect((held.status_code, type(held.parsed), held.headers.get(REPLAYED)), (201, ReservationOut, None))
    again = create_reservation.sync_detailed(client=buyer, body=wanted, queue_token=token, idempotency_key=first)
    expect((again.parsed.reservation_id, again.headers.get(REPLAYED)), (held.parsed.reservation_id, "true"))

    taken = create_reservation.sync_detailed(client=administrator, body=wanted, idempotency_key=key())
    expect(expect_problem(taken, 409, "seat-taken").seats, [seat])
    poster = CreateProductIn(name="Poster", price=1, stock=1)
    expect_problem(create_product.sync_detailed(client=buyer, body=poster), 403, "forbidden")
    stranger = AuthenticatedClient(base_url=api, token="not.a.token")
    refused = get_reservation.sync_detailed(held.parsed.reservation_id, client=stranger)
    expect((refused.status_code, type(refused.parsed)), (403, GatewayOut))

    body = PayIn(reservation_id=held.parsed.reservation_id)
    paid = pay.sync_detailed(client=buyer, body=body, queue_token=token, idempotency_key=key())
    expect((paid.status_code, type(paid.parsed), paid.parsed.state.value), (201, PaymentOut, "completed"))
    print(f"openapi-python-client: {seat} is paid")


if __name__ == "__main__":
    main()
