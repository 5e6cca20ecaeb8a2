//! Names as JavaScript spells them, and what is said with them.

use guestbox::{
    Feature, Limit, LimitError, ReferenceError, StackLimits, ThunkError, Trap,
    tables::{INSTANCE_LIMITS, Refusing, write_refused},
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

/// That of a trap, where its reason says more.
pub(crate) fn trap_message(trap: &Trap) -> Option<String> {
    let reason = trap.reason()?;
    let said = if let Some(refused) = reason.downcast_ref::<LimitError>() {
        spelled(refused.as_ref())
    } else if let Some(StackLimits { guest_frames, engine_stack_bytes, .. }) = reason.downcast_ref() {
        format!(
            "the limit `guestFrames` is {guest_frames} and `engineStackBytes` {engine_stack_bytes}; raise them \
             in `limits`"
        )
    } else if let Some(refused) = reason.downcast_ref::<ReferenceError>() {
        message(refused)
    } else if let Some(said) = output_limit(trap) {
        said
    } else {
        message(reason.downcast_ref::<ThunkError>()?)
    };
    Some(format!("{}: {said}", trap.code()))
}

/// What is said where a program wrote too much.
#[cfg(feature = "wasi")]
fn output_limit(trap: &Trap) -> Option<String> {
    let refused = trap.reason()?.downcast_ref::<guestbox::wasi::OutputLimit>()?;
    Some(format!(
        "the limit `outputBytes` is {}, and the program wrote more; raise it in `limits`",
        refused.maximum
    ))
}

#[cfg(not(feature = "wasi"))]
const fn output_limit(_: &Trap) -> Option<String> {
    None
}

/// Where limits of a sandbox are raised, those of a guest, and both.
const RAISED: [&str; 3] =
    ["in `limits`", "where the guest is made", "in `limits` and where the guest is made"];

fn spelled(refused: &[LimitError]) -> String {
    let mut said = "the ".to_owned();
    // To a text it can be written.
    let _written = write_refused(&mut said, refused, name, RAISED);
    said
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
