// SPDX-License-Identifier: Apache-2.0
//
// Names of processes, which may hold anything, on a terminal.
#include "tools/ums/inspect/process_name.h"

#include <gtest/gtest.h>

#include <clocale>

namespace {

using ums::command::shown_command;

TEST(ShownCommand, PrintsWhatTheLocaleKnows) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  // Bytes 0x80 to 0x9f are controls by themselves, but not in a character.
  EXPECT_EQ(shown_command({"\u00c0\u00df", "\u20ac", "\u4e16"}), "\u00c0\u00df \u20ac \u4e16");
  EXPECT_EQ(shown_command({"a\u009bb\xc2"}), "a?b?") << "a control, and half a character";
  EXPECT_EQ(shown_command({"\x9b[2J\xff!"}), "?[2J?!");
  EXPECT_EQ(shown_command({"\033[2J\t\x7f"}), "?[2J??");
  EXPECT_EQ(shown_command({}), "?");
}

TEST(ShownCommand, PrintsNoneOfAnothersLocale) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C"), nullptr);
  EXPECT_EQ(shown_command({"a", "\xc2\x9b"}), "a ??");
}

}  // namespace
