#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::*;
use alloc::{vec, vec::Vec};

const USED: u64 = 1 << 32;

fn header(memory: &[u8], ptr: u32) -> u64 {
    let start = usize::try_from(ptr).unwrap() - 8;
    u64::from_le_bytes(memory[start..start + 8].try_into().unwrap())
}

fn set_header(memory: &mut [u8], ptr: u32, header: u64) {
    memory.write(ptr - 8, &header.to_le_bytes()).unwrap();
}

/// Asserts that an error leaves nothing but errors behind.
#[track_caller]
fn assert_poisoned(allocator: &mut Allocator, memory: &mut [u8]) {
    assert_eq!(allocator.allocate(memory, 8), Err(AllocatorError::Poisoned));
    assert_eq!(allocator.free(memory, 1_032), Err(AllocatorError::Poisoned));
}

#[test]
fn blocks_are_cut_off_one_after_the_other_from_the_rounded_base() {
    for (heap_base, first) in [(0, 8), (1, 16), (7, 16), (8, 16), (1_020, 1_032)] {
        let mut memory = vec![0; 4_096];
        let mut allocator = Allocator::new(heap_base);
        assert_eq!(allocator.allocate(&mut memory[..], 0), Ok(first));
        assert_eq!(allocator.allocate(&mut memory[..], 9), Ok(first + 16));
        assert_eq!(allocator.allocate(&mut memory[..], 100), Ok(first + 16 + 24));
        assert_eq!(allocator.bytes_in_use(), 16 + 24 + 136);
    }
}

#[test]
fn headers_are_those_of_the_lineage() {
    let mut memory = vec![0xEE; 4_096];
    let mut allocator = Allocator::new(1_024);
    let mut ptrs = Vec::new();
    for (len, order) in [(0, 0), (1, 0), (8, 0), (9, 1), (16, 1), (17, 2), (128, 4), (129, 5)] {
        let ptr = allocator.allocate(&mut memory[..], len).unwrap();
        assert_eq!(header(&memory, ptr), USED | order, "{len}");
        ptrs.push(ptr);
    }
    allocator.free(&mut memory[..], ptrs[1]).unwrap();
    assert_eq!(header(&memory, ptrs[1]), u64::from(u32::MAX));
    allocator.free(&mut memory[..], ptrs[0]).unwrap();
    assert_eq!(header(&memory, ptrs[0]), u64::from(ptrs[1] - 8));
    assert!(memory[..1_024].iter().all(|byte| *byte == 0xEE), "written below the heap");
}

#[test]
fn the_block_freed_last_is_used_again_first_for_its_own_size_only() {
    let mut memory = vec![0; 4_096];
    let mut allocator = Allocator::new(1_024);
    let ptrs: Vec<u32> = (0..3).map(|_| allocator.allocate(&mut memory[..], 32).unwrap()).collect();
    for ptr in [ptrs[0], ptrs[2], ptrs[1]] {
        allocator.free(&mut memory[..], ptr).unwrap();
    }
    assert_eq!(allocator.bytes_in_use(), 0);
    let other = allocator.allocate(&mut memory[..], 16).unwrap();
    assert_eq!(other, ptrs[2] + 40);
    for ptr in [ptrs[1], ptrs[2], ptrs[0]] {
        assert_eq!(allocator.allocate(&mut memory[..], 17), Ok(ptr));
    }
    assert_eq!(allocator.allocate(&mut memory[..], 17), Ok(other + 24));
}

#[test]
fn the_largest_block_has_32_mib() {
    let mut memory = vec![0; 33 << 20];
    let mut allocator = Allocator::new(0);
    assert_eq!(allocator.allocate(&mut memory[..], MAX_BYTES), Ok(8));
    assert_eq!(header(&memory, 8), USED | 22);
    let mut fresh = Allocator::new(0);
    assert_eq!(fresh.allocate(&mut memory[..], MAX_BYTES + 1), Err(AllocatorError::TooLarge));
    assert_poisoned(&mut fresh, &mut memory);
    assert_eq!(Allocator::new(0).allocate(&mut memory[..], u32::MAX), Err(AllocatorError::TooLarge));
}

