//! The runtime once more, linked so that it imports its memory.
#![cfg_attr(not(feature = "std"), no_std)]

use guestbox_test_runtime as _;
