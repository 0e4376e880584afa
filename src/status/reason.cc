// SPDX-License-Identifier: Apache-2.0
#include "status/reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace errand::status::reason {
namespace {

constexpr std::size_t longest_message = 400;

/// What comes from elsewhere (a traceback, a scheduler's answer) as one line of bearable length.
std::string one_line(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  text = text.substr(0, text.find_first_of("\r\n"));
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  if (text.size() <= longest_message) return std::string(text);
  std::size_t cut = longest_message;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U)
    --cut;  // whole UTF-8 characters
  return std::string(text.substr(0, cut)) + "...";
}

std::string or_else(const std::string& text, std::string_view otherwise) {
  std::string line = one_line(text);
  return line.empty() ? std::string(otherwise) : line;
}

std::string tasks(std::uint64_t count) {
  if (count == 0) return "no tasks";
  return fmt::format("{} task{}", count, count == 1 ? "" : "s");
}

std::string first(const Evidence& evidence) {
  if (!evidence.first_failure) return {};
  return fmt::format("task {}: {}", evidence.first_failure->task,
                     or_else(evidence.first_failure->message, "no message"));
}

bool is_local(const EngineReport& engine) {
  return engine.engine == "local";
}

std::string not_answering(const EngineReport& engine) {
  if (is_local(engine)) return "the local engine is not answering";
  return fmt::format("the scheduler is not answering ({})", engine.engine);
}

/// Why nothing moves although something waits: the engine's words, or ours.
std::string waiting_for(const EngineReport& engine) {
  if (const std::string blocked = one_line(engine.blocked); !blocked.empty()) {
    return blocked.starts_with("blocked:") ? blocked : "blocked: " + blocked;
  }
  return or_else(engine.reason, "waiting to start");
}

/// What rests on an answer of the engine says how old that is.
std::string aged(std::string text, const EngineReport& engine) {
  const std::string asked = one_line(engine.asked);
  return asked.empty() ? text : std::move(text) + "; " + asked;
}

std::string counts(const Evidence& evidence, const Facts& facts) {
  std::string text = fmt::format("{} of {} done{}", facts.live.succeeded + facts.live.failed,
                                 facts.live.total, evidence.closed ? "" : " so far");
  if (facts.live.failed > 0) text += fmt::format(", {} failed", facts.live.failed);
  if (facts.live.running > 0) text += fmt::format(", {} running", facts.live.running);
  return text;
}

}  // namespace

std::string unreadable(const Evidence& evidence) {
  return or_else(evidence.place_problem, "the place cannot be read");
}

std::string missing(const Evidence& evidence) {
  return or_else(evidence.deleted, "no such job in this place");
}

std::string canceled(const Facts& facts) {
  return fmt::format("{} of {} had ended", facts.still.succeeded + facts.still.failed,
                     tasks(facts.still.total));
}

std::string finished(const Evidence& evidence, const Facts& facts) {
  std::string text = tasks(evidence.total);
  if (facts.failures == 0) return text;
  text += fmt::format(", {} failed", facts.failures);
  std::string failure = first(evidence);
  return failure.empty() ? text : text + "; first: " + failure;
}

std::string failed(const Evidence& evidence, const Facts& facts) {
  std::string failure = first(evidence);
  if (facts.failures <= 1 && !failure.empty()) return failure;
  std::string count = facts.failures == evidence.total && evidence.total > 1
                          ? fmt::format("all {} failed", tasks(evidence.total))
                          : fmt::format("{} of {} failed", facts.failures, tasks(evidence.total));
  if (failure.empty()) return count;
  return evidence.continue_on_failure ? count + "; first: " + failure : failure + " (" + count + ")";
}

std::string being_canceled(const EngineReport& engine, const Facts& facts) {
  std::string text = "being canceled";
  if (facts.live.running > 0) text += fmt::format(", {} still running", facts.live.running);
  if (facts.silent) text += "; " + or_else(engine.reason, not_answering(engine));
  return aged(std::move(text), engine);
}

std::string never_accepted(const EngineReport& engine) {
  return fmt::format("never accepted by the {} engine; retry submits it", or_else(engine.engine, "unnamed"));
}

std::string running(const Evidence& evidence, const EngineReport& engine, const Facts& facts) {
  if (facts.caught_up && !evidence.closed) return waiting_for_tasks(facts);
  if (facts.caught_up) {
    return fmt::format("making results durable, {} of {}", std::min(evidence.durable, evidence.total),
                       evidence.total);
  }
  std::string text = counts(evidence, facts);
  if (facts.alive) return aged(std::move(text), engine);
  if (facts.waiting) return aged(text + "; " + waiting_for(engine), engine);
  return aged(text + "; a worker has just ended", engine);
}

std::string waiting_for_tasks(const Facts& facts) {
  std::string text = "waiting for more tasks";
  if (facts.outcomes > 0) text += fmt::format(", {} done", facts.outcomes);
  if (facts.failures > 0) text += fmt::format(", {} failed", facts.failures);
  return text;
}

std::string queued(const EngineReport& engine) {
  return aged(waiting_for(engine), engine);
}

std::string all_gone(const EngineReport& engine, const Facts& facts) {
  std::string why = aged(or_else(engine.reason, "every worker has ended"), engine);
  const std::uint64_t open = facts.still.total - facts.still.succeeded - facts.still.failed;
  if (open > 0)
    return fmt::format("{}; {} of {} not done, retry runs them", why, open, tasks(facts.still.total));
  if (facts.caught_up) return why + "; not every result is durable yet";
  return why;
}

std::string undetermined(const EngineReport& engine, const Facts& facts) {
  if (facts.silent) return or_else(engine.reason, not_answering(engine));
  if (engine.forgotten > 0) {
    return is_local(engine) ? "the local engine does not know it"
                            : aged(fmt::format("the scheduler has forgotten it ({})", engine.engine), engine);
  }
  return aged(or_else(engine.reason, is_local(engine) ? "the local engine says nothing of it"
                                                      : "the scheduler says nothing of it"),
              engine);
}

}  // namespace errand::status::reason
