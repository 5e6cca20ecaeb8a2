//! Mock and fault-injecting supervisors.
