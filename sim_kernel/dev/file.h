// SPDX-License-Identifier: Apache-2.0
//
// File: an open device file (Linux: struct file), and what a driver does with one.
//
// How a program names a File is its machine's business: by a descriptor of its own process
// (parallel/descriptor_table.h), or by one end of a channel to the kernel process
// (server/file_table.h). Either is called FileTable.
//
// Guarantees:
// 1. A File is not released while a task is inside it.
// 2. Serial numbers of Files are never used twice.
//
// Thread safety: any thread.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/base/result.h"

namespace ums::kernel {

class File;
class Task;

// The argument of an ioctl: a value, or a pointer of the program or of the kernel's own library.
// `frame` says which, as UserPtr's does.
struct IoctlArg {
  unsigned long value;
  unsigned long frame;
};

// What a driver does (Linux: struct file_operations).
struct FileOperations {
  // Prepares `file.private_data`, or refuses the flags of open(2). The opener is not inside yet.
  Result<void> (*open)(File& file, Task& opener, int flags);
  // Performs a request. Context: the calling task, inside the file; may sleep and switch.
  Result<void> (*ioctl)(File& file, Task& me, std::uint32_t request, IoctlArg arg);
  // Frees `file.private_data`. Context: no task is inside, or will be.
  void (*release)(File& file);
  // Ends what a thread that is about to end is in this file. Context: inside the file.
  void (*task_exit)(File& file, Task& me);
};

class File {
 public:
  File(const FileOperations& driver, std::uint64_t number) noexcept
      : operations(driver), serial(number) {}

  const FileOperations& operations;
  const std::uint64_t serial;
  void* private_data = nullptr;

 private:
  friend class FileTable;
  int users_ = 0;  // descriptors that name it, or what else keeps it; the table's
  boost::intrusive::list_member_hook<> hook_;
};

// Calls task_exit of every open File, inside it. For a thread that ends.
void files_task_exit(Task& me) noexcept;

}  // namespace ums::kernel
