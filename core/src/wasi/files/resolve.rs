//! Paths.
//!
//! A path is followed component by component from the directory of a descriptor. The directories that were
//! gone through are on a stack, and `..` takes one off it: where there is none left the path leads out, and is refused
//! even if it came back later. What a symbolic link leads to is put before the rest of the path and followed in the
//! same way. So no path reaches what is not below its directory, whatever is moved meanwhile: within a call nothing
//! is.

use super::{Files, Kind};
use crate::{
    limits::count,
    wasi::{
        caller::{Caller, Stop},
        errno::Errno,
        inode::Inode,
        names::Name,
    },
};
use alloc::vec::Vec;

/// Where a path leads.
#[derive(Clone, Debug)]
pub(in crate::wasi) struct Found {
    /// The directory that has the last name, or that is it for `.` and `..`.
    pub(in crate::wasi) parent: Inode,
    /// `None` where the path ends in `.` or `..`, which is no name of its own.
    pub(in crate::wasi) name: Option<Name>,
    /// `None` where there is nothing of the last name.
    pub(in crate::wasi) inode: Option<Inode>,
    /// Whether the path ends in a slash.
    pub(in crate::wasi) has_slash: bool,
}

impl Found {
    /// What is there.
    pub(in crate::wasi) fn existing(&self) -> Result<Inode, Errno> {
        self.inode.ok_or(Errno::NOENT)
    }
}

/// What is left to follow: a path, and before it the targets of the links that are being followed.
struct Rest<'a>(Vec<&'a [u8]>);

impl<'a> Rest<'a> {
    fn push(&mut self, path: &'a [u8]) {
        let path = without_slashes(path);
        if !path.is_empty() {
            self.0.push(path);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next component.
    fn next(&mut self) -> Option<&'a [u8]> {
        let path = self.0.pop()?;
        let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
        let (component, rest) = path.split_at_checked(end)?;
        self.push(rest);
        Some(component)
    }
}

fn without_slashes(path: &[u8]) -> &[u8] {
    let begin = path.iter().position(|byte| *byte != b'/').unwrap_or(path.len());
    path.get(begin..).unwrap_or_default()
}

/// Follows a path from a directory. A symbolic link at the end is followed only if asked.
pub(in crate::wasi) fn resolve<'a>(
    files: &'a Files,
    base: Inode,
    path: &'a [u8],
    follows: bool,
    caller: &mut Caller<'_>,
) -> Result<Found, Stop> {
    match path.first() {
        None => return Err(Errno::NOENT.into()),
        Some(b'/') => return Err(Errno::PERM.into()),
        Some(_) => {}
    }
    let mut rest = Rest(Vec::new());
    rest.push(path);
    // The directories on the way, without the one that is being looked through.
    let mut above = Vec::new();
    let mut here = base;
    let mut links = 0_u64;
    // What the components until now lead to: a name in a directory, if it is one of its own, and its node.
    let (mut parent, mut last, mut found) = (base, None, Some(base));
    while let Some(name) = rest.next() {
        caller.charge_component()?;
        let directory = files.directory(here)?;
        if count(name.len()) > files.quota.name_bytes {
            return Err(Errno::NAMETOOLONG.into());
        }
        if name == b".." {
            here = above.pop().ok_or(Errno::PERM)?;
        }
        if name == b"." || name == b".." {
            (parent, last, found) = (here, None, Some(here));
            continue;
        }
        let Some(inode) = directory.get(name) else {
            if !rest.is_empty() {
                return Err(Errno::NOENT.into());
            }
            (parent, last, found) = (here, Some(name), None);
            continue;
        };
        match &files.node(inode)?.kind {
            Kind::Link(target) if follows || !rest.is_empty() => {
                links = links.saturating_add(1);
                if links > files.quota.links {
                    return Err(Errno::LOOP.into());
                }
                if target.first() == Some(&b'/') {
                    return Err(Errno::PERM.into());
                }
                rest.push(target);
            }
            Kind::Directory(_) => {
                (parent, last, found) = (here, Some(name), Some(inode));
                above.push(here);
                here = inode;
            }
            Kind::File(_) if !rest.is_empty() => return Err(Errno::NOTDIR.into()),
            Kind::File(_) | Kind::Link(_) => {
                (parent, last, found) = (here, Some(name), Some(inode));
            }
        }
    }
    Ok(Found { parent, name: last.map(Name::from), inode: found, has_slash: path.ends_with(b"/") })
}
