// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/answers.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>

#include "system/clock.h"
#include "system/try.h"
#include "system/user_directories.h"

namespace errand::engine::scheduler {
namespace {

constexpr std::uint64_t largest_answer = std::uint64_t{256} << 20;
constexpr std::chrono::milliseconds look_again{20};
constexpr std::string_view no_answer_yet = "it was not asked yet";

/// A record lock does not keep the threads of one process apart.
std::mutex& asking_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

bool parse_given(const std::string& text, Answers::Given& given) {
  std::uint64_t out = 0;
  std::uint64_t err = 0;
  int exit_code = 0;
  int header = 0;
  const int read =
      std::sscanf(text.c_str(), "errand answers 1 %" SCNu64 " %" SCNd64 " %d %" SCNu64 " %" SCNu64 "%n",
                  &given.calls, &given.asked_ns, &exit_code, &out, &err, &header);
  const auto begin = static_cast<std::size_t>(header) + 1;
  if (read != 5 || header == 0 || out > text.size() || err > text.size() ||
      begin + out + err != text.size()) {
    return false;
  }
  given.silent = exit_code < 0;
  given.answer = {exit_code, text.substr(begin, out), text.substr(begin + out)};
  return true;
}

std::string to_text(const Answers::Given& given) {
  std::array<char, 160> header{};
  std::snprintf(header.data(), header.size(), "errand answers 1 %" PRIu64 " %" PRId64 " %d %zu %zu\n",
                given.calls, given.asked_ns, given.silent ? -1 : given.answer.exit_code,
                given.answer.out.size(), given.answer.err.size());
  return header.data() + given.answer.out + given.answer.err;
}

/// An answer of the future was recorded by a host whose clock is ahead: nobody knows how old it is.
bool is_fresh(const Answers::Given& given, std::int64_t not_before_ns) {
  constexpr std::int64_t clock_slack_ns = 2'000'000'000;
  return given.asked_ns != 0 && given.asked_ns >= not_before_ns &&
         given.asked_ns <= system::system_clock().now_ns() + clock_slack_ns;
}

}  // namespace

Result<Answers> Answers::open(const std::string& name) {
  const std::string directory = system::state_directory() + "/scheduler";
  TRY_VOID(system::make_directories(directory));
  TRY(auto files, system::open_directory(directory));
  return Answers(std::move(files), name);
}

Answers::Given Answers::read() const {
  Given given;
  auto text = files_->read_all(name_, largest_answer);
  if (text && parse_given(*text, given)) return given;
  given = {};
  given.silent = true;
  given.answer.err = no_answer_yet;
  return given;
}

void Answers::forget() {
  (void)files_->remove(name_);
}

Answers::Given Answers::ask_now(const Given& last, const std::function<Result<Answer>()>& ask) {
  Given given;
  given.calls = last.calls + 1;
  given.asked_ns = system::system_clock().now_ns();
  auto answer = ask();
  if (answer) {
    given.answer = *std::move(answer);
  } else {
    given.silent = true;
    given.answer.err = answer.error().message;
  }
  // Not shared if it cannot be written: the next process asks for itself.
  (void)files_->publish(name_, to_text(given), false, true);
  return given;
}

Answers::Given Answers::get(std::int64_t not_before_ns, std::chrono::milliseconds patience,
                            const std::function<Result<Answer>()>& ask) {
  const std::lock_guard guard(asking_mutex());
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    Given last = read();
    if (is_fresh(last, not_before_ns)) return last;
    auto file = files_->open_append(name_ + ".lock");
    auto locked = file ? (*file)->try_lock() : Result<bool>(true);  // no lock to be had: ask by ourselves
    if (!locked || *locked) {
      last = read();  // whoever had the lock may have just asked
      if (is_fresh(last, not_before_ns)) return last;
      return ask_now(last, ask);
    }
    // Whoever has the lock is gone, or no lock can be relied on here.
    if (std::chrono::steady_clock::now() >= deadline) return ask_now(last, ask);
    file = Error{ErrorCode::not_found, "", true, "", 0};
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace errand::engine::scheduler
