//! Output of the programs. A reader may end before they do, as in `onsale seed FILE | head`: what they do goes on, and
//! their exit status says how it ended.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints a line to standard output. Returns whether it was written.
pub fn say(line: impl Display) -> bool {
    match writeln!(io::stdout(), "{line}") {
        Ok(()) => true,
        Err(problem) => {
            if problem.kind() != ErrorKind::BrokenPipe {
                complain(format_args!("standard output: {problem}"));
            }
            false
        }
    }
}

/// Prints a line to standard error, if anybody reads it.
pub fn complain(line: impl Display) {
    // There is nowhere left to say that this failed.
    let _ = writeln!(io::stderr(), "{line}");
}
