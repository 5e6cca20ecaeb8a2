//! Sleeps for an hour, or as many seconds as its argument says, and says how long that was; and how random its hash maps are.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    thread,
    time::{Duration, Instant, SystemTime},
};

fn main() {
    let began = Instant::now();
    let seconds = std::env::args().nth(1).map_or(3_600.0, |seconds| seconds.parse().expect("a number"));
    thread::sleep(Duration::from_secs_f64(seconds));
    println!("{:?}", began.elapsed());
    println!("{:?}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970"));
    println!("{:016x}", RandomState::new().hash_one("hash"));
    let map: HashMap<_, _> = (0..10).map(|at| (at, at)).collect();
    println!("{:?}", map.keys().collect::<Vec<_>>());
}
