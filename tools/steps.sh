# SPDX-License-Identifier: Apache-2.0
# Sourced by ./demo, ./test and tools/check: says what is done and how long it took.

export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }

# step TEXT COMMAND...: runs it and prints the elapsed seconds; gives its exit code.
step() {
  local text=$1 started=$SECONDS code=0
  shift
  say "==> $text"
  "$@" || code=$?
  if (( code == 0 )); then
    say "    done in $((SECONDS - started)) s ($text)"
  else
    say "    FAILED with exit code $code after $((SECONDS - started)) s ($text)"
  fi
  return "$code"
}

# show COMMAND...: prints it as one would type it, and runs it.
show() {
  local word line='$'
  for word in "$@"; do
    if [[ $word =~ ^[A-Za-z0-9_./=:,{}@%+-]+$ ]]; then line+=" $word"; else line+=" '${word//\'/\'\\\'\'}'"; fi
  done
  printf '\n%s\n' "$line"
  "$@"
}

# build_in FOLDER [TARGET...]: says nothing unless something is wrong. Ninja can be asked that from 1.11 on.
build_in() {
  local folder=$1
  shift
  if [[ $(ninja --help 2>&1) == *--quiet* ]]; then
    ninja -C "$folder" --quiet "$@"
    return
  fi
  ninja -C "$folder" "$@" >"$folder/build.log" 2>&1 || { cat "$folder/build.log"; return 1; }
}

# forget_other_compiler FOLDER COMPILER: a build folder is one compiler's. Given another, cmake forgets all that it was
# told, and says so.
forget_other_compiler() {
  local cached
  [[ -f $1/CMakeCache.txt ]] || return 0
  cached=$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$1/CMakeCache.txt")
  [[ -z $cached || $cached == "$(command -v "$2")" ]] || rm -rf "$1/CMakeCache.txt" "$1/CMakeFiles"
}

# configure PRESET [CMAKE ARGUMENTS]: with the compiler that fits. Only g++ 12 was used to make the
# sources free of warnings, so only there they are errors: a newer compiler may know more of them.
configure() {
  local preset=$1 compiler folder werror=OFF
  shift
  compiler=$(tools/compiler) || { say "no C++ compiler found (g++ 12 or later)"; return 1; }
  [[ $("$compiler" -dumpversion | cut -d. -f1) == 12 ]] && werror=ON
  if [[ $preset == release ]]; then folder=build; else folder=build-$preset; fi
  forget_other_compiler "$folder" "$compiler"
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER="$compiler" -DERRAND_WERROR="$werror" "$@" >"build-$preset.log" 2>&1 &&
    rm -f "build-$preset.log" && return 0
  cat "build-$preset.log"
  rm -f "build-$preset.log"
  return 1
}
