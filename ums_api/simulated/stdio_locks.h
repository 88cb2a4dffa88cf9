// SPDX-License-Identifier: Apache-2.0
//
// The locks of stdio's files in a simulation. The C library's functions lock their FILE inside, and
// never hold a lock where others go on; but a program does, by flockfile. Who finds a FILE locked
// so gives up the processor until funlockfile.
//
//     int fputs(const char* text, FILE* file) {
//       await_file(file);
//       return next_fputs(text, file);
//     }
//
// A FILE that nobody has locked is no step: what a program prints for its own sake does not change
// what a seed means. flockfile is one.
// LIMIT: locks that the C library holds over a program's own functions (fopencookie,
// register_printf_function), and what it reads or writes by itself once a call has begun.
//
// Thread safety: any thread.
#pragma once

#include <cstdio>

namespace ums::api {

// Waits until no other task has locked `file`; null: whatever file.
void await_file(FILE* file);

// The same, and until there is something to read: for calls that would fill an empty buffer.
void await_input(FILE* file);

}  // namespace ums::api
