// SPDX-License-Identifier: Apache-2.0
//
// Addresses are called by names, those that no dynamic linker knows too; files that are no programs
// have none.
#include "sim_kernel/simulated/code_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim_kernel/simulated/symbol_table.h"

namespace ums::test {
namespace {

using kernel::CodeText;
using kernel::SymbolTable;
using testing::MatchesRegex;

int some_variable = 0;

__attribute__((noinline)) void some_function() { some_variable = some_variable + 1; }

std::string text_of(const void* address) { return std::string(CodeText(address).text()); }

TEST(CodeText, NamesOfThisProgram) {
  some_function();
  const auto* const begin = reinterpret_cast<const char*>(&some_function);
  EXPECT_THAT(text_of(begin + 1),
              MatchesRegex("ums::.*some_function\\(\\)\\+0x1 \\(code_text_test\\+0x[0-9a-f]+\\)"));
  const auto* const variable = reinterpret_cast<const char*>(&some_variable);
  EXPECT_THAT(text_of(variable + 2), MatchesRegex("ums::.*some_variable\\+0x2 \\(code_text_.*\\)"));
}

TEST(CodeText, NamesOfLibraries) {
  EXPECT_THAT(text_of(reinterpret_cast<const void*>(&std::strtoul)),
              MatchesRegex("\\w+\\+0x0 \\(libc\\.so\\.6\\+0x[0-9a-f]+\\)"));
}

TEST(CodeText, WhatIsInNoModule) {
  const int local = 0;
  EXPECT_THAT(text_of(&local), MatchesRegex("0x[0-9a-f]+"));
  EXPECT_EQ(text_of(nullptr), "0x0");
}

TEST(SymbolTable, FilesThatHaveNone) {
  for (const char* path : {"/nowhere", "/dev/null", "/proc/self/status", "/"}) {
    EXPECT_EQ(SymbolTable(path).find(0x1000).name, nullptr) << path;
  }
}

// Cut anywhere, it has names or none.
TEST(SymbolTable, FilesThatAreCut) {
  const std::string path = testing::TempDir() + "cut-" + std::to_string(getpid());
  std::filesystem::copy_file("/proc/self/exe", path);
  for (auto bytes = std::filesystem::file_size(path); bytes > 0; bytes /= 2) {
    std::filesystem::resize_file(path, bytes);
    SymbolTable(path.c_str()).find(0x10000);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ums::test
