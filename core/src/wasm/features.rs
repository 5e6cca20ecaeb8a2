//! Which features a module uses, as the parser's validator says.

use super::validate::{validate, with_short_table_indices};
use crate::{
    error::CompileError,
    types::features::{Feature, Features},
};
use wasmparser::{BinaryReaderError, Parser, Validator, WasmFeatures};

impl Feature {
    const fn of_parser(self) -> WasmFeatures {
        match self {
            Self::BulkMemory => WasmFeatures::BULK_MEMORY,
            Self::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            Self::Floats => WasmFeatures::FLOATS,
            Self::MultiMemory => WasmFeatures::MULTI_MEMORY,
            Self::MultiValue => WasmFeatures::MULTI_VALUE,
            Self::MutableGlobals => WasmFeatures::MUTABLE_GLOBAL,
            Self::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            Self::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            Self::SaturatingFloatToInt => WasmFeatures::SATURATING_FLOAT_TO_INT,
            Self::SignExtension => WasmFeatures::SIGN_EXTENSION,
            Self::Simd => WasmFeatures::SIMD,
            Self::TailCalls => WasmFeatures::TAIL_CALL,
        }
    }
}

impl Features {
    /// The features without each of which a module would be refused. Those are none of a module that is invalid anyway.
    ///
    /// The module is validated for each feature, which takes some 10 ms a MiB.
    ///
    /// ```
    /// use guestbox::{Feature, Features};
    /// # let wasm = wat::parse_str("(module (func (result i32 f32) (i32.const 1) (f32.const 2)))").unwrap();
    /// let used = Features::used_by(&wasm);
    /// assert!(used.contains(Feature::MultiValue) && used.contains(Feature::Floats));
    /// assert!(!used.contains(Feature::TailCalls));
    /// ```
    #[must_use]
    pub fn used_by(bytes: &[u8]) -> Self {
        let is_unused = |feature: &&Feature| Self::ALL.without(**feature).check(bytes).is_ok();
        Feature::ALL.iter().filter(is_unused).fold(Self::ALL, |used, feature| used.without(*feature))
    }

    /// Refuses a module that uses what is not among them. A module that is invalid anyway is left
    /// to the engine's error message.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), CompileError> {
        if self == Self::ALL {
            return Ok(());
        }
        let shortened =
            if self.contains(Feature::ReferenceTypes) { None } else { with_short_table_indices(bytes) };
        let bytes = shortened.as_deref().unwrap_or(bytes);
        let is_valid = |features: Self| validate(features.of_parser(), bytes, None).is_ok();
        if is_valid(self) || !is_valid(Self::ALL) {
            return Ok(());
        }
        let refused = || Feature::ALL.iter().copied().filter(|feature| !self.contains(*feature));
        // A module may be valid without any one of two features and not without both.
        let alone = refused().find(|feature| !is_valid(Self::ALL.without(*feature)));
        alone.or(refused().next()).map_or(Ok(()), |feature| Err(CompileError::Feature(feature)))
    }

    /// Refuses a module that is invalid or uses what is not among them.
    pub(crate) fn validate(self, bytes: &[u8]) -> Result<(), CompileError> {
        validate(self.of_parser(), bytes, None).map_err(|fault| CompileError::Invalid(fault.message))
    }

    /// Refuses a module of which anything but the code of its functions is invalid, or uses what is not among them.
    pub(crate) fn validate_sections(self, bytes: &[u8]) -> Result<(), CompileError> {
        let invalid = |error: BinaryReaderError| CompileError::Invalid(error.message().into());
        let mut parser = Parser::new(0);
        parser.set_features(self.of_parser());
        let mut validator = Validator::new_with_features(self.of_parser());
        for payload in parser.parse_all(bytes) {
            validator.payload(&payload.map_err(invalid)?).map_err(invalid)?;
        }
        Ok(())
    }

    /// As the parser has them.
    pub(crate) fn of_parser(self) -> WasmFeatures {
        let all = Feature::ALL.iter().filter(|feature| self.contains(**feature));
        let all = all.fold(WasmFeatures::GC_TYPES, |features, feature| features.union(feature.of_parser()));
        // It does not see that some of the relaxed operators are of floats.
        if self.contains(Feature::Floats) { all } else { all.difference(WasmFeatures::RELAXED_SIMD) }
    }
}
