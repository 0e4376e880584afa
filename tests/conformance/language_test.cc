// SPDX-License-Identifier: Apache-2.0
#include "errand/language.h"

#include "conformance/conformance_fixture.h"

namespace errand::conformance {
namespace {

/// Jobs of a language that the engine has never heard of; tests/programs/shouting.cc is its interpreter.
class Language : public Conformance {
 protected:
  Language() {
    call_.language = "shouting";
    const char* programs = ::getenv("ERRAND_TEST_PROGRAMS");
    call_.worker = {std::string(programs != nullptr ? programs : ".") + "/shouting"};
    call_.function_codec = Codec::raw;
    call_.function = "echo";
    call_.arguments_codec = Codec::raw;
    call_.arguments = "!";
    call_.tasks = 3;
    call_.encode_task = [](std::uint64_t task, std::string& out) { out += "task " + std::to_string(task); };
  }
  [[nodiscard]] Result<JobResults<EncodedValue>> results_of(const Result<JobRef>& job) {
    if (!job) return job.error();
    ended(*job);
    return get_job_results<EncodedValue>(*job);
  }

  language::Call call_;
};

TEST_P(Language, TasksGetTheirBytesAndValuesKeepTheirBuffers) {
  auto results = results_of(language::submit(context, call_));
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->size(), 3U);
  for (std::size_t task = 0; task < 3; ++task) {
    const EncodedValue& value = (*results)[task];
    EXPECT_EQ(value.codec, Codec::raw);
    EXPECT_EQ(value.bytes.text(), "TASK " + std::to_string(task) + "!");
    ASSERT_EQ(value.further.size(), task);
    for (std::size_t i = 0; i < task; ++i) EXPECT_EQ(value.further[i].text(), std::to_string(i));
  }
}

TEST_P(Language, AValueOfSeveralBuffersIsJoinedForWhoWantsOne) {
  auto job = language::submit(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  ended(*job);
  auto results = get_job_results<Buffer>(*job);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[2].text(), "TASK 2!01");
}

TEST_P(Language, SubmittingNeverWaitsAndForkingCanBeTurnedOff) {
  context.wait = true;
  call_.function = "about";
  call_.tasks = 1;
  call_.encode_task = nullptr;
  ExecOptions options;
  options.seed = 7;
  EXPECT_EQ((*results_of(language::submit(context, call_, options)))[0].bytes.text(), "! 7 forked");
  call_.fork = false;
  EXPECT_EQ((*results_of(language::submit(context, call_)))[0].bytes.text(), "! 0 alone");
}

TEST_P(Language, AWorkerThatWaitsRehearsesAndThenUsesItsTime) {
  if (context.engine != "local")
    GTEST_SKIP() << "an element of an array never waits: it has its tasks at its start";
  call_.function = "hooks";
  call_.tasks = 1;
  call_.encode_task = nullptr;
  EXPECT_TRUE(eventually([&] {
    auto results = results_of(language::submit(context, call_));
    std::this_thread::sleep_for(milliseconds(50));
    return results.ok() && (*results)[0].bytes.text() == "! rehearsed idled";
  }));
}

TEST_P(Language, FailuresCarryTaskAndAttempt) {
  call_.function = "fail";
  auto results = results_of(language::submit(context, call_));
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, ErrorCode::job_failed);
  auto partial = get_partial_results<EncodedValue>(*find_job("last"));
  ASSERT_TRUE(partial) << partial.error().message;
  ASSERT_EQ(partial->size(), 3U);
  EXPECT_EQ((*partial)[2].failure().task, 2U);
  EXPECT_EQ((*partial)[2].failure().type, "Hoarse");
  EXPECT_EQ((*partial)[2].failure().message, "task 2!");
}

TEST_P(Language, AJobWithoutTasksIsFinished) {
  call_.tasks = 0;
  call_.encode_task = nullptr;
  auto job = language::submit(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::finished);
}

