"""use_clients.py API: buys a ticket through each generated client, and has it read what is refused."""
import sys
import uuid

import onsale_client
import onsale_generated
from onsale_client.api.accounts import log_in
from onsale_client.api.payments import pay
from onsale_client.api.products import create_product
from onsale_client.api.reservations import create_reservation, get_reservation
from onsale_client.api.seats import list_seats
from onsale_client.models import (
    CreateProductIn, CreateReservationIn, GatewayOut, LogInIn, PayIn, PaymentOut, ProblemOut, ReservationOut,
)

BUYER = {"email": "mina@onsale.local", "password": "correct-horse-7"}
ANOTHER = {"email": "admin@onsale.local", "password": "onsale-admin-1"}
# A date of the demo data without a waiting queue.
SCHEDULE = "965d5465-870a-811b-a08d-0a917363a8fe"
PRODUCT = {"name": "Not for buyers to make", "price": 1, "stock": 1}
REPLAYED = "idempotent-replayed"


def expect(found, wanted):
    """Fails with both when they differ."""
    if found != wanted:
        raise SystemExit(f"{found!r} instead of {wanted!r}")


def buy_with_openapi_python_client(api):
    """Logs in, holds, is refused, pays."""
    anybody = onsale_client.Client(base_url=api)

    def as_user(credentials):
        session = log_in.sync(client=anybody, body=LogInIn(**credentials))
        return onsale_client.AuthenticatedClient(base_url=api, token=session.access_token)

    buyer, another = as_user(BUYER), as_user(ANOTHER)
    seat = list_seats.sync(uuid.UUID(SCHEDULE), client=anybody, available=True).items[0].seat_id
    wanted = CreateReservationIn(schedule_id=uuid.UUID(SCHEDULE), seat_ids=[seat])
    key = str(uuid.uuid4())
    held = create_reservation.sync_detailed(client=buyer, body=wanted, idempotency_key=key)
    expect((held.status_code, type(held.parsed), held.headers.get(REPLAYED)), (201, ReservationOut, None))
    again = create_reservation.sync_detailed(client=buyer, body=wanted, idempotency_key=key)
    expect((again.parsed.reservation_id, again.headers.get(REPLAYED)), (held.parsed.reservation_id, "true"))

    taken = create_reservation.sync_detailed(client=another, body=wanted, idempotency_key=str(uuid.uuid4()))
    expect((taken.status_code, type(taken.parsed)), (409, ProblemOut))
    expect((taken.parsed.code.value, taken.parsed.seats), ("seat-taken", [seat]))
    forbidden = create_product.sync_detailed(client=buyer, body=CreateProductIn(**PRODUCT))
    expect((forbidden.status_code, type(forbidden.parsed)), (403, ProblemOut))
    stranger = onsale_client.AuthenticatedClient(base_url=api, token="none.of.ours")
    refused = get_reservation.sync_detailed(held.parsed.reservation_id, client=stranger)
    expect((refused.status_code, type(refused.parsed)), (403, GatewayOut))

    body = PayIn(reservation_id=held.parsed.reservation_id)
    paid = pay.sync_detailed(client=buyer, body=body, idempotency_key=str(uuid.uuid4()))
    expect((paid.status_code, type(paid.parsed)), (201, PaymentOut))
    expect(paid.parsed.state.value, "completed")
    return seat


def buy_with_openapi_generator(api):
    """The same, through the other generator's client."""
    made = onsale_generated

    def client(token=None):
        return made.ApiClient(made.Configuration(host=api, access_token=token))

    def as_user(credentials):
        return client(made.AccountsApi(client()).log_in(made.LogInIn(**credentials)).access_token)

    def refusal(call, *arguments, **named):
        try:
            call(*arguments, **named)
        except made.ApiException as error:
            return error.status, error.data.actual_instance if hasattr(error.data, "actual_instance") else error.data
        raise SystemExit(f"{call} was not refused")

    buyer, another = as_user(BUYER), as_user(ANOTHER)
    # The last one: the list may be a second old, and the first has just been sold.
    seat = made.SeatsApi(client()).list_seats(SCHEDULE, available=True).items[-1].seat_id
    wanted = made.CreateReservationIn(schedule_id=SCHEDULE, seat_ids=[seat])
    reservations = made.ReservationsApi(buyer)
    key = str(uuid.uuid4())
    held = reservations.create_reservation(wanted, idempotency_key=key)
    again = reservations.create_reservation_with_http_info(wanted, idempotency_key=key)
    expect((again.data.reservation_id, again.headers.get(REPLAYED)), (held.reservation_id, "true"))

    status, taken = refusal(made.ReservationsApi(another).create_reservation, wanted, idempotency_key=str(uuid.uuid4()))
    expect((status, taken.code, taken.seats), (409, "seat-taken", [seat]))
    status, forbidden = refusal(made.ProductsApi(buyer).create_product, made.CreateProductIn(**PRODUCT))
    expect((status, type(forbidden)), (403, made.ProblemOut))
    stranger = made.ReservationsApi(client("none.of.ours"))
    status, refused = refusal(stranger.get_reservation, held.reservation_id)
    expect((status, type(refused)), (403, made.GatewayOut))

    body = made.PayIn(reservation_id=held.reservation_id)
    paid = made.PaymentsApi(buyer).pay(body, idempotency_key=str(uuid.uuid4()))
    expect(paid.state, "completed")
    return seat


def main():
    """Both, one after the other."""
    api = sys.argv[1]
    for buy in (buy_with_openapi_python_client, buy_with_openapi_generator):
        print(f"{buy.__name__}: {buy(api)} is paid")


if __name__ == "__main__":
    main()
