//! [`TemporaryFile`]: where lines go that are not to stay in memory. It has no name, so that it ends with the process.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

use crate::view::Spill;

/// Bytes between the beginnings of two blocks: more than one has.
const PLACE: u64 = 512 << 10;

/// A file without a name.
pub struct TemporaryFile(File);

impl TemporaryFile {
    /// One in the directory for such files.
    ///
    /// # Errors
    /// When none can be made there.
    pub fn new() -> io::Result<TemporaryFile> {
        tempfile::tempfile().map(TemporaryFile)
    }

    fn go_to(&mut self, place: u64) -> io::Result<&mut File> {
        self.0.seek(SeekFrom::Start(place.saturating_mul(PLACE)))?;
        Ok(&mut self.0)
    }
}

impl Spill for TemporaryFile {
    fn write(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.go_to(place)?.write_all(bytes)
    }

    fn read(&mut self, place: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.go_to(place)?.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_from_their_places() {
        let mut file = TemporaryFile::new().unwrap();
        for place in [3, 0, 7] {
            file.write(place, &vec![place as u8; 300_000]).unwrap();
        }
        file.write(3, b"again").unwrap();
        assert_eq!(file.read(3, 5).unwrap(), b"again");
        assert_eq!(file.read(7, 300_000).unwrap(), vec![7; 300_000]);
        assert!(file.read(9, 1).is_err());
    }
}
