// SPDX-License-Identifier: Apache-2.0
#include "conformance/conformance_fixture.h"

namespace errand::conformance {
namespace {

using ::testing::HasSubstr;
using Verbs = Conformance;

TEST_P(Verbs, StatusSaysWhyAndHowFar) {
  auto job = exec(context, sleep_job, each(numbers(2)), each(std::vector<int>{0, 30'000}));
  ASSERT_TRUE(job.ok());
  StatusReport report;
  ASSERT_TRUE(eventually([&] {
    report = *job->status();
    return report.progress.succeeded == 1 && report.progress.running == 1;
  })) << report.reason;
  EXPECT_EQ(report.status, JobStatus::running);
  EXPECT_EQ(report.progress.total, 2U);
  EXPECT_FALSE(report.reason.empty());
  ASSERT_TRUE(job->cancel().ok());
}

TEST_P(Verbs, WhatWaitsForACoreIsQueued) {
  if (GetParam() != "local") GTEST_SKIP() << "the machine's cores are not a scheduler's";
  context.cores = 1;
  std::vector<Job<int>> blockers;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    blockers.push_back(*exec(context, sleep_job, 1, 30'000));
    ASSERT_TRUE(eventually([&] { return blockers.back().status()->progress.running == 1; }));
  }
  auto waiting = exec(context, square_job, 1);
  auto report = waiting->status();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, JobStatus::queued) << report->reason;
  EXPECT_THAT(report->reason, HasSubstr("core"));
  for (const auto& job : blockers) ASSERT_TRUE(job.cancel().ok());
  EXPECT_EQ(ended(*waiting).status, JobStatus::finished);
}

TEST_P(Verbs, CancelKillsEverythingAndKeepsASmallRecord) {
  auto job = exec(context, daemon_job, path("daemon"));
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("daemon")); }));
  pid_t daemon = 0;
  std::ifstream(path("daemon")) >> daemon;
  ASSERT_TRUE(is_running(daemon));
  auto canceled = job->cancel();
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  EXPECT_FALSE(is_running(daemon)) << "a daemon of its own session";
  EXPECT_EQ(job->status()->status, JobStatus::canceled);
  EXPECT_TRUE(exists(*job));
  EXPECT_EQ(job->results().error().code, ErrorCode::job_canceled);
  EXPECT_FALSE(job->retry().ok());
  auto again = job->cancel();
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->canceled);
  auto cleaned = cleanup_jobs({*job});
  ASSERT_TRUE(cleaned.ok());
  EXPECT_EQ(cleaned->removed, (std::vector<std::string>{job->id()}));
  EXPECT_EQ(job->status()->status, JobStatus::missing);
}

TEST_P(Verbs, CancelOfWhatHasEndedIsTooLateAndRemovesNothing) {
  auto job = exec(context, square_job, 3);
  ended(*job);
  auto canceled = job->cancel();
  ASSERT_TRUE(canceled.ok());
  EXPECT_FALSE(canceled->canceled);
  EXPECT_EQ((*job->results())[0], 9);
  auto missing = cancel_job(JobRef("rxJob_00000000000000000000000000", context.share_dir));
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE(missing->canceled);
}

TEST_P(Verbs, CancelOfAQueuedJobCancelsIt) {
  context.cores = 1;
  std::vector<Job<int>> blockers;
  for (unsigned i = 0; GetParam() == "local" && i < std::thread::hardware_concurrency(); ++i) {
    blockers.push_back(*exec(context, sleep_job, 1, 30'000));
  }
  // A scheduler has cores of its own: held, the job cannot have ended before the cancel.
  if (GetParam() != "local") context.engine_options["hold"] = "true";
  auto waiting = exec(context, count_job, path("ran"));
  auto canceled = waiting->cancel();
  ASSERT_TRUE(canceled.ok());
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  for (const auto& job : blockers) ASSERT_TRUE(job.cancel().ok());
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST_P(Verbs, CancelShowsWhatHadBeenWrittenWhenTheJobPrints) {
  context.console_output = true;
  auto job = exec_program(context, {"/bin/sh", "-c", "echo started; sleep 60"});
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return job->output().value_or("") == "started\n"; }));
  auto canceled = job->cancel();
  ASSERT_TRUE(canceled.ok());
  EXPECT_EQ(canceled->output, "started\n");
}

TEST_P(Verbs, CleanupKeepsFinishedAndLiveJobsUnlessForced) {
  auto done = exec(context, square_job, 3);
  ended(*done);
  auto live = exec(context, sleep_job, 1, 60'000);
  auto failed = exec(context, fails_at_job, 1, 1);
  ended(*failed);
  auto report = cleanup_jobs({*done, *live, *failed, JobRef("rxJob_00000000000000000000000000")});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->removed, (std::vector<std::string>{failed->id()}));
  EXPECT_EQ(report->warnings.size(), 3U);
  EXPECT_THAT(report->warnings[0], HasSubstr("force"));
  EXPECT_TRUE(exists(*done));
  EXPECT_TRUE(exists(*live));

  std::vector<std::string> told;
  CleanupOptions force;
  force.force = true;
  force.removed = [&](std::string_view text) { told.emplace_back(text); };
  auto forced = cleanup_jobs({*done, *live}, force);
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->removed.size(), 2U) << (forced->warnings.empty() ? "" : forced->warnings[0]);
  EXPECT_FALSE(exists(*live));
  EXPECT_EQ(told, (std::vector<std::string>{directory(*done), directory(*live)}));
}

