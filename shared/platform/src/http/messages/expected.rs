//! The expectations of fields, parameters and headers: what one must be, never what it was.

use onsale_domain::accounts::account::{EmailError, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, PasswordError};
use onsale_domain::concerts::concert::LETTER_PAIRS_MAX;
use onsale_domain::concerts::schedule::{SEATS_PER_USER_MAX, SchedulePlanError};
use onsale_domain::money::{AMOUNT_MAX, MoneyError};
use onsale_domain::orders::coupon::{CouponPlanError, Discount, DiscountError};
use onsale_domain::orders::place::{LINES_MAX, LinesError, UNITS_MAX};
use onsale_domain::products::product::{MAX_PER_USER_MAX, MaxPerUserError};
use onsale_domain::products::stock::{QUANTITY_MAX, SHARDS_MAX, StockError};
use onsale_domain::queue::settings::{
    ACTIVE_MINUTES_MAX, ADMIT_PER_SECOND_MAX, CAPACITY_MAX, CLAIM_SECONDS_MAX, CLAIM_SECONDS_MIN, SettingsError,
};
use onsale_domain::queue::{QUEUE_ID_CHARACTERS_MAX, QueueIdError};
use onsale_domain::reservations::best::BestCountError;
use onsale_domain::reservations::hold::SeatListError;
use onsale_domain::seats::{LABEL_CHARACTERS_MAX, LabelError, SeatIdError};
use onsale_domain::text::{MARKS_IN_A_ROW_MAX, TextError};
use onsale_domain::time::TimeError;

use super::{Language, MinorUnits, Names, messages};

