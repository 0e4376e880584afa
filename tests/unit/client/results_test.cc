// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include "client_fixture.h"

namespace errand::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ResultsTest : public ClientTest {
 protected:
  share::Manifest cleaning() const {
    share::Manifest made = manifest();
    made.context.auto_cleanup = true;
    return made;
  }
};

TEST_F(ResultsTest, ValuesInTaskOrderWhateverOrderTheyWereWrittenIn) {
  JobRef job = publish(3);
  Worker one = worker(job, 1);
  Worker two = worker(job, 2);
  two.value(2, "c");
  one.value(1, "b");
  one.value(0, "a");
  one.sync();
  two.sync();
  auto results = get_job_results<std::string>(job);
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ(results->values(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_THAT(results->warning, IsEmpty());
  EXPECT_TRUE(exists(job)) << "auto_cleanup was off";
}

TEST_F(ResultsTest, FailuresFillTheirPlacesAndOneWarningCountsThem) {
  JobRef job = publish(cleaning(), 3);
  Worker one = worker(job);
  one.value(0, "a");
  one.failure(1, "out of range");
  one.failure(2, "worse");
  one.sync();
  auto results = get_job_results<std::string>(job);
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_TRUE(results->succeeded(0));
  ASSERT_NE(results->failure(1), nullptr);
  EXPECT_EQ(results->failure(1)->message, "out of range");
  EXPECT_EQ(results->failure(1)->task, 1U);
  EXPECT_THAT(results->warning, HasSubstr("2 of 3 tasks failed; the first, task 1: out of range"));
  EXPECT_THAT(results->warning, HasSubstr("retry"));
  EXPECT_THAT(results->warning, HasSubstr("kept"));
  EXPECT_TRUE(exists(job));
}

TEST_F(ResultsTest, AutoCleanupRemovesOnceEverythingIsDecoded) {
  JobRef job = finished(cleaning(), 2);
  auto results = get_job_results<std::string>(job);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(results->size(), 2U);
  EXPECT_FALSE(exists(job));
  auto again = get_job_results<std::string>(job);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::job_missing);
  EXPECT_THAT(again.error().message, HasSubstr("deleted just now: its results were fetched"));
}

TEST_F(ResultsTest, TheArgumentWinsOverTheJobsOwnSetting) {
  JobRef kept = finished(cleaning(), 1);
  ResultOptions keep;
  keep.auto_cleanup = false;
  ASSERT_TRUE(get_job_results<std::string>(kept, keep).ok());
  EXPECT_TRUE(exists(kept));
  JobRef removed = finished(1);
  ResultOptions remove;
  remove.auto_cleanup = true;
  ASSERT_TRUE(get_job_results<std::string>(removed, remove).ok());
  EXPECT_FALSE(exists(removed));
}

TEST_F(ResultsTest, AValueThatCannotBeDecodedRemovesNothing) {
  JobRef job = finished(cleaning(), 2);
  auto results = get_job_results<int>(job);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::unsupported_codec == results.error().code
                                      ? ErrorCode::unsupported_codec
                                      : ErrorCode::type_mismatch);
  EXPECT_TRUE(exists(job));
  EXPECT_TRUE(get_job_results<std::string>(job).ok());
}

TEST_F(ResultsTest, FetchingAgainAndAgainLeavesOneMark) {
  JobRef job = finished(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(get_job_results<std::string>(job).ok());
  int marks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory(job))) {
    if (entry.path().filename().string().starts_with("fetched.")) ++marks;
  }
  EXPECT_EQ(marks, 1);
  EXPECT_TRUE(std::filesystem::exists(directory(job) + "/seal")) << "a verb that writes seals";
}

TEST_F(ResultsTest, AnotherProcessThatReadsKeepsTheJob) {
  JobRef job = finished(cleaning(), 1);
  const std::string hold = directory(job) + "/fetched.hold-another";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t reader = ::fork();
  if (reader == 0) {
    int file = ::open(hold.c_str(), O_CREAT | O_RDWR, 0600);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    ::fcntl(file, F_SETLK, &lock);
    char one = 1;
    (void)!::write(ready[1], &one, 1);
    ::pause();
  }
  char one = 0;
  ASSERT_EQ(::read(ready[0], &one, 1), 1);
  auto held = get_job_results<std::string>(job);
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(exists(job));
  EXPECT_THAT(held->warning, HasSubstr("another reader"));

  ::kill(reader, SIGKILL);  // a reader that dies holds nothing
  ::waitpid(reader, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  ASSERT_TRUE(get_job_results<std::string>(job).ok());
  EXPECT_FALSE(exists(job));
}

/// Looks for the reader's hold while the values arrive.
class HoldSeeker final : public detail::OutcomeVisitor {
 public:
  explicit HoldSeeker(std::string directory) : directory_(std::move(directory)) {}
  void begin(std::uint64_t) override {}
  Result<void> value(std::uint64_t, std::uint32_t, const EncodedView&) override {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      seen = seen || entry.path().filename().string().starts_with("fetched.hold-");
    }
    return {};
  }
  void failure(TaskFailure) override {}
  bool seen = false;

 private:
  std::string directory_;
};