TEST_P(Verbs, OutputIsOneTextInTaskOrderWithBothStreams) {
  auto job = exec(context, print_job, each(std::vector<std::string>{"a", "b", "c"}));
  ended(*job);
  auto output = job->output();
  ASSERT_TRUE(output.ok()) << output.error().message;
  EXPECT_EQ(*output, "out a\nerr a\nout b\nerr b\nout c\nerr c\n");
  EXPECT_TRUE(exists(*job));
}

TEST_P(Verbs, OutputIsFollowedLiveAndEndsWithTheJob) {
  auto job = exec_program(context, {"/bin/sh", "-c", "echo one; sleep 0.3; echo two"});
  std::string text;
  OutputOptions follow;
  follow.follow = true;
  ASSERT_TRUE(get_job_output(
                  *job, [&](std::string_view piece) { text += piece; }, follow)
                  .ok());
  EXPECT_EQ(text, "[0] one\n[0] two\n");
}

TEST_P(Verbs, WaitEndsWithItsTimeAndTheJobGoesOn) {
  auto job = exec(context, sleep_job, 1, 1000);
  WaitOptions options;
  options.timeout = milliseconds(50);
  auto waited = job->wait(options);
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.error().code, ErrorCode::timeout);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_P(Verbs, WaitSeesAnInterruptionThatCameJustBeforeItSlept) {
  auto job = exec(context, sleep_job, 1, 60'000);
  WaitOptions options;
  options.interrupted = [](bool signal) { return !signal; };
  auto waited = job->wait(options);
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.error().code, ErrorCode::interrupted);
  EXPECT_TRUE(job->cancel()->canceled);
}

TEST_P(Verbs, WaitReportsProgressAtOnceAndAtTheEnd) {
  auto job = exec(context, sleep_job, each(numbers(8)), 60);
  std::vector<StatusReport> reports;
  WaitOptions options;
  options.progress = [&](const StatusReport& report) { reports.push_back(report); };
  ASSERT_TRUE(job->wait(options).ok());
  ASSERT_GE(reports.size(), 2U);
  EXPECT_EQ(reports.back().status, JobStatus::finished);
  EXPECT_EQ(reports.back().progress.succeeded, 8U);
}

TEST_P(Verbs, JobsAreListedOnceWithTheirStates) {
  auto done = exec(context, square_job, 3);
  ended(*done);
  auto failed = exec(context, fails_at_job, 1, 1);
  ended(*failed);
  auto live = exec(context, sleep_job, 1, 60'000);
  auto all = get_jobs(context);
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].id, done->id());
  EXPECT_EQ((*all)[0].status, JobStatus::finished);
  EXPECT_EQ((*all)[1].status, JobStatus::failed);
  EXPECT_EQ((*all)[2].id, live->id());
  JobsOptions only;
  only.states = {"FAILED"};
  auto some = get_jobs(context, only);
  ASSERT_EQ(some->size(), 1U);
  EXPECT_EQ((*some)[0].id, failed->id());
  only.states = {"finnished"};
  EXPECT_EQ(get_jobs(context, only).error().code, ErrorCode::invalid_argument);
  JobsOptions exact;
  exact.exact_match = true;
  EXPECT_EQ(get_jobs(context, exact)->size(), 3U);
  context.cores = 1;
  EXPECT_EQ(get_jobs(context, exact)->size(), 0U);
  EXPECT_EQ(get_jobs(context)->size(), 3U);
  ASSERT_TRUE(live->cancel().ok());
}

TEST_P(Verbs, InspectShowsEveryRecord) {
  auto job = exec(context, square_job, each(numbers(2)));
  ended(*job);
  std::string text;
  ASSERT_TRUE(inspect_job(*job, [&](std::string_view piece) { text += piece; }).ok());
  for (const char* expected :
       {"manifest", "function: \"square\"", "task 1, attempt 0", "sync_mark", "claim"}) {
    EXPECT_THAT(text, HasSubstr(expected));
  }
}

TEST_P(Verbs, ProgramsGiveTheirExitCodes) {
  ExecOptions three;
  three.times = 3;
  auto job = exec_program(context, {"/bin/sh", "-c", "echo {index} of {job}; exit {index}"}, three);
  ASSERT_TRUE(job.ok()) << job.error().message;
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ((*results)[0].exit_code, 0);
  ASSERT_NE(results->failure(2), nullptr);
  EXPECT_EQ(results->failure(2)->type, "exit");
  EXPECT_THAT(results->failure(2)->message, HasSubstr("2"));
  EXPECT_EQ(*job->output(), "0 of " + job->id() + "\n1 of " + job->id() + "\n2 of " + job->id() + "\n");
}

TEST_P(Verbs, ProgramsThatCannotRunAreRefusedAtSubmission) {
  std::ofstream(path("plain")) << "text";
  for (const std::string& program : {std::string("no-such-program-anywhere"), path("plain"), path("")}) {
    auto job = exec_program(context, {program});
    ASSERT_FALSE(job.ok()) << program;
    EXPECT_EQ(job.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(exec_program(context, {"/bin/echo", "{colour}"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(exec_program(context, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(entries("jobs") + entries("staging"), 0U);
}

ERRAND_FOR_EVERY_ENGINE(Verbs);

}  // namespace
}  // namespace errand::conformance
