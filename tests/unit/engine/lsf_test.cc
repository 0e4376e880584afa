// SPDX-License-Identifier: Apache-2.0
#include "engine/lsf/lsf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "engine/lsf/answers.h"
#include "engine/lsf/states.h"
#include "engine/scheduler/script.h"

/// The formats are those that IBM's documentation of Spectrum LSF 10.1 shows; the page's title stands beside
/// each. No real LSF was asked.
namespace errand::engine::lsf {
namespace {

using scheduler::ArrayRequest;
using scheduler::ElementState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::string our_name = "rxJob_01m7z0k3v6cqzbzydnv2ch017p-1";

// "bjobs -json" and "bjobs -o": upper-case field names, every value a string.
const std::string json_text = R"({
  "COMMAND":"bjobs",
  "JOBS":4,
  "RECORDS":[
    {
      "JOBID":"101",
      "JOBINDEX":"1",
      "STAT":"RUN",
      "JOB_NAME":"rxJob_01m7z0k3v6cqzbzydnv2ch017p-1[1]",
      "EXIT_CODE":"",
      "EXIT_REASON":"",
      "PEND_REASON":"",
      "FINISH_TIME":""
    },
    {
      "JOBID":"101[2]",
      "JOBINDEX":"2",
      "STAT":"PEND",
      "JOB_NAME":"rxJob_01m7z0k3v6cqzbzydnv2ch017p-1[2]",
      "PEND_REASON":"Job dependency condition not satisfied;"
    },
    {
      "JOBID":"101",
      "JOBINDEX":"3",
      "STAT":"EXIT",
      "JOB_NAME":"rxJob_01m7z0k3v6cqzbzydnv2ch017p-1[3]",
      "EXIT_CODE":"140",
      "EXIT_REASON":"TERM_RUNLIMIT: job killed after reaching LSF run time limit",
      "FINISH_TIME":"Dec 28 19:56 L"
    },
    {
      "JOBID":"22005",
      "JOBINDEX":"0",
      "STAT":"DONE",
      "JOB_NAME":"ls -l",
      "FINISH_TIME":"Dec 28 19:56 L"
    }
  ]
}
)";

TEST(LsfQueue, JsonIsReadElementByElement) {
  auto entries = lsf_dialect().read_queue({0, json_text, ""});
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].state, ElementState::alive);
  EXPECT_EQ((*entries)[0].name, our_name);
  EXPECT_EQ((*entries)[0].id, "101");
  EXPECT_THAT((*entries)[0].elements, ElementsAre(Pair(0, 1)));
  EXPECT_EQ((*entries)[1].state, ElementState::waiting);
  EXPECT_EQ((*entries)[1].id, "101") << "LSB_BJOBS_DISPLAY_ENH has the index in the id";
  EXPECT_THAT((*entries)[1].reason, HasSubstr("waiting for another job (PEND, Job dependency"));
  EXPECT_EQ((*entries)[2].state, ElementState::ended);
  EXPECT_THAT((*entries)[2].reason, HasSubstr("time limit was reached (EXIT, TERM_RUNLIMIT, exit 140)"));
  EXPECT_GT((*entries)[2].ended_s, 0);
}

TEST(LsfQueue, AServerThatIsBusyMaySayThatFirst) {
  auto entries = lsf_dialect().read_queue({0, "Cannot connect to LSF. Please wait ...\n" + json_text, ""});
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  EXPECT_EQ(entries->size(), 3U);
}

TEST(LsfQueue, WhatIsCutOffOrSomethingElseIsAnErrorThatShowsIt) {
  for (const std::string& text :
       {std::string(), json_text.substr(0, json_text.size() / 2), std::string("{\"RECORDS\":[1]}\n"),
        std::string("{\"RECORDS\":{}}"), std::string("Segmentation fault")}) {
    auto entries = lsf_dialect().read_queue({0, text, ""});
    ASSERT_FALSE(entries.ok()) << text;
    EXPECT_EQ(entries.error().code, ErrorCode::corrupt);
  }
  auto down = lsf_dialect().read_queue({255, "", "LSF is down. Please wait ...\n"});
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code, ErrorCode::engine_unavailable);
}

