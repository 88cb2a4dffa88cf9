// SPDX-License-Identifier: Apache-2.0
//
// How the command prints JSON: indented, and with what is no UTF-8 replaced (command lines may hold
// any byte).
//
// Thread safety: any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ums::command {

inline std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace ums::command
