// SPDX-License-Identifier: Apache-2.0
#include "share/submission_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "journal/safe_msgpack.h"

namespace errand::share {
namespace {

using SubmissionMap = nlohmann::json;

Error unreadable_submission(const std::string& why) {
  return {ErrorCode::corrupt, "the record of a submission to a scheduler cannot be read: " + why, false, "",
          0};
}

std::string pack_submission(const SubmissionMap& map) {
  std::string out;
  SubmissionMap::to_msgpack(map, nlohmann::detail::output_adapter<char>(out));
  return out;
}

bool ascending(const TaskRuns& runs) {
  std::uint64_t end = 0;
  return std::all_of(runs.begin(), runs.end(), [&end](const auto& run) {
    const bool good = run.first >= end && run.second > run.first;
    end = run.second;
    return good;
  });
}

SubmissionRecord read_submission(const SubmissionMap& map) {
  SubmissionRecord record;
  record.engine = map.at("engine").get<std::string>();
  record.name = map.at("name").get<std::string>();
  record.first_chunk = map.at("first_chunk").get<std::uint32_t>();
  record.elements = map.at("elements").get<std::uint32_t>();
  record.workers = map.at("workers").get<std::uint32_t>();
  record.tasks = map.at("tasks").get<TaskRuns>();
  record.open_ended = map.value("open_ended", false);
  record.time_ns = map.value("time_ns", std::int64_t{0});
  return record;
}

}  // namespace

std::string encode(const SubmissionRecord& record) {
  return pack_submission({{"engine", record.engine},
                          {"name", record.name},
                          {"first_chunk", record.first_chunk},
                          {"elements", record.elements},
                          {"workers", record.workers},
                          {"tasks", record.tasks},
                          {"open_ended", record.open_ended},
                          {"time_ns", record.time_ns}});
}

Result<SubmissionRecord> decode_submission(std::string_view body) {
  auto map = journal::read_map(std::as_bytes(std::span(body)));
  if (!map) return unreadable_submission("no map");
  try {
    SubmissionRecord record = read_submission(*map);
    if (record.elements == 0 || record.workers == 0) return unreadable_submission("it has no elements");
    if (!ascending(record.tasks)) return unreadable_submission("its tasks are out of order");
    return record;
  } catch (const nlohmann::json::exception& wrong) {
    return unreadable_submission(wrong.what());
  }
}

std::uint64_t count(const TaskRuns& tasks) {
  std::uint64_t all = 0;
  for (auto [first, last] : tasks) all += last - first;
  return all;
}

TaskRuns tasks_of(const SubmissionRecord& record, std::uint32_t element) {
  const std::uint64_t total = count(record.tasks);
  const std::uint64_t part = total / record.elements;
  const std::uint64_t longer = total % record.elements;
  std::uint64_t skip = part * element + std::min<std::uint64_t>(element, longer);
  std::uint64_t left = part + (element < longer ? 1 : 0);
  TaskRuns own;
  for (auto [first, last] : record.tasks) {
    const std::uint64_t passed = std::min(skip, last - first);
    skip -= passed;
    const std::uint64_t taken = std::min(left, last - first - passed);
    if (taken > 0) own.emplace_back(first + passed, first + passed + taken);
    left -= taken;
    if (left == 0) break;
  }
  return own;
}

std::string encode(const Acceptance& acceptance) {
  return pack_submission({{"id", acceptance.id},
                          {"problem", acceptance.problem},
                          {"doubtful", acceptance.doubtful},
                          {"time_ns", acceptance.time_ns}});
}

Result<Acceptance> decode_acceptance(std::string_view body) {
  auto map = journal::read_map(std::as_bytes(std::span(body)));
  if (!map) return unreadable_submission("no map");
  try {
    Acceptance acceptance;
    acceptance.id = map->value("id", "");
    acceptance.problem = map->value("problem", "");
    acceptance.doubtful = map->value("doubtful", false);
    acceptance.time_ns = map->value("time_ns", std::int64_t{0});
    return acceptance;
  } catch (const nlohmann::json::exception& wrong) {
    return unreadable_submission(wrong.what());
  }
}

}  // namespace errand::share
