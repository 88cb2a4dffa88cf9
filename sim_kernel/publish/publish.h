// SPDX-License-Identifier: Apache-2.0
//
// Publishing: the kernel keeps the objects that others may want to see in a shared file, its state
// file (state_file.h), instead of in memory of its own. No thread is needed for that, and a switch
// costs what it costs without.
//
//     publish_allow(KernelKind::kEmbedded, fields, "");    // at start
//     char* const region = publish_region("ums_worker", stride, count, bytes);   // slab.cpp
//     publish_changed();                                   // entries of /proc/ums came or went
//
// The file is made with the first region, which is the first Task's. Where it cannot be made, or
// cannot grow, memory is anonymous as that of other caches, and the kernel works as well.
//
// Invariants:
// 1. The descriptor is closed at once: programs close what they do not know, and count on numbers.
//    The lock on the file is the mapping's.
// 2. A page is written only after Linux has promised the room for it (publish_ready): a full file
//    system is an error then, and not a signal later.
// 3. A forked child shares nothing with its parent: it gets a copy of the memory, and a file of its
//    own when it needs new regions.
// 4. Set-user-id programs publish nothing.
//
// Thread safety: as said at the functions. All system calls are bare (raw_syscall.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim_kernel/publish/state_file.h"

namespace ums::kernel {

// Lets this process publish a kernel of this kind. Reads the environment (run_folders). `name` is
// that by which programs join it, or empty.
// Context: once, before the first region.
void publish_allow(KernelKind kind, const StateFields& fields, const char* name) noexcept;

// Memory for a region of a published cache, all zeros, or null: it is to be had elsewhere. No page
// of it may be written before publish_ready. `name` says which cache; it has at most
// kSlabRegionsMax regions.
// Context: any thread, under the lock of the cache; not on a park stack.
// Ownership: the kernel's to its end.
char* publish_region(const char* name, std::uint32_t stride, std::uint32_t count,
                     std::size_t bytes) noexcept;

// Makes the pages of [begin, begin + bytes), a part of one region, ready to be written. Returns
// false where there is no room, now or ever: publish_region's caller goes elsewhere.
// Context: as publish_region.
bool publish_ready(char* begin, std::size_t bytes) noexcept;

// Notes that a published cache has had to go elsewhere.
void publish_missing() noexcept;

// Tells readers that what /proc/ums shows has got other entries. Context: any.
void publish_changed() noexcept;

// Why nothing is published: 0 if it is, or was not tried; or an errno.
int publish_error() noexcept;

// Takes the file out of the run folder. Also done when the process exits.
// Context: once; the memory stays.
void publish_stop() noexcept;

// In the one thread of a forked child, before the caches forget their regions: invariant 3.
void publish_reset_after_fork() noexcept;

}  // namespace ums::kernel
