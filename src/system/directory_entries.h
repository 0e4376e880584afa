// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace errand::system {

/// The entries of an open directory from its current position, without "." and "..", in as few calls as
/// getdents64 allows. `visit(const char* name, unsigned char type)` returns false to stop.
/// The result: 0, or the errno of a failure; ECANCELED when the visitor stopped.
template <class Visit>
int for_each_entry(int directory, Visit&& visit) {
  constexpr std::size_t capacity = 32 * 1024;
  alignas(dirent64) char buffer[capacity];
  for (;;) {
    const long got = syscall(SYS_getdents64, directory, buffer, capacity);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) continue;
      if (!visit(name, entry->d_type)) return ECANCELED;
    }
  }
}

}  // namespace errand::system