// "bjobs -a": what it says of an empty queue.
TEST(LsfQueue, NoJobIsAnAnswer) {
  for (const char* text : {"No job found\n", "No unfinished job found\n"}) {
    auto none = lsf_dialect().read_queue({255, "", text});
    ASSERT_TRUE(none.ok()) << text;
    EXPECT_TRUE(none->empty());
  }
}

// "bjobs -w" and "LSB_BJOBS_DISPLAY_ENH": a pending element has no EXEC_HOST.
TEST(LsfQueue, TheWideListOfOldVersionsIsReadToo) {
  const std::string wide =
      "JOBID   USER    STAT  QUEUE      FROM_HOST   EXEC_HOST   JOB_NAME   SUBMIT_TIME\n"
      "3926    user1   RUN   priority   hostF       hostC       " +
      our_name +
      "[1] Oct 22 13:51\n"
      "3926    user1   PEND  priority   hostF                   " +
      our_name +
      "[2] Oct 22 13:51\n"
      "3926[3] user1   EXIT  priority   hostF       hostC       " +
      our_name +
      "[3] Oct 22 13:51\n"
      "605     user1   SSUSP idle       hostQ       hostC       Test4      Oct 17 18:07\n";
  auto entries = lsf_dialect().read_queue({0, wide, ""});
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_THAT((*entries)[1].elements, ElementsAre(Pair(1, 2)));
  EXPECT_EQ((*entries)[1].state, ElementState::waiting);
  EXPECT_EQ((*entries)[2].id, "3926");
  EXPECT_EQ((*entries)[2].state, ElementState::ended);
  EXPECT_FALSE(lsf_dialect().read_queue({0, wide + "what is this\n", ""}).ok());
}

TEST(LsfQueue, OnlyAVersionThatDoesNotKnowTheQuestionIsAskedInTheOldWay) {
  const auto& dialect = lsf_dialect();
  EXPECT_THAT(dialect.queue_otherwise({255, "", "bjobs: Illegal option -- json\nUsage: bjobs"}, "ada").argv,
              ElementsAre("bjobs", "-a", "-w", "-u", "ada"));
  EXPECT_TRUE(dialect.queue_otherwise({255, "", "LSF is down. Please wait ..."}, "ada").argv.empty());
  EXPECT_TRUE(dialect.queue_otherwise({0, json_text, ""}, "ada").argv.empty());
}

