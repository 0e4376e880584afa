// SPDX-License-Identifier: Apache-2.0
#include "engine/lsf/lsf.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "engine/lsf/answers.h"
#include "engine/scheduler/reading.h"
#include "system/try.h"

namespace errand::engine::lsf {
namespace {

using scheduler::Answer;
using scheduler::ArrayRequest;
using scheduler::Command;
using scheduler::QueueEntry;
using scheduler::SiteLimits;

/// Limits and warnings count in minutes.
constexpr std::uint32_t seconds_per_minute = 60;
/// LSF runs an element again that ends with this exit code (bsub -Q).
constexpr int requeue_exit_code = 99;
/// A site may allow much larger arrays; more processes than this are of no use to one job.
constexpr std::uint32_t most_elements = 20'000;
/// LSF's own where lsb.params says nothing.
constexpr std::uint32_t default_array_size = 1'000;
constexpr std::string_view refused_in_value = "\"\\'`;$#%";

// SIGURG for the warning: LSF sends it to all processes, and it is ignored where nobody asks for it.
constexpr std::string_view script_template = R"script(#!/bin/sh
#BSUB -J "{{name}}[1-{{elements}}]{{throttle}}"
#BSUB -o "{{output}}"
#BSUB -r
#BSUB -Q "{{continue_by_exit}}"
{{options}}exec {{command}} --errand-allocation {{share_dir}} {{job}} {{submission}} "$((LSB_JOBINDEX - 1))" \
  --keep LSB_,LSF_,CUDA_VISIBLE_DEVICES --continue-by-exit {{continue_by_exit}}
)script";

struct OptionRow {
  std::string_view name;  ///< in engine_options
  std::string_view flag;  ///< of bsub
};
constexpr std::array option_rows{
    OptionRow{"queue", "-q"},    OptionRow{"project", "-P"},         OptionRow{"application", "-app"},
    OptionRow{"group", "-G"},    OptionRow{"service_class", "-sla"}, OptionRow{"resources", "-R"},
    OptionRow{"gpu", "-gpu"},    OptionRow{"priority", "-sp"},       OptionRow{"begin", "-b"},
    OptionRow{"deadline", "-t"}, OptionRow{"dependency", "-w"},      OptionRow{"mail_user", "-u"}};

/// The time with a warning a minute before, if that leaves something.
Result<std::string> time_lines(const ArrayRequest& request) {
  const std::string* text = scheduler::find_option(request, "time");
  if (text == nullptr) return std::string();
  TRY(const std::uint32_t seconds, scheduler::read_time_limit(*text));
  const std::uint32_t minutes = (seconds + seconds_per_minute - 1) / seconds_per_minute;
  std::string lines = "#BSUB -W " + std::to_string(minutes) + "\n";
  if (minutes > 1) lines += "#BSUB -wa URG\n#BSUB -wt 1\n";
  return lines;
}

Result<std::string> memory_line(const ArrayRequest& request) {
  const std::string* memory = scheduler::find_option(request, "memory");
  if (memory == nullptr) return std::string();
  TRY(const std::string size, scheduler::plain_value("memory", *memory, refused_in_value));
  return "#BSUB -M \"" + scheduler::memory_size(size) + "\"\n";
}

Result<std::string> slot_lines(const ArrayRequest& request) {
  TRY(const std::uint32_t cpus, scheduler::number_option(request, "cpus_per_task", 1));
  const std::uint32_t slots = cpus * request.workers;
  if (slots == 1) return std::string();
  return "#BSUB -n " + std::to_string(slots) + "\n#BSUB -R \"span[hosts=1]\"\n";
}

Result<std::string> option_lines(const ArrayRequest& request) {
  TRY(std::string lines, time_lines(request));
  TRY(const std::string memory, memory_line(request));
  lines += memory;
  for (const OptionRow& row : option_rows) {
    const std::string* value = scheduler::find_option(request, row.name);
    if (value == nullptr) continue;
    TRY(std::string text, scheduler::plain_value(row.name, *value, refused_in_value));
    lines += "#BSUB " + std::string(row.flag) + " \"" + text + "\"\n";
  }
  TRY(const std::string slots, slot_lines(request));
  lines += slots;
  if (const std::string* nodes = scheduler::find_option(request, "nodes")) {
    TRY(std::string list, scheduler::plain_value("nodes", *nodes, refused_in_value));
    std::replace(list.begin(), list.end(), ',', ' ');
    lines += "#BSUB -m \"" + list + "\"\n";
  }
  if (scheduler::is_option_on(request, "exclusive")) lines += "#BSUB -x\n";
  if (scheduler::is_option_on(request, "hold")) lines += "#BSUB -H\n";
  if (const std::string* extra = scheduler::find_option(request, "extra")) {
    TRY(std::string flags, scheduler::plain_value("extra", *extra, ""));
    lines += "#BSUB " + flags + "\n";
  }
  return lines;
}

bool has(const Answer& answer, std::string_view part) {
  return answer.err.find(part) != std::string::npos || answer.out.find(part) != std::string::npos;
}

/// bsub could not tell whether LSF has the array.
bool is_doubtful(const Answer& answer) {
  return has(answer, "timeout") || has(answer, "timed out") || has(answer, "Timed out") ||
         has(answer, "lost connection") || has(answer, "Communication");
}

class LsfDialect final : public scheduler::Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "lsf"; }

  [[nodiscard]] std::vector<std::string_view> options() const override {
    std::vector<std::string_view> names{"cpus_per_task", "exclusive", "extra",    "hold",
                                        "memory",        "nodes",     "throttle", "time"};
    for (const OptionRow& row : option_rows) names.push_back(row.name);
    return names;
  }

  [[nodiscard]] std::string_view default_template() const override { return script_template; }

  [[nodiscard]] Result<std::map<std::string, std::string>> placeholders(
      const ArrayRequest& request) const override {
    TRY(std::string lines, option_lines(request));
    TRY(std::string output, scheduler::plain_value("share_dir", request.output, refused_in_value));
    TRY(const std::uint32_t throttle, scheduler::number_option(request, "throttle", 0));
    return std::map<std::string, std::string>{
        {"name", request.name},
        {"elements", std::to_string(request.elements)},
        {"throttle", throttle == 0 ? "" : "%" + std::to_string(throttle)},
        {"output", output + ".%I"},
        {"options", lines},
        {"continue_by_exit", std::to_string(requeue_exit_code)},
        {"command", scheduler::shell_quoted(request.command)},
        {"share_dir", scheduler::shell_quoted(request.share_dir)},
        {"job", request.job},
        {"submission", std::to_string(request.submission)}};
  }

  [[nodiscard]] Command submit(const ArrayRequest&, std::string script) const override {
    return {{"bsub"}, std::move(script), {}, {"LSB_BSUB_", "BSUB_"}};
  }

  [[nodiscard]] Result<std::string> read_submitted(const Answer& answer) const override {
    if (answer.exit_code != 0) return scheduler::not_submitted("bsub", answer, is_doubtful(answer));
    // "Job <101> is submitted to queue <normal>."; a site's own checks (esub) may print around it.
    constexpr std::string_view before = "Job <";
    const std::size_t at = answer.out.find("> is submitted");
    const std::size_t begin = at == std::string::npos ? at : answer.out.rfind(before, at);
    if (begin != std::string::npos) {
      const std::string id = answer.out.substr(begin + before.size(), at - begin - before.size());
      if (scheduler::to_number(id)) return id;
    }
    return scheduler::no_id("bsub", answer.out + answer.err);
  }

  [[nodiscard]] Command queue(const std::string& user) const override {
    return {{"bjobs", "-a", "-u", user, "-o", queue_fields, "-json"}, {}, {}, {"LSB_BJOBS_"}};
  }
  /// Before 10.1.0.2 bjobs knew no -json; the wide list is the same since the oldest.
  [[nodiscard]] Command queue_otherwise(const Answer& answer, const std::string& user) const override {
    const bool not_known = has(answer, "llegal option") || has(answer, "sage: bjobs") ||
                           has(answer, "nrecognized option") || has(answer, "nvalid option");
    if (answer.exit_code == 0 || !not_known) return {};
    return {{"bjobs", "-a", "-w", "-u", user}, {}, {}, {"LSB_BJOBS_"}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_queue(const Answer& answer) const override {
    // "No job found", "No unfinished job found": bjobs then ends with an error's exit code.
    const bool none = has(answer, "No job found") || has(answer, "No unfinished job found");
    const std::string_view text = scheduler::trimmed(answer.out);
    const bool tells = !text.empty() && (text.front() == '{' || text.starts_with("JOBID"));
    if (none && !tells) return std::vector<QueueEntry>();
    if (answer.exit_code != 0) return scheduler::no_answer("bjobs", answer);
    // A server that is busy has its "please wait" printed before the answer.
    const std::size_t brace = text.find("{\n");
    if (text.starts_with('{')) return read_bjobs_json(text, std::time(nullptr));
    if (brace != std::string_view::npos) return read_bjobs_json(text.substr(brace), std::time(nullptr));
    return read_bjobs_wide(text);
  }

  [[nodiscard]] Command history(const std::vector<std::string>& names,
                                const std::string& user) const override {
    const std::string wanted = scheduler::common_beginning(names) + "*";
    return {{"bhist", "-a", "-UF", "-n", "0", "-u", user, "-J", wanted}, {}, {}, {}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_history(const Answer& answer) const override {
    if (has(answer, "No matching job found")) return std::vector<QueueEntry>();
    if (answer.exit_code != 0) return scheduler::no_answer("bhist", answer);
    return read_bhist(answer.out, std::time(nullptr));
  }

  /// Job id 0: all jobs of that name, not the last one only.
  [[nodiscard]] Command cancel(const std::string& name, const std::string& user) const override {
    return {{"bkill", "-u", user, "-J", name, "0"}, {}, {}, {}};
  }

  [[nodiscard]] Command limits() const override { return {{"bparams", "-a"}, {}, {}, {}}; }

  /// Lines such as "    MAX_JOB_ARRAY_SIZE = 10000".
  [[nodiscard]] Result<SiteLimits> read_limits(const Answer& answer) const override {
    if (answer.exit_code != 0) return scheduler::no_answer("bparams", answer);
    SiteLimits limits{default_array_size, true};
    for (std::string_view rest = answer.out; !rest.empty();) {
      std::string_view line = scheduler::trimmed(scheduler::take_field(rest, '\n'));
      if (scheduler::trimmed(scheduler::take_field(line, '=')) != "MAX_JOB_ARRAY_SIZE") continue;
      line = scheduler::trimmed(line);
      const auto number = scheduler::to_number(line.substr(0, line.find(' ')));
      if (!number || *number == 0) return scheduler::not_understood("bparams", line);
      limits.array_elements = *number;
    }
    limits.array_elements = std::min(limits.array_elements, most_elements);
    return limits;
  }
};

}  // namespace

const scheduler::Dialect& lsf_dialect() {
  // Never destroyed: threads may use it while the process ends.
  static const scheduler::Dialect& dialect = *new LsfDialect;
  return dialect;
}

}  // namespace errand::engine::lsf
