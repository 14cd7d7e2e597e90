//! The codes of refusals, and the only table of status codes.

use axum::http::StatusCode;

/// Makes [`Code`] of the one table of codes, so that a code is one row of it and nothing else.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident = $status:ident, $name:literal, $english:literal, $korean:literal;)+) => {
        /// The codes of problems. One code has one status, everywhere.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $code,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$code),+];

            /// Status, name, and title in English and Korean.
            #[must_use]
            pub fn facts(self) -> (StatusCode, &'static str, &'static str, &'static str) {
                match self {
                    $(Self::$code => (StatusCode::$status, $name, $english, $korean),)+
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson = BAD_REQUEST, "malformed-json", "The body is not JSON", "본문이 JSON이 아닙니다";
    /// A field, parameter or header is not what it must be.
    InvalidRequest = BAD_REQUEST, "invalid-request", "The request is not valid", "잘못된 요청입니다";
    /// The body is not declared as JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type",
        "Send application/json", "application/json으로 보내 주세요";
    /// The body is over 64 KiB.
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", "본문이 너무 큽니다";
    /// No valid access token.
    Unauthorized = UNAUTHORIZED, "unauthorized", "Log in first", "로그인이 필요합니다";
    /// Not for this role.
    Forbidden = FORBIDDEN, "forbidden", "You may not do this", "권한이 없습니다";
    /// There is no such thing, or it is not yours.
    NotFound = NOT_FOUND, "not-found", "Not found", "찾을 수 없습니다";
    /// The answer has no form that the caller takes.
    NotAcceptable = NOT_ACCEPTABLE, "not-acceptable",
        "There is no such representation", "제공하지 않는 형식입니다";
    /// The route has no such method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method-not-allowed",
        "The path does not allow this method", "허용되지 않는 메서드입니다";
    /// The e-mail address has an account.
    EmailTaken = CONFLICT, "email-taken", "The e-mail address is taken", "이미 가입된 이메일입니다";
    /// E-mail address or password is wrong.
    BadCredentials = UNAUTHORIZED, "bad-credentials",
        "The e-mail address or password is wrong", "이메일 또는 비밀번호가 올바르지 않습니다";
    /// The refresh token is worth nothing, or nothing any more.
    SessionEnded = UNAUTHORIZED, "session-ended", "Log in again", "다시 로그인해 주세요";
    /// A mailed link was used, is too old, or is none.
    LinkEnded = CONFLICT, "link-ended", "The link is no longer good", "사용할 수 없는 링크입니다";
    /// The shop asks for an address that its owner has proven.
    AddressNotProven = FORBIDDEN, "address-not-proven",
        "Your e-mail address is not proven yet", "이메일 주소가 아직 확인되지 않았습니다";
    /// The shop sends no mail.
    MailOff = CONFLICT, "mail-off", "This shop sends no mail", "메일을 보내지 않는 상점입니다";
    /// Something of the account is not at its end.
    AccountInUse = CONFLICT, "account-in-use", "The account is in use", "사용 중인 계정입니다";
    /// Too many log-in or sign-up attempts.
    TooManyAttempts = TOO_MANY_REQUESTS, "too-many-attempts", "Too many attempts", "시도 횟수를 초과했습니다";
    /// A queue token is needed.
    QueueTokenRequired = UNAUTHORIZED, "queue-token-required", "Join the queue first", "대기열에 먼저 참여해 주세요";
    /// The queue token is forged, somebody else's, or of another queue.
    QueueTokenInvalid = UNAUTHORIZED, "queue-token-invalid",
        "The queue token is not valid", "유효하지 않은 대기열 토큰입니다";
    /// The queue token's number was not called yet, or not claimed.
    QueueTokenNotAdmitted = FORBIDDEN, "queue-token-not-admitted",
        "It is not your turn yet", "아직 입장 순서가 아닙니다";
    /// The queue token was used, has expired, or was given up.
    QueueTokenEnded = FORBIDDEN, "queue-token-ended",
        "The queue token is no longer valid", "더 이상 유효하지 않은 대기열 토큰입니다";
    /// Nobody may join the queue now.
    QueueClosed = CONFLICT, "queue-closed", "You cannot join the queue now", "지금은 대기열에 참여할 수 없습니다";
    /// Somebody is in the queue, or it guards a concert.
    QueueInUse = CONFLICT, "queue-in-use", "The queue is in use", "사용 중인 대기열입니다";
    /// Seats are held with the queue token.
    HasLiveHold = CONFLICT, "has-live-hold",
        "You still hold seats with this queue token", "이 대기열 토큰으로 선점한 좌석이 있습니다";
    /// No date of the concert is on sale.
    NoBookableSchedule = NOT_FOUND, "no-bookable-schedule", "No date is on sale", "예매할 수 있는 일정이 없습니다";
    /// Seats are held or sold.
    HasLiveReservations = CONFLICT, "has-live-reservations",
        "Seats are held or sold", "선점되었거나 판매된 좌석이 있습니다";
    /// The sale has opened, or is about to.
    SaleOpened = CONFLICT, "sale-opened", "The sale has opened", "판매가 이미 시작되었습니다";
    /// The queue guards as many concerts as one may.
    ConcertLimit = CONFLICT, "concert-limit", "The queue has too many concerts", "대기열에 연결된 공연이 너무 많습니다";
    /// The concert has as many dates as one may have.
    DateLimit = CONFLICT, "date-limit", "The concert has too many dates", "공연의 일정이 너무 많습니다";
    /// The section has another price.
    SectionHasOtherPrice = CONFLICT, "section-has-other-price",
        "The section has another price", "구역의 가격이 다릅니다";
    /// The schedule has no seats.
    NoSeats = NOT_FOUND, "no-seats", "There are no seats", "좌석이 없습니다";
    /// There is no such seat.
    SeatNotFound = NOT_FOUND, "seat-not-found", "There is no such seat", "존재하지 않는 좌석입니다";
    /// Somebody else has the seat.
    SeatTaken = CONFLICT, "seat-taken", "The seat is already taken", "이미 선택된 좌석입니다";
    /// Fewer seats are free than somebody asks for who names none.
    NotEnoughSeats = CONFLICT, "not-enough-seats", "Not enough seats are free", "남은 좌석이 부족합니다";
    /// Enough seats are free, but not next to each other.
    NotTogether = CONFLICT, "not-together", "No seats next to each other are free", "나란히 앉을 좌석이 없습니다";
    /// Others got the best seats first, three times.
    SeatsContended = CONFLICT, "seats-contended", "Others were faster", "다른 분들이 먼저 선택했습니다";
    /// The caller has the seat already.
    SeatYours = CONFLICT, "seat-yours", "You already have this seat", "이미 선택하신 좌석입니다";
    /// Before the sale.
    SaleNotOpen = CONFLICT, "sale-not-open", "The sale has not opened yet", "아직 판매 전입니다";
    /// After the sale.
    SaleClosed = CONFLICT, "sale-closed", "The sale is over", "판매가 종료되었습니다";
    /// More seats than one person may have.
    SeatLimit = CONFLICT, "seat-limit", "Too many seats for one person", "1인당 좌석 수를 초과했습니다";
    /// The caller does not hold the seat.
    NotHeldByYou = NOT_FOUND, "not-held-by-you", "You do not hold this seat", "선점한 좌석이 아닙니다";
    /// The reservation is paid.
    AlreadyPaid = CONFLICT, "already-paid", "You have already paid", "이미 결제되었습니다";
    /// The user has no wallet.
    NoWallet = NOT_FOUND, "no-wallet", "You have no wallet yet", "아직 지갑이 없습니다";
    /// The balance would exceed its cap.
    BalanceCap = CONFLICT, "balance-cap", "Your balance would be too large", "잔액 한도를 초과합니다";
    /// More than may be topped up in a day.
    TopUpLimit = CONFLICT, "top-up-limit", "The daily top-up limit is reached", "하루 충전 한도를 초과했습니다";
    /// Users cannot put money into wallets here.
    TopUpClosed = FORBIDDEN, "top-up-closed", "Top-ups are closed", "충전을 이용하실 수 없습니다";
    /// The balance is too small.
    InsufficientBalance = PAYMENT_REQUIRED, "insufficient-balance", "Your balance is too small", "잔액이 부족합니다";
    /// The hold has ended.
    HoldExpired = CONFLICT, "hold-expired", "The hold has expired", "결제 시간이 지났습니다";
    /// The payment was declined before.
    PaymentDeclined = CONFLICT, "payment-declined", "The payment was declined", "결제가 거절되었습니다";
    /// The shop takes no cards.
    CardsOff = CONFLICT, "cards-off", "Cards are not accepted", "카드 결제를 사용할 수 없습니다";
    /// It costs less than a card can be charged.
    CardAmountTooSmall = CONFLICT, "card-amount-too-small",
        "The amount is too small for a card", "카드로 결제하기에는 금액이 너무 작습니다";
    /// It is in smaller units than cards carry.
    CardAmountStep = CONFLICT, "card-amount-step",
        "A card cannot be charged this amount", "카드로 결제할 수 없는 금액입니다";
    /// The card payment is not open any more.
    CardPaymentEnded = CONFLICT, "card-payment-ended", "The card payment has ended", "종료된 카드 결제입니다";
    /// Less has come in by card than is to be paid out.
    TooLittleByCard = CONFLICT, "too-little-by-card",
        "Too little has come in by card", "카드로 충전된 금액이 부족합니다";
    /// A report is not signed by the payment provider, or not now.
    ReportInvalid = UNAUTHORIZED, "report-invalid", "The report is not valid", "유효하지 않은 알림입니다";
    /// The concert has started: its payment is not given back.
    ConcertStarted = CONFLICT, "concert-started", "The concert has started", "공연이 이미 시작되었습니다";
    /// The reservation is not paid.
    NotPaid = CONFLICT, "not-paid", "The reservation is not paid", "결제되지 않은 예약입니다";
    /// The ticket was given back.
    TicketCancelled = CONFLICT, "ticket-cancelled", "The ticket is cancelled", "취소된 티켓입니다";
    /// Somebody has come in with the ticket.
    TicketScanned = CONFLICT, "ticket-scanned", "The ticket has been scanned", "이미 입장에 사용된 티켓입니다";
    /// The ticket has had as many codes as one may have.
    TooManyCodes = CONFLICT, "too-many-codes", "The ticket has had too many codes", "티켓 코드를 너무 많이 발급했습니다";
    /// Fewer units are left than are wanted.
    OutOfStock = CONFLICT, "out-of-stock", "Too few units are left", "재고가 부족합니다";
    /// The price is another than a moment ago.
    PriceChanged = CONFLICT, "price-changed", "The price has changed", "가격이 변경되었습니다";
    /// The product is not on sale.
    NotSelling = CONFLICT, "not-selling", "The product is not on sale", "판매 중인 상품이 아닙니다";
    /// More units of a product than one person may order before paying.
    ProductLimit = CONFLICT, "product-limit", "Too many units for one person", "1인당 구매 수량을 초과했습니다";
    /// Too many unpaid orders.
    OrderLimit = CONFLICT, "order-limit", "Too many unpaid orders", "결제하지 않은 주문이 너무 많습니다";
    /// Holds or orders were let lapse: a pause.
    TooManyLapses = TOO_MANY_REQUESTS, "too-many-lapses",
        "Too many holds or orders expired unpaid", "결제하지 않은 예약이나 주문이 반복되었습니다";
    /// The account has as many reservations as it may keep.
    TooManyReservations = TOO_MANY_REQUESTS, "too-many-reservations",
        "Your account has too many reservations", "예약이 너무 많습니다";
    /// None of the coupon is left.
    CouponExhausted = CONFLICT, "coupon-exhausted", "No coupons are left", "쿠폰이 모두 소진되었습니다";
    /// Before or after the coupon's dates.
    CouponNotOpen = CONFLICT, "coupon-not-open", "The coupon is not valid now", "쿠폰 사용 기간이 아닙니다";
    /// The caller has not claimed the coupon.
    CouponNotYours = CONFLICT, "coupon-not-yours", "Claim the coupon first", "쿠폰을 먼저 받아 주세요";
    /// Another order uses the coupon.
    CouponUsed = CONFLICT, "coupon-used", "You have already used the coupon", "이미 사용한 쿠폰입니다";
    /// The coupon's dates are over.
    CouponExpired = CONFLICT, "coupon-expired", "The coupon has expired", "만료된 쿠폰입니다";
    /// The coupon would take nothing off.
    CouponNotApplicable = CONFLICT, "coupon-not-applicable",
        "The coupon gives no discount on this order", "이 주문에는 할인되는 금액이 없는 쿠폰입니다";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "idempotency-key-reused",
        "Another request has used this Idempotency-Key", "다른 요청에 사용된 Idempotency-Key입니다";
    /// Throttled or of unknown outcome: the same request again, in a moment.
    Busy = SERVICE_UNAVAILABLE, "busy", "Try again in a moment", "잠시 후 다시 시도해 주세요";
    /// Our fault.
    Internal = INTERNAL_SERVER_ERROR, "internal", "Something went wrong", "문제가 발생했습니다";
}

impl Code {
    /// Its status, the same in every answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.facts().0
    }

    /// Its name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().1
    }
}
