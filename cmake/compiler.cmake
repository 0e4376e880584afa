# SPDX-License-Identifier: Apache-2.0
# Language, warnings, sanitizers: what every target of the project is compiled with.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "errand needs g++ 12 or later (found ${CMAKE_CXX_COMPILER_VERSION}); "
                      "say -DCMAKE_CXX_COMPILER=g++-12")
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()
# -O2 -g with assertions off: measured figures and readable stack traces from one build.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(ERRAND_CCACHE ccache)
if(ERRAND_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ERRAND_CCACHE}")
endif()
mark_as_advanced(ERRAND_CCACHE)

# Files that share a translation unit shadow each other's names without harm.
add_library(errand_warnings INTERFACE)
target_compile_options(errand_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wshadow>
  $<$<BOOL:${ERRAND_WERROR}>:-Werror>)

if(ERRAND_SANITIZE)
  add_compile_options(-fsanitize=${ERRAND_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ERRAND_SANITIZE})
  # g++ 12 sees uninitialized reads in the standard library's own code when it is instrumented.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(ERRAND_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# Under CMAKE_UNITY_BUILD a folder is one translation unit: a third of the compile time. So names in
# anonymous namespaces are unique within their folder. The preset `alone` compiles every file by itself.
function(errand_unit_per_folder target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP "${folder}")
  endforeach()
  set_property(TARGET ${target} PROPERTY UNITY_BUILD_MODE GROUP)
endfunction()