TEST_P(Language, AJobsFunctionCanBeReadAgain) {
  auto job = language::submit(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  auto function = language::read_function(*job);
  ASSERT_TRUE(function) << function.error().message;
  EXPECT_EQ(function->codec, Codec::raw);
  EXPECT_EQ(function->bytes.text(), "echo");
  EXPECT_EQ(language::read_function(JobRef("rxJob_00000000000000000000000000", job->place())).error().code,
            ErrorCode::job_missing);
}

TEST_P(Language, AnInterpreterThatIsNotThereIsRefused) {
  call_.worker = {"/nowhere/shouting"};
  auto job = language::submit(context, call_);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(job.error().message.find("/nowhere/shouting"), std::string::npos);
  call_.worker = {"shouting"};
  EXPECT_FALSE(language::submit(context, call_));
  EXPECT_EQ(entries("jobs"), 0U);
}

TEST_P(Language, AnotherLanguagesJobFailsWithThatSentence) {
  call_.language = "whispering";
  auto results = results_of(language::submit(context, call_));
  ASSERT_FALSE(results);
  EXPECT_NE(results.error().message.find("only shouting"), std::string::npos) << results.error().message;
}

TEST_P(Language, GrowingJobsTakeTheSameBytes) {
  auto job = language::open_growing(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE((*job)->append("first"));
  detail::PartialDecoder<EncodedValue> decoder;
  ASSERT_TRUE((*job)->next(decoder, milliseconds(60'000)));
  ASSERT_EQ(decoder.outcomes.size(), 1U);
  EXPECT_EQ(decoder.outcomes[0].value().bytes.text(), "FIRST!");
  const JobRef ref = (*job)->job();
  EXPECT_FALSE(language::reopen_growing(ref)) << "it is open here";
  job->reset();
  auto again = language::reopen_growing(ref);
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_TRUE((*again)->append("second"));
  ASSERT_TRUE((*again)->close());
  EXPECT_EQ(ended(ref).status, JobStatus::finished);
}

/// Takes outcomes until there are no more; tasks in the order they came.
std::vector<std::uint64_t> follow(language::OutcomeStream& stream, Result<bool>& last) {
  detail::PartialDecoder<EncodedValue> decoder;
  do {
    last = stream.next(decoder, milliseconds(60'000));
  } while (last && *last);
  std::vector<std::uint64_t> tasks;
  for (const auto& outcome : decoder.outcomes) tasks.push_back(outcome.task);
  return tasks;
}

TEST_P(Language, OutcomesAreFollowedEachOnceByWhoeverAsks) {
  auto job = language::submit(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  auto early = language::follow_outcomes(*job);
  ASSERT_TRUE(early) << early.error().message;
  Result<bool> last = true;
  EXPECT_THAT(follow(**early, last), ::testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_TRUE(last.ok() && (*early)->done());
  auto late = language::follow_outcomes(JobRef(job->id(), job->place()));
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_THAT(follow(**late, last), ::testing::UnorderedElementsAre(0, 1, 2))
      << "from the first for everybody";
  EXPECT_EQ(language::follow_outcomes(JobRef("rxJob_00000000000000000000000000", job->place())).error().code,
            ErrorCode::job_missing);
}

TEST_P(Language, WhoFollowsAGrowingJobSeesWhatIsAppendedAndItsCancel) {
  auto job = language::open_growing(context, call_);
  ASSERT_TRUE(job) << job.error().message;
  auto stream = language::follow_outcomes((*job)->job());
  ASSERT_TRUE(stream) << stream.error().message;
  detail::PartialDecoder<EncodedValue> nothing;
  auto none = (*stream)->next(nothing, milliseconds(20));
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_FALSE(*none || (*stream)->done()) << "the time is over, the job is not";
  ASSERT_TRUE((*job)->append("first") && (*job)->flush());
  detail::PartialDecoder<EncodedValue> first;
  ASSERT_TRUE((*stream)->next(first, milliseconds(60'000)));
  ASSERT_EQ(first.outcomes.size(), 1U);
  EXPECT_EQ(first.outcomes[0].value().bytes.text(), "FIRST!");
  ASSERT_TRUE(cancel_job((*job)->job()));
  Result<bool> last = true;
  EXPECT_TRUE(follow(**stream, last).empty());
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::job_canceled);
}

ERRAND_FOR_EVERY_ENGINE(Language);

}  // namespace
}  // namespace errand::conformance
