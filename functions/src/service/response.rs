use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use onsale_domain::concerts::schedule::SaleState;
use onsale_domain::money::Currency;
use onsale_platform::app::App;
use onsale_platform::card_provider::checkout::Checkout;
use onsale_platform::failure::Failure;
use onsale_platform::http::page::{Asset, DocumentRequest, Told};
use onsale_platform::http::{Language, format_money};
use onsale_platform::store::concerts::Concert;
use onsale_platform::store::views::{Counts, DateView};
use uuid::Uuid;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The request as every document knows it.
pub struct Page {
    /// The request.
    request: DocumentRequest,
    /// The tag of its language.
    language: &'static str,
    /// Path that was asked for.
    path: String,
    title: String,
    /// The payment provider, if cards are taken.
    checkout: Option<Checkout>,
    /// The currency of every amount.
    currency: Currency,
    /// Whether buyers may top up without a payment.
    has_free_top_ups: bool,
}

/// Told to people in the place of what they asked for.
#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    page: &'a Page,
}

/// Told to people while the table fails.
#[derive(Template)]
#[template(path = "failed.html")]
struct Failed<'a> {
    page: &'a Page,
}

/// The list of concerts.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomeDocument<'a> {
    /// The page.
    pub page: &'a Page,
    /// Concerts of this part of the list.
    pub concerts: Vec<Card>,
    /// Search text.
    pub query: String,
    /// URL of the next part.
    pub next: Option<String>,
}

/// A concert with its dates.
#[derive(Template)]
#[template(path = "concert.html")]
pub struct ConcertDocument<'a> {
    page: &'a Page,
    concert: ConcertView,
    dates: Vec<Date>,
}

/// A concert by itself.
struct ConcertView {
    id: Uuid,
    name: String,
    description: String,
    queue_id: Option<String>,
}

/// A screen that its script fills.
#[derive(Template)]
#[template(path = "app.html")]
pub struct Shell<'a> {
    /// The page.
    pub page: &'a Page,
}

/// A time, for programs and for people.
pub struct Moment {
    iso: String,
    text: String,
}

/// A price, as people read it.
struct Price {
    text: String,
    is_free: bool,
}

/// A concert in a list.
pub struct Card {
    id: Uuid,
    name: String,
    place: String,
    dates: usize,
    starts_at: Option<Moment>,
    price_from: Option<Price>,
    state: &'static str,
    opens_at: Option<Moment>,
}

/// A date of a concert.
struct Date {
    id: Uuid,
    place: String,
    starts_at: Moment,
    opens_at: Moment,
    closes_at: Moment,
    state: &'static str,
    price_from: Option<Price>,
    sections: Vec<Section>,
}

/// A section of a date.
struct Section {
    label: String,
    price: Price,
    available: u32,
}

/// The word that is the title of a document without one of its own: that of its part of the page.
fn title_of(path: &str) -> &'static str {
    match path.strip_prefix("/app/").and_then(|path| path.split('/').next()) {
        Some("shop") => "nav.shop",
        Some("tickets" | "orders" | "cart") => "nav.tickets",
        Some("account" | "wallet" | "reset" | "prove") => "nav.account",
        Some(_) | None => "nav.concerts",
    }
}

impl Page {
    /// The page of a shop that a request asks for.
    pub fn new(app: &App, request: DocumentRequest) -> Self {
        let (language, path) = (request.language.tag(), request.path.clone());
        let (currency, has_free_top_ups) = (app.currency(), app.config().free_top_ups);
        let checkout = Checkout::of(app);
        let page = Self { request, language, path, title: String::new(), checkout, currency, has_free_top_ups };
        Self { title: page.word(title_of(&page.path)).to_owned(), ..page }
    }

    /// The same with a title of its own.
    pub fn titled(self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self }
    }

    /// The language of its reader.
    pub fn spoken(&self) -> Language {
        self.request.language
    }

    /// A word of the page in its language.
    fn word(&self, key: &str) -> &'static str {
        let found = WORDS.binary_search_by_key(&key, |(key, _)| key);
        debug_assert!(found.is_ok(), "page/words.json has no {key}");
        found.map_or("", |place| WORDS[place].1[usize::from(self.spoken() == Language::Korean)])
    }

    /// All words of its language, for scripts.
    fn words(&self) -> &'static str {
        WORDS_JSON[usize::from(self.spoken() == Language::Korean)]
    }

    /// The address of the payment provider's script: empty where it may not run, none if no cards are taken.
    fn card_script(&self) -> Option<&str> {
        self.checkout.as_ref().map(|checkout| checkout.told_at(&self.path))
    }

    fn takes_cards(&self) -> bool {
        self.checkout.is_some()
    }

    /// The path of an asset.
    fn asset(&self, name: &str) -> String {
        debug_assert!(find_asset(name).is_some(), "there is no page/{name}");
        format!("/assets/{VERSION}/{name}")
    }

    /// The document as an answer.
    pub fn show(&self, document: &impl Template) -> Response {
        self.answer(Told::Shown, document)
    }

    /// Tells people that there is no such page.
    pub fn not_found(&self) -> Response {
        self.answer(Told::Missing, &NotFound { page: self })
    }

    /// Tells people that it cannot be shown now.
    pub fn failed(&self, failure: &Failure) -> Response {
        tracing::warn!(%failure, path = self.path, "a document could not be made");
        self.answer(Told::Failed, &Failed { page: self })
    }

    fn answer(&self, told: Told, document: &impl Template) -> Response {
        // Nothing in a template can fail but a text that cannot be written.
        let mut response = self.request.answer(told, document.render().unwrap_or_default());
        if let Some(checkout) = &self.checkout {
            checkout.allow_at(&self.path, response.headers_mut());
        }
        response
    }
}

