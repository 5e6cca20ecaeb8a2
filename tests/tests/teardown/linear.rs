//! How long it takes: what grows with the square of a crowd is found, whatever else the machine does.

use super::crowds::{CROWDS, Crowd, ENDS, End, MAX_PAGES, Make, left_alone, tear_down};
use guestbox::MemoryError;
use std::time::{Duration, Instant};

/// Guests of a small crowd; those of a large one are four times as many.
const FEW: u32 = if cfg!(debug_assertions) { 1_500 } else { 25_000 };
const TIMES: u32 = 4;

/// How much more time a large crowd may take: above what [`TIMES`] as many take with all that then is
/// no longer in the processor's caches, and below the square of [`TIMES`].
const GROWTH: u32 = 10;
/// How often it may take more, because of what else the machine does.
const ATTEMPTS: usize = 10;

fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}

/// Prints the times it took for a small number and a large one, and fails where one of them grows by
/// more than the number.
fn assert_linear(name: &str, few: u32, times: impl Fn(u32) -> Vec<Duration>) {
    let mut attempts = (0..ATTEMPTS).map(|_| {
        let (few, many) = (times(few), times(few * TIMES));
        println!("{few:8.2?} {many:8.2?} {name}");
        few.iter().zip(&many).all(|(few, many)| *many < *few * GROWTH)
    });
    assert!(attempts.any(|is_linear| is_linear), "{name}: took more than {GROWTH} times as long");
}

/// The times that it takes to make a crowd, and to end it.
fn of_crowd(make: Make, end: End, count: u32) -> Vec<Duration> {
    let (Crowd { mut store, members }, made) = time(|| make(count));
    let ((), ended) = time(|| end(&mut store, members));
    vec![made, ended]
}

#[test]
fn a_crowd_is_made_and_torn_down_in_linear_time() {
    println!("{FEW} and {} guests: made, ended", FEW * TIMES);
    for (crowd, make) in CROWDS {
        for (name, end) in ENDS {
            assert_linear(&format!("{crowd}; {name}"), FEW, |count| of_crowd(make, end, count));
        }
    }
}

/// A limit that refuses looks for what is dead and can be freed.
#[test]
fn a_refusal_takes_the_same_time_however_large_the_crowd() {
    println!("eight refusals for each of {FEW} and {} guests", FEW * TIMES);
    for (crowd, make) in CROWDS {
        assert_linear(&format!("refusals beside {crowd}"), FEW, |count| {
            let Crowd { mut store, mut members } = make(count);
            let calls: Vec<_> = members.iter_mut().filter_map(|member| member.call.take()).collect();
            tear_down(&mut store, members);
            let mut refuse = || {
                let refused = store.create_memory(MAX_PAGES, None);
                assert!(matches!(refused, Err(MemoryError::Limit(_))));
            };
            // A few for each guest, so that it takes a time that can be compared.
            let ((), taken) = time(|| (0..count * 8).for_each(|_| refuse()));
            drop(calls);
            vec![taken]
        });
    }
}

/// Nobody uses the memories any more, and they stay together until enough of them are torn down.
#[test]
fn a_memory_is_torn_down_in_the_same_time_however_many_guests_brought_together() {
    const MEMORIES: u32 = 1_000;
    println!("an eighth of {MEMORIES} and {} memories", MEMORIES * TIMES);
    assert_linear("memories that were shared", MEMORIES, |count| {
        let taken = |_| {
            let Crowd { mut store, mut members } = left_alone(count);
            members.truncate(members.len() / 8);
            time(|| tear_down(&mut store, members)).1
        };
        vec![(0..8).map(taken).sum()]
    });
}
