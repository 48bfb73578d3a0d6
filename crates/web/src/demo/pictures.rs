//! Pictures of cultures that never were: spindle-shaped cells as a phase-contrast microscope shows them, drawn here and
//! written as PNG. They are pictures of nobody's cells.

use super::dice::Dice;

const WIDTH: i64 = 240;
const HEIGHT: i64 = 180;
/// Greys that a pixel may have.
const GREYS: i64 = 16;

/// A culture whose cells cover so many hundredths of the surface.
pub fn culture(confluence: i64, dice: &mut Dice) -> Vec<u8> {
    let mut greys: Vec<i64> = (0..WIDTH * HEIGHT).map(|at| background(at, dice)).collect();
    // A cell covers about one part in 330 of the surface, and more lie over each other the denser they grow.
    for _ in 0..confluence * 4 {
        draw(&mut greys, &Cell::by(dice));
    }
    png(&greys)
}

/// Darker towards the corners, as lenses have it, and a little uneven.
fn background(at: i64, dice: &mut Dice) -> i64 {
    let (x, y) = (at % WIDTH - WIDTH / 2, at / WIDTH - HEIGHT / 2);
    8 - (x * x + y * y) / 9000 + dice.whole(0, 2) / 2
}

/// A cell: where its middle lies, which way it points, and half its length and width.
struct Cell {
    x: f64,
    y: f64,
    along: (f64, f64),
    length: f64,
    width: f64,
}

impl Cell {
    fn by(dice: &mut Dice) -> Self {
        // They lie roughly alike, as neighbours do.
        let angle = dice.whole(-60, 100) as f64 / 100.0 + 0.5;
        Self {
            x: dice.whole(0, WIDTH) as f64,
            y: dice.whole(0, HEIGHT) as f64,
            along: (angle.cos(), angle.sin()),
            length: dice.whole(11, 19) as f64,
            width: dice.whole(20, 34) as f64 / 10.0,
        }
    }

    /// The grey at a point, where the cell or its bright rim is there.
    fn grey(&self, x: f64, y: f64) -> Option<i64> {
        let (dx, dy) = (x - self.x, y - self.y);
        let (along, across) = (
            (dx * self.along.0 + dy * self.along.1) / self.length,
            (dy * self.along.0 - dx * self.along.1).abs(),
        );
        let half = self.width * (1.0 - along.abs()).max(0.0).sqrt();
        match () {
            () if along.abs() > 1.1 => None,
            () if along.abs() < 0.28 && across < self.width * 0.55 => Some(3),
            () if across < half => Some(6),
            () if across < half + 1.2 => Some(13),
            () => None,
        }
    }
}

fn draw(greys: &mut [i64], cell: &Cell) {
    let reach = cell.length as i64 + 3;
    let (x, y) = (cell.x as i64, cell.y as i64);
    for row in (y - reach).max(0)..(y + reach).min(HEIGHT) {
        for column in (x - reach).max(0)..(x + reach).min(WIDTH) {
            let pixel = usize::try_from(row * WIDTH + column).ok().and_then(|at| greys.get_mut(at));
            if let (Some(pixel), Some(grey)) = (pixel, cell.grey(column as f64, row as f64)) {
                *pixel = grey;
            }
        }
    }
}

/// A PNG of four bits to a pixel (ISO/IEC 15948), its rows stored as they are (RFC 1951, without compression).
fn png(greys: &[i64]) -> Vec<u8> {
    let width = usize::try_from(WIDTH).unwrap_or_default();
    let mut rows = Vec::new();
    for row in greys.chunks(width) {
        rows.push(0);
        let nibble = |grey: &i64| u8::try_from((*grey).clamp(0, GREYS - 1)).unwrap_or_default();
        rows.extend(row.chunks(2).map(|two| two.iter().fold(0, |byte, grey| byte << 4 | nibble(grey))));
    }
    let mut header = Vec::new();
    header.extend(u32::try_from(WIDTH).unwrap_or_default().to_be_bytes());
    header.extend(u32::try_from(HEIGHT).unwrap_or_default().to_be_bytes());
    header.extend([4, 0, 0, 0, 0]);
    let mut stored = vec![0x78, 0x01];
    let blocks = rows.chunks(0xffff).count();
    for (number, block) in rows.chunks(0xffff).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stored.push(u8::from(number + 1 == blocks));
        stored.extend(length.to_le_bytes());
        stored.extend((!length).to_le_bytes());
        stored.extend(block);
    }
    stored.extend(adler(&rows).to_be_bytes());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", header), (b"IDAT", stored), (b"IEND", Vec::new())] {
        let named: Vec<u8> = name.iter().copied().chain(content).collect();
        file.extend(u32::try_from(named.len() - name.len()).unwrap_or_default().to_be_bytes());
        file.extend(&named);
        file.extend(crc(&named).to_be_bytes());
    }
    file
}

/// Adler-32 (RFC 1950).
fn adler(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
}

/// CRC-32 (ISO 3309), as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use baiyo_domain::blob::{Blob, MediaType};

    #[test]
    fn a_picture_is_a_png_of_its_own_and_the_same_each_time() {
        let drawn = |confluence| culture(confluence, &mut Dice::seeded(7));
        assert_eq!(Blob::of(&drawn(40)).unwrap().media_type, MediaType::Png);
        assert!(drawn(40) == drawn(40) && drawn(40) != drawn(70));
        assert!(drawn(90).len() < 32 * 1024, "small enough for many");
    }

    #[test]
    fn the_sums_are_those_of_their_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }
}
