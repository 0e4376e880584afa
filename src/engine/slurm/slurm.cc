// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/slurm.h"

#include <algorithm>
#include <array>

#include "engine/scheduler/reading.h"
#include "engine/slurm/states.h"
#include "system/try.h"

namespace errand::engine::slurm {
namespace {

using scheduler::Answer;
using scheduler::ArrayRequest;
using scheduler::Command;
using scheduler::find_option;
using scheduler::is_our_name;
using scheduler::not_understood;
using scheduler::QueueEntry;
using scheduler::SiteLimits;
using scheduler::take_field;
using scheduler::to_number;

/// How long before its end an allocation is warned: Slurm's own resolution of --signal.
constexpr int warning_seconds = 60;
/// A site may set its arrays much larger; more processes than this are of no use to one job.
constexpr std::uint32_t most_elements = 20'000;
/// MaxJobCount is what all users share.
constexpr std::uint32_t our_share_of_jobs = 2;

// Anything but ALL makes Slurm start a login shell for each element, to find out its user's environment. (NIL
// does not, but versions before it take it for a variable's name.)
constexpr std::string_view script_template = R"(#!/bin/sh
#SBATCH --job-name={{name}}
#SBATCH --array=0-{{last}}{{throttle}}
#SBATCH --output={{output}}
#SBATCH --open-mode=append
#SBATCH --export=ALL
#SBATCH --requeue
#SBATCH --signal=B:USR1@{{warning_seconds}}
#SBATCH --ntasks=1
{{options}}exec {{command}} --errand-allocation {{share_dir}} {{job}} {{submission}} "$SLURM_ARRAY_TASK_ID" \
  --keep SLURM_,SLURMD_NODENAME,CUDA_VISIBLE_DEVICES,GPU_DEVICE_ORDINAL,ROCR_VISIBLE_DEVICES,ZE_AFFINITY_MASK \
  -- scontrol requeue "$SLURM_JOB_ID"
)";

struct OptionRow {
  std::string_view name;  ///< in engine_options
  std::string_view flag;  ///< of sbatch
};
constexpr std::array option_rows{OptionRow{"partition", "partition"},
                                 OptionRow{"account", "account"},
                                 OptionRow{"qos", "qos"},
                                 OptionRow{"time", "time"},
                                 OptionRow{"memory", "mem"},
                                 OptionRow{"memory_per_cpu", "mem-per-cpu"},
                                 OptionRow{"gres", "gres"},
                                 OptionRow{"constraint", "constraint"},
                                 OptionRow{"reservation", "reservation"},
                                 OptionRow{"nodelist", "nodelist"},
                                 OptionRow{"exclude", "exclude"},
                                 OptionRow{"priority", "priority"},
                                 OptionRow{"nice", "nice"},
                                 OptionRow{"begin", "begin"},
                                 OptionRow{"deadline", "deadline"},
                                 OptionRow{"dependency", "dependency"},
                                 OptionRow{"licenses", "licenses"},
                                 OptionRow{"mail_user", "mail-user"},
                                 OptionRow{"mail_type", "mail-type"},
                                 OptionRow{"comment", "comment"},
                                 OptionRow{"clusters", "clusters"}};

/// A value within an #SBATCH line, which sbatch takes apart much as a shell does.
Result<std::string> directive_value(std::string_view name, std::string_view value) {
  const bool bad = std::any_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == 0x7f;
  });
  if (bad) {
    return Error{ErrorCode::invalid_argument,
                 "the option " + std::string(name) +
                     " holds a character that a submit script cannot carry: " + scheduler::excerpt(value),
                 false, "leave out quotes, backslashes and control characters", 0};
  }
  if (value.find_first_of(" '#$`&;|<>()*?~!") == std::string_view::npos) return std::string(value);
  return "\"" + std::string(value) + "\"";
}

