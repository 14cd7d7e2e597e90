//! The codes of refusals, and the only table of status codes.

use axum::http::StatusCode;

/// What went wrong, by name. One name has one status, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// A field, parameter or header is not what it must be.
    InvalidRequest,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// The body is over 64 KiB.
    BodyTooLarge,
    /// No valid access token.
    Unauthorized,
    /// Not for this role.
    Forbidden,
    /// There is no such thing, or it is not yours.
    NotFound,
    /// The route has no such method.
    MethodNotAllowed,
    /// The e-mail address has an account.
    EmailTaken,
    /// E-mail address or password is wrong.
    BadCredentials,
    /// The refresh token is worth nothing, or nothing any more.
    SessionEnded,
    /// Too many log-in or sign-up attempts.
    TooManyAttempts,
    /// A queue token is needed.
    QueueTokenRequired,
    /// The queue token is forged, somebody else's, or of another queue.
    QueueTokenInvalid,
    /// The queue token's number was not called yet, or not claimed.
    QueueTokenNotAdmitted,
    /// The queue token was used, has expired, or was given up.
    QueueTokenEnded,
    /// Nobody may join the queue now.
    QueueClosed,
    /// Seats are held with the queue token.
    HasLiveHold,
    /// No date of the concert is on sale.
    NoBookableSchedule,
    /// Seats are held or sold.
    HasLiveReservations,
    /// The concert has as many dates as one may have.
    DateLimit,
    /// The section has another price.
    SectionHasOtherPrice,
    /// The schedule has no seats.
    NoSeats,
    /// There is no such seat.
    SeatNotFound,
    /// Somebody else has the seat.
    SeatTaken,
    /// The caller has the seat already.
    SeatYours,
    /// Before the sale.
    SaleNotOpen,
    /// After the sale.
    SaleClosed,
    /// More seats than one person may have.
    SeatLimit,
    /// The caller does not hold the seat.
    NotHeldByYou,
    /// The reservation is paid.
    AlreadyPaid,
    /// The user has no wallet.
    NoWallet,
    /// The balance would exceed its cap.
    BalanceCap,
    /// More than may be topped up in a day.
    TopUpLimit,
    /// The balance is too small.
    InsufficientBalance,
    /// The hold has ended.
    HoldExpired,
    /// The payment was declined before.
    PaymentDeclined,
    /// The concert has started: its payment is not given back.
    ConcertStarted,
    /// Fewer units are left than are wanted.
    OutOfStock,
    /// The price is another than a moment ago.
    PriceChanged,
    /// The product is not on sale.
    NotSelling,
    /// More units of a product than one person may order before paying.
    ProductLimit,
    /// Too many unpaid orders.
    OrderLimit,
    /// Holds or orders were let lapse: a pause.
    TooManyLapses,
    /// None of the coupon is left.
    CouponExhausted,
    /// Before or after the coupon's dates.
    CouponNotOpen,
    /// The caller has not claimed the coupon.
    CouponNotYours,
    /// Another order uses the coupon.
    CouponUsed,
    /// The coupon's dates are over.
    CouponExpired,
    /// The coupon would take nothing off.
    CouponNotApplicable,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// Throttled or of unknown outcome: the same request again, in a moment.
    Busy,
    /// Our fault.
    Internal,
}

