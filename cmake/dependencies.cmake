# SPDX-License-Identifier: Apache-2.0
# What errand stands on. msgpack-c is the one dependency that users of the headers need too.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

# These are only headers to us, and distributions disagree about the names of their packages.
function(errand_find_header variable header package)
  find_path(${variable} NAMES ${header})
  if(NOT ${variable})
    message(FATAL_ERROR "${header} not found; on Debian and Ubuntu it is in ${package}")
  endif()
  mark_as_advanced(${variable})
endfunction()

errand_find_header(ERRAND_MSGPACK_INCLUDE_DIR msgpack.hpp "libmsgpack-cxx-dev or libmsgpack-dev")
errand_find_header(ERRAND_RANDOM123_INCLUDE_DIR Random123/philox.h librandom123-dev)
errand_find_header(ERRAND_XXHASH_INCLUDE_DIR xxhash.h libxxhash-dev)

# Ubuntu 22.04 does not package toml++: where the system has none, the copy in third_party is taken.
find_path(ERRAND_TOML_INCLUDE_DIR NAMES toml++/toml.h
          HINTS /usr/include /usr/local/include
          PATHS "${PROJECT_SOURCE_DIR}/third_party/tomlplusplus")
mark_as_advanced(ERRAND_TOML_INCLUDE_DIR)

# libpq is loaded when the first database is opened, never linked: only its declarations are needed here.
find_path(ERRAND_LIBPQ_INCLUDE_DIR NAMES libpq-fe.h PATH_SUFFIXES postgresql)
if(NOT ERRAND_LIBPQ_INCLUDE_DIR)
  message(FATAL_ERROR "libpq-fe.h not found; on Debian and Ubuntu it is in libpq-dev")
endif()
mark_as_advanced(ERRAND_LIBPQ_INCLUDE_DIR)
