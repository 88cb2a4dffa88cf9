// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/symbols.h"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace ums::command {
namespace {

// Nothing but the file itself, and a debug file beside it, is looked for: no server is asked.
constexpr Dwfl_Callbacks kCallbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = nullptr,
};

// Not a short name of C that reads like a type's.
std::string demangled(const char* name) {
  if (!std::string_view(name).starts_with("_Z")) return name;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

// Where the place is among all files that have been reported.
GElf_Addr address_of(Dwfl_Module* module, const Place& place) {
  Dwarf_Addr start = 0;
  dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr);
  return start + place.offset;
}

struct Line {
  const char* file = nullptr;
  int number = 0;
};

// Where libdw does not find the unit of an address: it looks into a table that not every compiler
// writes (.debug_aranges; clang does not).
Line find_in_units(Dwfl_Module* module, GElf_Addr address) {
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr) {
    if (dwarf_haspc(unit, address - bias) <= 0) continue;
    Dwarf_Line* const line = dwarf_getsrc_die(unit, address - bias);
    Line found{dwarf_linesrc(line, nullptr, nullptr)};
    dwarf_lineno(line, &found.number);
    return found;
  }
  return {};
}

Line find_line(Dwfl_Module* module, GElf_Addr address) {
  Dwfl_Line* const line = dwfl_module_getsrc(module, address);
  if (line == nullptr) return find_in_units(module, address);
  Line found;
  found.file = dwfl_lineinfo(line, nullptr, &found.number, nullptr, nullptr, nullptr);
  return found;
}

// `prog.c:24`, or empty.
std::string line_of(Dwfl_Module* module, GElf_Addr address) {
  const Line line = find_line(module, address);
  if (line.file == nullptr) return "";
  return fmt::format("{}:{}", std::filesystem::path(line.file).filename().string(), line.number);
}

}  // namespace

Symbols::Symbols(std::string program)
    : program_(std::move(program)), dwfl_(dwfl_begin(&kCallbacks)) {
  unsetenv("DEBUGINFOD_URLS");
}

Symbols::~Symbols() { dwfl_end(dwfl_); }

Dwfl_Module* Symbols::module(const std::string& file) {
  const std::string path = file.find('/') != std::string::npos ? file : program_;
  const auto [found, is_new] = modules_.try_emplace(path, nullptr);
  if (is_new && dwfl_ != nullptr) {
    dwfl_report_begin_add(dwfl_);
    found->second = dwfl_report_offline(dwfl_, path.c_str(), path.c_str(), -1);
    dwfl_report_end(dwfl_, nullptr, nullptr);
  }
  return found->second;
}

std::string Symbols::symbol(const Place& place) {
  Dwfl_Module* const its = module(place.file);
  if (its == nullptr) return "";
  GElf_Off offset = 0;
  GElf_Sym symbol{};
  const char* const name = dwfl_module_addrinfo(its, address_of(its, place), &offset, &symbol,
                                                nullptr, nullptr, nullptr);
  const bool is_function = GELF_ST_TYPE(symbol.st_info) == STT_FUNC;
  const bool is_inside = (offset == 0 && is_function) || offset < symbol.st_size;
  return name == nullptr || !is_inside ? "" : demangled(name);
}

std::string Symbols::function(const Place& place) {
  const std::string name = symbol(place);
  return name.empty() && place.name != "-" ? demangled(place.name.c_str()) : name;
}

// Accesses of memory are told apart by cells, in which there may be several variables.
std::string Symbols::variable(const Place& place) {
  constexpr std::uint64_t kCellBytes = 8;
  std::vector<std::string> names;
  for (Place byte = place; byte.offset < place.offset + kCellBytes; ++byte.offset) {
    const std::string name = symbol(byte);
    if (!name.empty() && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, "` or `"));
}

std::string Symbols::code(const Place& place) {
  const std::string name = function(place);
  Dwfl_Module* const its = module(place.file);
  const std::string line = its == nullptr ? "" : line_of(its, address_of(its, place));
  if (!line.empty()) return fmt::format("{} ({})", name.empty() ? "?" : name, line);
  const std::string file = std::filesystem::path(place.file).filename().string();
  return fmt::format("{} ({}+{:#x})", name.empty() ? "?" : name, file, place.offset);
}

}  // namespace ums::command
