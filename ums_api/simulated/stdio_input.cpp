// SPDX-License-Identifier: Apache-2.0
//
// What stdio reads, in a simulation: see stdio_locks.h.
#include <cstdarg>
#include <cstdio>
#include <cwchar>

#include "ums_api/simulated/stdio_entries.h"

UMS_ON_FILE(int, fgetc, (FILE * file), (file), await_input(file))
UMS_ON_FILE(int, getc, (FILE * file), (file), await_input(file))
UMS_ON_FILE(int, _IO_getc, (FILE * file), (file), await_input(file))
UMS_ON_FILE(int, getchar, (void), (), await_input(stdin))
UMS_ON_FILE(int, getw, (FILE * file), (file), await_input(file))
UMS_ON_FILE(char*, fgets, (char* line, int room, FILE* file), (line, room, file), await_input(file))
UMS_ON_FILE(char*, __fgets_chk, (char* line, size_t size, int room, FILE* file),
            (line, size, room, file), await_input(file))
UMS_ON_FILE(size_t, fread, (void* bytes, size_t size, size_t count, FILE* file),
            (bytes, size, count, file), await_input(file))
UMS_ON_FILE(size_t, __fread_chk, (void* bytes, size_t room, size_t size, size_t count, FILE* file),
            (bytes, room, size, count, file), await_input(file))
UMS_ON_FILE(ssize_t, getline, (char** line, size_t* room, FILE* file), (line, room, file),
            await_input(file))
UMS_ON_FILE(ssize_t, getdelim, (char** line, size_t* room, int end, FILE* file),
            (line, room, end, file), await_input(file))
UMS_ON_FILE(ssize_t, __getdelim, (char** line, size_t* room, int end, FILE* file),
            (line, room, end, file), await_input(file))
UMS_ON_FILE(int, ungetc, (int byte, FILE* file), (byte, file), await_file(file))
UMS_ON_FILE(int, vfscanf, (FILE * file, const char* format, va_list list), (file, format, list),
            await_input(file))
UMS_ON_FILE(int, __isoc99_vfscanf, (FILE * file, const char* format, va_list list),
            (file, format, list), await_input(file))
UMS_ON_FILE(int, __isoc23_vfscanf, (FILE * file, const char* format, va_list list),
            (file, format, list), await_input(file))
UMS_ON_FILE(int, vscanf, (const char* format, va_list list), (format, list), await_input(stdin))
UMS_ON_FILE(int, __isoc99_vscanf, (const char* format, va_list list), (format, list),
            await_input(stdin))
UMS_ON_FILE(int, __isoc23_vscanf, (const char* format, va_list list), (format, list),
            await_input(stdin))

UMS_ON_FILE_FORMATTED(int, fscanf, (FILE * file, const char* format, ...), format,
                      (next_vfscanf(file, format, list)), await_input(file))
UMS_ON_FILE_FORMATTED(int, scanf, (const char* format, ...), format,
                      (next_vfscanf(stdin, format, list)), await_input(stdin))
UMS_ON_FILE_FORMATTED(int, __isoc99_fscanf, (FILE * file, const char* format, ...), format,
                      (next___isoc99_vfscanf(file, format, list)), await_input(file))
UMS_ON_FILE_FORMATTED(int, __isoc99_scanf, (const char* format, ...), format,
                      (next___isoc99_vfscanf(stdin, format, list)), await_input(stdin))
UMS_ON_FILE_FORMATTED(int, __isoc23_fscanf, (FILE * file, const char* format, ...), format,
                      (next___isoc23_vfscanf(file, format, list)), await_input(file))
UMS_ON_FILE_FORMATTED(int, __isoc23_scanf, (const char* format, ...), format,
                      (next___isoc23_vfscanf(stdin, format, list)), await_input(stdin))

// Wide characters.
UMS_ON_FILE(wint_t, fgetwc, (FILE * file), (file), await_input(file))
UMS_ON_FILE(wint_t, getwc, (FILE * file), (file), await_input(file))
UMS_ON_FILE(wint_t, getwchar, (void), (), await_input(stdin))
UMS_ON_FILE(wchar_t*, fgetws, (wchar_t * line, int room, FILE* file), (line, room, file),
            await_input(file))
UMS_ON_FILE(wint_t, ungetwc, (wint_t character, FILE* file), (character, file), await_file(file))
