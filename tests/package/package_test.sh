#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# package_test.sh BUILD CC CXX: installs the build tree BUILD into a folder of its own, moves that
# elsewhere, and uses it as other people's projects would: the headers in each language,
# pkg-config, CMake, preloaded, and what the libraries show to a linker.
set -euo pipefail

build=$1 cc=$2 cxx=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export UMS_BACKEND=sim UMS_QUIET=1

die() {
  printf 'package_test: %s\n' "$*" >&2
  exit 1
}

cmake --install "$build" --prefix "$folder/first" >install.log || die "$(cat install.log)"

echo '- one target builds everything that is installed'
if [[ -e $build/build.ninja ]]; then
  commands=$(ninja -C "$build" -t commands ums-installed)
  while IFS= read -r file; do
    [[ $commands == *"$(basename "$file") "* ]] || die "the target ums-installed lacks $file"
  done < <(find first -type f \( -name '*.so*' -o -name '*.a' -o -path '*/bin/*' \))
fi
mv first prefix
prefix=$folder/prefix
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

echo '- headers'
strict=(-Wall -Wextra -pedantic -Werror -fsyntax-only -I"$prefix/include")
while IFS= read -r header; do
  case $header in
    *.h)
      for std in c11 c17; do "$cc" -std=$std "${strict[@]}" -x c <(echo "#include <$header>"); done
      for std in c++11 c++20; do
        "$cxx" -std=$std "${strict[@]}" -x c++ <(echo "#include <$header>")
      done
      ;;
    *.hpp) "$cxx" -std=c++20 "${strict[@]}" -x c++ <(echo "#include <$header>") ;;
  esac
done < <(cd "$prefix/include" && find . -type f | sed 's,^\./,,')
for header in ums.h umsdefs.h ums/ums_ioctl.h ums/ums_dev.h ums/ums_sim.h ums/ums.hpp \
  ums/explore.hpp; do
  [[ -f $prefix/include/$header ]] || die "$header is not installed"
done

echo '- pkg-config'
c_flags=(-std=c11 -Wall -Wextra -pedantic -Werror -D_GNU_SOURCE)
for name in libums ums; do
  read -ra flags <<<"$(pkg-config --cflags --libs $name)"
  "$cc" "${c_flags[@]}" "$here/consumer/consumer.c" "${flags[@]}" -o "with_$name"
  "./with_$name" || die "with_$name exits $?"
done
read -ra flags <<<"$(pkg-config --static --cflags --libs libums)"
"$cc" "${c_flags[@]}" "$here/consumer/consumer.c" "${flags[@]/#-lums/-l:libums.a}" -o with_archive
LD_LIBRARY_PATH='' ./with_archive || die "with_archive exits $?"

echo '- exploration'
read -ra flags <<<"$(pkg-config --cflags --libs libums-sim)"
"$cxx" -std=c++20 -Wall -Wextra -pedantic -Werror "$here/consumer/explorer.cpp" "${flags[@]}" \
  -o explorer
./explorer >explorer.log || die "explorer exits $?: $(cat explorer.log)"
[[ $(<explorer.log) == *"UMS_SCHEDULE='"*"' ./explorer"* ]] || die "$(cat explorer.log)"

echo '- a library that uses it, in a program that does not'
read -ra flags <<<"$(pkg-config --cflags --libs libums)"
"$cc" "${c_flags[@]}" -fPIC -shared -Dmain=consumer "$here/consumer/consumer.c" "${flags[@]}" \
  -o libconsumer.so
echo 'int consumer(void); int main(void) { return consumer(); }' >user.c
# libc first: so the dynamic linker finds it before libums, which only libconsumer names.
"$cc" user.c -lc ./libconsumer.so -Wl,-rpath-link,"$prefix/lib" -o user
./user || die "user exits $?"

echo '- a program that looks for leaks, with a library that does not'
read -ra flags <<<"$(pkg-config --cflags --libs libums)"
"$cc" "${c_flags[@]}" -fsanitize=address "$here/consumer/consumer.c" "${flags[@]}" -o with_asan
./with_asan || die "with_asan exits $?"

echo '- the same, preloaded'
preload=$prefix/lib/ums/libums-preload.so
[[ -f $preload ]] || die "$preload is not installed"
LD_PRELOAD=$preload ./with_libums || die "with_libums exits $?, preloaded"
# gcc's AddressSanitizer wants to be the first library; clang's is a part of the program.
asan=
[[ $("$cc" --version) == *clang* ]] || asan=$("$cc" -print-file-name=libasan.so)
LD_PRELOAD="$asan $preload" ./with_asan || die "with_asan exits $?, preloaded"

# Valgrind 3.19 cannot read what clang 14 writes for debuggers.
if command -v valgrind >valgrind.path && [[ $("$cc" --version) != *clang* ]]; then
  echo '- a program under valgrind'
  valgrind -q --error-exitcode=9 ./with_libums >valgrind.log 2>&1 ||
    die "$(head -n 20 valgrind.log)"
fi

echo '- CMake'
cmake -S "$here/consumer" -B tree -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_CXX_COMPILER="$cxx" >configure.log 2>&1 || die "$(cat configure.log)"
cmake --build tree >build.log || die "$(cat build.log)"
for library in ums ums_static simulated; do
  LD_LIBRARY_PATH='' "tree/with_$library" >run.log || die "with_$library exits $?"
done

echo '- a program that is instrumented'
read -ra flags <<<"$(pkg-config --cflags libums)"
"$cc" "${c_flags[@]}" "${flags[@]}" -fsanitize=thread -c "$here/consumer/consumer.c" \
  -o instrumented.o
"$cc" instrumented.o -L"$prefix/lib" -lums-instrumented -lums -o instrumented
./instrumented || die "instrumented exits $?"

echo '- symbols'
exports() { nm -D --defined-only "$1" | sed 's/.* //' | sort; }
libc=$("$cc" -print-file-name=libc.so.6)
for so in "$prefix/lib/libums.so" "$preload" "$prefix/lib/libums-sim.so"; do
  soname=libums.so.0
  [[ $so != *-sim.so ]] || soname=libums-sim.so.0
  [[ $(readelf -d "$so") == *"soname: [$soname]"* ]] || die "the SONAME of $so is another"
  # A symbol that is resolved at its first call would need more stack than a parked thread has.
  [[ $(readelf -d "$so") == *NOW* ]] || die "$so is not linked with -z now"
  needed=$(readelf -d "$so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libstdc\+\+|libgcc_s|libm|ld-linux.*)\.so') || true
  [[ -z $needed ]] || die "$so needs $needed"
  # What is libstdc++'s, compilers' or newer C libraries' in the place of libc's.
  others='^(__cxa_guard_|__tsan_|__isoc23_)'
  [[ $so == *-sim.so ]] || others='^$'
  stray=$(comm -23 <(exports "$so" | grep -vE '^UMS_(SIM_)?0|@@UMS_(SIM_)?0\.[0-9]+$' |
    grep -vE "$others") \
    <(exports "$libc" | sed 's/@.*//' | sort -u))
  [[ -z $stray ]] || die "exported by $so, but neither in its map nor in libc: $stray"
done
# Who is linked with libums finds all of it in the preloaded library.
missing=$(comm -23 <(exports "$prefix/lib/libums.so") <(exports "$preload"))
[[ -z $missing ]] || die "not in libums-preload.so: $missing"
