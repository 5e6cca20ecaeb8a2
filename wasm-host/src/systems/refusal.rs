//! What JavaScript is told where there can be no system, or no snapshot of one.

use crate::{error::error, names::camel_case};
use core::fmt::Display;
use wasm_bindgen::JsValue;

/// An error of a class. JavaScript spells limits in its own way; `found` is what is more than a limit, where one refused.
pub(super) fn refusal(
    class: &str,
    code: &str,
    limit: Option<(&str, u64)>,
    found: &str,
    refused: &dyn Display,
) -> JsValue {
    match limit {
        Some((limit, maximum)) => {
            let name = camel_case(limit);
            error(
                class,
                code,
                &format_args!("limit `{name}` is {maximum}, and {found}; raise it in `limits`"),
            )
        }
        None => error(class, code, refused),
    }
}
