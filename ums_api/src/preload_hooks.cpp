// SPDX-License-Identifier: Apache-2.0
#include "ums_api/src/preload_hooks.h"

namespace ums::api {

__attribute__((weak)) bool opens_at_load() noexcept { return true; }

__attribute__((weak)) bool shares_program_files() noexcept { return false; }

__attribute__((weak)) bool answer_system_call(long /*number*/, const long (&/*arguments*/)[6],
                                              long& /*result*/) {
  return false;
}

}  // namespace ums::api
