//! The walk over a function: each operator is read once, and looked at by every pass.

#[cfg(feature = "simd")]
use super::indices::place_of_vector;
use super::{
    Module, Target,
    host::Hosted,
    labels::Labels,
    meter::{Regions, push_charge},
    notes::{Notes, Site},
    output::{Later, Output},
    repairs::{put_repair, repair},
    temps::Temps,
};
use crate::{
    error::CompileError,
    limits::count,
    snapshot::Uncapturable,
    types::costs::{HOST_CALL, LOCALS_PER_UNIT},
    wasm::{
        operators::{Effect, Facts, code::I32, facts},
        reader::{Immediate, common},
        scan::locals,
        types::Signature,
    },
};
use alloc::vec::Vec;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Where operators are that were not read quickly.
const NOWHERE: [usize; 2] = [usize::MAX; 2];

/// Why a walk ends early.
pub(super) enum Stop {
    /// What is there is not valid; where, the validator says better.
    Invalid,
    Refused(CompileError),
    /// What was asked for until there is refused.
    AboveLimits,
}

impl From<CompileError> for Stop {
    fn from(error: CompileError) -> Self {
        Self::Refused(error)
    }
}

impl From<wasmparser::BinaryReaderError> for Stop {
    fn from(_: wasmparser::BinaryReaderError) -> Self {
        Self::Invalid
    }
}

/// What is invalid where it is `None`.
pub(super) fn valid<T>(value: Option<T>) -> Result<T, Stop> {
    value.ok_or(Stop::Invalid)
}

/// What is needed of a function while it is walked over, and used for one after the other.
pub(super) struct Body<'m, 'a> {
    pub(super) module: &'m mut Module<'a>,
    /// The function's index, and its own bytes.
    function: u32,
    pub(super) bytes: &'a [u8],
    pub(super) labels: Labels<'a>,
    pub(super) output: Output,
    pub(super) regions: Regions,
    pub(super) temps: Temps,
    /// What is written for a host besides.
    pub(super) hosted: Hosted,
    /// The parameters and locals that the function has of its own.
    pub(super) locals: u32,
    /// The local that its slot is kept in, where it notes where it is, and whether it does.
    pub(super) slot: Option<u32>,
    pub(super) is_noted: bool,
    /// Of the operator before.
    pub(super) before: &'static Facts,
    /// Where the last two operators are, if they were read quickly.
    pub(super) places: [usize; 2],
}

/// An operator that is not read quickly, with where it is.
pub(super) struct At<'o, 'a> {
    pub(super) operator: &'o Operator<'a>,
    pub(super) facts: &'static Facts,
    pub(super) place: usize,
    pub(super) after: usize,
}

impl<'m, 'a> Body<'m, 'a> {
    pub(super) fn new(module: &'m mut Module<'a>) -> Self {
        Self {
            function: module.scan.first_function(),
            module,
            bytes: &[],
            labels: Labels::default(),
            output: Output::default(),
            regions: Regions::default(),
            temps: Temps::default(),
            hosted: Hosted::default(),
            locals: 0,
            slot: None,
            is_noted: false,
            before: &Facts::NOTHING,
            places: NOWHERE,
        }
    }

    /// Writes a function of a type anew, whose bytes begin at an offset in the module, at the end of a
    /// code section's contents.
    pub(super) fn write(
        &mut self,
        bytes: &'a [u8],
        offset: u32,
        ty: u32,
        section: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        self.bytes = bytes;
        let body = FunctionBody::new(BinaryReader::new(bytes, 0));
        let signature = valid(self.module.scan.types.get(ty))?;
        let own = locals(&body)?;
        let all = own.many.saturating_add(count(signature.params.len()));
        self.locals = u32::try_from(all).map_err(|_| Stop::Invalid)?;
        let begin = body.get_operators_reader()?.original_position();
        self.begin(begin, signature, own.cells)?;
        if self.module.target == Target::Host {
            let params = count(signature.params.len());
            valid(self.begin_hosted(ty, params.saturating_add(own.cells)))?;
        }
        let mut place = begin;
        while place < bytes.len() {
            // With debug assertions the engine panics at what is behind the end of a function.
            if self.labels.len() == 0 {
                return Err(Stop::Invalid);
            }
            let place_of_other = self.skim(place, offset)?;
            place = self.read(place_of_other, offset)?;
        }
        if self.labels.len() > 0 {
            return Err(Stop::Invalid);
        }
        valid(self.output.copy_to(bytes, bytes.len()))?;
        valid(self.finish(section, begin, offset))?;
        self.function = valid(self.function.checked_add(1))?;
        Ok(())
    }

    fn begin(&mut self, begin: usize, signature: Signature<'a>, cells: u64) -> Result<(), Stop> {
        self.output.begin(begin);
        self.temps.begin(self.locals);
        self.regions.begin();
        self.module.code_limits.begin_function();
        self.module.finder.begin_function();
        self.before = &Facts::NOTHING;
        self.places = NOWHERE;
        self.is_noted = false;
        self.slot = match self.module.notes {
            Some(_) => Some(valid(self.temps.add(&mut self.output, I32))?),
            None => None,
        };
        let region = valid(self.open_region())?;
        self.labels.begin(signature, region, self.module.target.lowers());
        let units = cells.checked_div(LOCALS_PER_UNIT.into()).unwrap_or_default();
        self.regions.add(region, u32::try_from(units).map_err(|_| Stop::Invalid)?);
        Ok(())
    }

