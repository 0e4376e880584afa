// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "errand/encoding.h"
#include "errand/random.h"
#include "worker_harness.h"

namespace errand::worker {
namespace {

using testing::HasSubstr;

struct Ran {
  ReadLog log;
  std::string console;
  std::string text(std::uint64_t task) {
    auto span = log.outcomes[task].console;
    return span ? console.substr(span->begin, span->end - span->begin) : std::string();
  }
};

Ran run_program(std::vector<std::string> command, std::uint64_t tasks,
                std::optional<std::uint64_t> seed = {}) {
  TemporaryPlace place;
  JobDraft job = draft_of_program(std::move(command), tasks);
  job.manifest.seed = seed;
  std::string id = publish(place, job);
  EXPECT_EQ(run_whole(place, id, tasks), 0);
  return {read_log(place, id), place.read(id, share::console_name({0, 1, 1}))};
}

ProgramResult result_of(Codec codec, const std::string& bytes) {
  std::shared_ptr<const void> owner;
  return decode_value<ProgramResult>(EncodedView{codec, std::as_bytes(std::span<const char>(bytes)), owner})
      .value();
}

TEST(Program, EachTaskIsAProcessWithItsOwnArgumentsAndText) {
  Ran ran = run_program({"/bin/sh", "-c", "echo {index} {seed} $ERRAND_TASK; echo error >&2"}, 3, 42);
  for (std::uint64_t task = 0; task < 3; ++task) {
    std::string number = std::to_string(task);
    EXPECT_EQ(ran.text(task),
              number + " " + std::to_string(program_seed(42, task)) + " " + number + "\nerror\n");
    EXPECT_EQ(ran.log.outcomes[task].codec, Codec::program);
    EXPECT_EQ(result_of(Codec::program, ran.log.outcomes[task].bytes).exit_code, 0);
  }
}

TEST(Program, ANonZeroExitCodeIsAFailure) {
  Ran ran = run_program({"/bin/sh", "-c", "exit {index}"}, 4);
  EXPECT_EQ(ran.log.outcomes[0].cause, FailureCause::none);
  const ReadOutcome& third = ran.log.outcomes[3];
  EXPECT_EQ(third.cause, FailureCause::user_error);
  EXPECT_EQ(third.failure.type, "exit");
  EXPECT_EQ(third.failure.message, "exit code 3");
  EXPECT_EQ(result_of(third.failure.native_codec, std::string(third.failure.native.text())).exit_code, 3);
}

TEST(Program, ASignalIsAFailure) {
  Ran ran = run_program({"/bin/sh", "-c", "kill -SEGV $$"}, 1);
  EXPECT_EQ(ran.log.outcomes[0].failure.type, "signal");
  EXPECT_EQ(ran.log.outcomes[0].failure.message, "killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(result_of(ran.log.outcomes[0].failure.native_codec,
                      std::string(ran.log.outcomes[0].failure.native.text()))
                .signal,
            SIGSEGV);
}

TEST(Program, OneThatCannotBeStartedSaysSo) {
  Ran ran = run_program({"/no/such/program"}, 2);
  EXPECT_EQ(ran.log.outcomes[1].cause, FailureCause::not_startable);
  EXPECT_THAT(ran.log.outcomes[1].failure.message, HasSubstr("/no/such/program"));
}

TEST(Program, ItsInputIsEmpty) {
  Ran ran = run_program({"/bin/cat"}, 1);
  EXPECT_EQ(ran.log.outcomes[0].cause, FailureCause::none);
}

TEST(Program, ItDiesWithItsWorker) {
  TemporaryPlace place;
  std::string pid_file = place.path() + "/pid";
  std::string script =
      "echo $$ > " + pid_file + ".new; mv " + pid_file + ".new " + pid_file + "; exec sleep 1000";
  std::string id = publish(place, draft_of_program({"/bin/sh", "-c", script}, 1));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 1);
  ASSERT_TRUE(eventually([&] { return access(pid_file.c_str(), F_OK) == 0; }));
  std::FILE* file = std::fopen(pid_file.c_str(), "r");
  int pid = 0;
  ASSERT_EQ(std::fscanf(file, "%d", &pid), 1);
  std::fclose(file);
  ASSERT_TRUE(is_running(pid));
  kill(worker.pid(), SIGKILL);
  worker.wait();
  EXPECT_TRUE(eventually([&] { return !is_running(pid); }));
}

}  // namespace
}  // namespace errand::worker
