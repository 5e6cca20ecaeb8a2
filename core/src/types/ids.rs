//! What names things: numbers that are never reused, and the store that they are of.

use spin::Mutex;

/// The number that an environment gives to a function, with which the supervisor recognises it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "the number is the supervisor's own")]
pub struct FuncIndex(pub u32);

/// An instance of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct InstanceId {
    pub(crate) store: u64,
    pub(crate) number: u32,
    pub(crate) key: u32,
}

impl InstanceId {
    /// The number, counted from 0 in the order in which instantiations were completed.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }
}

/// Where what guests can share comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Origin {
    /// The supervisor made it, with a number among those of its kind.
    Created(u32),
    /// By the key of the instance and the position of the export.
    Exported(u32, u32),
}

macro_rules! shared {
    ($($(#[doc = $doc:literal])+ $name:ident $what:literal)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
            pub struct $name {
                pub(crate) store: u64,
                pub(crate) origin: Origin,
            }

            impl $name {
                #[doc = concat!("The number, counted from 0, of a ", $what, " that the supervisor made; `None` for one that a guest exports.")]
                #[must_use]
                pub const fn number(self) -> Option<u32> {
                    match self.origin {
                        Origin::Created(number) => Some(number),
                        Origin::Exported(..) => None,
                    }
                }

                pub(crate) const fn exported(store: u64, instance: u32, export: u32) -> Self {
                    Self { store, origin: Origin::Exported(instance, export) }
                }
            }
        )*
    };
}

shared! {
    /// A global of a store: one that the supervisor made, or one that a guest exports.
    GlobalId "global"
    /// A memory of a store: one that the supervisor made, or one that a guest exports.
    MemoryId "memory"
    /// A table of a store: one that the supervisor made, or one that a guest exports.
    TableId "table"
}

/// A number that no other call of this process got or will get.
pub(crate) fn unique() -> u64 {
    static NEXT: Mutex<u64> = Mutex::new(0);
    let mut next = NEXT.lock();
    *next = next.saturating_add(1);
    *next
}
