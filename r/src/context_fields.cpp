// SPDX-License-Identifier: Apache-2.0
#include "context_fields.h"

#include <cmath>

namespace errand::r {
namespace {

std::map<std::string, std::string> options_of(SEXP texts) {
  std::map<std::string, std::string> options;
  std::vector<std::string> names = texts_of(Rf_getAttrib(texts, R_NamesSymbol));
  std::vector<std::string> values = texts_of(texts);
  for (std::size_t i = 0; i < values.size() && i < names.size(); ++i) options[names[i]] = values[i];
  return options;
}

SEXP options_to_r(const std::map<std::string, std::string>& options) {
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const auto& [name, value] : options) {
    names.push_back(name);
    values.push_back(value);
  }
  SEXP texts = PROTECT(texts_to_r(values));
  Rf_setAttrib(texts, R_NamesSymbol, PROTECT(texts_to_r(names)));
  UNPROTECT(2);
  return texts;
}

bool flag_of(SEXP fields, const char* name) {
  return Rf_asLogical(element(fields, name)) == TRUE;
}

double number_of(SEXP fields, const char* name) {
  double number = Rf_asReal(element(fields, name));
  return std::isfinite(number) && number > 0 ? number : 0;
}

}  // namespace

ComputeContext context_of(SEXP fields) {
  ComputeContext context;
  context.engine = text_of(element(fields, "engine"));
  context.sequential = flag_of(fields, "sequential");
  context.wait = flag_of(fields, "wait");
  context.console_output = flag_of(fields, "consoleOutput");
  context.auto_cleanup = flag_of(fields, "autoCleanup");
  context.share_dir = text_of(element(fields, "shareDir"));
  context.working_directory = text_of(element(fields, "workingDir"));
  context.cores = static_cast<int>(number_of(fields, "cores"));
  context.environment = texts_of(element(fields, "environment"));
  context.packages_to_load = texts_of(element(fields, "packagesToLoad"));
  context.task_time_limit =
      std::chrono::milliseconds(static_cast<std::int64_t>(number_of(fields, "taskTimeLimit") * 1000));
  context.task_memory_limit = static_cast<std::uint64_t>(number_of(fields, "taskMemoryLimit"));
  context.console_limit = static_cast<std::uint64_t>(number_of(fields, "consoleLimit"));
  context.lost_task_retries = static_cast<int>(number_of(fields, "lostTaskRetries"));
  context.trusted_owners = texts_of(element(fields, "trustedOwners"));
  context.engine_options = options_of(element(fields, "engineOptions"));
  return context;
}

SEXP context_to_r(const ComputeContext& context) {
  ListBuilder fields(16);
  fields.add("engine", context.engine);
  fields.add("sequential", context.sequential);
  fields.add("wait", context.wait);
  fields.add("consoleOutput", context.console_output);
  fields.add("autoCleanup", context.auto_cleanup);
  fields.add("shareDir", context.share_dir);
  fields.add("workingDir", context.working_directory);
  fields.add("cores", static_cast<double>(context.cores));
  fields.add("environment", texts_to_r(context.environment));
  fields.add("packagesToLoad", texts_to_r(context.packages_to_load));
  fields.add("taskTimeLimit", static_cast<double>(context.task_time_limit.count()) / 1000);
  fields.add("taskMemoryLimit", static_cast<double>(context.task_memory_limit));
  fields.add("consoleLimit", static_cast<double>(context.console_limit));
  fields.add("lostTaskRetries", static_cast<double>(context.lost_task_retries));
  fields.add("trustedOwners", texts_to_r(context.trusted_owners));
  fields.add("engineOptions", options_to_r(context.engine_options));
  return fields.get();
}

JobRef job_of(SEXP job) {
  std::vector<std::string> parts = texts_of(job);
  if (parts.size() < 2) return JobRef(parts.empty() ? std::string() : parts[0]);
  return {parts[0], parts[1]};
}

SEXP job_to_r(const JobRef& job) {
  return texts_to_r({job.id(), job.place()});
}

std::optional<bool> maybe_flag(SEXP flag) {
  if (Rf_isNull(flag)) return {};
  int value = Rf_asLogical(flag);
  if (value == NA_LOGICAL) return {};
  return value == TRUE;
}

ExecOptions exec_options_of(SEXP fields) {
  ExecOptions options;
  if (SEXP seed = element(fields, "seed"); !Rf_isNull(seed)) {
    options.seed = static_cast<std::uint64_t>(static_cast<std::uint32_t>(Rf_asInteger(seed)));
  }
  if (double size = number_of(fields, "taskChunkSize"); size >= 1) {
    options.task_chunk_size = static_cast<std::uint64_t>(size);
  }
  options.continue_on_failure = maybe_flag(element(fields, "continueOnFailure"));
  options.console_output = maybe_flag(element(fields, "consoleOutput"));
  options.auto_cleanup = maybe_flag(element(fields, "autoCleanup"));
  return options;
}

SEXP status_to_r(const StatusReport& report) {
  ListBuilder fields(7);
  fields.add("status", to_string(report.status));
  fields.add("reason", report.reason);
  fields.add("succeeded", static_cast<double>(report.progress.succeeded));
  fields.add("failed", static_cast<double>(report.progress.failed));
  fields.add("running", static_cast<double>(report.progress.running));
  fields.add("waiting", static_cast<double>(report.progress.waiting));
  fields.add("total", static_cast<double>(report.progress.total));
  return fields.get();
}

}  // namespace errand::r
