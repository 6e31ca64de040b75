//! A QR code in half blocks: two rows of modules in one line of text.
//!
//! Blocks are drawn for the light modules, as on a dark terminal they are the bright ones. Cameras read the reverse as well.

use qrcodegen::{QrCode, QrCodeEcc};

/// The light modules around the code. The standard asks for four; phones read two, and then it fits into 24 lines.
const MARGIN: i32 = 2;

/// The lines that stay for the address, the code and the countdown.
const OTHER_LINES: usize = 4;

/// Draws a text, or returns `None` if that would not fit into so many columns and lines.
pub fn half_blocks(text: &str, (columns, lines): (usize, usize)) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let ends = code.size() + MARGIN;
    let width = usize::try_from(ends + MARGIN).ok()?;
    if width > columns || width.div_ceil(2) + OTHER_LINES > lines {
        return None;
    }
    let mut drawn = String::new();
    for y in (-MARGIN..ends).step_by(2) {
        for x in -MARGIN..ends {
            // What lies outside is light, but for the half of a line below the margin.
            let (upper, lower) = (!code.get_module(x, y), y + 1 < ends && !code.get_module(x, y + 1));
            drawn.push(match (upper, lower) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        drawn.push('\n');
    }
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://as.example/device?user_code=WDJB-MJHT";

    #[test]
    fn the_drawing_is_the_code() {
        let drawn = half_blocks(ADDRESS, (80, 24)).unwrap();
        let code = QrCode::encode_text(ADDRESS, QrCodeEcc::Low).unwrap();
        let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        assert!(rows.iter().all(|row| row.len() == (code.size() + 2 * MARGIN) as usize));
        for y in 0..code.size() {
            for x in 0..code.size() {
                let block = rows[((y + MARGIN) / 2) as usize][(x + MARGIN) as usize];
                let is_light = if (y + MARGIN) % 2 == 0 { "█▀" } else { "█▄" }.contains(block);
                assert_eq!(is_light, !code.get_module(x, y), "{x},{y}");
            }
        }
    }

    #[test]
    fn a_code_that_does_not_fit_is_not_drawn() {
        for size in [(32, 24), (80, 10), (0, 0)] {
            assert_eq!(half_blocks(ADDRESS, size), None, "{size:?}");
        }
        assert!(half_blocks(ADDRESS, (33, 21)).is_some());
        assert_eq!(half_blocks(&"x".repeat(2000), (80, 24)), None);
        assert_eq!(half_blocks(&"x".repeat(5000), (1000, 1000)), None);
    }
}
