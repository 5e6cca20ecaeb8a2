//! A program of WASI whose calls are made by a test: its memory and its fuel, and its calls in words that a test reads.

mod build;
mod session;
mod tree;

pub use build::{c_program, command_line, program as rust_program};
pub use session::{Kept, Running, Session, guest};
pub use tree::{Listed, fnv, paths};

use guestbox::{
    HostError, MemoryError, OutOfFuel, Value,
    wasi::{Errno, Function, GuestMemory, Mount, Served, Tree, Wait, Wasi, WasiLimits, WasiOptions},
};

/// Where a test puts what it tells a call, and where calls put what they give: apart from each other.
const VECTOR: u32 = 0x100;
const PATH: u32 = 0x2000;
const OTHER_PATH: u32 = 0x4000;
const RESULT: u32 = 0x80;
const BUFFER: u32 = 0x1_0000;

/// All rights there are.
pub const ALL_RIGHTS: u64 = (1 << 30) - 1;
/// Those with which a test opens a file: to read, write, seek and the like.
pub const FILE_RIGHTS: u64 = 0x1FF | 7 << 21 | 1 << 27;
/// To read a file, and what goes with it.
pub const READ_RIGHTS: u64 = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 21 | 1 << 27;
/// Those with which it opens a directory, with all that directories and files may have below it.
pub const DIRECTORY_RIGHTS: u64 = ALL_RIGHTS & !(1 << 6);

/// The flags of `path_open`.
pub const CREATE: u32 = 1;
/// See [`CREATE`].
pub const DIRECTORY: u32 = 2;
/// See [`CREATE`].
pub const EXCLUSIVE: u32 = 4;
/// See [`CREATE`].
pub const TRUNCATE: u32 = 8;

/// A guest's memory, and the fuel that it has left.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it has left.
    pub fuel: u64,
}

impl GuestMemory for Memory {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), MemoryError> {
        let bytes = self.bytes.get(offset as usize..).and_then(|bytes| bytes.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(MemoryError::OutOfBounds)?);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let place = self.bytes.get_mut(offset as usize..).and_then(|place| place.get_mut(..bytes.len()));
        place.ok_or(MemoryError::OutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }

    fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        let left = self.fuel.checked_sub(fuel);
        self.fuel = left.unwrap_or(0);
        left.map(|_| ()).ok_or(OutOfFuel::new())
    }
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its system.
    pub wasi: Wasi,
    /// Its memory.
    pub memory: Memory,
}

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stat {
    /// The device, which is the mount.
    pub device: u64,
    /// The node.
    pub inode: u64,
    /// Its type, a number.
    pub file_type: u8,
    /// How many names it has.
    pub links: u64,
    /// Its bytes.
    pub size: u64,
    /// When it was accessed, modified and changed.
    pub times: [u64; 3],
}

impl Program {
    /// One with these options, a memory of 4 MiB and fuel for all it does.
    #[must_use]
    pub fn new(options: &WasiOptions) -> Self {
        let wasi = Wasi::new(options).unwrap_or_else(|error| panic!("{error}"));
        Self { wasi, memory: Memory { bytes: vec![0; 4 << 20], fuel: u64::MAX } }
    }

    /// One that has a tree as the descriptor 3.
    #[must_use]
    pub fn with_tree(tree: Tree) -> Self {
        Self::new(&WasiOptions::new().with_mount("/", Mount::new(tree)))
    }

    /// One that has an empty directory as the descriptor 3, under limits.
    #[must_use]
    pub fn with_limits(change: impl FnOnce(&mut WasiLimits)) -> Self {
        let mut limits = WasiLimits::default();
        change(&mut limits);
        Self::new(&WasiOptions::new().with_mount("/", Mount::new(Tree::new())).with_limits(limits))
    }

    /// Makes a call.
    pub fn serve(&mut self, function: Function, args: &[Value]) -> Result<Served, HostError> {
        self.wasi.serve_with(function.index(), args, &mut self.memory)
    }

    /// Makes a call that is answered.
    pub fn call(&mut self, function: Function, args: &[Value]) -> Result<(), Errno> {
        match self.serve(function, args) {
            Ok(Served::Answer(values)) => match *values {
                [Value::I32(0)] => Ok(()),
                [Value::I32(errno)] => Err(Errno(errno.try_into().unwrap())),
                _ => panic!("{}: {values:?}", function.name()),
            },
            other => panic!("{}: {other:?}", function.name()),
        }
    }

    /// Makes a call that waits.
    pub fn wait(&mut self, function: Function, args: &[Value]) -> Wait {
        match self.serve(function, args) {
            Ok(Served::Wait(wait)) => wait,
            other => panic!("{}: {other:?}", function.name()),
        }
    }

