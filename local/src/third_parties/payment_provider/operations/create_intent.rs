//! POST /v1/payment_intents

use onsale_domain::money::Currency;
use serde_json::Value;

use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::objects::{CaptureMethod, PaymentIntent, Status};
use crate::third_parties::payment_provider::operations::metadata::read_metadata;
use crate::third_parties::payment_provider::state::{Request, State};

/// Largest amount, in minor units: eight digits.
pub const AMOUNT_MAX: i64 = 99_999_999;
/// Smallest amount of a currency that nobody knows.
const AMOUNT_MIN: i64 = 50;
/// Currencies with three decimals, whose amounts end in a zero.
const THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];
/// Methods of payment. The second stands for all that cannot be authorised first and captured later.
const METHODS: [&str; 2] = ["card", "test_bank"];

pub(crate) fn create_intent(state: &mut State, request: &Request<'_>) -> Result<Value, ApiError> {
    let parameters = request.parameters;
    let known = ["amount", "currency", "capture_method", "metadata", "payment_method_types", "description", "expand"];
    parameters.allow_only(&known)?;
    let amount = parameters.integer("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = read_currency(parameters)?;
    check_amount(amount, &currency)?;
    let capture_method = match parameters.text("capture_method") {
        None | Some("automatic") => CaptureMethod::Automatic,
        Some("manual") => CaptureMethod::Manual,
        Some(_) => return Err(invalid("capture_method", "must be one of automatic or manual")),
    };
    let payment_method_types = read_methods(parameters, capture_method)?;
    let metadata = read_metadata(parameters)?;
    let (number, id) = state.next_id("pi");
    let intent = PaymentIntent {
        number,
        client_secret: state.client_secret(&id),
        id,
        amount,
        amount_capturable: 0,
        amount_received: 0,
        amount_refunded: 0,
        capture_method,
        currency,
        description: parameters.text("description").map(str::to_owned),
        created: request.now.as_second(),
        metadata,
        status: Status::RequiresPaymentMethod,
        canceled_at: None,
        cancellation_reason: None,
        last_payment_error: None,
        latest_charge: None,
        payment_method_types,
        behaviour: None,
        due: None,
    };
    state.put_intent(intent.clone());
    state.emit("payment_intent.created", intent.to_json(), request.now, &request.cause);
    Ok(intent.to_json())
}

fn read_currency(parameters: Parameters<'_>) -> Result<String, ApiError> {
    let currency = parameters.required("currency")?.to_lowercase();
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_lowercase());
    if is_code { Ok(currency) } else { Err(invalid("currency", "must be a three-letter code of ISO 4217")) }
}

/// Whether a payment may be this large. Stripe looks at it only once it executes the call.
fn check_amount(amount: i64, currency: &str) -> Result<(), ApiError> {
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::bad_parameter(Some("parameter_invalid_integer"), "amount", message));
    }
    if THREE_DECIMALS.contains(&currency) && amount % 10 != 0 {
        let message = "The last digit of an amount in this currency must be 0.";
        return Err(ApiError::bad_parameter(Some("parameter_invalid_integer"), "amount", message));
    }
    let known = Currency::parse(&currency.to_uppercase());
    let least = known.map_or(AMOUNT_MIN, Currency::smallest_card_charge);
    if amount < least {
        let message = format!("Amount must be at least {least} {currency}, in minor units.");
        return Err(ApiError::invalid_request(Some("amount_too_small"), message).with_param("amount"));
    }
    if amount > AMOUNT_MAX {
        let message = format!("Amount must be no more than {AMOUNT_MAX} {currency}, in minor units.");
        return Err(ApiError::invalid_request(Some("amount_too_large"), message).with_param("amount"));
    }
    Ok(())
}

fn read_methods(parameters: Parameters<'_>, capture_method: CaptureMethod) -> Result<Vec<String>, ApiError> {
    let mut methods = Vec::new();
    for method in parameters.list("payment_method_types") {
        if !METHODS.contains(&method) {
            return Err(invalid("payment_method_types", "must be card or test_bank"));
        }
        if method == "test_bank" && capture_method == CaptureMethod::Manual {
            return Err(invalid("capture_method", "must be automatic for test_bank"));
        }
        if !methods.iter().any(|known| known == method) {
            methods.push(method.to_owned());
        }
    }
    if methods.is_empty() {
        methods.push("card".to_owned());
    }
    Ok(methods)
}

fn invalid(param: &str, rule: &str) -> ApiError {
    ApiError::bad_parameter(None, param, format!("Invalid {param}: {rule}."))
}
