# SPDX-License-Identifier: Apache-2.0
#
# ums_target(NAME): what every target of this project is compiled and linked with: language level,
# warnings (errors, all of them), sanitizers, clang's lock analysis, hidden symbols, and the macros
# that tell the code how it is built:
#   UMS_SANITIZE_ADDRESS, UMS_SANITIZE_THREAD   0 or 1
#   UMS_LOCK_DEBUG                              1 where speed does not matter: all but plain release

set(UMS_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
  -Wcast-align -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Werror)
set(UMS_WARNINGS_CXX -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wold-style-cast)
set(UMS_WARNINGS_C -Wstrict-prototypes -Wmissing-prototypes)
set(UMS_WARNINGS_GCC -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
set(UMS_WARNINGS_CLANG -Wthread-safety -Wthread-safety-beta)

if(UMS_SANITIZE STREQUAL "address")
  set(UMS_SANITIZER_FLAGS
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(UMS_SANITIZE STREQUAL "thread")
  set(UMS_SANITIZER_FLAGS -fsanitize=thread -fno-omit-frame-pointer)
  # gcc 12's libtsan crashes where the kernel randomises mmap by more than 28 bits
  # (vm.mmap_rnd_bits): run the tests without randomisation, where that is allowed.
  execute_process(COMMAND setarch -R true RESULT_VARIABLE setarch OUTPUT_QUIET ERROR_QUIET)
  if(setarch EQUAL 0)
    set(CMAKE_CROSSCOMPILING_EMULATOR setarch -R) # ctest's only way to name a launcher
  endif()
elseif(NOT UMS_SANITIZE STREQUAL "")
  message(FATAL_ERROR "UMS_SANITIZE is '${UMS_SANITIZE}', expected '', 'address' or 'thread'")
endif()

function(ums_target name)
  set(lock_debug $<OR:$<CONFIG:Debug>,$<BOOL:${UMS_SANITIZE}>>)
  target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_definitions(${name} PRIVATE
    _GNU_SOURCE
    UMS_MACHINE_SERVER=$<BOOL:$<TARGET_PROPERTY:UMS_MACHINE_SERVER>>
    UMS_MACHINE_SIMULATED=$<BOOL:$<TARGET_PROPERTY:UMS_MACHINE_SIMULATED>>
    UMS_SANITIZE_ADDRESS=$<STREQUAL:${UMS_SANITIZE},address>
    UMS_SANITIZE_THREAD=$<STREQUAL:${UMS_SANITIZE},thread>
    UMS_LOCK_DEBUG=${lock_debug})
  target_compile_options(${name} PRIVATE
    ${UMS_WARNINGS}
    "$<$<COMPILE_LANGUAGE:CXX>:${UMS_WARNINGS_CXX}>"
    "$<$<COMPILE_LANGUAGE:C>:${UMS_WARNINGS_C}>"
    "$<$<CXX_COMPILER_ID:GNU>:${UMS_WARNINGS_GCC}>"
    "$<$<CXX_COMPILER_ID:Clang>:${UMS_WARNINGS_CLANG}>"
    ${UMS_SANITIZER_FLAGS})
  target_link_options(${name} PRIVATE ${UMS_SANITIZER_FLAGS} -Wl,-z,now)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

# The kernel and the library throw nothing. Without exception tables of their own they can be
# unwound from any instruction, where a signal handler ends its thread.
set(UMS_UNWINDABLE -fno-exceptions -fasynchronous-unwind-tables)

# ums_kernel_code(NAME): on top of ums_target, the code generation that the switch path needs: no
# PLT stub and no __tls_get_addr between two threads, and the instructions that write the thread
# pointer (their use is guarded at run time).
function(ums_kernel_code name)
  target_compile_options(${name} PRIVATE
    -fno-plt -fno-semantic-interposition -ftls-model=initial-exec)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(${name} PRIVATE -mfsgsbase)
  endif()
endfunction()
