//! Descriptors: what a program has open.

use super::{
    abi::{FileType, Rights},
    errno::Errno,
    inode::Inode,
};
use crate::limits::{count, to_usize};
use alloc::vec::Vec;

/// What a descriptor is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    Stdin,
    Stdout,
    Stderr,
    /// A file or a directory.
    Node(Inode),
}

/// A descriptor.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    pub(super) target: Target,
    pub(super) position: u64,
    pub(super) flags: u32,
    pub(super) rights: Rights,
    /// Those that descriptors opened by this one can have.
    pub(super) inheriting: Rights,
    /// The position of the mount whose root it is, for those that a program begins with.
    pub(super) mount: Option<u32>,
}

impl Descriptor {
    pub(super) const fn of_stream(target: Target, rights: Rights) -> Self {
        Self { target, position: 0, flags: 0, rights, inheriting: Rights::NONE, mount: None }
    }

    /// Refuses what it has not the rights for.
    pub(super) const fn check(&self, rights: Rights) -> Result<(), Errno> {
        if self.rights.has(rights) { Ok(()) } else { Err(Errno::NOTCAPABLE) }
    }

    /// Its file or directory; a stream has none.
    pub(super) const fn node(&self) -> Option<Inode> {
        match self.target {
            Target::Node(inode) => Some(inode),
            Target::Stdin | Target::Stdout | Target::Stderr => None,
        }
    }
}

/// The type of the standard streams.
pub(super) const fn stream_type(is_terminal: bool) -> FileType {
    if is_terminal { FileType::CharacterDevice } else { FileType::Unknown }
}

/// All descriptors of a program, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Descriptors {
    pub(super) table: Vec<Option<Descriptor>>,
    pub(super) maximum: u64,
}

impl Descriptors {
    pub(super) const fn new(maximum: u64) -> Self {
        Self { table: Vec::new(), maximum }
    }

    pub(super) fn get(&self, number: u32) -> Result<&Descriptor, Errno> {
        self.table.get(to_usize(number)).and_then(Option::as_ref).ok_or(Errno::BADF)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Result<&mut Descriptor, Errno> {
        self.table.get_mut(to_usize(number)).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    /// The descriptor with a number, if it has these rights.
    pub(super) fn with(&self, number: u32, rights: Rights) -> Result<&Descriptor, Errno> {
        let descriptor = self.get(number)?;
        descriptor.check(rights)?;
        Ok(descriptor)
    }

    /// The lowest number that is free.
    pub(super) fn free(&self) -> Result<u32, Errno> {
        let free = self.table.iter().position(Option::is_none).unwrap_or(self.table.len());
        if count(free) >= self.maximum {
            return Err(Errno::MFILE);
        }
        u32::try_from(free).map_err(|_| Errno::MFILE)
    }

    /// Adds a descriptor at the lowest number that is free.
    pub(super) fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let number = self.free()?;
        self.put(number, Some(descriptor));
        Ok(number)
    }

    /// Takes a descriptor out of the table.
    pub(super) fn take(&mut self, number: u32) -> Result<Descriptor, Errno> {
        self.table.get_mut(to_usize(number)).and_then(Option::take).ok_or(Errno::BADF)
    }

    /// Puts a descriptor at a number that is in the table, or the next one.
    pub(super) fn put(&mut self, number: u32, descriptor: Option<Descriptor>) {
        match self.table.get_mut(to_usize(number)) {
            Some(place) => *place = descriptor,
            None => self.table.push(descriptor),
        }
    }
}
