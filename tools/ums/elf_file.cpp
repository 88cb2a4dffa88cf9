// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/elf_file.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <ios>

namespace ums::command {
namespace {

#if defined(__x86_64__)
constexpr int kOurMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int kOurMachine = EM_AARCH64;
#endif
constexpr int kOurClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;

template <typename T>
bool read_at(std::ifstream& file, std::uint64_t offset, T* object) {
  file.seekg(static_cast<std::streamoff>(offset));
  return !file.read(reinterpret_cast<char*>(object), sizeof *object).fail();
}

std::string read_string(std::ifstream& file, const ElfW(Phdr) & part) {
  constexpr std::size_t kLongest = 4096;  // PATH_MAX
  if (part.p_filesz == 0 || part.p_filesz > kLongest) return {};
  std::string text(part.p_filesz, '\0');
  file.seekg(static_cast<std::streamoff>(part.p_offset));
  if (file.read(text.data(), static_cast<std::streamsize>(text.size())).fail()) return {};
  return text.c_str();
}

}  // namespace

std::optional<ElfFile> read_elf_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  unsigned char ident[EI_NIDENT];
  if (!read_at(file, 0, &ident) || std::memcmp(ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (ident[EI_CLASS] != kOurClass || ident[EI_DATA] != ELFDATA2LSB) return ElfFile{};
  ElfW(Ehdr) head;
  if (!read_at(file, 0, &head)) return std::nullopt;
  if (head.e_machine != kOurMachine) return ElfFile{};
  ElfFile elf{true, {}};
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    ElfW(Phdr) part;
    if (!read_at(file, head.e_phoff + std::uint64_t{i} * head.e_phentsize, &part))
      return std::nullopt;
    if (part.p_type == PT_INTERP) elf.interpreter = read_string(file, part);
  }
  return elf;
}

}  // namespace ums::command
