// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/symbols.h"

#include <cxxabi.h>
#include <dwarf.h>
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

// The unit of an address, or null. libdw looks into a table that not every compiler writes
// (.debug_aranges; clang does not).
Dwarf_Die* find_unit(Dwfl_Module* module, GElf_Addr address, Dwarf_Addr& bias) {
  Dwarf_Die* unit = dwfl_module_addrdie(module, address, &bias);
  if (unit != nullptr) return unit;
  while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr) {
    if (dwarf_haspc(unit, address - bias) > 0) return unit;
  }
  return nullptr;
}

Line find_line(Dwfl_Module* module, GElf_Addr address) {
  Line found;
  if (Dwfl_Line* const line = dwfl_module_getsrc(module, address)) {
    found.file = dwfl_lineinfo(line, nullptr, &found.number, nullptr, nullptr, nullptr);
    return found;
  }
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = find_unit(module, address, bias);
  if (unit == nullptr) return found;
  Dwarf_Line* const line = dwarf_getsrc_die(unit, address - bias);
  found.file = dwarf_linesrc(line, nullptr, nullptr);
  dwarf_lineno(line, &found.number);
  return found;
}

// `prog.c:24`
std::string text_of(const Line& line) {
  if (line.file == nullptr) return "?";
  return fmt::format("{}:{}", std::filesystem::path(line.file).filename().string(), line.number);
}

// What the compiler has put into other functions at an address, from the innermost on.
std::vector<Dwarf_Die> inlined_at(Dwarf_Die* unit, Dwarf_Addr address) {
  std::vector<Dwarf_Die> inlined;
  Dwarf_Die* innermost = nullptr;
  Dwarf_Die* around = nullptr;  // in the program, and not where it was written
  if (dwarf_getscopes(unit, address, &innermost) > 0) {
    const int count = dwarf_getscopes_die(innermost, &around);
    for (int i = 0; i < count; ++i) {
      if (dwarf_tag(&around[i]) == DW_TAG_inlined_subroutine) inlined.push_back(around[i]);
    }
  }
  std::free(around);
  std::free(innermost);
  return inlined;
}

std::string name_of(Dwarf_Die* function) {
  Dwarf_Attribute attribute;
  const char* name =
      dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
  if (name == nullptr) name = dwarf_diename(function);
  return name == nullptr ? "?" : demangled(name);
}

Line caller_of(Dwarf_Die* unit, Dwarf_Die* inlined) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Files* files = nullptr;
  dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file);
  dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line);
  if (dwarf_getsrcfiles(unit, &files, nullptr) != 0) return {};
  return {dwarf_filesrc(files, file, nullptr, nullptr), static_cast<int>(line)};
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

std::string Symbols::code(const Place& place) { return calls(place).back(); }

std::vector<std::string> Symbols::calls(const Place& place) {
  const std::string found = function(place);
  const std::string name = found.empty() ? "?" : found;
  Dwfl_Module* const its = module(place.file);
  const GElf_Addr address = its == nullptr ? 0 : address_of(its, place);
  Line line = its == nullptr ? Line() : find_line(its, address);
  if (line.file == nullptr) {
    const std::string file = std::filesystem::path(place.file).filename().string();
    return {fmt::format("{} ({}+{:#x})", name, file, place.offset)};
  }
  std::vector<std::string> calls;
  Dwarf_Addr bias = 0;
  if (Dwarf_Die* const unit = find_unit(its, address, bias)) {
    for (Dwarf_Die& inlined : inlined_at(unit, address - bias)) {
      calls.push_back(fmt::format("{} ({})", name_of(&inlined), text_of(line)));
      line = caller_of(unit, &inlined);
    }
  }
  calls.push_back(fmt::format("{} ({})", name, text_of(line)));
  return calls;
}

}  // namespace ums::command
