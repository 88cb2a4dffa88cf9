// SPDX-License-Identifier: Apache-2.0
//
// `ums tree` and `ums cat`: this process's /proc/ums, which a Mirror has filled, as text.
//
// Thread safety: that of the Mirror.
#pragma once

#include <string>
#include <system_error>

namespace ums::command {

// The contents of a file, by an absolute path or one from /proc/ums on. Throws std::system_error.
std::string file_text(const std::string& path);

// What is below a path, as tree(1) prints it; folders of threads with their states. Throws
// std::system_error. `ascii`: without line-drawing characters.
std::string tree_text(const std::string& path, bool ascii);

// The same as nested objects: {"name", "type": "folder", "entries": [...]}, "file" with "text",
// "link" with "target".
std::string tree_json(const std::string& path);

}  // namespace ums::command
