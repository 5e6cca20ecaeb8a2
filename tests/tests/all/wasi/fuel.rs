//! What calls cost.

use guestbox::{
    costs::{WASI_BYTES_PER_UNIT, WASI_CALL, WASI_COMPONENT, WASI_ENTRY, WASI_PIECE, WASI_RANDOM_BYTE},
    wasi::{Function, Tree},
};
use guestbox_tests::wasi::{FILE_RIGHTS, Program};

#[test]
fn calls_cost_what_is_written_down() {
    assert_eq!(
        (WASI_CALL, WASI_BYTES_PER_UNIT, WASI_RANDOM_BYTE, WASI_COMPONENT, WASI_ENTRY, WASI_PIECE),
        (300, 8, 1, 100, 50, 16)
    );
    let tree = Tree::new().with_file("dir/file", vec![0; 8_000]).with_link("link", "dir/file");
    let mut program = Program::with_tree(tree);
    assert_eq!(program.fuel_of(Function::SchedYield, &[]), 300);
    assert_eq!(program.fuel_of(Function::FdClose, &[99_u32.into()]), 300);
    assert_eq!(program.fuel_of(Function::ProcExit, &[0_u32.into()]), 300);
    assert_eq!(program.fuel_of(Function::RandomGet, &[0x1_0000_u32.into(), 1_000_u32.into()]), 1_300);

    let fd = program.open("dir/file", 0, FILE_RIGHTS).unwrap();
    let reading = program.reading(fd, 100_000);
    assert_eq!(program.fuel_of(Function::FdRead, &reading), 300 + 16 + 1_000, "by what there is");
    assert_eq!(program.fuel_of(Function::FdRead, &reading), 300 + 16, "which is nothing");
    let writing = program.writing(fd, &[0; 80]);
    assert_eq!(program.fuel_of(Function::FdWrite, &writing), 300 + 16 + 10);
    program.seek(fd, 16_000, 0).unwrap();
    assert_eq!(
        program.fuel_of(Function::FdWrite, &writing),
        300 + 16 + (16_000 - 8_080 + 80) / 8,
        "a hole too"
    );
    assert_eq!(
        program.fuel_of(Function::FdAllocate, &[fd.into(), 0_u64.into(), 24_080_u64.into()]),
        300 + 1_000
    );
    assert_eq!(
        program.fuel_of(Function::FdFilestatSetSize, &[fd.into(), 80_u64.into()]),
        300,
        "to cut is free"
    );
    let out = program.writing(1, &[0; 800]);
    assert_eq!(program.fuel_of(Function::FdWrite, &out), 300 + 16 + 100);
    let [at, len] = program.vector(&[(0, 0); 10]);
    assert_eq!(program.fuel_of(Function::FdRead, &[fd.into(), at, len, 0x80_u32.into()]), 300 + 160);

    let mut stat = |path: &str, follows: u32| {
        let [pointer, len] = program.path(path);
        program.fuel_of(
            Function::PathFilestatGet,
            &[3_u32.into(), follows.into(), pointer, len, 0x80_u32.into()],
        )
    };
    assert_eq!(stat("dir", 0), 300 + 100);
    assert_eq!(stat("dir/file", 0), 300 + 200 + 1);
    assert_eq!(stat("./dir/../dir", 0), 300 + 400 + 1);
    assert_eq!(stat("link", 0), 300 + 100);
    assert_eq!(stat("link", 1), 300 + 300, "and where it leads");
    assert_eq!(stat("nothing/at/all", 0), 300 + 100 + 1);

    let listing = [3_u32.into(), 0x1_0000_u32.into(), 1_000_u32.into(), 0_u64.into(), 0x80_u32.into()];
    // Four entries of 24 bytes each and their names, which are shorter than what makes a unit.
    assert_eq!(program.fuel_of(Function::FdReaddir, &listing), 300 + 4 * (50 + 24 / 8));
    let poll = [0x1000_u32.into(), 0x8000_u32.into(), 3_u32.into(), 0x80_u32.into()];
    assert_eq!(program.fuel_of(Function::PollOneoff, &poll), 300 + 150);
}
