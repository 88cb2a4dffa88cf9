// SPDX-License-Identifier: Apache-2.0
//
// execve(2) and its family, in an execution: the program that takes the place of this one is not
// explored, and who explores says so. Forked children execute what they like.
#include <alloca.h>
#include <unistd.h>

#include <cstdarg>
#include <cstddef>

#include "ums_api/program/fork_server.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using ums::api::NextSymbol;
using ums::api::note_executed;

constinit NextSymbol<int(const char*, char* const*, char* const*)> next_execve{"execve"};
constinit NextSymbol<int(const char*, char* const*)> next_execv{"execv"};
constinit NextSymbol<int(const char*, char* const*)> next_execvp{"execvp"};
constinit NextSymbol<int(const char*, char* const*, char* const*)> next_execvpe{"execvpe"};

// `call` returns if it fails.
template <typename Call>
int execute(const char* path, Call call) noexcept {
  note_executed(path);
  const int failed = call();
  note_executed("");
  return failed;
}

}  // namespace

UMS_EXPORT int execve(const char* path, char* const words[], char* const environment[]) noexcept {
  return execute(path, [&] { return next_execve(path, words, environment); });
}

UMS_EXPORT int execv(const char* path, char* const words[]) noexcept {
  return execute(path, [&] { return next_execv(path, words); });
}

UMS_EXPORT int execvp(const char* file, char* const words[]) noexcept {
  return execute(file, [&] { return next_execvp(file, words); });
}

UMS_EXPORT int execvpe(const char* file, char* const words[], char* const environment[]) noexcept {
  return execute(file, [&] { return next_execvpe(file, words, environment); });
}

namespace {

std::size_t count_words(const char* first, va_list& rest) {
  va_list words;
  va_copy(words, rest);
  std::size_t count = first == nullptr ? 0 : 1;
  if (count != 0) {
    while (va_arg(words, const char*) != nullptr) ++count;
  }
  va_end(words);
  return count;
}

// Calls call(words) with the words of a call that has them one by one, up to a null pointer, behind
// which `rest` is then. They are on the stack: a child of vfork has its parent's heap.
template <typename Call>
int with_words(const char* first, va_list& rest, Call call) {
  const std::size_t count = count_words(first, rest);
  auto** const words = static_cast<const char**>(alloca((count + 1) * sizeof first));
  words[0] = first;
  for (std::size_t i = 1; i <= count; ++i) words[i] = va_arg(rest, const char*);
  return call(const_cast<char* const*>(words));
}

}  // namespace

UMS_EXPORT int execl(const char* path, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const int failed = with_words(word, rest, [&](auto words) { return execv(path, words); });
  va_end(rest);
  return failed;
}

UMS_EXPORT int execlp(const char* file, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const int failed = with_words(word, rest, [&](auto words) { return execvp(file, words); });
  va_end(rest);
  return failed;
}

UMS_EXPORT int execle(const char* path, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const int failed =
      with_words(word, rest, [&](auto words) { return execve(path, words, va_arg(rest, char**)); });
  va_end(rest);
  return failed;
}
