//! What nodes of the file system are named by.

/// The number of a node, which no other one ever had.
pub(super) type Inode = u64;