messages! {
    /// The expectation of a field. The name of the field stands in front of it.
    Expected {
        // Numbers.
        Between { min: i64 = 1, max: i64 = 100 }
            "must be between {min} and {max}"
            "{min} 이상 {max} 이하로 입력해 주세요"
        ChangeBetween { min: i64 = -QUANTITY_MAX, max: i64 = QUANTITY_MAX }
            "must be between {min} and {max}, and not 0"
            "0을 제외하고 {min} 이상 {max} 이하로 입력해 주세요"
        AtLeast { min: i64 = 1 }
            "must be at least {min}"
            "{min} 이상으로 입력해 주세요"
        AtMost { max: i64 = AMOUNT_MAX }
            "must be at most {max}"
            "{max} 이하로 입력해 주세요"
        MaxDiscount { max: i64 = AMOUNT_MAX }
            "is allowed for kind percent only, and must be between 1 and {max}"
            "kind가 percent일 때만 1 이상 {max} 이하로 입력해 주세요"

        // Headers.
        Origin
            "must be the address of the page, as a browser sends it"
            "브라우저가 보내는 페이지 주소여야 합니다"
        TokenOrCookie
            "is required unless cookie is true, and not allowed with it"
            "cookie가 true가 아니면 입력해 주세요. cookie와 함께 쓸 수 없습니다"
        SeatsOrBest
            "is required unless best is given, and not allowed with it"
            "best가 없으면 입력해 주세요. best와 함께 쓸 수 없습니다"

        // Texts.
        NotEmpty
            "must have at least one visible character"
            "눈에 보이는 글자를 한 자 이상 입력해 주세요"
        Characters { max: usize = 60 }
            "must have at most {max} characters"
            "{max}자 이하로 입력해 주세요"
        NoControl
            "must not contain control characters"
            "제어 문자를 빼고 입력해 주세요"
        OneLine
            "must be one line, without line breaks"
            "줄을 바꾸지 말고 한 줄로 입력해 주세요"
        SharedMeaning
            "must not contain characters that Unicode has not assigned, has deprecated, or leaves to private use, nor \
            tags outside of a flag"
            "유니코드에 없거나 쓰지 않기로 한 문자, 사용자 정의 문자, 깃발이 아닌 곳의 태그 문자를 빼고 입력해 주세요"
        ReadingDirection
            "must not override the reading direction (U+202A to U+202E); an isolate (U+2066 to U+2068) needs its end \
            (U+2069) in the same line"
            "글의 방향을 바꾸는 문자(U+202A~U+202E)를 빼고 입력해 주세요. 격리 문자(U+2066~U+2068)는 같은 줄에서 U+2069로 닫아 주세요"
        MarksInARow { max: usize = MARKS_IN_A_ROW_MAX }
            "must not have more than {max} accents or other marks on one letter"
            "한 글자에 붙는 부호를 {max}개 이하로 입력해 주세요"
        FewerPairs { max: usize = LETTER_PAIRS_MAX }
            "must have at most {max} different pairs of neighbouring letters once characters such as ㍿ are written out"
            "㍿처럼 여러 글자를 한 글자에 담은 문자는 풀어서 입력해 주세요. 서로 다른 이웃 글자 쌍은 {max}개까지입니다"
        OneOf { names: Names = Names::from(["amount", "percent"]) }
            "must be one of: {names}"
            "다음 중 하나로 입력해 주세요: {names}"
        Email
            "must be an e-mail address such as mina@example.com, with ASCII letters before the @"
            "mina@example.com과 같은 이메일 주소를 입력해 주세요. @ 앞에는 영문자, 숫자, 기호만 쓸 수 있습니다"
        PasswordTooShort { min: usize = PASSWORD_CHARACTERS_MIN }
            "must have at least {min} characters"
            "{min}자 이상으로 입력해 주세요"
        PasswordNul
            "must not contain the character NUL"
            "NUL 문자를 빼고 입력해 주세요"
        PasswordGuessed
            "must not be easily guessed: no common word or pattern, and no part of your name or address"
            "쉽게 추측할 수 있습니다. 흔한 단어나 규칙, 이름이나 주소의 일부가 아닌 것으로 입력해 주세요"

        // Times.
        After { other: &'static str = "valid_from" }
            "must be after {other}"
            "{other} 이후의 시각으로 입력해 주세요"
        NotBefore { other: &'static str = "sale_closes_at" }
            "must not be before {other}"
            "{other}보다 이르지 않은 시각으로 입력해 주세요"
        Years
            "must be between 2000 and 2100, such as 2030-12-20T10:00:00Z"
            "2030-12-20T10:00:00Z와 같이 2000년에서 2100년 사이의 시각으로 입력해 주세요"
        YearsAfter { other: &'static str = "opens_at" }
            "must be after {other}, and between 2000 and 2100"
            "{other} 이후이면서 2000년에서 2100년 사이인 시각으로 입력해 주세요"

        Time
            "must be a time such as 2030-12-20T19:00:00+09:00, with Z or an offset, and without a zone in brackets"
            "2030-12-20T19:00:00+09:00과 같은 시각으로 입력해 주세요. Z나 시차를 붙이고, 대괄호 안의 시간대는 빼 주세요"
        InTheFuture
            "must be in the future"
            "지금보다 뒤의 시각으로 입력해 주세요"

        // Ids.
        Uuid
            "must be a UUID such as 018f3a5c-7b1e-7c3d-9a64-2f8d5e0b7c11"
            "018f3a5c-7b1e-7c3d-9a64-2f8d5e0b7c11과 같은 UUID로 보내 주세요"
        Key
            "is required: send a new UUID with each new request, such as 5f0c9a52-7d1e-4b7a-9c36-2f8d4e6b1a07, and \
            the same one when you send the request again, so that it has no second effect"
            "필수 항목입니다. 새 요청마다 5f0c9a52-7d1e-4b7a-9c36-2f8d4e6b1a07과 같은 새 UUID를 보내고, \
            같은 요청을 다시 보낼 때에는 같은 키를 보내 주세요. 그러면 두 번 처리되지 않습니다"
        SeatId
            "must be a seat id such as A-1-12"
            "A-1-12와 같은 좌석 번호로 입력해 주세요"
        Label { max: usize = LABEL_CHARACTERS_MAX }
            "must be 1 to {max} digits, Latin letters or Hangul syllables, such as A"
            "숫자, 영문자, 한글 1자 이상 {max}자 이하로 입력해 주세요 (예: A)"
        QueueId { max: usize = QUEUE_ID_CHARACTERS_MAX }
            "must be 1 to {max} lower-case letters, digits and hyphens, such as spring-2030"
            "영문 소문자, 숫자, 하이픈 1자 이상 {max}자 이하로 입력해 주세요 (예: spring-2030)"
        PaymentId
            "must be rsv- and a reservation id, or ord- and an order id"
            "rsv-와 예약 번호, 또는 ord-와 주문 번호로 입력해 주세요"
        ReservationOrOrder
            "must be sent, or order_id instead; send exactly one of them"
            "reservation_id와 order_id 중 하나만 보내 주세요"
        CardPurpose
            "must be sent, or order_id or top_up instead; send exactly one of them"
            "reservation_id, order_id, top_up 중 하나만 보내 주세요"
        Cursor
            "must be the `next` of a page of this list"
            "이 목록의 앞 페이지에 있는 next 값을 보내 주세요"

        // Lists.
        SomeSeats
            "must name at least one seat, such as [\"A-1-12\"]"
            "좌석을 하나 이상 보내 주세요 (예: [\"A-1-12\"])"
        SeatsAtMost { max: u16 = SEATS_PER_USER_MAX }
            "must name at most {max} seats"
            "좌석을 {max}석 이하로 보내 주세요"
        SeatTwice
            "must not name a seat twice"
            "같은 좌석은 한 번만 보내 주세요"
        Ranges { max: usize = 500 }
            "must have 1 to {max} ranges"
            "범위를 1개 이상 {max}개 이하로 보내 주세요"
        RowSeats { max: usize = 2_500 }
            "must have at most {max} seats in total"
            "모두 합쳐 {max}석 이하로 보내 주세요"
        SectionSeats { max: usize = 2_500 }
            "must leave the section with at most {max} seats"
            "구역의 좌석이 모두 {max}석 이하가 되도록 보내 주세요"
        Sections { max: usize = 100 }
            "must be an existing section: a date has at most {max}"
            "한 일정에는 구역을 {max}개까지 만들 수 있습니다. 이미 있는 구역을 지정해 주세요"
        SomeLines
            "must have at least one line"
            "상품을 하나 이상 보내 주세요"
        LinesAtMost { max: usize = LINES_MAX }
            "must have at most {max} lines"
            "상품을 {max}줄 이하로 보내 주세요"
        Units { max: i64 = UNITS_MAX }
            "must have 1 to {max} units of a product"
            "상품마다 1개 이상 {max}개 이하로 보내 주세요"
        CostAtMost { max: MinorUnits = MinorUnits(AMOUNT_MAX) }
            "must cost at most {max} in total"
            "합계가 {max} 이하가 되도록 보내 주세요"
        FewerUnits
            "must have fewer products or units; you cannot order so many at once"
            "한 번에 주문하기에는 너무 많습니다. 상품이나 수량을 줄여 주세요"

        // The shape of a body, query or path.
        Text { example: String = "\"A\"".to_owned() }
            "must be a string such as {example}"
            "문자열로 보내 주세요 (예: {example})"
        Integer { example: String = "20".to_owned() }
            "must be an integer such as {example}"
            "정수로 보내 주세요 (예: {example})"
        IntegerBetween { min: i64 = 1, max: i64 = 100 }
            "must be an integer between {min} and {max}"
            "{min} 이상 {max} 이하의 정수로 보내 주세요"
        InRange { form: Box<Expected> = Box::new(Self::Integer { example: "20".to_owned() }) }
            "is out of range; {form}"
            "허용 범위를 벗어났습니다. {form}"
        Boolean
            "must be true or false"
            "true 또는 false로 보내 주세요"
        List { example: String = "[\"A-1-12\"]".to_owned() }
            "must be a list such as {example}"
            "배열로 보내 주세요 (예: {example})"
        Object { example: String = "{\"amount\":1000}".to_owned() }
            "must be an object such as {example}"
            "객체로 보내 주세요 (예: {example})"
        Missing { form: Box<Expected> = Box::new(Self::Boolean) }
            "is missing; it {form}"
            "필수 항목입니다. {form}"
        KnownFields { names: Names = Names::from(["amount", "memo"]) }
            "must have no fields other than: {names}"
            "다음 항목만 보낼 수 있습니다: {names}"
        Once
            "must be given only once"
            "한 번만 보내 주세요"
        Encoded
            "must be percent-encoded UTF-8, such as %41-1-12"
            "퍼센트 인코딩된 UTF-8로 보내 주세요 (예: %41-1-12)"
    }
}

/// The expectation of a number between two limits.
fn between(min: impl Into<i64>, max: impl Into<i64>) -> Expected {
    Expected::Between { min: min.into(), max: max.into() }
}

impl From<TextError> for Expected {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::NotEmpty,
            TextError::TooLong(max) => Self::Characters { max },
            TextError::Lines => Self::OneLine,
            TextError::Control => Self::NoControl,
            TextError::Meaningless => Self::SharedMeaning,
            TextError::Direction => Self::ReadingDirection,
            TextError::Marks => Self::MarksInARow { max: MARKS_IN_A_ROW_MAX },
            TextError::Expands => Self::FewerPairs { max: LETTER_PAIRS_MAX },
        }
    }
}

impl From<EmailError> for Expected {
    fn from(_: EmailError) -> Self {
        Self::Email
    }
}

impl From<PasswordError> for Expected {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort => Self::PasswordTooShort { min: PASSWORD_CHARACTERS_MIN },
            PasswordError::TooLong => Self::Characters { max: PASSWORD_CHARACTERS_MAX },
            PasswordError::Nul => Self::PasswordNul,
        }
    }
}

