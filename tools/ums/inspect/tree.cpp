// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/tree.h"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "procfs_emul/proc_file.h"
#include "tools/ums/inspect/json_text.h"

namespace ums::command {
namespace {

using kernel::ProcDirent;
using kernel::ProcFile;
using kernel::ProcFollow;
using kernel::ProcPath;
using kernel::ProcText;
using kernel::Result;
using nlohmann::ordered_json;

// What leads out of the tree is not there for these commands.
[[noreturn]] void fail(int error) {
  throw std::system_error(error == EXDEV ? ENOENT : error, std::generic_category());
}

template <typename T>
T value(Result<T> result) {
  if (!result.ok()) fail(result.error_code());
  return std::move(result.value());
}

ProcPath found(const ProcPath& base, const std::string& path) {
  return value(kernel::proc_resolve(base, path, ProcFollow::kYes));
}

ProcPath ums_folder() { return found(ProcPath(), "/proc/ums"); }

struct Closer {
  void operator()(ProcFile* file) const { kernel::proc_close(file); }
};
using File = std::unique_ptr<ProcFile, Closer>;

File opened(const ProcPath& base, const std::string& path) {
  return File(value(kernel::proc_open(base, path, O_RDONLY)));
}

std::string text_of(const ProcPath& base, const std::string& path) {
  const File file = opened(base, path);
  std::string text;
  std::array<char, kernel::kProcTextBytesMax> part;
  for (;;) {
    const auto to = kernel::UserPtr<void>::kernel(part.data());
    const std::size_t count = value(kernel::proc_read(*file, to, part.size()));
    if (count == 0) break;
    text.append(part.data(), count);
  }
  if (text.empty()) fail(EIO);  // its thread has ended just now
  return text;
}

struct Entry {
  std::string name;
  unsigned char type;
};

// The entries of a folder, in its order, without "." and "..".
std::vector<Entry> entries_of(const ProcPath& folder) {
  const File file = opened(folder, ".");
  std::vector<Entry> entries;
  std::array<ProcDirent, 64> some;
  for (;;) {
    const std::size_t count = value(kernel::proc_readdir(*file, some.data(), some.size()));
    if (count == 0) return entries;
    for (std::size_t i = 0; i < count; ++i) {
      std::string name(static_cast<const char*>(some[i].name));
      if (name != "." && name != "..") entries.push_back({std::move(name), some[i].type});
    }
  }
}

std::string target_of(const ProcPath& folder, const std::string& name) {
  const ProcPath link = value(kernel::proc_resolve(folder, name, ProcFollow::kNo));
  ProcText target;
  const Result<void> read = kernel::proc_readlink(link, target);
  if (!read.ok()) fail(read.error_code());
  return std::string(target.view());
}

// Entries may go while they are walked: `use` of one that has gone shows nothing.
template <typename Use>
void if_there(Use use) {
  try {
    use();
  } catch (const std::system_error&) {
  }
}

// The state of the thread whose folder it is: "  [R (running), 3 switches]".
std::string state_of(const ProcPath& folder) {
  std::string state;
  if_there([&] {
    const std::string info = text_of(folder, "info");
    const auto behind = [&](const std::string& key) {
      const std::size_t at = info.find(key) + key.size();
      return info.substr(at, info.find('\n', at) - at);
    };
    state = "  [" + behind("State:\t") + ", " + behind("Switches:\t") + " switches]";
  });
  return state;
}

class TreePrinter {
 public:
  explicit TreePrinter(bool ascii) : ascii_(ascii) {}

  void add(const ProcPath& folder, const std::string& indent) {
    const std::vector<Entry> entries = entries_of(folder);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool last = i + 1 == entries.size();
      if_there([&] { add_entry(folder, entries[i], indent, last); });
    }
  }

  std::string text;

 private:
  void add_entry(const ProcPath& folder, const Entry& entry, const std::string& indent, bool last) {
    const char* const branch = ascii_ ? (last ? "`-- " : "|-- ") : (last ? "└── " : "├── ");
    std::string line = indent + branch + entry.name;
    if (entry.type == DT_LNK) line += " -> " + target_of(folder, entry.name);
    if (entry.type != DT_DIR) {
      text += line + '\n';
      return;
    }
    const ProcPath below = found(folder, entry.name);
    text += line + state_of(below) + '\n';
    add(below, indent + (last ? "    " : ascii_ ? "|   " : "│   "));
  }

  const bool ascii_;
};

ordered_json json_of(const ProcPath& folder, const std::string& name) {
  ordered_json entries = ordered_json::array();
  for (const Entry& entry : entries_of(folder)) {
    if_there([&] {
      if (entry.type == DT_DIR) {
        entries.push_back(json_of(found(folder, entry.name), entry.name));
      } else if (entry.type == DT_LNK) {
        entries.push_back(
            {{"name", entry.name}, {"type", "link"}, {"target", target_of(folder, entry.name)}});
      } else {
        entries.push_back(
            {{"name", entry.name}, {"type", "file"}, {"text", text_of(folder, entry.name)}});
      }
    });
  }
  return {{"name", name}, {"type", "folder"}, {"entries", entries}};
}

// A folder to begin with, and its absolute path.
std::pair<ProcPath, std::string> start(const std::string& path) {
  ProcPath folder = path.empty() ? ums_folder() : found(ums_folder(), path);
  if (!folder.is_folder()) fail(ENOTDIR);
  ProcText name;
  const Result<void> named = kernel::proc_absolute(folder, name);
  if (!named.ok()) fail(named.error_code());
  return {std::move(folder), std::string(name.view())};
}

}  // namespace

std::string file_text(const std::string& path) { return text_of(ums_folder(), path); }

std::string tree_text(const std::string& path, bool ascii) {
  const auto [folder, name] = start(path);
  TreePrinter printer(ascii);
  printer.text = name + state_of(folder) + '\n';
  printer.add(folder, "");
  return std::move(printer.text);
}

std::string tree_json(const std::string& path) {
  const auto [folder, name] = start(path);
  return json_text(json_of(folder, name));
}

}  // namespace ums::command
