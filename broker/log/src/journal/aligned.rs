//! A buffer that direct I/O takes: its address is a multiple of the block size.

use super::format::BLOCK;

/// Bytes at an address that is a multiple of 4096.
pub(super) struct AlignedBuf {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedBuf {
    /// Zeroed bytes. They are touched here, so that the first write does not pay for page faults.
    pub(super) fn new(len: usize) -> Self {
        let block = BLOCK as usize;
        let mut memory = vec![1; len + block];
        memory.fill(0);
        let start = memory.as_ptr().align_offset(block);
        assert!(start < block, "an allocation of bytes can always be aligned");
        Self { memory, start, len }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}
