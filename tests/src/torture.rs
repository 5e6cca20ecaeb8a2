//! Endless loops, one for each class of operator.
