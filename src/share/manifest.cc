// SPDX-License-Identifier: Apache-2.0
#include "share/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "journal/safe_msgpack.h"

namespace errand::share {
namespace {

using nlohmann::json;

std::string pack(const json& map) {
  std::string out;
  json::to_msgpack(map, nlohmann::detail::output_adapter<char>(out));
  return out;
}

/// Runs `read` on the map; anything that is not as expected becomes one kind of error.
template <class T>
Result<T> unpack(std::string_view body, std::string_view what, T (*read)(const json&)) {
  auto map = journal::read_map(std::as_bytes(std::span(body)));
  std::string bad = "the " + std::string(what) + " record cannot be read";
  if (!map) return Error{ErrorCode::corrupt, bad, false, "", 0};
  try {
    return read(*map);
  } catch (const json::exception& wrong) {
    return Error{ErrorCode::corrupt, bad + ": " + wrong.what(), false, "", 0};
  }
}

json to_json(const system::ProcessId& process) {
  return {{"host", process.host},
          {"boot", process.boot},
          {"pid_namespace", process.pid_namespace},
          {"pid", process.pid},
          {"start", process.start}};
}

system::ProcessId to_process(const json& map) {
  return {map.value("host", ""), map.value("boot", ""), map.value("pid_namespace", std::uint64_t{0}),
          map.value("pid", std::int32_t{0}), map.value("start", std::uint64_t{0})};
}

json to_json(const ComputeContext& context) {
  json map = {{"engine", context.engine},
              {"sequential", context.sequential},
              {"wait", context.wait},
              {"console_output", context.console_output},
              {"auto_cleanup", context.auto_cleanup},
              {"share_dir", context.share_dir},
              {"cores", context.cores},
              {"environment", context.environment},
              {"packages_to_load", context.packages_to_load},
              {"task_time_limit_ms", context.task_time_limit.count()},
              {"task_memory_limit", context.task_memory_limit},
              {"console_limit", context.console_limit},
              {"lost_task_retries", context.lost_task_retries},
              {"trusted_owners", context.trusted_owners},
              {"engine_options", context.engine_options}};
  // Written only where it is set: contexts are compared by the hash of these bytes.
  if (!context.working_directory.empty()) map["working_directory"] = context.working_directory;
  return map;
}

ComputeContext to_context(const json& map) {
  ComputeContext context;
  context.engine = map.value("engine", context.engine);
  context.sequential = map.value("sequential", false);
  context.wait = map.value("wait", true);
  context.console_output = map.value("console_output", false);
  context.auto_cleanup = map.value("auto_cleanup", true);
  context.share_dir = map.value("share_dir", "");
  context.working_directory = map.value("working_directory", "");
  context.cores = map.value("cores", 0);
  context.environment = map.value("environment", context.environment);
  context.packages_to_load = map.value("packages_to_load", context.packages_to_load);
  context.task_time_limit = std::chrono::milliseconds(map.value("task_time_limit_ms", std::int64_t{0}));
  context.task_memory_limit = map.value("task_memory_limit", std::uint64_t{0});
  context.console_limit = map.value("console_limit", context.console_limit);
  context.lost_task_retries = map.value("lost_task_retries", context.lost_task_retries);
  context.trusted_owners = map.value("trusted_owners", context.trusted_owners);
  context.engine_options = map.value("engine_options", context.engine_options);
  return context;
}

Manifest to_manifest(const json& map) {
  Manifest m;
  m.id = map.at("id").get<std::string>();
  m.language = map.value("language", m.language);
  m.function = map.value("function", "");
  m.signature = map.value("signature", "");
  m.result_type = map.value("result_type", "");
  m.command = map.value("command", m.command);
  m.program_hash = map.value("program_hash", "");
  m.program_path = map.value("program_path", "");
  m.worker.argv = map.value("worker_argv", m.worker.argv);
  m.worker.fork = map.value("worker_fork", true);
  m.context = to_context(map.value("context", json::object()));
  m.working_directory = map.value("working_directory", "");
  m.environment = map.value("environment", m.environment);
  if (auto seed = map.find("seed"); seed != map.end()) m.seed = seed->get<std::uint64_t>();
  m.chunk_size = map.value("chunk_size", std::uint64_t{0});
  m.continue_on_failure = map.value("continue_on_failure", true);
  m.growing = map.value("growing", false);
  m.created_ns = map.value("created_ns", std::int64_t{0});
  m.user = map.value("user", "");
  m.umask = map.value("umask", m.umask);
  m.submitter = to_process(map.value("submitter", json::object()));
  m.submitter_version = map.value("submitter_version", "");
  return m;
}

constexpr std::array<std::string_view, 3> request_kinds{"cancel", "retry", "cancel_tasks"};

Request to_request(const json& map) {
  Request request;
  auto word = map.at("kind").get<std::string>();
  auto at = std::find(request_kinds.begin(), request_kinds.end(), word);
  if (at == request_kinds.end()) throw json::out_of_range::create(403, "unknown kind " + word, &map);
  request.kind = static_cast<Request::Kind>(at - request_kinds.begin());
  request.time_ns = map.value("time_ns", std::int64_t{0});
  request.user = map.value("user", "");
  request.host = map.value("host", "");
  request.tasks = map.value("tasks", request.tasks);
  request.first_attempt = map.value("first_attempt", std::uint32_t{0});
  return request;
}

Verdict to_verdict(const json& map) {
  Verdict verdict;
  verdict.canceled = map.at("canceled").get<bool>();
  verdict.time_ns = map.value("time_ns", std::int64_t{0});
  verdict.user = map.value("user", "");
  verdict.request = map.value("request", std::uint32_t{0});
  verdict.succeeded = map.value("succeeded", std::uint64_t{0});
  verdict.failed = map.value("failed", std::uint64_t{0});
  verdict.total = map.value("total", std::uint64_t{0});
  return verdict;
}

Claim to_claim(const json& map) {
  Claim claim;
  claim.owner = to_process(map.at("owner"));
  claim.time_ns = map.value("time_ns", std::int64_t{0});
  for (const json& entry : map.value("accepted", json::array())) {
    claim.accepted.push_back({entry.at(0).get<std::string>(), entry.at(1).get<std::uint64_t>()});
  }
  return claim;
}

LostStart to_lost(const json& map) {
  return {map.at("task").get<std::uint64_t>(), map.at("attempt").get<std::uint32_t>(),
          map.value("reason", ""), map.value("counts", true)};
}

}  // namespace

std::string encode(const Manifest& m) {
  json map = {{"id", m.id},
              {"language", m.language},
              {"function", m.function},
              {"signature", m.signature},
              {"result_type", m.result_type},
              {"command", m.command},
              {"program_hash", m.program_hash},
              {"program_path", m.program_path},
              {"worker_argv", m.worker.argv},
              {"worker_fork", m.worker.fork},
              {"context", to_json(m.context)},
              {"working_directory", m.working_directory},
              {"environment", m.environment},
              {"chunk_size", m.chunk_size},
              {"continue_on_failure", m.continue_on_failure},
              {"growing", m.growing},
              {"created_ns", m.created_ns},
              {"user", m.user},
              {"umask", m.umask},
              {"submitter", to_json(m.submitter)},
              {"submitter_version", m.submitter_version}};
  if (m.seed) map["seed"] = *m.seed;
  return pack(map);
}

std::string encode(const Request& request) {
  return pack({{"kind", request_kinds[static_cast<std::size_t>(request.kind)]},
               {"time_ns", request.time_ns},
               {"user", request.user},
               {"host", request.host},
               {"tasks", request.tasks},
               {"first_attempt", request.first_attempt}});
}

std::string encode(const Verdict& verdict) {
  return pack({{"canceled", verdict.canceled},
               {"time_ns", verdict.time_ns},
               {"user", verdict.user},
               {"request", verdict.request},
               {"succeeded", verdict.succeeded},
               {"failed", verdict.failed},
               {"total", verdict.total}});
}

std::string encode(const Claim& claim) {
  json accepted = json::array();
  for (const Claim::Accepted& entry : claim.accepted) {
    accepted.push_back(json::array({entry.log, entry.length}));
  }
  return pack({{"owner", to_json(claim.owner)}, {"time_ns", claim.time_ns}, {"accepted", accepted}});
}

std::string encode(const LostStart& lost) {
  return pack(
      {{"task", lost.task}, {"attempt", lost.attempt}, {"reason", lost.reason}, {"counts", lost.counts}});
}

Result<Manifest> decode_manifest(std::string_view body) {
  return unpack(body, "manifest", to_manifest);
}
Result<Request> decode_request(std::string_view body) {
  return unpack(body, "request", to_request);
}
Result<Verdict> decode_verdict(std::string_view body) {
  return unpack(body, "verdict", to_verdict);
}
Result<Claim> decode_claim(std::string_view body) {
  return unpack(body, "claim", to_claim);
}
Result<LostStart> decode_lost(std::string_view body) {
  return unpack(body, "lost", to_lost);
}

}  // namespace errand::share
