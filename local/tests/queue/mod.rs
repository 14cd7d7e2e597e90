//! The waiting queue.

mod join_queue;
