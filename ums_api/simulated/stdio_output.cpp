// SPDX-License-Identifier: Apache-2.0
//
// What stdio writes, in a simulation: see stdio_locks.h.
#include <cstdarg>
#include <cstdio>
#include <cwchar>

#include "ums_api/simulated/stdio_entries.h"

UMS_ON_FILE(int, fputs, (const char* text, FILE* file), (text, file), await_file(file))
UMS_ON_FILE(int, puts, (const char* text), (text), await_file(stdout))
UMS_ON_FILE(int, fputc, (int byte, FILE* file), (byte, file), await_file(file))
UMS_ON_FILE(int, putc, (int byte, FILE* file), (byte, file), await_file(file))
UMS_ON_FILE(int, _IO_putc, (int byte, FILE* file), (byte, file), await_file(file))
UMS_ON_FILE(int, putchar, (int byte), (byte), await_file(stdout))
UMS_ON_FILE(int, putw, (int word, FILE* file), (word, file), await_file(file))
UMS_ON_FILE(size_t, fwrite, (const void* bytes, size_t size, size_t count, FILE* file),
            (bytes, size, count, file), await_file(file))
UMS_ON_FILE(int, fflush, (FILE * file), (file), await_file(file))
UMS_ON_FILE(void, perror, (const char* text), (text), await_file(stderr))
UMS_ON_FILE(int, vfprintf, (FILE * file, const char* format, va_list list), (file, format, list),
            await_file(file))
UMS_ON_FILE(int, vprintf, (const char* format, va_list list), (format, list), await_file(stdout))
UMS_ON_FILE(int, __vfprintf_chk, (FILE * file, int flag, const char* format, va_list list),
            (file, flag, format, list), await_file(file))
UMS_ON_FILE(int, __vprintf_chk, (int flag, const char* format, va_list list), (flag, format, list),
            await_file(stdout))

UMS_ON_FILE_FORMATTED(int, fprintf, (FILE * file, const char* format, ...), format,
                      (next_vfprintf(file, format, list)), await_file(file))
UMS_ON_FILE_FORMATTED(int, printf, (const char* format, ...), format,
                      (next_vfprintf(stdout, format, list)), await_file(stdout))
UMS_ON_FILE_FORMATTED(int, __fprintf_chk, (FILE * file, int flag, const char* format, ...), format,
                      (next___vfprintf_chk(file, flag, format, list)), await_file(file))
UMS_ON_FILE_FORMATTED(int, __printf_chk, (int flag, const char* format, ...), format,
                      (next___vfprintf_chk(stdout, flag, format, list)), await_file(stdout))

// Wide characters.
UMS_ON_FILE(wint_t, fputwc, (wchar_t character, FILE* file), (character, file), await_file(file))
UMS_ON_FILE(wint_t, putwc, (wchar_t character, FILE* file), (character, file), await_file(file))
UMS_ON_FILE(wint_t, putwchar, (wchar_t character), (character), await_file(stdout))
UMS_ON_FILE(int, fputws, (const wchar_t* text, FILE* file), (text, file), await_file(file))
UMS_ON_FILE(int, vfwprintf, (FILE * file, const wchar_t* format, va_list list),
            (file, format, list), await_file(file))
UMS_ON_FILE(int, vwprintf, (const wchar_t* format, va_list list), (format, list),
            await_file(stdout))
UMS_ON_FILE(int, __vfwprintf_chk, (FILE * file, int flag, const wchar_t* format, va_list list),
            (file, flag, format, list), await_file(file))

UMS_ON_FILE_FORMATTED(int, fwprintf, (FILE * file, const wchar_t* format, ...), format,
                      (next_vfwprintf(file, format, list)), await_file(file))
UMS_ON_FILE_FORMATTED(int, wprintf, (const wchar_t* format, ...), format,
                      (next_vfwprintf(stdout, format, list)), await_file(stdout))
UMS_ON_FILE_FORMATTED(int, __fwprintf_chk, (FILE * file, int flag, const wchar_t* format, ...),
                      format, (next___vfwprintf_chk(file, flag, format, list)), await_file(file))
UMS_ON_FILE_FORMATTED(int, __wprintf_chk, (int flag, const wchar_t* format, ...), format,
                      (next___vfwprintf_chk(stdout, flag, format, list)), await_file(stdout))
