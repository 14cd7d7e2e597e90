//! The `detail` texts of problems. Every detail belongs to one code.

use jiff::Timestamp;
use onsale_domain::id::ReservationId;
use uuid::Uuid;

use super::{Language, MinorUnits, Names, messages};
use crate::http::Code;

/// Makes the details. A row is a name, parameters with examples, the code in brackets, English and Korean.
macro_rules! details {
    ($($name:ident $({ $($parameter:ident: $kind:ty = $example:expr),+ })? [$code:ident]
        $english:literal $korean:literal)+
    ) => {
        messages! {
            /// The detail of a problem: the reason this time, and what the caller may do.
            Detail { $($name $({ $($parameter: $kind = $example),+ })? $english $korean)+ }
        }

        impl Detail {
            /// The code that it belongs to.
            #[must_use]
            pub fn code(&self) -> Code {
                match self { $(Self::$name { .. } => Code::$code,)+ }
            }
        }
    };
}

details! {
    // The request as such.
    BodyIsNotJson [MalformedJson]
        "Send one JSON object as the body."
        "본문을 JSON 객체 하나로 보내 주세요."
    ContentType [UnsupportedMediaType]
        "Send the body with Content-Type: application/json."
        "Content-Type: application/json 헤더와 함께 본문을 보내 주세요."
    BodyTooLarge { kibibytes: usize = 64 } [BodyTooLarge]
        "Send a body of at most {kibibytes} KiB."
        "본문은 {kibibytes}KiB 이하로 보내 주세요."
    NotAcceptable [NotAcceptable]
        "Ask for application/json, image/svg+xml or image/png in Accept."
        "Accept 헤더에 application/json, image/svg+xml 또는 image/png를 지정해 주세요."
    NoRoute [NotFound]
        "There is no such route. Check the path."
        "존재하지 않는 경로입니다. 주소를 확인해 주세요."
    MethodNotAllowed { methods: Names = Names::from(["GET", "POST"]) } [MethodNotAllowed]
        "The path does not allow this method. Use one of these: {methods}."
        "이 경로에서 지원하지 않는 메서드입니다. {methods} 중에서 사용해 주세요."
    KeyReused [IdempotencyKeyReused]
        "You have sent this Idempotency-Key with another request. Use a new key for each new request."
        "이 Idempotency-Key는 다른 요청에 이미 사용되었습니다. 새로운 요청에는 새 키를 사용해 주세요."
    TableBusy [Busy]
        "Too many requests arrive at once. Repeat the request, with the same Idempotency-Key if it had one."
        "요청이 한꺼번에 몰리고 있습니다. 같은 요청을 다시 보내 주세요. Idempotency-Key가 있었다면 같은 키를 사용해 주세요."
    OutcomeUnknown [Busy]
        "The request may or may not have taken effect. Repeat it, with the same Idempotency-Key if it had one."
        "요청이 처리되었는지 알 수 없습니다. 다시 보내 주세요. Idempotency-Key가 있었다면 같은 키를 사용해 주세요."
    Internal [Internal]
        "We have recorded this failure, which is on our side. If it happens again, report the id in `instance`."
        "서버에서 문제가 발생하여 기록해 두었습니다. 계속되면 instance의 요청 번호를 알려 주세요."

    // Accounts and sessions.
    AccessTokenRequired [Unauthorized]
        "Log in, and send the access token as Authorization: Bearer."
        "로그인한 뒤 액세스 토큰을 Authorization: Bearer 헤더로 보내 주세요."
    AccessTokenEnded [Unauthorized]
        "Your access token has expired. Get a new one with POST /sessions/refresh, or log in again."
        "액세스 토큰이 만료되었습니다. POST /sessions/refresh로 새로 발급받거나 다시 로그인해 주세요."
    NoAccount [Unauthorized]
        "The account of this access token does not exist. Sign up first."
        "이 액세스 토큰의 계정이 존재하지 않습니다. 먼저 가입해 주세요."
    LinkEnded [LinkEnded]
        "The link has been used, is too old, or is not complete. Ask for another one."
        "이미 사용되었거나 만료되었거나 온전하지 않은 링크입니다. 새 링크를 요청해 주세요."
    MailOff [MailOff]
        "This shop sends no mail, so it cannot send you a link. Ask the shop."
        "이 상점은 메일을 보내지 않아 링크를 보내 드릴 수 없습니다. 상점에 문의해 주세요."
    AddressNotProven [AddressNotProven]
        "Prove your e-mail address first: POST /users/me/address-proof sends you a link."
        "먼저 이메일 주소를 확인해 주세요. POST /users/me/address-proof로 확인 링크를 받을 수 있습니다."
    NoUser [NotFound]
        "There is no such user. Check user_id, as GET /users/me shows it to its user."
        "존재하지 않는 사용자입니다. GET /users/me에 표시되는 user_id인지 확인해 주세요."
    OrganisersOnly [Forbidden]
        "Only organisers and administrators may do this."
        "주최자와 관리자만 사용할 수 있습니다."
    NotYourConcert [Forbidden]
        "Only the organiser of this concert and administrators may do this."
        "이 공연의 주최자와 관리자만 사용할 수 있습니다."
    AdministratorsOnly [Forbidden]
        "Only administrators may do this."
        "관리자만 사용할 수 있습니다."
    EmailTaken [EmailTaken]
        "This e-mail address has an account. Log in instead."
        "이미 가입된 이메일입니다. 로그인해 주세요."
    BadCredentials [BadCredentials]
        "Check the e-mail address and the password, and try again."
        "이메일과 비밀번호를 확인하고 다시 시도해 주세요."
    SessionEnded [SessionEnded]
        "The refresh token is invalid, has expired or was already used. Log in again."
        "유효하지 않거나, 만료되었거나, 이미 사용된 리프레시 토큰입니다. 다시 로그인해 주세요."
    BalanceLeft [AccountInUse]
        "There is money in your wallet. Pay it out to your card or spend it first."
        "지갑에 잔액이 있습니다. 먼저 카드로 환급받거나 사용해 주세요."
    TicketsLeft [AccountInUse]
        "You have tickets of a date that has not started. Cancel them, or wait until it has."
        "아직 시작하지 않은 공연의 티켓이 있습니다. 취소하거나 공연이 시작된 뒤에 다시 시도해 주세요."
    HoldLeft [AccountInUse]
        "You hold seats. Pay for them or release them first."
        "선점한 좌석이 있습니다. 먼저 결제하거나 취소해 주세요."
    OrderLeft [AccountInUse]
        "You have an order that is not paid. Pay or cancel it first."
        "결제하지 않은 주문이 있습니다. 먼저 결제하거나 취소해 주세요."
    CardPaymentLeft [AccountInUse]
        "A card payment is in progress. Wait until it has ended."
        "진행 중인 카드 결제가 있습니다. 끝난 뒤에 다시 시도해 주세요."
    CardRefundLeft [AccountInUse]
        "A refund to your card is in progress. Wait until it has ended."
        "진행 중인 카드 환불이 있습니다. 끝난 뒤에 다시 시도해 주세요."
    QueuePlaceLeft [AccountInUse]
        "You have a place in a waiting queue. Leave the queue first."
        "대기열에 참여 중입니다. 먼저 대기열에서 나가 주세요."
    RoleLeft [AccountInUse]
        "Your account has a role. Ask the person who granted it to take it away first."
        "계정에 역할이 있습니다. 역할을 부여한 사람이 먼저 회수해야 합니다."
    TooManyAttempts { seconds: i64 = 30 } [TooManyAttempts]
        "You have tried too often. Try again in {seconds} s."
        "시도 횟수가 너무 많습니다. {seconds}초 후에 다시 시도해 주세요."

    // The waiting queue.
    NoQueue [NotFound]
        "There is no such queue. Check queue_id."
        "존재하지 않는 대기열입니다. queue_id를 확인해 주세요."
    QueueTokenRequired [QueueTokenRequired]
        "This sale has a waiting queue. Join it with POST /queues/{{queue_id}}/tokens, and send the header Queue-Token."
        "대기열이 있는 판매입니다. POST /queues/{{queue_id}}/tokens로 참여한 뒤 Queue-Token 헤더를 보내 주세요."
    QueueTokenInvalid [QueueTokenInvalid]
        "The Queue-Token is invalid, or belongs to another account or queue. Join the queue to get one."
        "유효하지 않거나 다른 계정 또는 다른 대기열의 Queue-Token입니다. 대기열에 참여하여 발급받아 주세요."
    QueueTokenNotAdmitted [QueueTokenNotAdmitted]
        "You are not admitted yet. Poll your queue entry until your number is called."
        "아직 입장하실 수 없습니다. 번호가 호출될 때까지 대기 상태를 조회해 주세요."
    QueueTokenEnded [QueueTokenEnded]
        "Your Queue-Token has expired, was used or was given up. Join the queue again."
        "만료되었거나, 이미 사용했거나, 반납하신 Queue-Token입니다. 대기열에 다시 참여해 주세요."
    LogInToLook [Unauthorized]
        "This sale has a waiting queue. Log in to see its dates and seats."
        "대기열이 있는 판매입니다. 로그인한 뒤 일정과 좌석을 확인해 주세요."
    QueueNotOpen { opens_at: Timestamp = Timestamp::UNIX_EPOCH } [QueueClosed]
        "The queue opens at {opens_at}. Join it then."
        "대기열은 {opens_at}에 열립니다. 그때 참여해 주세요."
    QueueClosed [QueueClosed]
        "The queue has closed. You can no longer join it."
        "대기열이 마감되어 더 이상 참여하실 수 없습니다."
    JoinedTooSoon { seconds: i64 = 30 } [TooManyAttempts]
        "You left this queue a moment ago. Join it again in {seconds} s."
        "방금 이 대기열에서 나가셨습니다. {seconds}초 후에 다시 참여해 주세요."
    QueueInUse [QueueInUse]
        "Somebody waits or is inside, or a concert has this queue. Let everybody finish, or set ends_at, and give the concerts another queue."
        "대기하거나 입장한 사람이 있거나 공연에 연결된 대기열입니다. 모두 끝나기를 기다리거나 ends_at을 설정하고, 공연의 대기열을 변경해 주세요."
    HasLiveHold [HasLiveHold]
        "You still hold seats with this queue token. Pay for them or release them first."
        "이 대기열 토큰으로 선점한 좌석이 있습니다. 먼저 결제하거나 취소해 주세요."

    // Concerts, schedules, seats.
    NoConcert [NotFound]
        "There is no such concert. Check concert_id."
        "존재하지 않는 공연입니다. concert_id를 확인해 주세요."
    NoSchedule [NotFound]
        "There is no such schedule. Check schedule_id."
        "존재하지 않는 일정입니다. schedule_id를 확인해 주세요."
    NoBookableSchedule [NoBookableSchedule]
        "No date of this concert is on sale now."
        "지금 예매할 수 있는 일정이 없습니다."
    HasLiveReservations [HasLiveReservations]
        "Nothing was deleted, because seats are held or sold. Cancel their reservations and payments first."
        "선점되었거나 판매된 좌석이 있어 삭제하지 않았습니다. 먼저 해당 예약과 결제를 취소해 주세요."
    ConcertLimit { limit: u32 = 100 } [ConcertLimit]
        "A queue guards at most {limit} concerts. Delete one of them first, or name another queue."
        "대기열 하나에는 공연을 {limit}개까지 연결할 수 있습니다. 먼저 다른 공연을 삭제하거나 다른 대기열을 지정해 주세요."
    SaleOpened [SaleOpened]
        "The queue of a concert can be changed up to three minutes before its first sale opens."
        "공연의 대기열은 첫 판매가 시작되기 3분 전까지만 변경할 수 있습니다."
    TooManyDatesForQueue { limit: u32 = 45 } [DateLimit]
        "The queue of a concert with more than {limit} dates cannot be changed. Delete dates first, or make a new concert."
        "일정이 {limit}개를 넘는 공연의 대기열은 변경할 수 없습니다. 먼저 일정을 삭제하거나 새 공연을 만들어 주세요."
    DateLimit { limit: u32 = 500 } [DateLimit]
        "A concert has at most {limit} dates. Delete one of them first."
        "공연 하나에는 일정을 {limit}개까지 만들 수 있습니다. 먼저 다른 일정을 삭제해 주세요."
    SectionHasOtherPrice [SectionHasOtherPrice]
        "This section has another price. Send the same price, or name another section."
        "이 구역에는 이미 다른 가격이 정해져 있습니다. 같은 가격을 보내거나 다른 구역을 지정해 주세요."
    NoSeats [NoSeats]
        "There is no such schedule or section, or it has no seats."
        "일정이나 구역이 없거나, 아직 좌석이 없습니다."
    NoSeat [SeatNotFound]
        "This date has no such seat. Check the seat id."
        "이 일정에 없는 좌석입니다. 좌석 번호를 확인해 주세요."
    SeatsTaken [SeatTaken]
        "Another buyer holds or owns these seats. Choose other seats."
        "다른 분이 먼저 선택한 좌석입니다. 다른 좌석을 선택해 주세요."
    NotEnoughSeats [NotEnoughSeats]
        "Fewer seats are free where you want to sit. Ask for fewer, or elsewhere."
        "원하시는 곳에 남은 좌석이 부족합니다. 좌석 수를 줄이거나 다른 구역을 선택해 주세요."
    NotTogether [NotTogether]
        "Enough seats are free, but no row has so many next to each other. Allow seats apart, or ask for fewer."
        "좌석은 남아 있지만 나란히 앉을 수 없습니다. 떨어진 좌석을 허용하거나 좌석 수를 줄여 주세요."
    SeatsContended [SeatsContended]
        "Other buyers took the seats that were chosen for you, three times. Try again."
        "선택해 드린 좌석을 다른 분들이 세 번 모두 먼저 가져갔습니다. 다시 시도해 주세요."
    SeatsHeldByYou { reservation: ReservationId = ReservationId(Uuid::nil()) } [SeatYours]
        "You hold these seats already, with the reservation {reservation}. Pay for it, or cancel it first."
        "이미 선점하신 좌석입니다(예약 {reservation}). 결제하거나 먼저 취소해 주세요."
    SeatsBoughtByYou { reservation: ReservationId = ReservationId(Uuid::nil()) } [SeatYours]
        "You have bought these seats already, with the reservation {reservation}."
        "이미 구매하신 좌석입니다(예약 {reservation})."
    SeatLimit { limit: u16 = 4 } [SeatLimit]
        "You may hold or own at most {limit} seats of this date."
        "이 일정에서는 한 분당 {limit}석까지 예매하실 수 있습니다."
    HoldsLapsed { seconds: u32 = 60 } [TooManyLapses]
        "You let holds of this date expire. Hold seats again in {seconds} s, and pay for them or cancel in time."
        "이 일정에서 선점한 좌석이 결제되지 않은 채 만료되었습니다. {seconds}초 후에 다시 선택하고 시간 안에 결제하거나 취소해 주세요."
    ReservationsFull { max: u16 = 1_000 } [TooManyReservations]
        "Your account keeps at most {max} reservations. Unpaid ones are removed 90 days after they ended."
        "계정에는 예약을 최대 {max}건까지 보관합니다. 결제되지 않은 예약은 종료 90일 후에 삭제됩니다."
    SaleNotOpen [SaleNotOpen]
        "The sale has not opened yet. See sale_opens_at of the date."
        "아직 판매가 시작되지 않았습니다. 일정의 sale_opens_at을 확인해 주세요."
    SaleClosed [SaleClosed]
        "The sale of this date is over."
        "이 일정의 판매가 종료되었습니다."
    NotHeldByYou [NotHeldByYou]
        "You do not hold this seat, or your hold has expired."
        "선점하지 않았거나 선점 시간이 지난 좌석입니다."

    // Reservations and payments.
    NoReservation [NotFound]
        "You have no such reservation. Check reservation_id."
        "해당 예약이 없습니다. reservation_id를 확인해 주세요."
    NoTicket [NotFound]
        "You have no such ticket. Check reservation_id and ticket_id."
        "해당 티켓이 없습니다. reservation_id와 ticket_id를 확인해 주세요."
    NothingToCancel [NotFound]
        "You have no such reservation or ticket. Check the path."
        "해당 예약이나 티켓이 없습니다. 주소를 확인해 주세요."
    NothingToPay [NotFound]
        "You have no such reservation or order. Check its id."
        "해당 예약이나 주문이 없습니다. 번호를 확인해 주세요."
    NoPayment [NotFound]
        "You have no such payment. Check payment_id."
        "해당 결제가 없습니다. payment_id를 확인해 주세요."
    AlreadyPaid [AlreadyPaid]
        "You have already paid. Cancel the payment instead."
        "이미 결제하셨습니다. 예약이나 주문 대신 결제를 취소해 주세요."
    PaymentDeclined [PaymentDeclined]
        "The payment was declined, and the seats or units were released. Hold the seats or order again."
        "결제가 거절되어 선점이 해제되었습니다. 좌석을 다시 선택하거나 다시 주문해 주세요."
    HoldExpired [HoldExpired]
        "The time to pay is over. Hold the seats or order again."
        "결제 시간이 지났습니다. 좌석을 다시 선택하거나 다시 주문해 주세요."
    ConcertStarted [ConcertStarted]
        "The concert has started. You can no longer cancel the payment."
        "공연이 이미 시작되어 결제를 취소하실 수 없습니다."

    // Tickets.
    TicketCancelled [TicketCancelled]
        "The ticket is cancelled, so it has no code."
        "취소된 티켓이므로 코드가 없습니다."
    TicketNotPaid [NotPaid]
        "A ticket has a code once its reservation is paid."
        "예약을 결제하시면 티켓 코드가 발급됩니다."
    TicketScanned [TicketScanned]
        "Somebody has entered with this ticket. It can no longer be cancelled or get a new code."
        "이미 입장에 사용된 티켓은 취소하거나 새 코드를 발급받으실 수 없습니다."
    TooManyCodes { max: u16 = 1_000 } [TooManyCodes]
        "A ticket gets at most {max} codes. Use the code that it has."
        "티켓 하나에는 코드를 {max}개까지 발급합니다. 현재 코드를 사용해 주세요."

    // Cards.
    CardsOff [CardsOff]
        "This shop accepts no cards. Pay from your wallet."
        "카드 결제를 받지 않습니다. 지갑으로 결제해 주세요."
    CardAmountTooSmall [CardAmountTooSmall]
        "A card cannot be charged so little. Pay from your wallet."
        "카드로 결제하기에는 금액이 너무 작습니다. 지갑으로 결제해 주세요."
    CardAmountStep { step: i64 = 10 } [CardAmountStep]
        "A card is charged in steps of {step} minor units. Pay from your wallet."
        "카드는 {step} 단위로만 결제할 수 있습니다. 지갑으로 결제해 주세요."
    CardPaymentEnded [CardPaymentEnded]
        "This card payment has ended. Begin another one, with a new Idempotency-Key."
        "종료된 카드 결제입니다. 새 Idempotency-Key로 다시 시작해 주세요."
    NoCardPayment [NotFound]
        "You have no such card payment. Check card_payment_id."
        "해당 카드 결제가 없습니다. card_payment_id를 확인해 주세요."
    PaidAlready [AlreadyPaid]
        "You have already paid for this."
        "이미 결제하셨습니다."
    TooLittleByCard { most: MinorUnits = MinorUnits(50_000) } [TooLittleByCard]
        "At most {most} can go back to the cards by which you topped up."
        "충전하신 카드로 돌려드릴 수 있는 금액은 최대 {most}입니다."
    ReportInvalid [ReportInvalid]
        "Sign the report as the payment provider does, with a secret that is in force, and send it within five minutes."
        "결제사의 유효한 비밀 키로 서명하여 5분 안에 보내 주세요."

    // The wallet.
    NoWallet [NoWallet]
        "You have no wallet yet. Create one with POST /wallet."
        "아직 지갑이 없습니다. POST /wallet으로 만들어 주세요."
    UserHasNoWallet [NoWallet]
        "There is no such user, or the user has no wallet yet. The user creates one with POST /wallet."
        "존재하지 않는 사용자이거나 아직 지갑이 없습니다. 지갑은 사용자가 POST /wallet으로 만들어야 합니다."
    UserErased [NoWallet]
        "The user's account was erased. Its wallet takes no credits."
        "삭제된 사용자의 계정입니다. 지갑에 금액을 넣을 수 없습니다."
    BalanceCap { max: MinorUnits = MinorUnits(onsale_domain::money::AMOUNT_MAX) } [BalanceCap]
        "Your balance may be at most {max} after a top-up. Top up less."
        "충전 후 잔액은 {max} 이하여야 합니다. 더 적은 금액을 충전해 주세요."
    CreditCap { max: MinorUnits = MinorUnits(onsale_domain::money::AMOUNT_MAX) } [BalanceCap]
        "The balance may be at most {max} after a credit. Credit less."
        "적립 후 잔액은 {max} 이하여야 합니다. 더 적은 금액을 적립해 주세요."
    InsufficientBalance [InsufficientBalance]
        "Your balance is too small. Top up your wallet first."
        "잔액이 부족합니다. 먼저 지갑을 충전해 주세요."
    DeclinedHeld { expires_at: Timestamp = Timestamp::UNIX_EPOCH } [InsufficientBalance]
        "Your balance is too small. Your seats or units stay held until {expires_at}: top up your wallet, and pay before \
        then with the same Idempotency-Key."
        "잔액이 부족합니다. 좌석이나 상품은 {expires_at}까지 유지됩니다. 그 전에 지갑을 충전하고 같은 Idempotency-Key로 \
        다시 결제해 주세요."
    DeclinedReleased [InsufficientBalance]
        "Your balance is too small, and your seats or units were released. Top up your wallet, then hold the seats or order \
        again."
        "잔액이 부족하여 좌석이나 상품의 선점이 해제되었습니다. 지갑을 충전한 뒤 좌석을 다시 선택하거나 다시 주문해 주세요."
    TopUpLimit { max: MinorUnits = MinorUnits(onsale_domain::money::TOP_UPS_OF_A_DAY_MAX) } [TopUpLimit]
        "You may top up at most {max} a day. Top up less, or try again tomorrow: the day begins at 00:00 UTC."
        "하루에 {max}까지 충전하실 수 있습니다. 더 적은 금액을 충전하거나 내일(UTC 00:00 이후) 충전해 주세요."
    TopUpClosed [TopUpClosed]
        "You cannot top up your wallet in this shop. Ask the shop to credit you."
        "이 사이트에서는 지갑을 충전하실 수 없습니다. 판매자에게 적립을 문의해 주세요."

    // The shop.
    NoProduct [NotFound]
        "There is no such product. Check product_id."
        "존재하지 않는 상품입니다. product_id를 확인해 주세요."
    NoOrder [NotFound]
        "You have no such order. Check order_id."
        "해당 주문이 없습니다. order_id를 확인해 주세요."
    NoCoupon [NotFound]
        "There is no such coupon. Check coupon_id."
        "존재하지 않는 쿠폰입니다. coupon_id를 확인해 주세요."
    NotSelling [NotSelling]
        "These products are not on sale. Order without them."
        "판매 중이 아닌 상품입니다. 해당 상품을 빼고 주문해 주세요."
    ProductLimit [ProductLimit]
        "You may order at most max_per_user units of each of these products before you pay. Order fewer, or pay first."
        "결제 전에 한 분이 주문할 수 있는 수량(max_per_user)을 초과한 상품입니다. 수량을 줄이거나 먼저 결제해 주세요."
    OrderLimit { max: usize = onsale_domain::orders::unpaid::ORDERS_MAX } [OrderLimit]
        "You have {max} unpaid orders. Pay for one or cancel one first."
        "결제하지 않은 주문이 {max}건 있습니다. 먼저 결제하거나 취소해 주세요."
    OrdersLapsed { seconds: u32 = 60 } [TooManyLapses]
        "You let orders expire. Order again in {seconds} s, and pay or cancel in time. You can also pay as you order."
        "결제되지 않은 채 만료된 주문이 있습니다. {seconds}초 후에 다시 주문하고 시간 안에 결제하거나 취소해 주세요. 주문과 동시에 \
        결제하셔도 됩니다."
    PriceChanged [PriceChanged]
        "The price has just changed. Check it and order again."
        "가격이 방금 변경되었습니다. 가격을 확인하고 다시 주문해 주세요."
    OutOfStock [OutOfStock]
        "Fewer units are left than you ordered. Order fewer."
        "남은 수량이 부족합니다. 수량을 줄여 주문해 주세요."
    StockTooSmall [OutOfStock]
        "Fewer units are in stock than you want to remove. Remove fewer."
        "빼려는 수량보다 재고가 적습니다. 수량을 줄여 주세요."
    CouponNotYours [CouponNotYours]
        "You have not claimed this coupon. Claim it with POST /coupons/{{coupon_id}}/claims."
        "아직 받지 않은 쿠폰입니다. POST /coupons/{{coupon_id}}/claims로 먼저 받아 주세요."
    CouponUsed [CouponUsed]
        "Another order of yours uses this coupon. Order without it."
        "다른 주문에 이미 사용한 쿠폰입니다. 쿠폰 없이 주문해 주세요."
    CouponNotValidYet [CouponNotOpen]
        "You cannot use this coupon before its valid_from."
        "쿠폰 사용 기간(valid_from)이 아직 시작되지 않았습니다."
    CouponExpired [CouponExpired]
        "The coupon has expired. Order without it."
        "사용 기간이 지난 쿠폰입니다. 쿠폰 없이 주문해 주세요."
    CouponNotApplicable [CouponNotApplicable]
        "The coupon gives no discount on this order. Order without it, and keep it for later."
        "이 주문에는 할인되는 금액이 없는 쿠폰입니다. 쿠폰을 아껴 두고 쿠폰 없이 주문해 주세요."
    CouponNotClaimable [CouponNotOpen]
        "You can claim this coupon from its valid_from until its valid_until."
        "쿠폰은 valid_from부터 valid_until 전까지 받으실 수 있습니다."
    CouponExhausted [CouponExhausted]
        "All of these coupons have been claimed."
        "준비된 쿠폰이 모두 소진되었습니다."
}