TEST(LsfQueue, AFinishTimeWithoutAYearIsTheLastOne) {
  ::setenv("TZ", "UTC", 1);
  const std::int64_t january = 1'798'761'600 + 5 * 86'400;  // 6 January 2027
  EXPECT_EQ(read_finish_time("Dec 28 19:56 L", january), 1'798'487'760 + 59);
  EXPECT_EQ(read_finish_time("Jan 06 00:00 E", january), january + 59);
  EXPECT_EQ(read_finish_time("", january), 0);
  EXPECT_EQ(read_finish_time("-", january), 0);
}

// "Example output of bacct and bhist", "bhist -l".
TEST(LsfHistory, TheEndOfEachElementIsFound) {
  const std::string text =
      "Job <101[1]>, Job Name <" + our_name +
      "[1]>, User <user1>, Project <default>, Command <#!/bin/sh>\n"
      "Thu Mar 13 17:31:00: Submitted from host <hostA>, to Queue <normal>;\n"
      "Thu Mar 13 17:32:05: Signal <KILL> requested by user or administrator <user2>;\n"
      "Thu Mar 13 17:32:06: Exited by signal 2. The CPU time used is 0.1 seconds;\n\n"
      "Summary of time in seconds spent in various states by  Thu Mar 13 17:32:06\n"
      "------------------------------------------------------------------------------\n\n"
      "Job <101[2]>, Job Name <" +
      our_name +
      "[2]>, User <user1>, Project <default>, Command <#!/bin/sh>\n"
      "Thu Mar 13 20:18:32: Completed <exit>; TERM_RUNLIMIT: job killed after reaching LSF run time "
      "limit;\n\n"
      "Job <101[3]>, Job Name <" +
      our_name +
      "[3]>, User <user1>, Project <default>, Command <#!/bin/sh>\n"
      "Thu Jun 12 16:10:38: Exited with exit code 143. The CPU time used is 0.1 seconds;\n\n"
      "Job <102>, Job Name <Exited>, User <user1>, Project <default>, Command <Done successfully>\n"
      "Thu Jun 12 16:10:38: Done successfully. The CPU time used is 0.1 seconds;\n";
  auto entries = lsf_dialect().read_history({0, text, ""});
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_THAT((*entries)[0].elements, ElementsAre(Pair(0, 1)));
  EXPECT_EQ((*entries)[0].state, ElementState::ended);
  EXPECT_THAT((*entries)[1].reason, HasSubstr("time limit was reached"));
  EXPECT_THAT((*entries)[2].reason, HasSubstr("exit 143"));
  for (const auto& entry : *entries) EXPECT_GT(entry.ended_s, 0) << entry.reason;
  EXPECT_TRUE(lsf_dialect().read_history({255, "", "No matching job found\n"})->empty());
}

struct LsfStateCase {
  Said said;
  ElementState state;
  bool blocked;
  const char* says;
};
class LsfStates : public ::testing::TestWithParam<LsfStateCase> {};

TEST_P(LsfStates, HasOneMeaning) {
  const Meaning meaning = read_state(GetParam().said);
  EXPECT_EQ(meaning.state, GetParam().state) << GetParam().said.state;
  EXPECT_EQ(meaning.blocked, GetParam().blocked) << GetParam().said.state;
  EXPECT_THAT(meaning.reason, HasSubstr(GetParam().says));
}

// "About job states", "Termination reasons displayed by bacct, bhist and bjobs".
INSTANTIATE_TEST_SUITE_P(
    Words, LsfStates,
    ::testing::Values(
        LsfStateCase{{"PEND", "", "", ""}, ElementState::waiting, false, "waiting (PEND)"},
        LsfStateCase{{"PEND", "New job is waiting for scheduling;", "", ""},
                     ElementState::waiting,
                     false,
                     "not looked at it yet"},
        LsfStateCase{{"PEND", "The job array has reached its running element limit;", "", ""},
                     ElementState::waiting,
                     false,
                     "as many elements as allowed"},
        LsfStateCase{{"PEND", "Dependency condition invalid or never satisfied;", "", ""},
                     ElementState::waiting,
                     true,
                     "can no longer"},
        LsfStateCase{{"PEND", "There are no suitable hosts for the job;", "", ""},
                     ElementState::waiting,
                     true,
                     "no node"},
        LsfStateCase{
            {"PEND", "Something new;", "", ""}, ElementState::waiting, false, "(PEND, Something new)"},
        LsfStateCase{{"PSUSP", "The job was suspended by the user while pending;", "", ""},
                     ElementState::waiting,
                     true,
                     "bresume"},
        LsfStateCase{{"WAIT", "", "", ""}, ElementState::waiting, false, "chunk"},
        LsfStateCase{{"RUN", "", "", ""}, ElementState::alive, false, "running (RUN)"},
        LsfStateCase{{"USUSP", "", "", ""}, ElementState::alive, false, "suspended"},
        LsfStateCase{{"SSUSP", "", "", ""}, ElementState::alive, false, "suspended by LSF"},
        LsfStateCase{{"UNKWN", "", "", ""}, ElementState::alive, false, "does not answer"},
        LsfStateCase{{"DONE", "", "", ""}, ElementState::ended, false, "before all tasks were done (DONE)"},
        LsfStateCase{{"EXIT", "", "", "127"}, ElementState::ended, false, "not found on its node"},
        LsfStateCase{{"EXIT", "", "TERM_OWNER: job killed by owner", "130"},
                     ElementState::ended,
                     false,
                     "not by errand (EXIT, TERM_OWNER, exit 130)"},
        LsfStateCase{{"EXIT", "", "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit", ""},
                     ElementState::ended,
                     false,
                     "out of memory"},
        LsfStateCase{{"ZOMBI", "", "", ""}, ElementState::ended, false, "did not answer"},
        LsfStateCase{{"DREAM", "", "", ""}, ElementState::unknown, false, "DREAM"},
        LsfStateCase{{"", "", "", ""}, ElementState::unknown, false, "does not know"}));

Result<std::string> script_of(std::map<std::string, std::string> options, std::uint32_t workers = 1) {
  ArrayRequest request;
  request.name = our_name;
  request.job = "rxJob_01m7z0k3v6cqzbzydnv2ch017p";
  request.share_dir = "/share/our place";
  request.command = "/usr/bin/errand";
  request.output = "/share/our place/printed.1";
  request.elements = 4;
  request.workers = workers;
  request.options = std::move(options);
  auto placeholders = lsf_dialect().placeholders(request);
  if (!placeholders) return std::move(placeholders).error();
  return scheduler::fill_template({std::string(lsf_dialect().default_template()), "built in"}, *placeholders);
}

TEST(LsfScript, OptionsBecomeDirectives) {
  EXPECT_THAT(*script_of({{"throttle", "2"}}), HasSubstr("#BSUB -J \"" + our_name + "[1-4]%2\"\n"));
  EXPECT_THAT(*script_of({{"time", "2:00:00"}}), HasSubstr("#BSUB -W 120\n#BSUB -wa URG\n#BSUB -wt 1\n"));
  EXPECT_THAT(*script_of({{"nodes", "n1,n2"}, {"hold", "true"}}),
              HasSubstr("#BSUB -m \"n1 n2\"\n#BSUB -H\n"));
  EXPECT_THAT(*script_of({{"time", "0:30"}}), HasSubstr("#BSUB -W 1\n"));
  EXPECT_THAT(*script_of({{"resources", "rusage[mem=4GB] span[hosts=1]"}}),
              HasSubstr("#BSUB -R \"rusage[mem=4GB] span[hosts=1]\"\n"));
  EXPECT_THAT(*script_of({{"cpus_per_task", "4"}}, 2), HasSubstr("#BSUB -n 8\n#BSUB -R \"span[hosts=1]\"\n"));
}

TEST(LsfScript, NoValueCanAddALineOrACommand) {
  for (const char* evil : {"a\nrm -rf /", "a\"b", "a\\", "$(x)", "`x`", "a#b"}) {
    EXPECT_FALSE(script_of({{"queue", evil}}).ok()) << evil;
  }
  EXPECT_FALSE(script_of({{"extra", "-x\n#BSUB -y"}}).ok());
  EXPECT_FALSE(script_of({{"throttle", "2; rm"}}).ok());
}

// "Submitting batch jobs": what bsub prints. "-J": too large an index is refused.
TEST(LsfAnswers, TheIdIsFoundAndARefusalIsToldFromDoubt) {
  const auto& dialect = lsf_dialect();
  EXPECT_EQ(*dialect.read_submitted({0, "Job <3616> is submitted to default queue <normal>.\n", ""}), "3616");
  EXPECT_EQ(*dialect.read_submitted({0, "Welcome\nJob <7> is submitted to queue <night>.\n", ""}), "7");
  auto refused = dialect.read_submitted({255, "", "nowhere: No such queue. Job not submitted.\n"});
  EXPECT_EQ(refused.error().code, ErrorCode::engine_refused);
  auto lost = dialect.read_submitted({255, "", "Failed in an LSF library call: Communication time out\n"});
  EXPECT_EQ(lost.error().code, ErrorCode::engine_unavailable);
  EXPECT_TRUE(lost.error().transient);
  EXPECT_EQ(dialect.read_submitted({0, "", ""}).error().code, ErrorCode::engine_unavailable);
}

// "bparams" and "MAX_JOB_ARRAY_SIZE": 1000 unless lsb.params says something else.
TEST(LsfAnswers, TheSitesLargestArrayIsKept) {
  const auto& dialect = lsf_dialect();
  EXPECT_EQ(dialect.read_limits({0, "    MAX_JOB_ARRAY_SIZE = 75\n    CLEAN_PERIOD = 3600 (second)\n", ""})
                ->array_elements,
            75U);
  EXPECT_EQ(dialect.read_limits({0, "    CLEAN_PERIOD = 3600\n", ""})->array_elements, 1000U);
  EXPECT_FALSE(dialect.read_limits({0, "MAX_JOB_ARRAY_SIZE = many\n", ""}).ok());
  EXPECT_FALSE(dialect.read_limits({255, "", "LSF is down"}).ok());
}

TEST(LsfCommands, KillAllOfTheName) {
  EXPECT_THAT(lsf_dialect().cancel(our_name, "ada").argv,
              ElementsAre("bkill", "-u", "ada", "-J", our_name, "0"));
}

}  // namespace
}  // namespace errand::engine::lsf