    /// Makes a call, and says what fuel it took.
    pub fn fuel_of(&mut self, function: Function, args: &[Value]) -> u64 {
        let before = self.memory.fuel;
        let _ = self.serve(function, args);
        before - self.memory.fuel
    }

    /// Puts bytes into the memory.
    pub fn put(&mut self, offset: u32, bytes: &[u8]) {
        self.memory.write(offset, bytes).unwrap();
    }

    /// Takes bytes out of it.
    #[must_use]
    pub fn get(&self, offset: u32, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.memory.read(offset, &mut bytes).unwrap();
        bytes
    }

    /// The number of 32 bits at an offset.
    #[must_use]
    pub fn word(&self, offset: u32) -> u32 {
        u32::from_le_bytes(self.get(offset, 4).try_into().unwrap())
    }

    /// The number of 64 bits at an offset.
    #[must_use]
    pub fn long(&self, offset: u32) -> u64 {
        u64::from_le_bytes(self.get(offset, 8).try_into().unwrap())
    }

    /// Puts a path where paths are, and says where it is.
    pub fn path(&mut self, path: impl AsRef<[u8]>) -> [Value; 2] {
        self.put_path(PATH, path.as_ref())
    }

    fn put_path(&mut self, offset: u32, path: &[u8]) -> [Value; 2] {
        self.put(offset, path);
        [offset.into(), (path.len() as u32).into()]
    }

    /// `path_open` without following a link at the end.
    pub fn open(&mut self, path: &str, flags: u32, rights: u64) -> Result<u32, Errno> {
        self.open_at(3, path, flags, rights, 0, 0)
    }

    /// Opens a directory with all rights.
    pub fn open_directory(&mut self, fd: u32, path: &str) -> Result<u32, Errno> {
        self.open_at(fd, path, DIRECTORY, DIRECTORY_RIGHTS & !(3 << 28), 0, 0)
    }

    /// `path_open`. What is opened inherits all that its directory does.
    pub fn open_at(
        &mut self,
        fd: u32,
        path: &str,
        flags: u32,
        rights: u64,
        lookup: u32,
        fd_flags: u32,
    ) -> Result<u32, Errno> {
        self.call(Function::FdFdstatGet, &[fd.into(), RESULT.into()])?;
        let inheriting = self.long(RESULT + 16);
        let [pointer, len] = self.path(path);
        let (flags, inheriting) = (flags.into(), inheriting.into());
        let args = [
            fd.into(),
            lookup.into(),
            pointer,
            len,
            flags,
            rights.into(),
            inheriting,
            fd_flags.into(),
            RESULT.into(),
        ];
        self.call(Function::PathOpen, &args)?;
        Ok(self.word(RESULT))
    }

    /// Makes a file with bytes.
    pub fn create(&mut self, path: &str, bytes: &[u8]) -> Result<(), Errno> {
        let fd = self.open(path, CREATE | TRUNCATE, FILE_RIGHTS)?;
        let written = self.write(fd, bytes);
        self.close(fd)?;
        assert_eq!(written?, bytes.len());
        Ok(())
    }

    /// `fd_close`
    pub fn close(&mut self, fd: u32) -> Result<(), Errno> {
        self.call(Function::FdClose, &[fd.into()])
    }

    /// `fd_write` of a single piece.
    pub fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<usize, Errno> {
        let args = self.writing(fd, bytes);
        self.call(Function::FdWrite, &args)?;
        Ok(self.word(RESULT) as usize)
    }

    /// The arguments of that.
    pub fn writing(&mut self, fd: u32, bytes: &[u8]) -> [Value; 4] {
        self.put(BUFFER, bytes);
        self.vector(&[(BUFFER, bytes.len() as u32)]);
        [fd.into(), VECTOR.into(), 1_u32.into(), RESULT.into()]
    }

    /// `fd_read` into a single piece.
    pub fn read(&mut self, fd: u32, len: u32) -> Result<Vec<u8>, Errno> {
        let args = self.reading(fd, len);
        self.call(Function::FdRead, &args)?;
        Ok(self.get(BUFFER, self.word(RESULT) as usize))
    }

    /// The arguments of that.
    pub fn reading(&mut self, fd: u32, len: u32) -> [Value; 4] {
        self.vector(&[(BUFFER, len)]);
        [fd.into(), VECTOR.into(), 1_u32.into(), RESULT.into()]
    }

    /// Puts a vector of pieces where vectors are.
    pub fn vector(&mut self, pieces: &[(u32, u32)]) -> [Value; 2] {
        let bytes: Vec<u8> =
            pieces.iter().flat_map(|(at, len)| [at.to_le_bytes(), len.to_le_bytes()].concat()).collect();
        self.put(VECTOR, &bytes);
        [VECTOR.into(), (pieces.len() as u32).into()]
    }