/// The asset that a path below `/assets` names, in this version of the page.
pub fn asset_at(path: &str) -> Option<&'static Asset> {
    let (version, name) = path.split_once('/')?;
    find_asset(name).filter(|_| version == VERSION)
}

fn find_asset(name: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by_key(&name, |asset| asset.name).ok().map(|place| &ASSETS[place])
}

/// The URL of the next part of a list.
pub fn next_url(query: &str, cursor: &str) -> String {
    let mut url = String::from("/?");
    if !query.is_empty() {
        let encoded: String = query.bytes().map(encode).collect();
        url.push_str(&format!("query={encoded}&"));
    }
    url + "cursor=" + cursor
}

/// A byte of a text as a query string has it (RFC 3986, 2.3).
fn encode(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

impl Moment {
    fn new(at: Timestamp, language: Language) -> Self {
        let format = match language {
            Language::English => "%-d %b %Y, %H:%M UTC",
            Language::Korean => "%Y년 %-m월 %-d일 %H:%M UTC",
        };
        Self { iso: at.to_string(), text: at.strftime(format).to_string() }
    }
}

/// The state that people are told: the sale's, and that few seats are left when a tenth is.
fn told_state(state: SaleState, left: Counts) -> &'static str {
    let all = left.available + left.held + left.sold;
    match state {
        SaleState::OnSale if left.available * 10 <= all && all > 0 => "few_left",
        state => state.as_str(),
    }
}

impl Price {
    fn new(amount: i64, page: &Page) -> Self {
        Self { text: format_money(amount, page.currency, page.spoken()), is_free: amount == 0 }
    }

    /// The lowest price of a seat.
    fn lowest<'a>(dates: impl IntoIterator<Item = &'a DateView>, page: &Page) -> Option<Self> {
        let sections = dates.into_iter().flat_map(|date| date.schedule.sections.values());
        sections.map(|section| section.price.get()).min().map(|lowest| Self::new(lowest, page))
    }
}

impl Card {
    /// A concert with its next dates: on sale if one of them is, else what comes first.
    pub fn new(concert: Concert, dates: &[DateView], page: &Page, now: Timestamp) -> Self {
        let language = page.spoken();
        let order = [SaleState::OnSale, SaleState::NotOpen, SaleState::SoldOut, SaleState::Over];
        let state = order.into_iter().find(|state| dates.iter().any(|date| date.sale_state(now) == *state));
        let shown: Vec<&DateView> = dates.iter().filter(|date| Some(date.sale_state(now)) == state).collect();
        let left = shown.iter().fold(Counts::default(), |sum, date| sum + date.seats.total());
        let opens_at = shown.iter().map(|date| date.schedule.sale_opens_at).min();
        Self {
            id: concert.id.0,
            name: concert.name,
            place: shown.first().map(|date| date.schedule.venue.clone()).unwrap_or_default(),
            dates: dates.len(),
            starts_at: shown.first().map(|date| Moment::new(date.schedule.starts_at, language)),
            price_from: Price::lowest(dates, page),
            state: state.map_or("none", |state| told_state(state, left)),
            opens_at: opens_at
                .filter(|_| state == Some(SaleState::NotOpen))
                .map(|opens_at| Moment::new(opens_at, language)),
        }
    }
}

impl<'a> ConcertDocument<'a> {
    /// A concert with its dates as they stand at `now`.
    pub fn new(page: &'a Page, concert: Concert, dates: &[DateView], now: Timestamp) -> Self {
        let dates = dates.iter().map(|date| Date::new(date, page, now)).collect();
        let concert = ConcertView {
            id: concert.id.0,
            name: concert.name,
            description: concert.description,
            queue_id: concert.queue.map(|queue| queue.to_string()),
        };
        Self { page, concert, dates }
    }
}

impl Date {
    fn new(date: &DateView, page: &Page, now: Timestamp) -> Self {
        let (language, schedule) = (page.spoken(), &date.schedule);
        let sections = schedule.sections.iter().map(|(label, section)| Section {
            label: label.to_string(),
            price: Price::new(section.price.get(), page),
            available: date.seats.sections.get(label).map_or(0, |counts| counts.available),
        });
        Self {
            id: schedule.id.0,
            place: schedule.venue.clone(),
            starts_at: Moment::new(schedule.starts_at, language),
            opens_at: Moment::new(schedule.sale_opens_at, language),
            closes_at: Moment::new(schedule.sale_closes_at, language),
            state: told_state(date.sale_state(now), date.seats.total()),
            price_from: Price::lowest([date], page),
            sections: sections.collect(),
        }
    }
}
