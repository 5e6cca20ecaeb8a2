//! Operations and replies: mostly such as work, and every way that they do not.

use super::{
    environments::environment,
    guests::{EXPORTS, GLOBALS, bits},
};
use crate::oracle::{
    differences,
    random::Random,
    script::{Arguments, Damage, Face, Guest, Name, Operation, Pick, Region, Reply, Type, Value},
    supervisor::MEMORY_BYTES,
};

pub struct Operations<'a> {
    pub random: &'a mut Random,
    pub guests: &'a Vec<Guest>,
}

impl Operations<'_> {
    /// One from the outside.
    pub fn outer(&mut self) -> Operation {
        match self.random.below(34) {
            0..=2 => self.memory_new(),
            3..=6 => self.memory_get(),
            7..=9 => self.memory_set(),
            10 => Operation::MemoryTeardown(self.pick()),
            11..=18 => self.instantiate(),
            19 => Operation::InstanceTeardown(self.pick()),
            20..=22 => self.get_global(),
            _ => self.invoke(),
        }
    }

    /// One from a callback.
    pub fn nested(&mut self) -> Operation {
        match self.random.below(28) {
            0 => self.memory_new(),
            1 | 2 => self.memory_get(),
            3..=5 => self.memory_set(),
            6 => Operation::MemoryTeardown(self.pick()),
            7..=12 => self.instantiate(),
            13 | 14 => Operation::InstanceTeardown(self.pick()),
            15 | 16 => self.get_global(),
            _ => self.invoke(),
        }
    }

    pub fn memory_new(&mut self) -> Operation {
        let initial = self.random.weighted(&[(2, 0), (8, 1), (6, 2), (3, 3), (1, 65_537)]);
        let maximum =
            self.random.weighted(&[(8, u32::MAX), (1, 2), (3, 3), (4, 8), (1, 65_536), (1, 65_537), (1, 0)]);
        Operation::MemoryNew { initial, maximum }
    }

    fn memory_get(&mut self) -> Operation {
        let (memory, offset, to) = (self.pick(), self.guest_offset(), self.region());
        Operation::MemoryGet { memory, offset, to }
    }

    fn memory_set(&mut self) -> Operation {
        let (memory, offset, from) = (self.pick(), self.guest_offset(), self.region());
        Operation::MemorySet { memory, offset, from }
    }

    fn get_global(&mut self) -> Operation {
        let instance = self.pick();
        let name = match self.random.below(10) {
            0..=6 => self.random.one(&GLOBALS).0,
            7 => "k",
            _ => self.random.one(&["i", "memory", "t", "none", ""]),
        };
        let name = if self.random.chance(3) { vec![0xFF] } else { name.as_bytes().to_vec() };
        Operation::GetGlobal { instance, name: Name(name) }
    }

    pub fn instantiate(&mut self) -> Operation {
        let guest = self.random.index(self.guests.len());
        let damage = self.damage_of_module(guest);
        let environment = environment(self.random, pick);
        Operation::Instantiate {
            guest,
            damage,
            environment,
            state: self.random.below(100),
            face: self.face(),
        }
    }

    fn damage_of_module(&mut self, guest: usize) -> Damage {
        let wasm = &self.guests[guest].wasm;
        let damage = match self.random.below(50) {
            0 => Damage::Cut(self.random.index(wasm.len())),
            1 => Damage::Flip(self.random.index(wasm.len()), 1 << self.random.below(8)),
            2 => Damage::Replaced(
                self.random.one(&[&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x01", b"garbage"]).to_vec(),
            ),
            3 => Damage::Trailing(self.random.bytes(3)),
            _ => return Damage::None,
        };
        if differences::is_refused_by_all(&damage.apply(wasm)) { damage } else { Damage::None }
    }

    fn invoke(&mut self) -> Operation {
        let (instance, face) = (self.pick(), self.face());
        let (name, params, _) = self.random.one(&EXPORTS);
        let mut values: Vec<_> = params.iter().map(|ty| self.value(*ty)).collect();
        if self.random.chance(8) {
            values.pop();
        }
        if self.random.chance(8) {
            let ty = self.random.one(&Type::ALL);
            values.push(self.value(ty));
        }
        let mut export = name.as_bytes().to_vec();
        match self.random.below(24) {
            0 | 1 => export = b"p".to_vec(),
            2 => export = self.random.one(&["none", "", "gi", "memory", "t"]).into(),
            3 if face == Face::Codes => export.push(0xFF),
            _ => {}
        }
        let damage = match self.random.below(100) {
            0 => Damage::Cut(self.random.index(6)),
            1 => Damage::Flip(0, 1),
            2 => Damage::Flip(1, 4),
            3 => Damage::Trailing(self.random.bytes(2)),
            4 => Damage::Replaced(
                self.random.one(&[&b""[..], &[0xFE, 0xFF, 0xFF, 0xFF], &[0x01, 0x00]]).to_vec(),
            ),
            _ => Damage::None,
        };
        let len = self.random.weighted(&[(12, 10), (1, 6), (1, 0), (1, 5), (1, 9)]);
        let ptr = self.random.weighted(&[(14, 512), (1, MEMORY_BYTES - 5), (1, u32::MAX)]);
        let (args, result) = (Arguments { values, damage }, Region { ptr, len });
        Operation::Invoke {
            instance,
            export: Name(export),
            args,
            result,
            state: self.random.below(100),
            face,
        }
    }

    /// What a callback returns.
    pub fn reply(&mut self) -> Reply {
        match self.random.below(40) {
            0..=19 => {
                let ty = self.random.one(&Type::ALL);
                Reply::Expected(bits(self.random, ty))
            }
            20..=22 => Reply::Echo,
            23 => Reply::Bytes(vec![0, 0]),
            24 | 25 => Reply::Bytes(self.value_reply()),
            26 => Reply::Bytes([self.value_reply(), self.random.bytes(3)].concat()),
            27 => Reply::Bytes(vec![1]),
            28 => {
                let mut cut = self.value_reply();
                cut.truncate(self.random.index(cut.len()));
                Reply::Bytes(cut)
            }
            29 => Reply::Bytes(
                self.random.one(&[&[2_u8][..], &[0, 2], &[0, 1, 4, 0, 0, 0, 0], &[1, 7]]).to_vec(),
            ),
            30 | 31 => Reply::Region(Region {
                ptr: self.random.one(&[0, 512, 1_024, MEMORY_BYTES - 1, MEMORY_BYTES, u32::MAX]),
                len: self.random.one(&[0, 1, 2, 10, MEMORY_BYTES, 1 << 20, (1 << 20) + 1, u32::MAX]),
            }),
            32..=34 => {
                let reply = if self.random.chance(50) { vec![0, 0] } else { self.value_reply() };
                Reply::Reused(self.random.one(&[0, 0, 1, 2, 9]), reply)
            }
            35 => Reply::Trap,
            _ => Reply::Expected(self.random.next()),
        }
    }

    fn value_reply(&mut self) -> Vec<u8> {
        let ty = self.random.one(&Type::ALL);
        [vec![0], crate::oracle::scale::return_value(self.value(ty))].concat()
    }

    fn value(&mut self, ty: Type) -> Value {
        Value::new(ty, if self.random.chance(80) { bits(self.random, ty) } else { self.random.next() })
    }

    fn pick(&mut self) -> Pick {
        pick(self.random)
    }

    fn face(&mut self) -> Face {
        if self.random.chance(50) { Face::Codes } else { Face::Kinds }
    }

    fn guest_offset(&mut self) -> u32 {
        self.random.weighted(&[
            (8, 0),
            (4, 16),
            (2, 100),
            (1, 65_530),
            (1, 65_536),
            (1, 131_071),
            (1, u32::MAX),
        ])
    }

    /// In the supervisor's memory.
    fn region(&mut self) -> Region {
        let ptr = self.random.weighted(&[
            (8, 0),
            (8, 256),
            (1, MEMORY_BYTES - 4),
            (1, MEMORY_BYTES),
            (1, u32::MAX),
        ]);
        let len = self.random.weighted(&[(1, 0), (4, 4), (8, 32), (2, 200), (1, 70_000)]);
        Region { ptr, len }
    }
}

fn pick(random: &mut Random) -> Pick {
    let n = random.below(16);
    match random.below(40) {
        0 => Pick::TornDown(n),
        1 => Pick::Unknown(n),
        2..=6 => Pick::Running,
        _ => Pick::Live(n),
    }
}