#[test]
fn a_block_may_end_where_the_memory_does_and_no_further() {
    for (bytes, fits) in [(1_040, true), (1_039, false), (1_024, false), (0, false)] {
        let mut memory = vec![0; bytes];
        let mut allocator = Allocator::new(1_024);
        let allocated = allocator.allocate(&mut memory[..], 8);
        assert_eq!(allocated, if fits { Ok(1_032) } else { Err(AllocatorError::Full) }, "{bytes}");
    }
    let mut memory = vec![0; 1_040];
    let mut allocator = Allocator::new(1_024);
    allocator.allocate(&mut memory[..], 8).unwrap();
    assert_eq!(allocator.allocate(&mut memory[..], 8), Err(AllocatorError::Full));
    assert_poisoned(&mut allocator, &mut memory);
}

#[test]
fn a_heap_base_at_the_end_of_the_address_space_has_no_room() {
    struct Whole;
    impl LinearMemory for Whole {
        fn size(&mut self) -> u64 {
            1 << 32
        }
        fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), OutOfBounds> {
            Ok(())
        }
        fn write(&mut self, _: u32, _: &[u8]) -> Result<(), OutOfBounds> {
            Ok(())
        }
    }
    for heap_base in [u32::MAX, u32::MAX - 7, u32::MAX - 8] {
        assert_eq!(Allocator::new(heap_base).allocate(&mut Whole, 8), Err(AllocatorError::Full));
    }
    let mut last = Allocator::new(u32::MAX - 15);
    assert_eq!(last.allocate(&mut Whole, 8), Ok(u32::MAX - 7));
    assert_eq!(last.allocate(&mut Whole, 8), Err(AllocatorError::Full));
}

#[test]
fn a_grown_memory_gives_more_room_and_a_shrunk_one_is_an_error() {
    let mut memory = vec![0; 2_048];
    let mut allocator = Allocator::new(1_024);
    allocator.allocate(&mut memory[..], 512).unwrap();
    memory.resize(4_096, 0);
    let second = allocator.allocate(&mut memory[..], 1_024).unwrap();
    memory.truncate(4_088);
    let mut freeing = allocator.clone();
    assert_eq!(freeing.free(&mut memory[..], second), Err(AllocatorError::Shrunk));
    assert_eq!(allocator.allocate(&mut memory[..], 8), Err(AllocatorError::Shrunk));
    assert_poisoned(&mut allocator, &mut memory);
}

#[test]
fn what_was_not_allocated_cannot_be_freed() {
    for ptr in [0, 7, 8, 1_024, 1_031, 1_033, 1_040, 1_048, 1_064, 1_072, 4_096, u32::MAX, u32::MAX - 7] {
        let mut memory = vec![0; 4_096];
        let mut allocator = Allocator::new(1_024);
        assert_eq!(allocator.allocate(&mut memory[..], 24), Ok(1_032));
        assert_eq!(allocator.free(&mut memory[..], ptr), Err(AllocatorError::Pointer), "{ptr}");
        assert_poisoned(&mut allocator, &mut memory);
    }
}

#[test]
fn a_second_free_is_an_error() {
    let mut memory = vec![0; 4_096];
    let mut allocator = Allocator::new(1_024);
    let ptr = allocator.allocate(&mut memory[..], 24).unwrap();
    allocator.free(&mut memory[..], ptr).unwrap();
    assert_eq!(allocator.free(&mut memory[..], ptr), Err(AllocatorError::Pointer));
    assert_poisoned(&mut allocator, &mut memory);
}

#[test]
fn an_overwritten_header_of_a_block_in_use_is_an_error() {
    // Orders that do not exist or do not fit, and bits that no header has.
    for wrong in
        [USED | 2, USED | 22, USED | 23, USED | 0xFFFF_FFFF, USED | 256, USED << 1, u64::MAX, 3 << 32]
    {
        let mut memory = vec![0; 4_096];
        let mut allocator = Allocator::new(1_024);
        let ptr = allocator.allocate(&mut memory[..], 16).unwrap();
        set_header(&mut memory, ptr, wrong);
        assert_eq!(allocator.free(&mut memory[..], ptr), Err(AllocatorError::Corrupted), "{wrong:#x}");
        assert_poisoned(&mut allocator, &mut memory);
    }
}

