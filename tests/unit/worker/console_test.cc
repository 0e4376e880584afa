// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "worker_harness.h"

namespace errand::worker {
namespace {

/// Task n speaks (or does something to its output) as `how` says.
enum How : std::int64_t {
  silent,
  by_printf,
  by_cout,
  by_write,
  by_cerr,
  by_child,
  close_both,
  redirect_both,
  no_newline,
  much
};

void write_all(const char* text, std::size_t size) {
  while (size > 0) {
    ssize_t put = write(1, text, size);
    if (put <= 0) return;
    text += put;
    size -= static_cast<std::size_t>(put);
  }
}

void speak(std::int64_t how) {
  switch (how) {
    case by_printf:
      std::printf("printf\n");
      return;
    case by_cout:
      std::cout << "cout\n";
      return;
    case by_write:
      write_all("write\n", 6);
      return;
    case by_cerr:
      std::cerr << "cerr\n";
      return;
    case by_child:
      std::exit(std::system("echo child") == 0 ? 0 : 1);
      return;
    case close_both:
      close(1);
      close(2);
      return;
    case redirect_both: {
      int null = open("/dev/null", O_WRONLY);
      dup2(null, 1);
      dup2(null, 2);
      close(null);
      return;
    }
    case no_newline:
      std::printf("half");
      return;
    case much: {
      std::string line(1023, 'm');
      line += '\n';
      for (int i = 0; i < 1024; ++i) write_all(line.data(), line.size());
      return;
    }
    default:
      return;
  }
}
const auto speak_job = errand::function("speak", speak);

void speak_through_child(std::int64_t) {
  if (std::system("echo child; echo error >&2") != 0) throw std::runtime_error("no shell");
}
const auto child_job = errand::function("speak_through_child", speak_through_child);

std::string text_of(const std::string& console, const ReadOutcome& outcome) {
  if (!outcome.console) return {};
  return console.substr(outcome.console->begin, outcome.console->end - outcome.console->begin);
}

struct Spoken {
  ReadLog log;
  std::string console;
  std::string operator[](std::uint64_t task) { return text_of(console, log.outcomes[task]); }
};

Spoken run_speakers(const std::vector<std::int64_t>& hows, std::uint64_t limit = 0) {
  TemporaryPlace place;
  JobDraft job = draft(speak_job, 0, each(hows));
  if (limit != 0) job.manifest.context.console_limit = limit;
  std::string id = publish(place, job);
  EXPECT_EQ(run_whole(place, id, hows.size()), 0);
  return {read_log(place, id), place.read(id, share::console_name({0, 1, 1}))};
}

TEST(Console, EachTaskOwnsItsText) {
  Spoken spoken = run_speakers({by_printf, silent, by_cout, by_write, by_cerr, silent, no_newline, by_write});
  EXPECT_EQ(spoken[0], "printf\n");
  EXPECT_FALSE(spoken.log.outcomes[1].console) << "no span where nothing was written";
  EXPECT_EQ(spoken[2], "cout\n");
  EXPECT_EQ(spoken[3], "write\n");
  EXPECT_EQ(spoken[4], "cerr\n");
  EXPECT_FALSE(spoken.log.outcomes[5].console);
  EXPECT_EQ(spoken[6], "half");
  EXPECT_EQ(spoken[7], "write\n");
  EXPECT_EQ(spoken.console, "printf\ncout\nwrite\ncerr\nhalfwrite\n");
}

TEST(Console, ManySmallTasksAmongThemSomeThatSpeak) {
  std::vector<std::int64_t> hows(3000, silent);
  for (std::size_t i = 0; i < hows.size(); i += 100) hows[i] = i % 200 == 0 ? by_write : by_printf;
  Spoken spoken = run_speakers(hows);
  for (std::size_t i = 0; i < hows.size(); ++i) {
    std::string expected = hows[i] == silent ? "" : hows[i] == by_write ? "write\n" : "printf\n";
    ASSERT_EQ(spoken[i], expected) << "task " << i;
  }
}

TEST(Console, AChildsTextIsTheTasks) {
  TemporaryPlace place;
  std::string id = publish(place, draft(child_job, 2, std::int64_t{0}));
  ASSERT_EQ(run_whole(place, id, 2), 0);
  ReadLog log = read_log(place, id);
  std::string console = place.read(id, share::console_name({0, 1, 1}));
  EXPECT_EQ(text_of(console, log.outcomes[0]), "child\nerror\n");
  EXPECT_EQ(text_of(console, log.outcomes[1]), "child\nerror\n");
}

TEST(Console, ClosedOutputIsBackForTheNextTask) {
  Spoken spoken = run_speakers({by_write, close_both, by_write, close_both, by_printf});
  EXPECT_EQ(spoken[2], "write\n");
  EXPECT_EQ(spoken[4], "printf\n");
  EXPECT_EQ(spoken.log.outcomes.size(), 5U);
  EXPECT_EQ(spoken.log.outcomes[1].cause, FailureCause::none);
}

TEST(Console, RedirectedOutputIsBackForTheNextTask) {
  Spoken spoken = run_speakers({redirect_both, by_write, redirect_both, by_printf});
  EXPECT_FALSE(spoken.log.outcomes[0].console);
  EXPECT_EQ(spoken[1], "write\n");
  EXPECT_EQ(spoken[3], "printf\n");
}

TEST(Console, TheMiddleOfTooMuchTextIsGivenBack) {
  constexpr std::uint64_t limit = 64 * 1024;
  TemporaryPlace place;
  std::vector<std::int64_t> hows = {by_write, much, by_write};
  JobDraft job = draft(speak_job, 0, each(hows));
  job.manifest.context.console_limit = limit;
  std::string id = publish(place, job);
  ASSERT_EQ(run_whole(place, id, 3), 0);
  ReadLog log = read_log(place, id);
  auto span = *log.outcomes[1].console;
  EXPECT_EQ(span.end - span.begin, 1024U * 1024) << "the span is what was written";
  std::string console = place.read(id, share::console_name({0, 1, 1}));
  EXPECT_EQ(console.substr(span.begin, limit / 2).find('\0'), std::string::npos) << "the head is kept";
  EXPECT_EQ(console.substr(span.end - limit / 2, limit / 2).find('\0'), std::string::npos)
      << "so is the tail";
  EXPECT_EQ(text_of(console, log.outcomes[2]), "write\n");
  struct stat status {};
  ASSERT_EQ(stat(place.file(id, share::console_name({0, 1, 1})).c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 300 * 1024) << "the blocks between are free again";
}

TEST(Console, TextThatComesBetweenRangesBelongsToNoTask) {
  TemporaryPlace place;
  std::vector<std::int64_t> hows = {by_write, by_write};
  std::string id = publish(place, draft(speak_job, 0, each(hows)));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 1, 0);
  ASSERT_TRUE(worker.channel().next());
  int console = open(("/proc/" + std::to_string(worker.pid()) + "/fd/1").c_str(), O_WRONLY | O_APPEND);
  ASSERT_EQ(write(console, "late\n", 5), 5);
  close(console);
  worker.channel().send_range(1, 1, range_last);
  ASSERT_EQ(worker.wait(), 0);
  ReadLog log = read_log(place, id);
  std::string text = place.read(id, share::console_name({0, 1, 1}));
  EXPECT_EQ(text, "write\nlate\nwrite\n");
  EXPECT_EQ(text_of(text, log.outcomes[0]), "write\n");
}

}  // namespace
}  // namespace errand::worker
