// SPDX-License-Identifier: Apache-2.0
//
// How the preloaded library stands beside a program's own libums.
//
// - The program, or a library of its, names libums.so.0: that is this library, which the dynamic
//   linker finds loaded. Its file is opened at load, as libums's is.
// - Another build of libums is loaded, under another name: the functions of ums.h are this
//   library's, since it comes first; the other opens the device when it is loaded, and is not
//   heard of again.
// - It is a part of the program: its functions come first, and open the device.
#include <elf.h>
#include <link.h>

#include <cstring>

#include "ums_api/preload/preload.h"
#include "ums_api/src/preload_hooks.h"

namespace ums::preload {

namespace {

constexpr char kSoname[] = "libums.so.0";

const ElfW(Dyn) * dynamic_section(const dl_phdr_info& object) noexcept {
  for (ElfW(Half) i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object.dlpi_phdr[i];
    if (header.p_type != PT_DYNAMIC) continue;
    return reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + header.p_vaddr);
  }
  return nullptr;
}

// glibc stores addresses where the file has offsets, but in read-only sections (the vDSO's).
const char* string_table(const dl_phdr_info& object, const ElfW(Dyn) * dynamic) noexcept {
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag != DT_STRTAB) continue;
    const ElfW(Addr) address = dynamic->d_un.d_ptr;
    return reinterpret_cast<const char*>(address < object.dlpi_addr ? object.dlpi_addr + address
                                                                    : address);
  }
  return nullptr;
}

int names_libums(dl_phdr_info* object, std::size_t /*bytes*/, void* /*unused*/) noexcept {
  const ElfW(Dyn)* dynamic = dynamic_section(*object);
  if (dynamic == nullptr) return 0;
  const char* const strings = string_table(*object, dynamic);
  if (strings == nullptr) return 0;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag != DT_NEEDED) continue;
    if (std::strcmp(strings + dynamic->d_un.d_val, kSoname) == 0) return 1;
  }
  return 0;
}

__attribute__((constructor(101))) void load() noexcept {
  resolve_open();
  resolve_ioctl();
  resolve_duplicate();
  resolve_close();
}

}  // namespace

}  // namespace ums::preload

bool ums::api::opens_at_load() noexcept {
  static const bool needed = dl_iterate_phdr(ums::preload::names_libums, nullptr) != 0;
  return needed;
}

bool ums::api::shares_program_files() noexcept { return true; }
