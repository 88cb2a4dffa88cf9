# SPDX-License-Identifier: Apache-2.0
#
# Tool chain: Debian's cross compiler for aarch64, with the libraries that aarch64-packages.sh
# unpacks beside the build tree; programs run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH ${CMAKE_BINARY_DIR}/../aarch64-packages)
# What those libraries are linked with themselves, for the linker and, by a path that holds for
# libraries of libraries, for programs.
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-Wl,--disable-new-dtags,-rpath,${CMAKE_FIND_ROOT_PATH}/lib/aarch64-linux-gnu")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
find_program(UMS_QEMU qemu-aarch64 REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${UMS_QEMU} -L /usr/aarch64-linux-gnu)
