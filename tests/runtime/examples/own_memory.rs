//! The runtime as wasm that has a memory of its own.
#![cfg_attr(not(feature = "std"), no_std)]

use guestbox_test_runtime as _;
