//! The waiting queue.

mod crowd;
mod join_queue;
