// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/instrumented.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

namespace ums::command {

bool is_instrumented(const std::string& program) {
  constexpr std::string_view kName = "__tsan_func_entry";
  std::ifstream file(program, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return bytes.find(kName) != std::string::npos;
}

}  // namespace ums::command
