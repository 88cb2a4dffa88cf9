// SPDX-License-Identifier: Apache-2.0
//
// The checks of `ums doctor`. Each tries one thing that `ums run` or the kernel needs from the
// host, where that is possible in a child process of its own, and changes nothing that lasts.
// `ums run` makes check_descriptor_answers too: what it lacks without them would show late.
//
// Every function may throw std::exception: then the check could not be made at all.
//
// Thread safety: one thread, and the process must have no other.
#pragma once

#include "tools/ums/doctor/finding.h"

namespace ums::command {

// checks_kernel.cpp
Finding check_kernel_release();
Finding check_no_new_privs();
Finding check_membarrier();
Finding check_rseq();
Finding check_thread_pointer();

// checks_processes.cpp: what a kernel process does to its programs
Finding check_pidfd();
Finding check_remote_memory();
Finding check_ptrace_scope();

// checks_seccomp.cpp
Finding check_seccomp();
Finding check_descriptor_answers();
Finding check_descriptor_answers_of(int listener);  // without a child
Finding check_wake_up();

// checks_limits.cpp
Finding check_threads();
Finding check_thread_limits();
Finding check_stack_memory();

// checks_places.cpp
Finding check_fuse();
Finding check_run_folder();
Finding check_preload_library();

}  // namespace ums::command
