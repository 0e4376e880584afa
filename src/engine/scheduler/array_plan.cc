// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/array_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/scheduler/memory_retry.h"
#include "system/try.h"

namespace errand::engine::scheduler {
namespace {

/// Options that mean the same for every scheduler.
constexpr std::array<std::string_view, 5> shared_options{"command", "elements", "memory_retry", "template",
                                                         "workers"};
constexpr std::uint32_t most_of_anything = 1'000'000;

Result<std::optional<std::uint32_t>> count_option(const ComputeContext& context, const std::string& name) {
  auto found = context.engine_options.find(name);
  if (found == context.engine_options.end() || found->second.empty()) return std::optional<std::uint32_t>();
  const std::string& text = found->second;
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc() && end == text.data() + text.size() && number > 0;
  if (good && number <= most_of_anything) return std::optional<std::uint32_t>(number);
  return Error{ErrorCode::invalid_argument, name + " is no number from 1 to 1000000: " + excerpt(text), false,
               "correct the engine option", 0};
}

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return a / b + (a % b == 0 ? 0 : 1);
}

}  // namespace

Result<ArrayPlan> plan_array(const share::Manifest& manifest, std::uint64_t tasks, const SiteLimits& limits) {
  const ComputeContext& context = manifest.context;
  TRY(auto elements, count_option(context, "elements"));
  TRY(auto workers, count_option(context, "workers"));
  const auto cores = static_cast<std::uint32_t>(std::max(0, context.cores));
  ArrayPlan plan;
  plan.workers = context.sequential ? 1 : workers.value_or(1);
  if (context.sequential) return plan;
  if (manifest.growing) {
    // Tasks that are to come can be shared out within one element only.
    plan.workers = workers.value_or(std::max(1U, cores));
    return plan;
  }
  const std::uint64_t pieces = divide_up(tasks, std::max<std::uint64_t>(1, manifest.chunk_size));
  std::uint64_t most = limits.array_elements;
  if (elements) {
    most = std::min<std::uint64_t>(most, *elements);
  } else if (cores > 0) {
    most = std::min<std::uint64_t>(most, divide_up(cores, plan.workers));
  } else if (manifest.chunk_size == 0) {
    most = std::min<std::uint64_t>(most, default_elements);
  }
  plan.elements =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(divide_up(pieces, plan.workers), 1, most));
  return plan;
}

std::vector<std::string> known_options(const Dialect& dialect) {
  std::vector<std::string> known(shared_options.begin(), shared_options.end());
  for (std::string_view name : dialect.options()) known.emplace_back(name);
  std::sort(known.begin(), known.end());
  return known;
}

Result<void> check_options(const ComputeContext& context, const Dialect& dialect) {
  const std::vector<std::string> known = known_options(dialect);
  for (const auto& [name, value] : context.engine_options) {
    // "python.fork" and the like are a front end's own, which travel with the job.
    const bool of_a_front_end = name.find('.') != std::string::npos;
    if (of_a_front_end || std::binary_search(known.begin(), known.end(), name)) continue;
    std::string list;
    for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
    return Error{ErrorCode::invalid_argument,
                 "the engine " + std::string(dialect.name()) + " has no option " + excerpt(name), false,
                 "there are: " + list, 0};
  }
  TRY_VOID(count_option(context, "elements"));
  TRY_VOID(count_option(context, "workers"));
  std::map<std::string, std::string> options = context.engine_options;
  return raise_memory(options, 0);
}

}  // namespace errand::engine::scheduler
