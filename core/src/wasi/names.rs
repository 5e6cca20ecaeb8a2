//! Names, and maps of them.

use alloc::{collections::BTreeMap, sync::Arc};

/// A name in a directory, or a path of a tree.
pub(super) type Name = Arc<[u8]>;

/// Numbers by names, in the order of their bytes. The code of such a map is large, so that all maps are of this one type.
pub(super) type ByName = BTreeMap<Name, u64>;
