//! What a system is made of, part by part.

use super::{refusal::refusal, system::System};
use crate::{
    convert::saturate_long,
    limits::{Preset, unknown},
    names::camel_case,
    protocol::Protocol,
};
use guestbox::wasi::{Clocks, Mount, OptionsError, Random, Tree, Wasi, WasiLimits, WasiOptions};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// What a WASI system is to be made of.
#[wasm_bindgen]
#[derive(Default)]
pub struct WasiDraft {
    options: WasiOptions,
    limits: WasiLimits,
    clocks: Clocks,
    /// The mount that parts are added to: its name, whether it is read-only or written back, and its tree.
    mount: Option<(Vec<u8>, u32, Tree)>,
    /// The sizes of the lazy files, by their tokens.
    lazy_sizes: Vec<u64>,
}

#[wasm_bindgen]
impl WasiDraft {
    /// Adds a part of a kind: see the numbers of [`Protocol`], which say what each takes.
    ///
    /// # Errors
    ///
    /// A `RangeError` for the name of a limit or of a preset that there is not.
    pub fn add(&mut self, part: u32, name: Vec<u8>, value: Vec<u8>, number: f64) -> Result<(), JsValue> {
        match part {
            Protocol::ARG => self.change(|options| options.with_args([name])),
            Protocol::VARIABLE => self.change(|options| options.with_variable(name, value)),
            Protocol::TERMINAL => self.change(WasiOptions::with_terminal),
            Protocol::RANDOM_HOST => self.change(|options| options.with_random(Random::Host)),
            Protocol::SEED => {
                let seed = u64::from_le_bytes(*value.first_chunk().unwrap_or(&[0; 8]));
                self.change(|options| options.with_random(Random::Seeded(seed)));
            }
            Protocol::CLOCK_HOST => self.clocks = Clocks::host(saturate_long(number)),
            Protocol::CLOCK_START => {
                self.clocks = Clocks::from(saturate_long(number).saturating_mul(1_000_000));
            }
            Protocol::CLOCK_TICK => self.clocks = self.clocks.with_tick(saturate_long(number)),
            Protocol::LIMIT => return self.limit(&String::from_utf8_lossy(&name), number),
            Protocol::MOUNT | Protocol::MOUNT_READ_ONLY | Protocol::MOUNT_WRITE_BACK => {
                self.finish_mount();
                self.mount = Some((name, part, Tree::new()));
            }
            Protocol::DIRECTORY => self.grow(|tree| tree.with_directory(name)),
            Protocol::FILE_BYTES => self.grow(|tree| tree.with_file(name, value)),
            Protocol::LINK => self.grow(|tree| tree.with_link(name, value)),
            Protocol::LAZY_FILE => {
                let size = saturate_long(number);
                let token = self.lazy_sizes.len().try_into().unwrap_or(u64::MAX);
                self.lazy_sizes.push(size);
                self.grow(|tree| tree.with_lazy_file(name, size, token));
            }
            Protocol::PRESET => self.limits = limits_of(Preset::of_name(&String::from_utf8_lossy(&name))?),
            _ => {}
        }
        Ok(())
    }
}

impl WasiDraft {
    /// Nothing, under the limits of a preset.
    pub(super) fn new(preset: Preset) -> Self {
        Self { limits: limits_of(preset), ..Self::default() }
    }

    /// Makes the system.
    pub(crate) fn finish(mut self) -> Result<System, JsValue> {
        self.finish_mount();
        let Self { options, limits, clocks, lazy_sizes, .. } = self;
        let options = options.with_limits(limits).with_clocks(clocks);
        let wasi = Wasi::new(&options).map_err(|refused| {
            let limit = match refused {
                OptionsError::Limit { limit, maximum, .. } => Some((limit, maximum)),
                _ => None,
            };
            refusal("WasiError", refused.code(), limit, "what the program is given is more", &refused)
        })?;
        Ok(System::new(wasi, lazy_sizes))
    }

    fn limit(&mut self, name: &str, number: f64) -> Result<(), JsValue> {
        let mut names = WasiLimits::default();
        let known = names.by_name().map(|(known, _)| known).find(|known| camel_case(known) == name);
        let known = known.filter(|known| names.set(known, 0));
        let Some(known) = known else {
            return Err(unknown(&format_args!("there is no limit `{name}`")));
        };
        self.limits.set(known, saturate_long(number));
        Ok(())
    }

    fn change(&mut self, by: impl FnOnce(WasiOptions) -> WasiOptions) {
        self.options = by(core::mem::take(&mut self.options));
    }

    fn grow(&mut self, by: impl FnOnce(Tree) -> Tree) {
        if let Some((_, _, tree)) = &mut self.mount {
            *tree = by(core::mem::take(tree));
        }
    }

    fn finish_mount(&mut self) {
        let Some((name, access, tree)) = self.mount.take() else { return };
        let mount = match access {
            Protocol::MOUNT_READ_ONLY => Mount::new(tree).read_only(),
            Protocol::MOUNT_WRITE_BACK => Mount::new(tree).with_write_back(),
            _ => Mount::new(tree),
        };
        self.change(|options| options.with_mount(name, mount));
    }
}

/// The limits of a preset. A guest that is metered by its supervisor has the usual ones.
fn limits_of(preset: Preset) -> WasiLimits {
    match preset {
        Preset::Default | Preset::SelfMetered => WasiLimits::default(),
        Preset::Strict => WasiLimits::strict(),
        Preset::Unlimited => WasiLimits::unlimited(),
    }
}

#[cfg(test)]
mod tests {
    use crate::classes::CLASSES;
    use guestbox::{
        tables::{Code, Coded},
        wasi::OptionsError,
    };

    #[test]
    fn the_class_of_wasi_has_the_codes_of_options() {
        let class = CLASSES.iter().find(|class| class.name == "WasiError").unwrap();
        let codes = class.codes();
        for variant in OptionsError::VARIANTS {
            let Code::Own(code) = variant.code else { panic!("{} has another's code", variant.name) };
            assert!(codes.contains(&code), "{code}");
        }
    }
}