impl Code {
    /// Its name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().1
    }

    /// Its status, the same in every answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.facts().0
    }

    /// Every code.
    pub const ALL: [Self; 53] = [
        Self::MalformedJson,
        Self::InvalidRequest,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::EmailTaken,
        Self::BadCredentials,
        Self::SessionEnded,
        Self::TooManyAttempts,
        Self::QueueTokenRequired,
        Self::QueueTokenInvalid,
        Self::QueueTokenNotAdmitted,
        Self::QueueTokenEnded,
        Self::QueueClosed,
        Self::HasLiveHold,
        Self::NoBookableSchedule,
        Self::HasLiveReservations,
        Self::DateLimit,
        Self::SectionHasOtherPrice,
        Self::NoSeats,
        Self::SeatNotFound,
        Self::SeatTaken,
        Self::SeatYours,
        Self::SaleNotOpen,
        Self::SaleClosed,
        Self::SeatLimit,
        Self::NotHeldByYou,
        Self::AlreadyPaid,
        Self::NoWallet,
        Self::BalanceCap,
        Self::TopUpLimit,
        Self::InsufficientBalance,
        Self::HoldExpired,
        Self::PaymentDeclined,
        Self::ConcertStarted,
        Self::OutOfStock,
        Self::PriceChanged,
        Self::NotSelling,
        Self::ProductLimit,
        Self::OrderLimit,
        Self::TooManyLapses,
        Self::CouponExhausted,
        Self::CouponNotOpen,
        Self::CouponNotYours,
        Self::CouponUsed,
        Self::CouponExpired,
        Self::CouponNotApplicable,
        Self::IdempotencyKeyReused,
        Self::Busy,
        Self::Internal,
    ];

    /// Status, name, and title in English and Korean.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one table, a line or two a code")]
    pub fn facts(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedJson => (S::BAD_REQUEST, "malformed-json", "The body is not JSON", "본문이 JSON이 아닙니다"),
            Self::InvalidRequest => {
                (S::BAD_REQUEST, "invalid-request", "The request is not valid", "잘못된 요청입니다")
            }
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Send application/json",
                "application/json으로 보내 주세요",
            ),
            Self::BodyTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large", "본문이 너무 큽니다")
            }
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "Log in first", "로그인이 필요합니다"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "You may not do this", "권한이 없습니다"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found", "찾을 수 없습니다"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This route has no such method",
                "허용되지 않는 메서드입니다",
            ),
            Self::EmailTaken => (S::CONFLICT, "email-taken", "The e-mail address is taken", "이미 가입된 이메일입니다"),
            Self::BadCredentials => (
                S::UNAUTHORIZED,
                "bad-credentials",
                "E-mail address or password is wrong",
                "이메일 또는 비밀번호가 올바르지 않습니다",
            ),
            Self::SessionEnded => (S::UNAUTHORIZED, "session-ended", "Log in again", "다시 로그인해 주세요"),
            Self::TooManyAttempts => {
                (S::TOO_MANY_REQUESTS, "too-many-attempts", "Too many attempts", "시도 횟수를 초과했습니다")
            }
            Self::QueueTokenRequired => {
                (S::UNAUTHORIZED, "queue-token-required", "Join the queue first", "대기열에 먼저 참여해 주세요")
            }
            Self::QueueTokenInvalid => (
                S::UNAUTHORIZED,
                "queue-token-invalid",
                "The queue token is not valid",
                "유효하지 않은 대기열 토큰입니다",
            ),
            Self::QueueTokenNotAdmitted => {
                (S::FORBIDDEN, "queue-token-not-admitted", "It is not your turn yet", "아직 입장 순서가 아닙니다")
            }
            Self::QueueTokenEnded => {
                (S::FORBIDDEN, "queue-token-ended", "The queue token has ended", "만료된 대기열 토큰입니다")
            }
            Self::QueueClosed => {
                (S::CONFLICT, "queue-closed", "You cannot join the queue now", "지금은 대기열에 참여할 수 없습니다")
            }
            Self::HasLiveHold => (
                S::CONFLICT,
                "has-live-hold",
                "You still hold seats with this queue token",
                "대기열 토큰으로 선점한 좌석이 있습니다",
            ),
            Self::NoBookableSchedule => {
                (S::NOT_FOUND, "no-bookable-schedule", "No date is on sale", "예약 가능한 날짜가 없습니다")
            }
            Self::HasLiveReservations => {
                (S::CONFLICT, "has-live-reservations", "Seats are held or sold", "예약되었거나 판매된 좌석이 있습니다")
            }
            Self::DateLimit => {
                (S::CONFLICT, "date-limit", "The concert has too many dates", "공연의 일정이 너무 많습니다")
            }
            Self::SectionHasOtherPrice => {
                (S::CONFLICT, "section-has-other-price", "The section has another price", "구역의 가격이 다릅니다")
            }
            Self::NoSeats => (S::NOT_FOUND, "no-seats", "There are no seats", "좌석이 없습니다"),
            Self::SeatNotFound => (S::NOT_FOUND, "seat-not-found", "There is no such seat", "존재하지 않는 좌석입니다"),
            Self::SeatTaken => (S::CONFLICT, "seat-taken", "The seat is already taken", "이미 선택된 좌석입니다"),
            Self::SeatYours => (S::CONFLICT, "seat-yours", "You have this seat already", "이미 선택하신 좌석입니다"),
            Self::SaleNotOpen => (S::CONFLICT, "sale-not-open", "The sale has not opened yet", "아직 판매 전입니다"),
            Self::SaleClosed => (S::CONFLICT, "sale-closed", "The sale is over", "판매가 종료되었습니다"),
            Self::SeatLimit => {
                (S::CONFLICT, "seat-limit", "Too many seats for one person", "1인당 좌석 수를 초과했습니다")
            }
            Self::NotHeldByYou => {
                (S::NOT_FOUND, "not-held-by-you", "You do not hold this seat", "선점한 좌석이 아닙니다")
            }
            Self::AlreadyPaid => (S::CONFLICT, "already-paid", "You have paid already", "이미 결제되었습니다"),
            Self::NoWallet => (S::NOT_FOUND, "no-wallet", "You have no wallet yet", "아직 지갑이 없습니다"),
            Self::TopUpLimit => {
                (S::CONFLICT, "top-up-limit", "Too much is topped up in one day", "하루 충전 한도를 넘습니다")
            }
            Self::BalanceCap => {
                (S::CONFLICT, "balance-cap", "Your balance would be too large", "잔액 한도를 초과합니다")
            }
            Self::InsufficientBalance => {
                (S::PAYMENT_REQUIRED, "insufficient-balance", "Your balance is too small", "잔액이 부족합니다")
            }
            Self::HoldExpired => (S::CONFLICT, "hold-expired", "The time to pay is over", "결제 시간이 지났습니다"),
            Self::PaymentDeclined => {
                (S::CONFLICT, "payment-declined", "The payment was declined", "결제가 거절되었습니다")
            }
            Self::ConcertStarted => {
                (S::CONFLICT, "concert-started", "The concert has started", "공연이 이미 시작되었습니다")
            }
            Self::OutOfStock => (S::CONFLICT, "out-of-stock", "Too few units are left", "재고가 부족합니다"),
            Self::PriceChanged => (S::CONFLICT, "price-changed", "The price has changed", "가격이 변경되었습니다"),
            Self::NotSelling => (S::CONFLICT, "not-selling", "The product is not on sale", "판매 중인 상품이 아닙니다"),
            Self::ProductLimit => {
                (S::CONFLICT, "product-limit", "Too many units for one person", "1인당 구매 수량을 초과했습니다")
            }
            Self::OrderLimit => {
                (S::CONFLICT, "order-limit", "Too many unpaid orders", "결제하지 않은 주문이 너무 많습니다")
            }
            Self::TooManyLapses => (
                S::TOO_MANY_REQUESTS,
                "too-many-lapses",
                "Too many holds or orders were left unpaid",
                "결제하지 않은 예약이나 주문이 반복되었습니다",
            ),
            Self::CouponExhausted => {
                (S::CONFLICT, "coupon-exhausted", "None of the coupon is left", "쿠폰이 모두 소진되었습니다")
            }
            Self::CouponNotOpen => {
                (S::CONFLICT, "coupon-not-open", "The coupon is not valid now", "쿠폰 사용 기간이 아닙니다")
            }
            Self::CouponNotYours => {
                (S::CONFLICT, "coupon-not-yours", "Claim the coupon first", "쿠폰을 먼저 받아 주세요")
            }
            Self::CouponUsed => (S::CONFLICT, "coupon-used", "You have used the coupon", "이미 사용한 쿠폰입니다"),
            Self::CouponExpired => (S::CONFLICT, "coupon-expired", "The coupon has expired", "만료된 쿠폰입니다"),
            Self::CouponNotApplicable => (
                S::CONFLICT,
                "coupon-not-applicable",
                "The coupon takes nothing off this order",
                "이 주문에는 할인되는 금액이 없는 쿠폰입니다",
            ),
            Self::IdempotencyKeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The key was used for another request",
                "다른 요청에 사용된 키입니다",
            ),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Try again in a moment", "잠시 후 다시 시도해 주세요"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong", "문제가 발생했습니다"),
        }
    }
}