Result<std::string> option_lines(const ArrayRequest& request) {
  std::string lines;
  for (const OptionRow& row : option_rows) {
    const std::string* value = find_option(request, row.name);
    if (value == nullptr) continue;
    TRY(std::string text, directive_value(row.name, *value));
    lines += "#SBATCH --" + std::string(row.flag) + "=" + text + "\n";
  }
  const std::string* each = find_option(request, "cpus_per_task");
  const auto cpus = to_number(each == nullptr ? "1" : std::string_view(*each));
  if (!cpus || *cpus == 0) {
    return Error{ErrorCode::invalid_argument,
                 "cpus_per_task is no number of cores: " + scheduler::excerpt(*each), false,
                 "give a whole number", 0};
  }
  lines += "#SBATCH --cpus-per-task=" + std::to_string(*cpus * request.workers) + "\n";
  if (scheduler::is_option_on(request, "exclusive")) lines += "#SBATCH --exclusive\n";
  if (scheduler::is_option_on(request, "hold")) lines += "#SBATCH --hold\n";
  if (const std::string* extra = find_option(request, "extra")) {
    if (extra->find_first_of("\n\r") != std::string::npos) {
      return Error{ErrorCode::invalid_argument, "the option extra has more than one line", false,
                   "give sbatch's flags on one line, or use a template of your own", 0};
    }
    lines += "#SBATCH " + *extra + "\n";
  }
  return lines;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// squeue's line "array id|elements|state|end|name|reason"; false: it is none.
bool read_queue_line(std::string_view line, std::vector<QueueEntry>& entries) {
  const std::string_view whole = line;
  QueueEntry entry;
  entry.id = take_field(line, '|');
  const std::string_view elements = take_field(line, '|');
  const std::string_view state = take_field(line, '|');
  const std::string_view end = take_field(line, '|');
  entry.name = take_field(line, '|');
  if (!is_id(entry.id) || std::count(whole.begin(), whole.end(), '|') < 5) return false;
  if (!is_our_name(entry.name)) return true;
  if (!scheduler::read_element_list(elements, entry.elements)) return false;
  Meaning meaning = read_state(state, line);
  entry.state = meaning.state;
  entry.reason = std::move(meaning.reason);
  entry.blocked = meaning.blocked;
  if (entry.state == scheduler::ElementState::ended) entry.ended_s = to_number(end).value_or(0);
  entries.push_back(std::move(entry));
  return true;
}

/// sacct's line "id_element|state|end|name|elapsed"; false: it is none.
bool read_history_line(std::string_view line, std::vector<QueueEntry>& entries) {
  const std::string_view whole = line;
  QueueEntry entry;
  std::string_view job = take_field(line, '|');
  const std::string_view state = take_field(line, '|');
  const std::string_view end = take_field(line, '|');
  entry.name = line;
  if (std::count(whole.begin(), whole.end(), '|') != 3) return false;
  if (!is_our_name(entry.name)) return true;
  entry.id = take_field(job, '_');
  if (!is_id(entry.id) || !scheduler::read_element_list(job, entry.elements)) return false;
  Meaning meaning = read_state(state, "");
  entry.state = meaning.state;
  entry.reason = std::move(meaning.reason);
  if (entry.state == scheduler::ElementState::ended) entry.ended_s = to_number(end).value_or(0);
  entries.push_back(std::move(entry));
  return true;
}

Result<std::vector<QueueEntry>> read_lines(const Answer& answer, std::string_view program,
                                           bool (*read_line)(std::string_view, std::vector<QueueEntry>&)) {
  if (answer.exit_code != 0) return scheduler::no_answer(program, answer);
  std::vector<QueueEntry> entries;
  for (std::string_view rest = answer.out; !rest.empty();) {
    const std::string_view line = take_field(rest, '\n');
    if (!line.empty() && !read_line(line, entries)) return not_understood(program, line);
  }
  return entries;
}

class SlurmDialect final : public scheduler::Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "slurm"; }

  [[nodiscard]] std::vector<std::string_view> options() const override {
    std::vector<std::string_view> names{"cpus_per_task", "exclusive", "extra", "hold", "nodes", "throttle"};
    for (const OptionRow& row : option_rows) names.push_back(row.name);
    return names;
  }

  [[nodiscard]] std::string_view default_template() const override { return script_template; }

  [[nodiscard]] Result<std::map<std::string, std::string>> placeholders(
      const ArrayRequest& request) const override {
    TRY(std::string lines, option_lines(request));
    TRY(std::string output, directive_value("share_dir", request.output + ".%a"));
    const std::string* most = find_option(request, "throttle");
    if (most != nullptr && !to_number(*most)) {
      return Error{ErrorCode::invalid_argument, "throttle is no number: " + scheduler::excerpt(*most), false,
                   "give how many elements may run at once", 0};
    }
    return std::map<std::string, std::string>{{"name", request.name},
                                              {"last", std::to_string(request.elements - 1)},
                                              {"throttle", most == nullptr ? "" : "%" + *most},
                                              {"output", output},
                                              {"warning_seconds", std::to_string(warning_seconds)},
                                              {"options", lines},
                                              {"command", scheduler::shell_quoted(request.command)},
                                              {"share_dir", scheduler::shell_quoted(request.share_dir)},
                                              {"job", request.job},
                                              {"submission", std::to_string(request.submission)}};
  }

  [[nodiscard]] Command submit(const ArrayRequest&, std::string script) const override {
    // What says which devices this host's processes may use says nothing of a node's.
    return {{"sbatch", "--parsable"},
            std::move(script),
            {},
            {"SBATCH_EXPORT", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES",
             "ZE_AFFINITY_MASK"}};
  }

  [[nodiscard]] Result<std::string> read_submitted(const Answer& answer) const override {
    if (answer.exit_code != 0) {
      // The controller took the request and its answer was lost: it may well have the job.
      const bool doubtful = answer.err.find("timed out") != std::string::npos;
      return scheduler::not_submitted("sbatch", answer, doubtful);
    }
    // --parsable prints "id" or "id;cluster", in the last line: a site's wrapper may print before it.
    std::string_view text = answer.out;
    while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
    text = text.substr(text.rfind('\n') + 1);
    text = text.substr(0, text.find(';'));
    if (is_id(text)) return std::string(text);
    return scheduler::no_id("sbatch", answer.out);
  }

  [[nodiscard]] Command queue(const std::string& user) const override {
    return {{"squeue", "--noheader", "--states=all", "--user=" + user, "--format=%F|%K|%T|%e|%j|%r"},
            {},
            {"SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0"},
            {"SQUEUE_"}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_queue(const Answer& answer) const override {
    return read_lines(answer, "squeue", [](std::string_view line, std::vector<QueueEntry>& entries) {
      // Jobs that are no array have N/A for elements, and are not ours whatever they are called.
      const std::size_t bar = line.find('|');
      if (bar != std::string_view::npos && line.substr(bar).starts_with("|N/A|")) return true;
      return read_queue_line(line, entries);
    });
  }

  [[nodiscard]] Command history(const std::vector<std::string>& names,
                                const std::string& user) const override {
    std::string list;
    for (const std::string& one : names) list += (list.empty() ? "" : ",") + one;
    return {{"sacct", "--noheader", "--parsable2", "--allocations", "--user=" + user, "--name=" + list,
             "--starttime=now-30days", "--format=JobID,State,End,JobName"},
            {},
            {"SLURM_TIME_FORMAT=%s"},
            {"SACCT_"}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_history(const Answer& answer) const override {
    return read_lines(answer, "sacct", read_history_line);
  }

  [[nodiscard]] Command cancel(const std::string& name, const std::string& user) const override {
    return {{"scancel", "--quiet", "--user=" + user, "--name=" + name}, {}, {}, {"SCANCEL_"}};
  }

  /// --nodelist would give every element all of these nodes.
  [[nodiscard]] Command node_names() const override {
    return {{"sinfo", "--noheader", "--Node", "--format=%N"}, {}, {}, {"SINFO_"}};
  }

  [[nodiscard]] Command limits() const override { return {{"scontrol", "show", "config"}, {}, {}, {}}; }

  [[nodiscard]] Result<SiteLimits> read_limits(const Answer& answer) const override {
    SiteLimits limits;
    bool found = false;
    for (std::string_view rest = answer.out; !rest.empty();) {
      const std::string_view line = take_field(rest, '\n');
      const std::string_view name = line.substr(0, line.find(' '));
      const std::size_t equals = line.find("= ");
      if (equals == std::string_view::npos) continue;
      const std::string_view value = line.substr(equals + 2);
      if (name == "AccountingStorageType") limits.history = value.find("slurmdbd") != std::string_view::npos;
      if (name != "MaxArraySize" && name != "MaxJobCount") continue;
      auto number = to_number(value);
      if (!number) return not_understood("scontrol show config", line);
      // The largest index is MaxArraySize - 1.
      const std::uint32_t most = name == "MaxArraySize" ? *number : *number / our_share_of_jobs;
      limits.array_elements = std::min(found ? limits.array_elements : most_elements, std::max(most, 1U));
      found = true;
    }
    if (!found || answer.exit_code != 0)
      return not_understood("scontrol show config", answer.err + answer.out);
    return limits;
  }
};

}  // namespace

const scheduler::Dialect& slurm_dialect() {
  // Never destroyed: threads may use it while the process ends.
  static const scheduler::Dialect& dialect = *new SlurmDialect;
  return dialect;
}

}  // namespace errand::engine::slurm
