// SPDX-License-Identifier: Apache-2.0
#include "database/libpq.h"

#include <dlfcn.h>

#include <string>

namespace errand::database {
namespace {

struct Loaded {
  Libpq functions;
  std::string problem;
};

Loaded load() {
  Loaded loaded;
  void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    loaded.problem = why == nullptr ? "unknown reason" : why;
    return loaded;
  }
#define ERRAND_LIBPQ_LOOK_UP(name)                                                    \
  loaded.functions.name = reinterpret_cast<decltype(&::name)>(dlsym(library, #name)); \
  if (loaded.functions.name == nullptr && loaded.problem.empty()) loaded.problem = "it lacks " #name;
  ERRAND_LIBPQ_FUNCTIONS(ERRAND_LIBPQ_LOOK_UP)
#undef ERRAND_LIBPQ_LOOK_UP
  return loaded;
}

}  // namespace

Result<const Libpq*> libpq() {
  // Never destroyed: threads may use a connection while the process ends.
  static const Loaded& loaded = *new Loaded(load());
  if (loaded.problem.empty()) return &loaded.functions;
  return Error{ErrorCode::not_supported, "PostgreSQL's client library cannot be used: " + loaded.problem,
               false, "install libpq 14 or newer (Debian and Ubuntu: the package libpq5)", 0};
}

}  // namespace errand::database
