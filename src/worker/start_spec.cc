// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "journal/safe_msgpack.h"
#include "worker/protocol.h"

namespace errand::worker {
namespace {

using nlohmann::json;

Error no_start_spec() {
  return {ErrorCode::corrupt, "the orders of how to start workers cannot be read", false, {}, 0};
}

bool read_texts(const json& map, const char* name, std::vector<std::string>& texts) {
  auto list = map.find(name);
  if (list == map.end() || !list->is_array()) return false;
  for (const json& entry : *list) {
    if (!entry.is_string()) return false;
    texts.push_back(entry.get<std::string>());
  }
  return true;
}

}  // namespace

std::string encode(const StartSpec& spec) {
  json map = {{"argv", spec.argv}, {"environment", spec.environment}, {"fork", spec.fork}};
  std::string bytes;
  json::to_msgpack(map, bytes);
  return bytes;
}

Result<StartSpec> decode_start_spec(std::string_view bytes) {
  auto map = journal::read_map(std::as_bytes(std::span(bytes)));
  StartSpec spec;
  if (!map || !read_texts(*map, "argv", spec.argv) || spec.argv.empty() ||
      !read_texts(*map, "environment", spec.environment)) {
    return no_start_spec();
  }
  if (auto fork = map->find("fork"); fork != map->end() && fork->is_boolean()) spec.fork = fork->get<bool>();
  return spec;
}

}  // namespace errand::worker