    /// Begins a region in what is written.
    pub(super) fn open_region(&mut self) -> Option<u32> {
        let region = self.regions.open()?;
        if self.module.target.is_metered() {
            self.output.put_later(Later::Charge(region))?;
        }
        Some(region)
    }

    pub(super) fn add_units(&mut self, units: u32) {
        if self.labels.is_live
            && let Some(label) = self.labels.last()
        {
            self.regions.add(label.region, units);
        }
    }

    /// Reads and looks at an operator of the others; where it ends.
    fn read(&mut self, place: usize, offset: u32) -> Result<usize, Stop> {
        let code = valid(self.bytes.get(place..))?;
        let (operator, after) = match common(self.bytes, place) {
            Some(read) => read,
            None => {
                let mut reader = BinaryReader::new(code, place);
                (reader.read_operator()?, reader.original_position())
            }
        };
        let facts = facts(code);
        if facts.effect == Effect::Unknown {
            return Err(Stop::Invalid);
        }
        self.look_at(&At { operator: &operator, facts, place, after }, offset)?;
        Ok(after)
    }

    /// Looks at an operator of the others.
    fn look_at(&mut self, here: &At<'_, 'a>, offset: u32) -> Result<(), Stop> {
        let At { operator, facts, place, after } = *here;
        if !self.module.code_limits.count(operator, &self.labels) {
            return Err(Stop::AboveLimits);
        }
        self.module.finder.see(operator);
        self.look_for_changes(operator);
        self.add_units(match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index }
                if self.is_import(*function_index) =>
            {
                HOST_CALL
            }
            _ => u32::from(facts.cost),
        });
        let noted = valid(at(offset, place))?;
        let site = self.site(operator, facts);
        if let Some((notes, slot, site)) = site
            && site != Site::Loop
        {
            valid(self.output.copy_to(self.bytes, place))?;
            valid(notes.here(&mut self.output, slot, noted))?;
            if site == Site::TailCall {
                valid(notes.leave(&mut self.output, slot))?;
            }
        }
        #[cfg(feature = "simd")]
        if self.module.target == Target::Interpreter
            && let Some(at) = place_of_vector(operator)
        {
            valid(self.hide_place(facts, place, at))?;
        }
        if self.module.target == Target::Host {
            valid(self.write_for_host(here))?;
        } else if facts.is_repaired() {
            let code = *valid(self.bytes.get(place))?;
            let repair = repair(code, Immediate::None, self.before);
            valid(put_repair(&mut self.output, self.bytes, place, repair))?;
        }
        self.write_operator(here)?;
        self.labels.note_height(self.labels.operands.height());
        match site {
            Some((notes, slot, site @ Site::Call { .. }))
                if !matches!(operator, Operator::ReturnCall { .. }) =>
            {
                valid(self.output.copy_to(self.bytes, after))?;
                valid(notes.back(&mut self.output, slot, site))?;
            }
            Some((notes, slot, Site::Loop)) => {
                // On each of its turns.
                valid(self.output.copy_to(self.bytes, after))?;
                valid(notes.here(&mut self.output, slot, noted))?;
            }
            _ => {}
        }
        self.before = facts;
        self.places = NOWHERE;
        Ok(())
    }

    /// Whether the function notes where it is before or after an operator.
    fn site(&mut self, operator: &Operator<'_>, facts: &Facts) -> Option<(Notes, u32, Site)> {
        let (notes, slot) = (self.module.notes?, self.slot?);
        let is_import =
            matches!(operator, Operator::ReturnCall { function_index } if self.is_import(*function_index));
        let site = Site::of(operator, facts, is_import)?;
        self.is_noted = true;
        self.module.missed_tail_call |= notes.missed(site);
        Some((notes, slot, site))
    }

    pub(super) fn is_import(&self, function: u32) -> bool {
        self.module.scan.imported_function(function).is_some()
    }

    /// Notes what of an instance's state the code changes that no snapshot has.
    fn look_for_changes(&mut self, operator: &Operator<'_>) {
        let changes = match operator {
            Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableGrow { .. }
            | Operator::TableInit { .. }
            | Operator::TableSet { .. } => Uncapturable::Table,
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => Uncapturable::Segment,
            _ => return,
        };
        self.module.changes.get_or_insert(changes);
    }

    fn finish(&mut self, section: &mut Vec<u8>, begin: usize, offset: u32) -> Option<()> {
        let mut first = Vec::new();
        if let (Some(notes), Some(slot), true) = (self.module.notes, self.slot, self.is_noted) {
            let is_door = self.module.scan.is_door(self.function);
            notes.enter(&mut first, slot, offset.checked_add(u32::try_from(begin).ok()?)?, is_door)?;
        }
        let mut last = Vec::new();
        if self.module.target == Target::Host {
            self.frame(&mut first, &mut last)?;
        }
        let Self { output, regions, module, hosted, .. } = self;
        let host = module.host.as_ref();
        output.finish(section, self.bytes.get(..begin)?, [&first, &last], |what, code| match (what, host) {
            (Later::Charge(region), None) => {
                push_charge(code, regions.units(region));
                Some(())
            }
            (what, Some(host)) => hosted.put(host, what, regions, code),
            _ => None,
        })
    }
}

/// Where an operator is in the module's bytes, in a function that begins at an offset.
pub(super) fn at(offset: u32, place: usize) -> Option<u32> {
    offset.checked_add(u32::try_from(place).ok()?)
}
