// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/chosen_nodes.h"

#include <algorithm>
#include <cctype>

#include "engine/scheduler/command.h"

namespace errand::engine::scheduler {
namespace {

/// Names in lower case: those of hosts mean the same in any.
using Names = std::map<std::string, std::string>;

Names names_in(std::string_view text) {
  Names names;
  std::string name;
  auto take = [&] {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (!name.empty()) names.emplace(std::move(lower), name);
    name.clear();
  };
  for (char c : text) {
    if (c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0) {
      take();
    } else {
      name.push_back(c);
    }
  }
  take();
  return names;
}

std::string joined(const Names& names) {
  std::string list;
  for (const auto& [lower, name] : names) list += (list.empty() ? "" : ",") + name;
  return list;
}

}  // namespace

Result<void> keep_to_nodes(std::map<std::string, std::string>& options, std::string_view known) {
  auto chosen = options.find("nodes");
  if (chosen == options.end()) return {};
  Names others = names_in(known);
  const std::string all = joined(others);
  for (const auto& [lower, name] : names_in(chosen->second)) {
    if (others.erase(lower) == 0) {
      return Error{ErrorCode::invalid_argument, "the scheduler has no node named " + excerpt(name), false,
                   "it has: " + excerpt(all), 0};
    }
  }
  const bool named_none = names_in(chosen->second).empty();
  options.erase(chosen);
  if (named_none || others.empty()) return {};
  std::string& excluded = options["exclude"];
  excluded += (excluded.empty() ? "" : ",") + joined(others);
  return {};
}

}  // namespace errand::engine::scheduler
