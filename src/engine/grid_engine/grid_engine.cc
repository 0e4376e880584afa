// SPDX-License-Identifier: Apache-2.0
#include "engine/grid_engine/grid_engine.h"

#include <algorithm>
#include <array>

#include "engine/grid_engine/answers.h"
#include "engine/scheduler/reading.h"
#include "system/try.h"

namespace errand::engine::grid_engine {
namespace {

using scheduler::Answer;
using scheduler::ArrayRequest;
using scheduler::Command;
using scheduler::QueueEntry;
using scheduler::SiteLimits;

/// How long before its end an allocation is warned, and at most which part of its time that may be.
constexpr std::uint32_t warning_seconds = 60;
constexpr std::uint32_t part_of_limit = 3;
/// Between our own end of an allocation and Grid Engine's.
constexpr std::uint32_t spare_seconds = 5;
/// Grid Engine runs an element again that ends with this exit code.
constexpr int requeue_exit_code = 99;
/// A site may allow much larger arrays; more processes than this are of no use to one job.
constexpr std::uint32_t most_tasks = 20'000;
/// The accounting is written every 15 s where nobody has changed that (reporting_params), and a host that
/// is not the master reads it over the network.
constexpr std::chrono::seconds accounting_delay{30};
/// What qsub takes for the beginning of something else within an output path or a value.
constexpr std::string_view refused_in_path = "\"\\'`,;|&*?!$#<>()";
constexpr std::string_view refused_in_value = "\"\\'`;|&$#<>";

constexpr std::string_view script_template = R"script(#!/bin/sh
#$ -S /bin/sh
#$ -N {{name}}
#$ -t 1-{{elements}}
#$ -o "{{output}}"
#$ -j y
#$ -wd /
#$ -r y
{{options}}exec {{command}} --errand-allocation {{share_dir}} {{job}} {{submission}} "$((SGE_TASK_ID - 1))" \
  --keep SGE_,JOB_ID,JOB_NAME,NSLOTS,NHOSTS,QUEUE,PE_HOSTFILE,TMPDIR,CUDA_VISIBLE_DEVICES \
  --grace {{grace_seconds}} --continue-by-exit {{continue_by_exit}}
)script";

struct OptionRow {
  std::string_view name;  ///< in engine_options
  std::string_view flag;  ///< of qsub, up to the value
};
constexpr std::array option_rows{
    OptionRow{"queue", "-q "},     OptionRow{"project", "-P "},           OptionRow{"account", "-A "},
    OptionRow{"resources", "-l "}, OptionRow{"priority", "-p "},          OptionRow{"begin", "-a "},
    OptionRow{"deadline", "-dl "}, OptionRow{"dependency", "-hold_jid "}, OptionRow{"reserve", "-R "},
    OptionRow{"share", "-js "},    OptionRow{"mail_user", "-M "},         OptionRow{"mail_type", "-m "},
    OptionRow{"context", "-ac "}};

struct TimeLimit {
  std::uint32_t seconds = 0;  ///< 0: none was asked for
  std::uint32_t warning = 0;
};

Result<TimeLimit> time_limit_of(const ArrayRequest& request) {
  const std::string* text = scheduler::find_option(request, "time");
  if (text == nullptr) return TimeLimit{};
  TRY(const std::uint32_t seconds, scheduler::read_time_limit(*text));
  return TimeLimit{seconds, std::min(warning_seconds, seconds / part_of_limit)};
}

Result<std::string> limit_lines(const ArrayRequest& request) {
  std::string lines;
  TRY(const TimeLimit limit, time_limit_of(request));
  if (limit.seconds > 0) {
    lines += "#$ -l h_rt=" + std::to_string(limit.seconds) +
             ",s_rt=" + std::to_string(limit.seconds - limit.warning) + "\n";
  }
  if (const std::string* memory = scheduler::find_option(request, "memory")) {
    TRY(const std::string size, scheduler::plain_value("memory", *memory, refused_in_value));
    lines += "#$ -l h_vmem=" + scheduler::memory_size(size) + "\n";
  }
  return lines;
}

Result<std::string> slot_lines(const ArrayRequest& request) {
  TRY(const std::uint32_t cpus, scheduler::number_option(request, "cpus_per_task", 1));
  const std::uint32_t slots = cpus * request.workers;
  const std::string* environment = scheduler::find_option(request, "pe");
  if (slots == 1 && environment == nullptr) return std::string();
  TRY(std::string name,
      scheduler::plain_value("pe", environment == nullptr ? "smp" : *environment, refused_in_value));
  return "#$ -pe " + name + " " + std::to_string(slots) + "\n";
}

/// Each element on one of these hosts: "n1,n2" is "n1|n2" to Grid Engine.
Result<std::string> node_line(const ArrayRequest& request) {
  const std::string* names = scheduler::find_option(request, "nodes");
  if (names == nullptr) return std::string();
  TRY(std::string list, scheduler::plain_value("nodes", *names, refused_in_value));
  std::replace(list.begin(), list.end(), ',', '|');
  return "#$ -l \"hostname=" + list + "\"\n";
}

Result<std::string> option_lines(const ArrayRequest& request) {
  TRY(std::string lines, limit_lines(request));
  for (const OptionRow& row : option_rows) {
    const std::string* value = scheduler::find_option(request, row.name);
    if (value == nullptr) continue;
    TRY(std::string text, scheduler::plain_value(row.name, *value, refused_in_value));
    lines += "#$ " + std::string(row.flag) + text + "\n";
  }
  TRY(const std::string slots, slot_lines(request));
  TRY(const std::string nodes, node_line(request));
  lines += slots + nodes;
  if (scheduler::is_option_on(request, "exclusive")) lines += "#$ -l exclusive=true\n";
  if (scheduler::is_option_on(request, "hold")) lines += "#$ -h\n";
  TRY(const std::uint32_t throttle, scheduler::number_option(request, "throttle", 0));
  if (throttle > 0) lines += "#$ -tc " + std::to_string(throttle) + "\n";
  if (const std::string* extra = scheduler::find_option(request, "extra")) {
    TRY(std::string flags, scheduler::plain_value("extra", *extra, ""));
    lines += "#$ " + flags + "\n";
  }
  return lines;
}

/// qsub could not tell whether the master has the array.
bool is_doubtful(const Answer& answer) {
  constexpr std::array signs{"receiv", "timeout", "timed out", "answer list"};
  return std::any_of(signs.begin(), signs.end(), [&answer](const char* sign) {
    return answer.err.find(sign) != std::string::npos || answer.out.find(sign) != std::string::npos;
  });
}

class GridEngineDialect final : public scheduler::Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "gridengine"; }

  [[nodiscard]] std::vector<std::string_view> options() const override {
    std::vector<std::string_view> names{"cpus_per_task", "exclusive", "extra",    "hold", "memory",
                                        "nodes",         "pe",        "throttle", "time"};
    for (const OptionRow& row : option_rows) names.push_back(row.name);
    return names;
  }

  [[nodiscard]] std::string_view default_template() const override { return script_template; }

  [[nodiscard]] Result<std::map<std::string, std::string>> placeholders(
      const ArrayRequest& request) const override {
    TRY(const TimeLimit limit, time_limit_of(request));
    TRY(std::string lines, option_lines(request));
    // A path before which there is no host's name; the element's own number begins with 1.
    TRY(std::string output, scheduler::plain_value("share_dir", request.output, refused_in_path));
    const std::uint32_t grace = limit.warning > spare_seconds ? limit.warning - spare_seconds : limit.warning;
    return std::map<std::string, std::string>{{"name", request.name},
                                              {"elements", std::to_string(request.elements)},
                                              {"output", ":" + output + ".$TASK_ID"},
                                              {"options", lines},
                                              {"grace_seconds", std::to_string(grace)},
                                              {"continue_by_exit", std::to_string(requeue_exit_code)},
                                              {"command", scheduler::shell_quoted(request.command)},
                                              {"share_dir", scheduler::shell_quoted(request.share_dir)},
                                              {"job", request.job},
                                              {"submission", std::to_string(request.submission)}};
  }

  [[nodiscard]] Command submit(const ArrayRequest&, std::string script) const override {
    return {{"qsub", "-terse"}, std::move(script), {}, {}};
  }

  [[nodiscard]] Result<std::string> read_submitted(const Answer& answer) const override {
    if (answer.exit_code != 0) return scheduler::not_submitted("qsub", answer, is_doubtful(answer));
    // -terse prints "id.first-last:step", in the last line: a site's wrapper may print before it.
    std::string_view text = scheduler::trimmed(answer.out);
    text = text.substr(text.rfind('\n') + 1);
    const std::string_view id = text.substr(0, text.find('.'));
    if (scheduler::to_number(id)) return std::string(id);
    return scheduler::no_id("qsub", answer.out);
  }

  /// -r shows names in full and what an element waits for, where the plain list cuts and keeps silent.
  [[nodiscard]] Command queue(const std::string& user) const override {
    return {{"qstat", "-u", user, "-r", "-xml"}, {}, {}, {}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_queue(const Answer& answer) const override {
    if (answer.exit_code != 0) return scheduler::no_answer("qstat", answer);
    return read_qstat(answer.out);
  }

  /// qacct takes one name or one pattern, and reads all of the accounting for each call.
  [[nodiscard]] Command history(const std::vector<std::string>& names,
                                const std::string& user) const override {
    const std::string wanted = scheduler::common_beginning(names) + (names.size() > 1 ? "*" : "");
    return {{"qacct", "-o", user, "-j", wanted}, {}, {}, {}};
  }
  [[nodiscard]] Result<std::vector<QueueEntry>> read_history(const Answer& answer) const override {
    const bool none = answer.err.find("not found") != std::string::npos ||
                      answer.err.find("no jobs running since startup") != std::string::npos;
    if (answer.exit_code != 0 && none) return std::vector<QueueEntry>();
    if (answer.exit_code != 0) return scheduler::no_answer("qacct", answer);
    return read_qacct(answer.out);
  }
  [[nodiscard]] std::chrono::seconds history_delay() const override { return accounting_delay; }

  [[nodiscard]] Command cancel(const std::string& name, const std::string& user) const override {
    return {{"qdel", "-u", user, name}, {}, {}, {}};
  }

  [[nodiscard]] Command limits() const override { return {{"qconf", "-sconf"}, {}, {}, {}}; }

  [[nodiscard]] Result<SiteLimits> read_limits(const Answer& answer) const override {
    if (answer.exit_code != 0) return scheduler::no_answer("qconf -sconf", answer);
    SiteLimits limits{most_tasks, true};
    bool found = false;
    for (std::string_view rest = answer.out; !rest.empty();) {
      std::string_view line = scheduler::take_field(rest, '\n');
      if (scheduler::take_field(line, ' ') != "max_aj_tasks") continue;
      const auto number = scheduler::to_number(scheduler::trimmed(line));
      if (!number) return scheduler::not_understood("qconf -sconf", line);
      if (*number > 0) limits.array_elements = std::min(limits.array_elements, *number);  // 0: no limit
      found = true;
    }
    if (!found) return scheduler::not_understood("qconf -sconf", answer.out);
    return limits;
  }
};

}  // namespace

const scheduler::Dialect& grid_engine_dialect() {
  // Never destroyed: threads may use it while the process ends.
  static const scheduler::Dialect& dialect = *new GridEngineDialect;
  return dialect;
}

}  // namespace errand::engine::grid_engine
