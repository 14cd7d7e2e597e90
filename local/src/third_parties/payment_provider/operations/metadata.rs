//! The client's own keys and values on an object.

use std::collections::BTreeMap;

use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::error::ApiError;

/// Stripe's limits.
const KEYS_MAX: usize = 50;
const KEY_CHARACTERS_MAX: usize = 40;
const VALUE_CHARACTERS_MAX: usize = 500;

/// The metadata of a call.
pub(crate) fn read_metadata(parameters: Parameters<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut metadata = parameters.map("metadata");
    // An empty value means that there is no such key.
    metadata.retain(|_, value| !value.is_empty());
    if metadata.len() > KEYS_MAX {
        let message = format!("Metadata has at most {KEYS_MAX} keys.");
        return Err(ApiError::bad_parameter(None, "metadata", message));
    }
    for (key, value) in &metadata {
        if key.chars().count() > KEY_CHARACTERS_MAX || value.chars().count() > VALUE_CHARACTERS_MAX {
            let message = format!(
                "Metadata keys have at most {KEY_CHARACTERS_MAX} characters, their values {VALUE_CHARACTERS_MAX}."
            );
            return Err(ApiError::bad_parameter(None, "metadata", message));
        }
    }
    Ok(metadata)
}