#[test]
fn an_overwritten_link_is_an_error_and_leads_nowhere() {
    let links = [0, 8, 1_016, 1_025, 1_028, 1_048, 1_056, 4_088, 4_096, 0xFFFF_FFF8, 0xFFFF_FFFE];
    for wrong in links.into_iter().chain([USED, USED | 1, u64::MAX, USED << 1]) {
        let mut memory = vec![0; 4_096];
        let mut allocator = Allocator::new(1_024);
        let ptr = allocator.allocate(&mut memory[..], 16).unwrap();
        allocator.free(&mut memory[..], ptr).unwrap();
        set_header(&mut memory, ptr, wrong);
        assert_eq!(allocator.allocate(&mut memory[..], 16), Err(AllocatorError::Corrupted), "{wrong:#x}");
        assert_poisoned(&mut allocator, &mut memory);
    }
}

#[test]
fn a_link_to_itself_or_into_a_block_is_an_error_when_it_is_followed() {
    for link in [1_024, 1_032] {
        let mut memory = vec![0; 4_096];
        let mut allocator = Allocator::new(1_024);
        let ptr = allocator.allocate(&mut memory[..], 8).unwrap();
        allocator.allocate(&mut memory[..], 8).unwrap();
        allocator.free(&mut memory[..], ptr).unwrap();
        set_header(&mut memory, ptr, link);
        assert_eq!(allocator.allocate(&mut memory[..], 8), Ok(ptr));
        assert_eq!(allocator.allocate(&mut memory[..], 8), Err(AllocatorError::Corrupted), "{link}");
        assert_poisoned(&mut allocator, &mut memory);
    }
}

/// A memory that refuses its nth access.
struct Failing(Vec<u8>, u32);

impl Failing {
    fn access(&mut self) -> Result<&mut [u8], OutOfBounds> {
        self.1 = self.1.wrapping_sub(1);
        if self.1 == 0 { Err(OutOfBounds) } else { Ok(&mut self.0) }
    }
}

impl LinearMemory for Failing {
    fn size(&mut self) -> u64 {
        self.0[..].size()
    }
    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        self.access()?.read(ptr, buffer)
    }
    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.access()?.write(ptr, bytes)
    }
}

#[test]
fn a_memory_that_refuses_an_access_is_an_error() {
    // Allocate: one access. Free: two. Allocate again: two.
    for nth in 1..=6 {
        let mut memory = Failing(vec![0; 4_096], nth);
        let mut allocator = Allocator::new(1_024);
        let mut run = || {
            let ptr = allocator.allocate(&mut memory, 8)?;
            allocator.free(&mut memory, ptr)?;
            allocator.allocate(&mut memory, 8)
        };
        assert_eq!(run(), if nth > 5 { Ok(1_032) } else { Err(AllocatorError::Memory) }, "{nth}");
        if nth <= 5 {
            assert_poisoned(&mut allocator, &mut memory.0);
        }
    }
}

#[test]
fn blocks_in_use_never_overlap_over_many_random_rounds() {
    let mut memory = vec![0; 1 << 20];
    let mut allocator = Allocator::new(1_001);
    let mut live: Vec<(u32, u32)> = Vec::new();
    let mut seed = 1_u32;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for round in 0..20_000_u32 {
        if live.len() < 40 && random(2) == 0 {
            let len = random(2_000);
            let ptr = allocator.allocate(&mut memory[..], len).unwrap();
            assert!(ptr >= 1_016 && ptr.is_multiple_of(8));
            for (other, bytes) in &live {
                assert!(ptr >= other + bytes || ptr + len <= *other, "{ptr} {len} overlaps {other} {bytes}");
            }
            memory[..].write(ptr, &vec![round.to_le_bytes()[0]; usize::try_from(len).unwrap()]).unwrap();
            live.push((ptr, len));
        } else if !live.is_empty() {
            let at = usize::try_from(random(u32::try_from(live.len()).unwrap())).unwrap();
            let (ptr, _) = live.swap_remove(at);
            allocator.free(&mut memory[..], ptr).unwrap();
        }
    }
    for (ptr, _) in live {
        allocator.free(&mut memory[..], ptr).unwrap();
    }
    assert_eq!(allocator.bytes_in_use(), 0);
}