TEST_F(ResultsTest, AJobThatTakesTimeToReadIsHeldMeanwhile) {
  JobRef small = finished(2);
  HoldSeeker at_small(directory(small));
  ASSERT_TRUE(detail::visit_results(small, {}, at_small));
  EXPECT_FALSE(at_small.seen);
  JobRef large = finished(65);
  HoldSeeker at_large(directory(large));
  ASSERT_TRUE(detail::visit_results(large, {}, at_large));
  EXPECT_TRUE(at_large.seen);
}

TEST_F(ResultsTest, StoredValuesAreMappedAndOutliveTheJob) {
  JobRef job = publish(cleaning(), 1);
  Worker one = worker(job);
  const std::string large(300'000, 'x');
  journal::ValuesWriter values(
      [&] { return place->files().create(share::job_path(job.id()) + "/" + values_name(one.key)); });
  ASSERT_TRUE(values.begin_buffer().ok());
  ASSERT_TRUE(values.write(std::as_bytes(std::span(large))).ok());
  auto stored = values.end_buffer();
  ASSERT_TRUE(stored.ok());
  ASSERT_TRUE(values.sync().ok());
  std::string reference;
  journal::append_stored_buffer(reference, *stored);
  journal::Outcome outcome;
  outcome.codec = Codec::raw;
  outcome.stored = true;
  outcome.inline_bytes = std::as_bytes(std::span(reference));
  one.log->add(outcome);
  one.sync();
  auto results = get_job_results<Buffer>(job);
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_FALSE(exists(job));
  EXPECT_EQ((*results)[0].text(), large);
}

TEST_F(ResultsTest, AMissingValuesFileIsNamedAndRemovesNothing) {
  JobRef job = publish(cleaning(), 1);
  Worker one = worker(job);
  std::string reference;
  journal::append_stored_buffer(reference, {0, 100, 1});
  journal::Outcome outcome;
  outcome.codec = Codec::raw;
  outcome.stored = true;
  outcome.inline_bytes = std::as_bytes(std::span(reference));
  one.log->add(outcome);
  one.sync();
  auto results = get_job_results<Buffer>(job);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::corrupt);
  EXPECT_THAT(results.error().message, HasSubstr("values.0.1.1"));
  EXPECT_TRUE(exists(job));
}

TEST_F(ResultsTest, ASealedJobWithDamagedLogsIsCorruptNotFinished) {
  JobRef job = finished(3);
  ASSERT_TRUE(get_job_results<std::string>(job).ok());  // seals it
  std::filesystem::resize_file(directory(job) + "/log.0.1.1", 90);
  auto results = get_job_results<std::string>(job);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::corrupt);
}

TEST_F(ResultsTest, WhatIsNotFinishedGivesATypedError) {
  JobRef queued = publish(2);
  auto not_finished = get_job_results<std::string>(queued);
  ASSERT_FALSE(not_finished.ok());
  EXPECT_EQ(not_finished.error().code, ErrorCode::not_finished);
  EXPECT_TRUE(not_finished.error().transient);
  EXPECT_THAT(not_finished.error().message, HasSubstr("0 of 2"));

  JobRef all_failed = publish(1);
  Worker one = worker(all_failed);
  one.failure(0, "no such planet");
  one.sync();
  auto failed = get_job_results<std::string>(all_failed);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::job_failed);
  EXPECT_THAT(failed.error().message, HasSubstr("no such planet"));

  JobRef stopped = publish(2);
  auto directory = open(stopped);
  ASSERT_TRUE(share::record_canceled(*directory, {}).ok());
  auto canceled = get_job_results<std::string>(stopped);
  ASSERT_FALSE(canceled.ok());
  EXPECT_EQ(canceled.error().code, ErrorCode::job_canceled);
}

TEST_F(ResultsTest, ConsoleTextComesBeforeTheResultsWhenAskedFor) {
  share::Manifest talking = manifest();
  talking.context.console_output = true;
  JobRef job = publish(talking, 1);
  Worker one = worker(job);
  console(job, one.key, "hello\n");
  one.value(0, "a", 0, journal::ConsoleSpan{0, 6});
  one.sync();
  std::string text;
  ResultOptions options;
  options.console = [&](std::string_view piece) { text += piece; };
  ASSERT_TRUE(get_job_results<std::string>(job, options).ok());
  EXPECT_EQ(text, "hello\n");
  text.clear();
  options.console_output = false;
  ASSERT_TRUE(get_job_results<std::string>(job, options).ok());
  EXPECT_EQ(text, "");
}

TEST_F(ResultsTest, PartialResultsAreThereWhileTheJobGoesOn) {
  JobRef job = publish(5);
  Worker one = worker(job);
  one.value(3, "d");
  one.failure(1, "broken");
  ASSERT_TRUE(one.log->flush().ok());  // recorded, not durable
  auto partial = get_partial_results<std::string>(job);
  ASSERT_TRUE(partial.ok()) << partial.error().message;
  ASSERT_EQ(partial->size(), 2U);
  EXPECT_EQ((*partial)[0].task, 1U);
  EXPECT_FALSE((*partial)[0].succeeded());
  EXPECT_EQ((*partial)[1].task, 3U);
  EXPECT_EQ((*partial)[1].value(), "d");
  EXPECT_TRUE(exists(job));
}

}  // namespace
}  // namespace errand::client
