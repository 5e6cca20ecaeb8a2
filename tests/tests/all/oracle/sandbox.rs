//! What a supervisor sees of a sandbox: implemented by guestbox and by the model.

use crate::oracle::{
    log::{Missing, Outcome, SupervisorTrap},
    script::{Face, Region},
    supervisor::Supervisor,
};

/// The host functions of the ABI.
pub trait Sandbox {
    fn memory_new(&mut self, initial: u32, maximum: u32) -> Result<u32, SupervisorTrap>;

    fn memory_get(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        to: Region,
    ) -> Result<u32, SupervisorTrap>;

    fn memory_set(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        memory: u32,
        offset: u32,
        from: Region,
    ) -> Result<u32, SupervisorTrap>;

    fn memory_teardown(&mut self, memory: u32) -> Result<(), SupervisorTrap>;

    fn instantiate(
        &mut self,
        supervisor: &mut Supervisor<'_>,
        wasm: &[u8],
        environment: &[u8],
        state: u32,
        face: Face,
    ) -> Outcome;

    fn invoke(&mut self, supervisor: &mut Supervisor<'_>, call: &Call<'_>, face: Face) -> Outcome;

    fn get_global_val(&mut self, instance: u32, name: &[u8]) -> Result<Vec<u8>, SupervisorTrap>;

    fn instance_teardown(&mut self, instance: u32) -> Result<(), SupervisorTrap>;

    /// All of a memory, to be compared at the end.
    fn memory_bytes(&self, memory: u32) -> Result<Vec<u8>, Missing>;
}

/// The arguments of `invoke`.
pub struct Call<'a> {
    pub instance: u32,
    pub export: &'a [u8],
    pub args: &'a [u8],
    pub result: Region,
    pub state: u32,
}
