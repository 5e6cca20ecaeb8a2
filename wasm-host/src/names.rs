//! Names as JavaScript spells them, and what is said with them.

use guestbox::{
    Feature, Limit, LimitError, StackLimits, ThunkError, Trap,
    tables::{INSTANCE_LIMITS, Refusing},
};

/// The message for a module that uses a feature that was switched off.
pub(crate) fn refused_feature(feature: Feature) -> String {
    format!("module refused: it uses `{}`, which `features` switches off", camel_case(feature.name()))
}

/// The message of an error, with the name of a limit as JavaScript spells it.
pub(crate) fn message(error: &dyn Refusing) -> String {
    match error.refused() {
        Some((what, refused)) => format!("{what} refused: {}", spelled(refused)),
        None => error.to_string(),
    }
}

/// That of a trap, where a limit is its reason.
pub(crate) fn trap_message(trap: &Trap) -> Option<String> {
    let reason = trap.reason()?;
    let said = if let Some(refused) = reason.downcast_ref::<LimitError>() {
        spelled(refused.as_ref())
    } else if let Some(StackLimits { guest_frames, engine_stack_bytes, .. }) = reason.downcast_ref() {
        format!(
            "the limit `guestFrames` is {guest_frames} and `engineStackBytes` {engine_stack_bytes}; raise them \
             in `limits`"
        )
    } else {
        message(reason.downcast_ref::<ThunkError>()?)
    };
    Some(format!("{}: {said}", trap.code()))
}

fn spelled(refused: &[LimitError]) -> String {
    let said = refused.iter().map(|LimitError { limit, maximum, requested, .. }| {
        format!("`{}` is {maximum}, {requested} requested", name(*limit))
    });
    let said = said.collect::<Vec<_>>().join(", ");
    let of_instance = |refused: &&LimitError| refused.limit.is_of_instance();
    let place = match refused.iter().filter(of_instance).count() {
        0 => "in `limits`",
        many if many == refused.len() => "where the guest is made",
        _ => "in `limits` and where the guest is made",
    };
    format!("the limit {said}; raise {} {place}", if refused.len() == 1 { "it" } else { "them" })
}

/// The name of a limit.
fn name(limit: Limit) -> String {
    let of_instance = INSTANCE_LIMITS.iter().find(|row| row.limit == limit);
    of_instance.map_or_else(|| camel_case(limit.name()), |row| row.javascript.to_owned())
}

/// A name as JavaScript spells it.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}
