//! The storage of a runtime, as Substrate has it: entries in the order of their keys, the tries of its
//! children, and transactions that nest.

use crate::runtime::host::blake2_256;
use parity_scale_codec::{Compact, Encode};
use std::{collections::BTreeMap, iter};

pub(crate) type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Default)]
struct State {
    top: Entries,
    children: BTreeMap<Vec<u8>, Entries>,
}

#[derive(Default)]
pub(crate) struct Storage {
    now: State,
    transactions: Vec<State>,
}

impl Storage {
    pub(crate) fn top(&mut self) -> &mut Entries {
        &mut self.now.top
    }

    pub(crate) fn child(&mut self, id: &[u8]) -> &mut Entries {
        self.now.children.entry(id.to_vec()).or_default()
    }

    pub(crate) fn start(&mut self) {
        self.transactions.push(self.now.clone());
    }

    pub(crate) fn rollback(&mut self) {
        self.now = self.transactions.pop().unwrap();
    }

    pub(crate) fn commit(&mut self) {
        self.transactions.pop().unwrap();
    }

    /// The root of a child's trie, which is kept at the top too.
    pub(crate) fn root(&mut self, id: &[u8]) -> Vec<u8> {
        let entries = self.child(id);
        let is_empty = entries.is_empty();
        let entries: Vec<_> = entries.iter().map(|(key, value)| (digits(key), value.as_slice())).collect();
        let root = blake2_256(&if is_empty { vec![0] } else { node(&entries, 0) });
        let place = [b":child_storage:default:", id].concat();
        if is_empty {
            self.top().remove(&place);
        } else {
            self.top().insert(place, root.clone());
        }
        root
    }
}

fn digits(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

/// A node of a trie: sorted entries whose keys are the same in their first `depth` digits.
fn node(entries: &[(Vec<u8>, &[u8])], depth: usize) -> Vec<u8> {
    let [(first, value), .., (last, _)] = entries else {
        let [(key, value)] = entries else { unreachable!("a node has entries") };
        return [partial_key(0x40, &key[depth..]), value.encode()].concat();
    };
    let same = iter::zip(&first[depth..], &last[depth..]).take_while(|(first, last)| first == last).count();
    let end = depth + same;
    let has_value = first.len() == end;
    let (value, below) = if has_value { (value.encode(), &entries[1..]) } else { (Vec::new(), entries) };
    let (mut bits, mut children) = (0_u16, Vec::new());
    for group in below.chunk_by(|(one, _), (other, _)| one[end] == other[end]) {
        bits |= 1 << group[0].0[end];
        let node = node(group, end + 1);
        children.extend(if node.len() < 32 { node } else { blake2_256(&node) }.encode());
    }
    let path = partial_key(if has_value { 0xc0 } else { 0x80 }, &first[depth..end]);
    [path, bits.encode(), value, children].concat()
}

/// The head of a node: its kind, how many digits its path has, and these, two to a byte.
fn partial_key(kind: u8, digits: &[u8]) -> Vec<u8> {
    let mut head = vec![kind | u8::try_from(digits.len().min(63)).unwrap()];
    // A key has no more digits than one further byte can say.
    head.extend(digits.len().checked_sub(63).map(|left| u8::try_from(left).unwrap()));
    let odd = digits.len() % 2;
    head.extend_from_slice(&digits[..odd]);
    head.extend(digits[odd..].chunks(2).map(|pair| pair[0] << 4 | pair[1]));
    head
}

/// Appends to a list in SCALE.
pub(crate) fn append(entries: &mut Entries, key: Vec<u8>, item: &[u8]) {
    use parity_scale_codec::Decode;
    let list = entries.entry(key).or_insert_with(|| vec![0]);
    let mut rest = list.as_slice();
    let Compact(count) = Compact::<u32>::decode(&mut rest).unwrap();
    *list = [&Compact(count + 1).encode(), rest, item].concat();
}
