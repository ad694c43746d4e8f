//! How this process asks the system for memory. Nothing here changes what the program does.

/// Largest block that is taken from the heap instead of being mapped for itself, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_BYTES_MIN: i32 = 64 * 1024 * 1024;
/// Free memory at the end of a heap before it goes back to the system, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const TRIMMED_BYTES_MIN: i32 = 32 * 1024 * 1024;
/// Heaps; each keeps free memory of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS_MAX: i32 = 2;

/// Lets the heap keep the buffers that a download takes and frees all the time. By default glibc
/// maps and unmaps each of them: about 60,000 page faults a GiB, a sixth of a transfer's time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt takes two numbers and touches none of our memory")]
pub(crate) fn keep_buffers() {
    let options = [
        (libc::M_MMAP_THRESHOLD, MAPPED_BYTES_MIN),
        (libc::M_TRIM_THRESHOLD, TRIMMED_BYTES_MIN),
        (libc::M_ARENA_MAX, HEAPS_MAX),
    ];
    for (option, value) in options {
        // SAFETY: mallopt only sets an option of the allocator and may be called at any time; it
        // is called before any other thread exists. A refused value leaves the default.
        unsafe { libc::mallopt(option, value) };
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_buffers() {}