impl From<MoneyError> for Expected {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::TooSmall => Self::AtLeast { min: 1 },
            MoneyError::Negative => Self::AtLeast { min: 0 },
            MoneyError::TooLarge => Self::AtMost { max: AMOUNT_MAX },
        }
    }
}

impl From<MaxPerUserError> for Expected {
    fn from(MaxPerUserError: MaxPerUserError) -> Self {
        between(1, MAX_PER_USER_MAX)
    }
}

impl From<StockError> for Expected {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Shards => between(1, SHARDS_MAX),
            StockError::Quantity => between(0, QUANTITY_MAX),
            StockError::Delta => Self::ChangeBetween { min: -QUANTITY_MAX, max: QUANTITY_MAX },
        }
    }
}

impl From<SeatIdError> for Expected {
    fn from(_: SeatIdError) -> Self {
        Self::SeatId
    }
}

impl From<LabelError> for Expected {
    fn from(_: LabelError) -> Self {
        Self::Label { max: LABEL_CHARACTERS_MAX }
    }
}

impl From<QueueIdError> for Expected {
    fn from(_: QueueIdError) -> Self {
        Self::QueueId { max: QUEUE_ID_CHARACTERS_MAX }
    }
}

impl From<BestCountError> for Expected {
    fn from(BestCountError: BestCountError) -> Self {
        Self::Between { min: 1, max: SEATS_PER_USER_MAX.into() }
    }
}

