// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/history.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "engine/scheduler/answers.h"
#include "system/clock.h"

namespace errand::engine::scheduler {
namespace {

/// Questions to the history are about a few names each: the answers to so many are kept beside each other.
constexpr std::size_t history_files = 64;
/// An exit code for a program that could not be run, so that its failure is kept like an answer.
constexpr int not_run = 127;

/// The first line of a kept answer: which question it answers and since when that is asked.
struct HistoryMark {
  std::size_t question = 0;
  std::int64_t since_ns = 0;
};

std::string to_line(const HistoryMark& mark) {
  return std::to_string(mark.question) + " " + std::to_string(mark.since_ns) + "\n";
}

/// Takes the mark off the text; nothing: it has none, or that of another question.
std::optional<std::int64_t> take_mark(std::string& text, std::size_t question) {
  HistoryMark mark;
  const char* end = text.data() + text.size();
  auto number = std::from_chars(text.data(), end, mark.question);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != ' ') return std::nullopt;
  auto time = std::from_chars(number.ptr + 1, end, mark.since_ns);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != '\n') return std::nullopt;
  if (mark.question != question) return std::nullopt;
  text.erase(0, static_cast<std::size_t>(time.ptr + 1 - text.data()));
  return mark.since_ns;
}

std::size_t hash_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += name + "\n";
  return std::hash<std::string>{}(all);
}

}  // namespace

std::optional<History> ask_history(const Dialect& dialect, const std::string& file,
                                   const std::vector<std::string>& names, const std::string& user) {
  const std::int64_t now = system::system_clock().now_ns();
  HistoryMark mark{hash_of(names), now};
  auto answers = Answers::open(file + std::to_string(mark.question % history_files));
  if (!answers) return std::nullopt;
  std::string last = answers->last().answer.out;
  const auto since = take_mark(last, mark.question);
  if (since) mark.since_ns = std::min(*since, now);  // another host's clock may be ahead
  auto put = [&]() -> Result<Answer> {
    auto answer = run(dialect.history(names, user), query_patience);
    if (!answer) return Answer{not_run, to_line(mark), answer.error().message};
    answer->out.insert(0, to_line(mark));
    return answer;
  };
  const std::int64_t pace = since ? std::chrono::nanoseconds(answer_pace).count() : 0;
  Answers::Given given = answers->get(now - pace, query_patience + query_patience, put);
  auto asked_since = take_mark(given.answer.out, mark.question);
  if (!asked_since) {
    given.answer = *put();  // another question has just taken the file
    asked_since = take_mark(given.answer.out, mark.question);
  }
  History history{{}, std::min(asked_since.value_or(now), now)};
  if (auto entries = dialect.read_history(given.answer)) history.entries = *std::move(entries);
  return history;
}

}  // namespace errand::engine::scheduler
