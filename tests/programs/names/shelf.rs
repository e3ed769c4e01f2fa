// SPDX-License-Identifier: GPL-2.0-or-later
//! Loses 1004 bytes.

mod shop {
    #[inline(never)]
    pub fn fill(size: usize) {
        let bytes: Vec<u8> = Vec::with_capacity(std::hint::black_box(size));
        std::mem::forget(std::hint::black_box(bytes));
    }
}

fn main() {
    shop::fill(1004);
    std::hint::black_box(());
}