impl From<SeatListError> for Expected {
    fn from(error: SeatListError) -> Self {
        match error {
            SeatListError::Empty => Self::SomeSeats,
            SeatListError::TooMany => Self::SeatsAtMost { max: SEATS_PER_USER_MAX },
            SeatListError::Twice => Self::SeatTwice,
        }
    }
}

impl From<LinesError> for Expected {
    fn from(error: LinesError) -> Self {
        match error {
            LinesError::Empty => Self::SomeLines,
            LinesError::TooMany => Self::LinesAtMost { max: LINES_MAX },
            LinesError::Quantity => Self::Units { max: UNITS_MAX },
        }
    }
}

impl From<TimeError> for Expected {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Form => Self::Time,
            TimeError::Range => Self::Years,
        }
    }
}

impl From<SchedulePlanError> for Expected {
    fn from(error: SchedulePlanError) -> Self {
        match error {
            SchedulePlanError::SaleClosesBeforeItOpens => Self::After { other: "sale_opens_at" },
            SchedulePlanError::StartsDuringSale => Self::NotBefore { other: "sale_closes_at" },
            SchedulePlanError::Limit => between(1, SEATS_PER_USER_MAX),
        }
    }
}

impl From<SettingsError> for Expected {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Capacity => between(0, CAPACITY_MAX),
            SettingsError::AdmitPerSecond => between(0, ADMIT_PER_SECOND_MAX),
            SettingsError::ActiveMinutes => between(1, ACTIVE_MINUTES_MAX),
            SettingsError::ClaimSeconds => between(CLAIM_SECONDS_MIN, CLAIM_SECONDS_MAX),
            SettingsError::OpensAt => Self::Years,
            SettingsError::ClosesAt | SettingsError::EndsAt => Self::YearsAfter { other: "opens_at" },
        }
    }
}

impl From<DiscountError> for Expected {
    fn from(error: DiscountError) -> Self {
        match error {
            DiscountError::Kind => Self::OneOf { names: Discount::KINDS.into() },
            DiscountError::Amount => between(1, AMOUNT_MAX),
            DiscountError::Percent => between(1, 100),
            DiscountError::Max => Self::MaxDiscount { max: AMOUNT_MAX },
        }
    }
}

impl From<CouponPlanError> for Expected {
    fn from(error: CouponPlanError) -> Self {
        match error {
            CouponPlanError::EndsBeforeItBegins => Self::After { other: "valid_from" },
            CouponPlanError::Quantity => between(1, QUANTITY_MAX),
        }
    }
}
