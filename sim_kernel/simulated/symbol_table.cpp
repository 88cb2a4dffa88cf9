// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/symbol_table.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

struct Mapping {
  const char* begin = nullptr;
  std::size_t bytes = 0;
};

// By bare system calls: the C library's are the program's.
Mapping map_file(const char* path) noexcept {
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const long bytes = raw_syscall(SYS_lseek, fd, 0, SEEK_END);
  const long begin =
      bytes > 0 ? raw_syscall(SYS_mmap, 0, bytes, PROT_READ, MAP_PRIVATE, fd, 0) : -1;
  raw_syscall(SYS_close, fd);
  constexpr long kErrnoMax = 4095;
  if (begin < 0 && begin >= -kErrnoMax) return {};
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(bytes)};
}

}  // namespace

SymbolTable::SymbolTable(const char* path) noexcept {
  const Mapping mapping = map_file(path);
  file_ = mapping.begin;
  bytes_ = mapping.bytes;
  if (file_ != nullptr) find_tables();
}

SymbolTable::~SymbolTable() {
  if (file_ != nullptr) raw_syscall(SYS_munmap, syscall_arg(file_), static_cast<long>(bytes_));
}

// Null: they are not in the file.
template <typename T>
const T* SymbolTable::at(std::uint64_t offset, std::uint64_t count) const noexcept {
  if (offset > bytes_ || count > (bytes_ - offset) / sizeof(T)) return nullptr;
  if (offset % alignof(T) != 0) return nullptr;
  return reinterpret_cast<const T*>(file_ + offset);
}

void SymbolTable::find_tables() noexcept {
  const auto* const head = at<ElfW(Ehdr)>(0);
  if (head == nullptr || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return;
  const auto* const sections = at<ElfW(Shdr)>(head->e_shoff, head->e_shnum);
  for (unsigned i = 0; sections != nullptr && i < head->e_shnum; ++i) {
    const auto& section = sections[i];
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= head->e_shnum) continue;
    const auto& names = sections[section.sh_link];
    if (at<char>(names.sh_offset, names.sh_size) == nullptr) return;
    symbols_ = section.sh_offset;
    count_ = section.sh_size / sizeof(ElfW(Sym));
    names_ = names.sh_offset;
    names_bytes_ = names.sh_size;
  }
}

FoundSymbol SymbolTable::find(std::uint64_t address) const noexcept {
  const auto* const symbols = at<ElfW(Sym)>(symbols_, count_);
  for (std::uint64_t i = 0; symbols != nullptr && i < count_; ++i) {
    const auto& symbol = symbols[i];
    const bool holds = address >= symbol.st_value && address - symbol.st_value < symbol.st_size;
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    if (!holds || (type != STT_FUNC && type != STT_OBJECT)) continue;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= names_bytes_) continue;
    const char* const name = file_ + names_ + symbol.st_name;
    if (std::memchr(name, 0, names_bytes_ - symbol.st_name) == nullptr) continue;
    return {name, address - symbol.st_value};
  }
  return {};
}

}  // namespace ums::kernel
