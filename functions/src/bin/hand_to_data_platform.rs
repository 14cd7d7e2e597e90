//! The Lambda binary of `hand_to_data_platform`.

use functions::events::hand_to_data_platform;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("hand_to_data_platform", Function::Event(hand_to_data_platform::answer))
}
