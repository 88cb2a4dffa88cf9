// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/tls_image.h"

#include <link.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::api {

namespace {

// The one that errno is in.
bool is_c_library(const void* variables, std::size_t bytes) noexcept {
  const auto* const begin = static_cast<const std::byte*>(variables);
  const auto* const its_errno = reinterpret_cast<const std::byte*>(&errno);
  return begin <= its_errno && its_errno < begin + bytes;
}

}  // namespace

TlsImage::~TlsImage() { kernel::kvfree(copy_); }

TlsImage::Blocks TlsImage::blocks_of_caller() noexcept {
  Blocks found;
  const auto look = [](dl_phdr_info* info, std::size_t, void* argument) {
    auto& blocks = *static_cast<Blocks*>(argument);
    blocks.loads = info->dlpi_adds;
    blocks.unloads = info->dlpi_subs;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = info->dlpi_phdr[i];
      if (header.p_type != PT_TLS || info->dlpi_tls_data == nullptr) continue;
      if (is_c_library(info->dlpi_tls_data, header.p_memsz)) continue;
      blocks.fits = blocks.count < Blocks::kMax;
      if (!blocks.fits) return 1;
      blocks.blocks[blocks.count++] = {info->dlpi_tls_data, header.p_memsz};
    }
    return 0;
  };
  dl_iterate_phdr(look, &found);
  return found;
}

bool TlsImage::take() noexcept {
  blocks_ = blocks_of_caller();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < blocks_.count; ++i) bytes += blocks_.blocks[i].bytes;
  copy_ = static_cast<std::byte*>(kernel::kvmalloc(std::max<std::size_t>(bytes, 1)));
  if (copy_ == nullptr || !blocks_.fits) return false;
  std::byte* to = copy_;
  for (std::size_t i = 0; i < blocks_.count; ++i) {
    std::memcpy(to, blocks_.blocks[i].variables, blocks_.blocks[i].bytes);
    to += blocks_.blocks[i].bytes;
  }
  return true;
}

bool TlsImage::restore() const noexcept {
  const Blocks now = blocks_of_caller();
  if (!now.fits || now.loads != blocks_.loads || now.unloads != blocks_.unloads) return false;
  if (now.count != blocks_.count || now.blocks != blocks_.blocks) return false;
  const std::byte* from = copy_;
  for (std::size_t i = 0; i < blocks_.count; ++i) {
    std::memcpy(blocks_.blocks[i].variables, from, blocks_.blocks[i].bytes);
    from += blocks_.blocks[i].bytes;
  }
  return true;
}

}  // namespace ums::api
