//! Reading and writing.

use crate::{
    limits::count,
    wasi::{
        abi::{Rights, fdflags},
        caller::{Caller, Done, Pieces, Stop, zeros},
        descriptors::Target,
        errno::Errno,
        inode::Inode,
        limits::OutputLimit,
        state::Wasi,
        wait::{Stream, Wait},
    },
};

/// Bytes of a length, which is what is written back.
const LEN_BYTES: u64 = 4;

/// The largest position there is.
pub(super) const MAX_POSITION: u64 = i64::MAX.cast_unsigned();

impl Wasi {
    /// `fd_read(fd, pieces, pieces_len, read)`
    pub(in crate::wasi) fn fd_read(&mut self, caller: &mut Caller<'_>) -> Done {
        let fd = caller.word(0);
        let pieces = caller.pieces(caller.word(1), caller.word(2), &self.limits)?;
        caller.check(caller.word(3), LEN_BYTES)?;
        let descriptor = self.descriptors.get(fd)?;
        let position = descriptor.position;
        let read = match descriptor.target {
            Target::Node(inode) => {
                self.files.contents(inode)?;
                descriptor.check(Rights::FD_READ)?;
                let read = self.read_file(inode, position, &pieces, caller)?;
                self.descriptors.get_mut(fd)?.position = position.saturating_add(count(read));
                read
            }
            Target::Stdin | Target::Stdout | Target::Stderr => {
                descriptor.check(Rights::FD_READ)?;
                let is_waiting = descriptor.flags & fdflags::NONBLOCK == 0;
                self.read_input(&pieces, is_waiting, caller)?
            }
        };
        caller.write_len(caller.word(3), read)
    }

    /// `fd_pread(fd, pieces, pieces_len, position, read)`
    pub(in crate::wasi) fn fd_pread(&self, caller: &mut Caller<'_>) -> Done {
        let pieces = caller.pieces(caller.word(1), caller.word(2), &self.limits)?;
        caller.check(caller.word(4), LEN_BYTES)?;
        let (inode, position) = self.positioned(Rights::FD_READ, caller)?;
        let read = self.read_file(inode, position, &pieces, caller)?;
        caller.write_len(caller.word(4), read)
    }

    /// `fd_write(fd, pieces, pieces_len, written)`
    pub(in crate::wasi) fn fd_write(&mut self, caller: &mut Caller<'_>) -> Done {
        let fd = caller.word(0);
        let mut pieces = caller.pieces(caller.word(1), caller.word(2), &self.limits)?;
        caller.check(caller.word(3), LEN_BYTES)?;
        let descriptor = self.descriptors.get(fd)?;
        let stream = match descriptor.target {
            Target::Node(inode) => {
                let contents = self.files.contents(inode)?;
                descriptor.check(Rights::FD_WRITE)?;
                let appends = descriptor.flags & fdflags::APPEND != 0;
                let position = if appends { contents.len() } else { descriptor.position };
                self.write_file(inode, position, &pieces, caller)?;
                self.descriptors.get_mut(fd)?.position = position.saturating_add(count(pieces.len));
                return caller.write_len(caller.word(3), pieces.len);
            }
            Target::Stdin => return Err(Errno::NOTCAPABLE.into()),
            Target::Stdout => Stream::Stdout,
            Target::Stderr => Stream::Stderr,
        };
        descriptor.check(Rights::FD_WRITE)?;
        self.write_output(stream, &mut pieces, caller)?;
        caller.write_len(caller.word(3), pieces.len)
    }

    /// `fd_pwrite(fd, pieces, pieces_len, position, written)`
    pub(in crate::wasi) fn fd_pwrite(&mut self, caller: &mut Caller<'_>) -> Done {
        let pieces = caller.pieces(caller.word(1), caller.word(2), &self.limits)?;
        caller.check(caller.word(4), LEN_BYTES)?;
        let (inode, position) = self.positioned(Rights::FD_WRITE, caller)?;
        self.write_file(inode, position, &pieces, caller)?;
        caller.write_len(caller.word(4), pieces.len)
    }

    /// The file of the descriptor and the position that the arguments name.
    fn positioned(&self, right: Rights, caller: &Caller<'_>) -> Result<(Inode, u64), Stop> {
        let descriptor = self.descriptors.get(caller.word(0))?;
        let inode = descriptor.node().ok_or(Errno::SPIPE)?;
        self.files.contents(inode)?;
        descriptor.check(right)?;
        let position = caller.long(3);
        if position > MAX_POSITION { Err(Errno::INVAL.into()) } else { Ok((inode, position)) }
    }

    /// Reads from a file and says how much there was.
    fn read_file(
        &self,
        inode: Inode,
        position: u64,
        pieces: &Pieces,
        caller: &mut Caller<'_>,
    ) -> Result<usize, Stop> {
        self.demand(inode, caller)?;
        let bytes = self.files.read(inode, position, pieces.len)?;
        pieces.scatter(caller, bytes)?;
        Ok(bytes.len())
    }

    /// Writes all pieces to a file, which grows for it.
    fn write_file(&mut self, inode: Inode, position: u64, pieces: &Pieces, caller: &mut Caller<'_>) -> Done {
        if pieces.len == 0 {
            return Ok(());
        }
        self.files.check_writable(inode)?;
        self.demand(inode, caller)?;
        let end = position.checked_add(count(pieces.len)).filter(|end| *end <= MAX_POSITION);
        let end = end.ok_or(Errno::FBIG)?;
        let len = self.files.contents(inode)?.len();
        self.files.check_room(end.saturating_sub(len))?;
        // What is between the end and the position is cleared.
        caller.charge_bytes(position.saturating_sub(len).saturating_add(count(pieces.len)))?;
        if end > len {
            self.files.resize(inode, end, self.clock.realtime)?;
        }
        self.files.note_change(inode, self.clock.realtime)?;
        pieces.gather(caller, self.files.part_mut(inode, position, pieces.len)?)
    }

    /// Reads what was fed, and says how much there was.
    fn read_input(
        &mut self,
        pieces: &Pieces,
        is_waiting: bool,
        caller: &mut Caller<'_>,
    ) -> Result<usize, Stop> {
        if pieces.len == 0 {
            return Ok(0);
        }
        if !self.input.is_ready() {
            return Err(if is_waiting { Wait::Stdin.into() } else { Errno::AGAIN.into() });
        }
        let unread = self.input.unread();
        let read = unread.len().min(pieces.len);
        pieces.scatter(caller, unread.get(..read).unwrap_or_default())?;
        self.input.consume(read);
        Ok(read)
    }

    /// Writes to a stream as much as its buffer can have. How much that is does not depend on what is in the buffer, so that
    /// it is the same however fast output is taken.
    fn write_output(&mut self, stream: Stream, pieces: &mut Pieces, caller: &mut Caller<'_>) -> Done {
        pieces.truncate(usize::try_from(self.limits.output_buffer).unwrap_or(usize::MAX));
        let len = count(pieces.len);
        if len == 0 {
            return Ok(());
        }
        let waiting = self.output.len();
        if waiting > 0 && waiting.saturating_add(len) > self.limits.output_buffer {
            return Err(Wait::Output.into());
        }
        let maximum = self.limits.output_bytes;
        if self.output.written.saturating_add(len) > maximum {
            return Err(Stop::OutputLimit(OutputLimit { maximum }));
        }
        caller.charge_bytes(len)?;
        let mut bytes = zeros(pieces.len)?;
        pieces.gather(caller, &mut bytes)?;
        self.output.push(stream, &bytes);
        Ok(())
    }
}
