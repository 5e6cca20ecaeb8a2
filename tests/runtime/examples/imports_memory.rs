//! The runtime as wasm that imports its memory: what differs is how build.sh links it.
#![cfg_attr(not(feature = "std"), no_std)]

use guestbox_test_runtime as _;
