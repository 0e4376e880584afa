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

void read_flag(const json& map, const char* name, bool& flag) {
  if (auto found = map.find(name); found != map.end() && found->is_boolean()) flag = found->get<bool>();
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
  json map = {{"argv", spec.argv},
              {"environment", spec.environment},
              {"fork", spec.fork},
              {"outlives_agent", spec.outlives_agent}};
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
  read_flag(*map, "fork", spec.fork);
  read_flag(*map, "outlives_agent", spec.outlives_agent);
  return spec;
}

}  // namespace errand::worker
