// SPDX-License-Identifier: Apache-2.0
//
// SymbolTable: the names of functions and variables in the file that a program or library was
// loaded from. The dynamic linker knows only those that it exports.
//
//     const SymbolTable table("/proc/self/exe");
//     const FoundSymbol symbol = table.find(address_in_the_file);
//
// Thread safety: plain values; a file that is written meanwhile may give any names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ums::kernel {

struct FoundSymbol {
  const char* name = nullptr;  // null: none; else the table's
  std::uint64_t distance = 0;  // from its begin
};

class SymbolTable {
 public:
  // Empty if the file has none, or is none.
  explicit SymbolTable(const char* path) noexcept;
  ~SymbolTable();
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  // The symbol whose bytes hold the address, which is one of the file's: without the offset at
  // which it was loaded.
  FoundSymbol find(std::uint64_t address) const noexcept;

 private:
  template <typename T>
  const T* at(std::uint64_t offset, std::uint64_t count = 1) const noexcept;
  void find_tables() noexcept;

  const char* file_ = nullptr;  // all of it, mapped
  std::size_t bytes_ = 0;
  std::uint64_t symbols_ = 0;  // where they begin, and how many they are
  std::uint64_t count_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t names_bytes_ = 0;
};

}  // namespace ums::kernel
