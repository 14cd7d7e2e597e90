//! A ticket's code as a QR code, in black on white with a quiet zone around it, whatever stands behind.

use std::fmt::Write as _;

use fast_qr::qr::{QRBuilder, QRCode};
use fast_qr::{ECL, Version};
use onsale_domain::tickets::code::SignedCode;

use crate::failure::Failure;

/// Version and level of the QR code: the smallest that has room for a code when a quarter of it may be unreadable.
const VERSION: Version = Version::V10;
const LEVEL: ECL = ECL::Q;
/// Modules of white on each side, as ISO/IEC 18004 has them.
const QUIET_MODULES: usize = 4;
/// Dots of a module, in each direction.
const DOTS: usize = 6;

/// A QR code as rows of modules, of which the dark ones are true, with its quiet zone.
fn modules(code: &SignedCode) -> Result<Vec<Vec<bool>>, Failure> {
    let built = QRBuilder::new(code.text()).version(VERSION).ecl(LEVEL).build();
    let built: QRCode = built.map_err(|_| internal("it has no room"))?;
    let side = built.size + 2 * QUIET_MODULES;
    let is_dark = |row: usize, column: usize| {
        let inside = |place: usize| place.checked_sub(QUIET_MODULES).filter(|place| *place < built.size);
        inside(row).zip(inside(column)).is_some_and(|(row, column)| built[row][column].value())
    };
    Ok((0..side).map(|row| (0..side).map(|column| is_dark(row, column)).collect()).collect())
}

/// The picture as SVG, which any size suits: a line through each run of dark modules. It has the code as a text, too.
///
/// # Errors
/// When it cannot be made, which is our fault.
pub fn svg(code: &SignedCode) -> Result<String, Failure> {
    let modules = modules(code)?;
    let side = modules.len();
    let mut path = String::new();
    for (row, line) in modules.iter().enumerate().filter(|(_, line)| line.contains(&true)) {
        // Writing to a text cannot fail.
        let _ = write!(path, "M0 {row}.5");
        for run in line.chunk_by(|one, next| one == next) {
            let _ = if run[0] { write!(path, "h{}", run.len()) } else { write!(path, "m{} 0", run.len()) };
        }
    }
    let text = code.text();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <desc>{text}</desc><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path stroke=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// The picture as PNG, of one bit for each dot.
///
/// # Errors
/// When it cannot be made, which is our fault.
pub fn png(code: &SignedCode) -> Result<Vec<u8>, Failure> {
    let modules = modules(code)?;
    let dots = modules.len() * DOTS;
    let size = u32::try_from(dots).map_err(internal)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut rows = Vec::with_capacity(dots * dots.div_ceil(8));
    for line in &modules {
        let white: Vec<bool> = line.iter().flat_map(|dark| [!dark; DOTS]).collect();
        let packed = white.chunks(8).map(|dots| {
            dots.iter().enumerate().fold(0_u8, |byte, (place, white)| byte | (u8::from(*white) << (7 - place)))
        });
        let packed: Vec<u8> = packed.collect();
        (0..DOTS).for_each(|_| rows.extend_from_slice(&packed));
    }
    let mut writer = encoder.write_header().map_err(internal)?;
    writer.write_image_data(&rows).map_err(internal)?;
    writer.finish().map_err(internal)?;
    Ok(bytes)
}

fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("picture of a code: {problem}"))
}
