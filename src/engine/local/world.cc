// SPDX-License-Identifier: Apache-2.0
#include "engine/local/world.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>

#include "share/names.h"

namespace errand::engine::local {

std::string agent_directory(const system::ProcessId& self) {
  std::string world = self.host + "/" + self.boot + "/" + std::to_string(self.pid_namespace);
  std::array<char, 17> hash{};
  std::snprintf(hash.data(), hash.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(world.data(), world.size())));
  return std::string(share::agents_directory) + "/" + hash.data();
}

bool is_ours(const share::Manifest& manifest, const system::ProcessId& self) {
  const system::ProcessId& submitter = manifest.submitter;
  return manifest.context.engine == "local" && submitter.host == self.host &&
         (submitter.boot != self.boot || submitter.pid_namespace == self.pid_namespace);
}

std::string place_mark(const share::Place& place) {
  return "ERRAND_PLACE=" + place.id();
}

}  // namespace errand::engine::local
