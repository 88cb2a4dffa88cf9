// SPDX-License-Identifier: Apache-2.0
//
// ElfFile: what the head of a program's file says about how it is loaded.
//
// Thread safety: any thread.
#pragma once

#include <optional>
#include <string>

namespace ums::command {

struct ElfFile {
  bool our_machine = false;  // the class, byte order and machine that this command is built for
  std::string interpreter;   // PT_INTERP, the dynamic linker; empty: statically linked
};

// What `path` is; nothing if it cannot be read or is no whole ELF file.
std::optional<ElfFile> read_elf_file(const std::string& path);

}  // namespace ums::command
