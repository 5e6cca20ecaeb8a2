//! Real guests under a native supervisor.