    /// The bytes of a file.
    pub fn file(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        let fd = self.open(path, 0, READ_RIGHTS)?;
        let mut bytes = Vec::new();
        loop {
            match self.read(fd, 65_536)? {
                read if read.is_empty() => break,
                read => bytes.extend(read),
            }
        }
        self.close(fd)?;
        Ok(bytes)
    }

    /// A function of a descriptor and a path.
    pub fn by_path(&mut self, function: Function, fd: u32, path: &str) -> Result<(), Errno> {
        let [pointer, len] = self.path(path);
        self.call(function, &[fd.into(), pointer, len])
    }

    /// `path_create_directory`
    pub fn make_directory(&mut self, path: &str) -> Result<(), Errno> {
        self.by_path(Function::PathCreateDirectory, 3, path)
    }

    /// `path_remove_directory`
    pub fn remove_directory(&mut self, path: &str) -> Result<(), Errno> {
        self.by_path(Function::PathRemoveDirectory, 3, path)
    }

    /// `path_unlink_file`
    pub fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        self.by_path(Function::PathUnlinkFile, 3, path)
    }

    /// `path_symlink`
    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        let [target, target_len] = self.put_path(OTHER_PATH, target.as_bytes());
        let [pointer, len] = self.path(path);
        self.call(Function::PathSymlink, &[target, target_len, 3_u32.into(), pointer, len])
    }

    /// `path_readlink` into so many bytes.
    pub fn readlink(&mut self, path: &str, room: u32) -> Result<Vec<u8>, Errno> {
        let [pointer, len] = self.path(path);
        let args = [3_u32.into(), pointer, len, BUFFER.into(), room.into(), RESULT.into()];
        self.call(Function::PathReadlink, &args)?;
        Ok(self.get(BUFFER, self.word(RESULT) as usize))
    }

    /// `path_link`
    pub fn link(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        let [old, old_len] = self.put_path(OTHER_PATH, old.as_bytes());
        let [new, new_len] = self.path(new);
        self.call(Function::PathLink, &[3_u32.into(), 0_u32.into(), old, old_len, 3_u32.into(), new, new_len])
    }

    /// `path_rename`
    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        self.rename_at((3, old), (3, new))
    }

    /// `path_rename` between directories.
    pub fn rename_at(&mut self, (from, old): (u32, &str), (to, new): (u32, &str)) -> Result<(), Errno> {
        let [old, old_len] = self.put_path(OTHER_PATH, old.as_bytes());
        let [new, new_len] = self.path(new);
        self.call(Function::PathRename, &[from.into(), old, old_len, to.into(), new, new_len])
    }

    /// `path_filestat_get`
    pub fn stat(&mut self, path: &str, follows: bool) -> Result<Stat, Errno> {
        self.stat_at(3, path, follows)
    }

    /// `path_filestat_get` from a directory.
    pub fn stat_at(&mut self, fd: u32, path: &str, follows: bool) -> Result<Stat, Errno> {
        let [pointer, len] = self.path(path);
        let args = [fd.into(), u32::from(follows).into(), pointer, len, RESULT.into()];
        self.call(Function::PathFilestatGet, &args)?;
        Ok(self.stat_result())
    }

    /// `fd_filestat_get`
    pub fn stat_fd(&mut self, fd: u32) -> Result<Stat, Errno> {
        self.call(Function::FdFilestatGet, &[fd.into(), RESULT.into()])?;
        Ok(self.stat_result())
    }

    fn stat_result(&self) -> Stat {
        Stat {
            device: self.long(RESULT),
            inode: self.long(RESULT + 8),
            file_type: self.get(RESULT + 16, 1)[0],
            links: self.long(RESULT + 24),
            size: self.long(RESULT + 32),
            times: [40, 48, 56].map(|at| self.long(RESULT + at)),
        }
    }

    /// `fd_seek`
    pub fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, Errno> {
        self.call(Function::FdSeek, &[fd.into(), offset.into(), whence.into(), RESULT.into()])?;
        Ok(self.long(RESULT))
    }

    /// `fd_readdir` into so many bytes.
    pub fn read_directory(&mut self, fd: u32, room: u32, cookie: u64) -> Result<Vec<u8>, Errno> {
        let args = [fd.into(), BUFFER.into(), room.into(), cookie.into(), RESULT.into()];
        self.call(Function::FdReaddir, &args)?;
        Ok(self.get(BUFFER, self.word(RESULT) as usize))
    }

    /// Feeds all output to a list of streams and bytes.
    pub fn output(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.wasi.take_output()).flat_map(|(_, bytes)| bytes).collect()
    }
}
