// SPDX-License-Identifier: Apache-2.0
#include "cli/job_json.h"

#include "cli/command_words.h"
#include "cli/moment.h"

namespace errand::cli {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json worker_json(const WorkerInfo& worker) {
  return {{"name", worker.name},
          {"host", worker.host},
          {"pid", worker.pid},
          {"alive", worker.alive},
          {"done", worker.done},
          {"failed", worker.failed},
          {"current_task", or_null(worker.current_task)}};
}

Json failure_json(const TaskFailure& failure) {
  return {{"cause", errand::to_string(failure.cause)},
          {"type", failure.type},
          {"message", failure.message},
          {"traceback", failure.traceback}};
}

}  // namespace

Json to_json(const Error& error) {
  return {{"code", errand::to_string(error.code)},
          {"message", error.message},
          {"hint", in_command_words(error.hint)},
          {"transient", error.transient}};
}

Json to_json(const Progress& progress) {
  return {{"succeeded", progress.succeeded},
          {"failed", progress.failed},
          {"running", progress.running},
          {"waiting", progress.waiting},
          {"total", progress.total}};
}

Json to_json(const StatusReport& report) {
  return {{"status", errand::to_string(report.status)},
          {"reason", report.reason},
          {"progress", to_json(report.progress)}};
}

Json to_json(const JobSummary& summary) {
  return {{"id", summary.id},
          {"place", summary.place},
          {"function", summary.function},
          {"status", summary.status ? errand::to_string(*summary.status) : "none"},
          {"reason", summary.reason},
          {"progress", to_json(summary.progress)},
          {"created", utc_time_text(summary.created_ns)},
          {"modified", utc_time_text(summary.modified_ns)},
          {"engine", summary.engine},
          {"host", summary.host},
          {"user", summary.user}};
}

Json to_json(const ComputeContext& context) {
  return {{"engine", context.engine},
          {"sequential", context.sequential},
          {"wait", context.wait},
          {"console_output", context.console_output},
          {"auto_cleanup", context.auto_cleanup},
          {"share_dir", resolve_share_dir(context)},
          {"working_directory", context.working_directory},
          {"cores", context.cores},
          {"environment", context.environment},
          {"packages_to_load", context.packages_to_load},
          {"task_time_limit_ms", context.task_time_limit.count()},
          {"task_memory_limit", context.task_memory_limit},
          {"console_limit", context.console_limit},
          {"lost_task_retries", context.lost_task_retries},
          {"trusted_owners", context.trusted_owners},
          {"engine_options", context.engine_options}};
}

Json to_json(const JobInfo& info) {
  Json json = to_json(info.summary);
  json["context"] = to_json(info.context);
  json["working_directory"] = info.working_directory;
  json["environment"] = info.environment;
  json["seed"] = or_null(info.seed);
  json["chunk_size"] = info.chunk_size;
  json["continue_on_failure"] = info.continue_on_failure;
  json["program"] = info.program;
  json["signature"] = info.signature;
  json["requests"] = info.requests;
  json["used"] = {{"cpu_ms", info.used.cpu_time.count()},
                  {"peak_memory", info.used.peak_memory},
                  {"measured_tasks", info.used.measured_tasks},
                  {"hosts", info.used.hosts}};
  json["workers"] = Json::array();
  for (const WorkerInfo& worker : info.workers) json["workers"].push_back(worker_json(worker));
  return json;
}

Json to_json(const CancelReport& report) {
  return {{"canceled", report.canceled}, {"message", report.message}, {"output", report.output}};
}

Json to_json(const RetryReport& report) {
  return {{"tasks", report.tasks}, {"message", report.message}};
}

Json to_json(const TaskLine& line) {
  Json json{{"task", line.task}};
  if (line.attempt) json["attempt"] = *line.attempt;
  if (line.value != nullptr) json.update(value_members(*line.value));
  if (line.failure != nullptr) {
    json["failure"] = failure_json(*line.failure);
    if (auto end = program_end(line)) {
      json["exit_code"] = end->exit_code;
      json["signal"] = end->signal;
    }
  }
  if (line.output) json["output"] = *line.output;
  return json;
}

}  // namespace errand::cli
