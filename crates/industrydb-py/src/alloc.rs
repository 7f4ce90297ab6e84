//! Two allocators: mimalloc for what is small, the system's for what is large.
//!
//! A lookup of one row makes and frees some three hundred small objects (a column of Polars is a dozen of them), which
//! is a third of its time with the system's allocator. A column of a million rows grows a few times, which the system's
//! does by moving pages (mremap) where mimalloc would copy.

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// From this size on the system's allocator gives pages of their own.
const LARGE: usize = 128 << 10;

/// Chooses by size; the size is part of the layout, so an object goes back to where it came from.
pub struct Allocator;

// SAFETY: each call is passed on, with its contract, to the allocator that the object's size names; `realloc` across the
// border moves the object by hand.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { if layout.size() < LARGE { MiMalloc.alloc(layout) } else { System.alloc(layout) } }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { if layout.size() < LARGE { MiMalloc.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) } }
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on; `layout` is that of the allocation.
        unsafe { if layout.size() < LARGE { MiMalloc.dealloc(start, layout) } else { System.dealloc(start, layout) } }
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is passed on; `new_size` does not overflow when rounded up to the alignment.
        unsafe {
            match (layout.size() < LARGE, new_size < LARGE) {
                (true, true) => MiMalloc.realloc(start, layout, new_size),
                (false, false) => System.realloc(start, layout, new_size),
                (true, false) | (false, true) => {
                    let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
                    if !moved.is_null() {
                        std::ptr::copy_nonoverlapping(start, moved, layout.size().min(new_size));
                        self.dealloc(start, layout);
                    }
                    moved
                }
            }
        }
    }
}
