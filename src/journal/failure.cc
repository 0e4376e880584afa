// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <nlohmann/json.hpp>

#include "journal/outcome.h"
#include "journal/safe_msgpack.h"

namespace errand::journal {
namespace {

using nlohmann::json;

/// Who failed, without what it said.
TaskFailure failure_of(const OutcomeHead& outcome) {
  TaskFailure failure;
  failure.task = outcome.task;
  failure.cause = outcome.cause;
  failure.attempt = outcome.attempt;
  return failure;
}

TaskFailure unreadable(const OutcomeHead& outcome, std::string why) {
  TaskFailure failure = failure_of(outcome);
  failure.type = "unreadable";
  failure.message = std::move(why);
  return failure;
}

void take_native(TaskFailure& failure, const json& map) {
  auto codec = number_member(map, "native_codec", std::numeric_limits<std::uint8_t>::max());
  auto native = map.find("native");
  if (!codec || native == map.end() || !native->is_binary()) return;
  failure.native_codec = static_cast<Codec>(*codec);
  failure.native = Buffer::take(static_cast<const std::vector<std::uint8_t>&>(native->get_binary()));
}

}  // namespace

std::string encode_failure(const TaskFailure& failure) {
  json map = {{"type", failure.type}, {"message", failure.message}};
  if (!failure.traceback.empty()) map["traceback"] = failure.traceback;
  if (failure.native_codec != Codec::none) {
    const auto* native = reinterpret_cast<const std::uint8_t*>(failure.native.data());
    map["native_codec"] = static_cast<std::uint8_t>(failure.native_codec);
    map["native"] = json::binary({native, native + failure.native.size()});
  }
  std::string bytes;
  json::to_msgpack(map, bytes);
  return bytes;
}

TaskFailure decode_failure(const OutcomeHead& outcome) {
  if (outcome.stored) return unreadable(outcome, "the error is in the values file and was not loaded");
  auto map = read_map(outcome.inline_bytes);
  if (!map) return unreadable(outcome, "the task failed; its recorded error cannot be read");
  auto type = text_member(*map, "type");
  auto message = text_member(*map, "message");
  if (!type || !message) return unreadable(outcome, "the task failed; its recorded error lacks a message");
  TaskFailure failure = failure_of(outcome);
  failure.type = std::move(*type);
  failure.message = std::move(*message);
  failure.traceback = text_member(*map, "traceback").value_or("");
  take_native(failure, *map);
  return failure;
}

}  // namespace errand::journal
