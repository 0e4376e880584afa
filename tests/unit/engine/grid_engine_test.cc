// SPDX-License-Identifier: Apache-2.0
#include "engine/grid_engine/grid_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/grid_engine/answers.h"
#include "engine/scheduler/script.h"

namespace errand::engine::grid_engine {
namespace {

using scheduler::Answer;
using scheduler::ArrayRequest;
using scheduler::ElementState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::string our_name = "rxJob_01m7z0k3v6cqzbzydnv2ch017p-1";

/// What a real cell prints: a bundle that waits, two elements that run, a job of somebody else's making, one
/// that waits for another, one in the error state.
const std::string qstat_text = R"(<?xml version='1.0'?>
<job_info  xmlns:xsd="http://arc.liv.ac.uk/repos/darcs/sge/source/dist/util/resources/schemas/qstat/qstat.xsd">
  <queue_info>
    <job_list state="running">
      <JB_job_number>1</JB_job_number>
      <JAT_prio>0.50000</JAT_prio>
      <JB_name>rxJob_01m7z0k3v6cqzbzydnv2ch017p-1</JB_name>
      <JB_owner>root</JB_owner>
      <state>r</state>
      <JAT_start_time>2026-11-21T13:55:16</JAT_start_time>
      <queue_name>all.q@localhost</queue_name>
      <slots>1</slots>
      <tasks>1</tasks>
      <full_job_name>rxJob_01m7z0k3v6cqzbzydnv2ch017p-1</full_job_name>
      <hard_request name="h_rt" resource_contribution="0.000000">20</hard_request>
      <binding>NONE</binding>
    </job_list>
  </queue_info>
  <job_info>
    <job_list state="pending">
      <JB_job_number>1</JB_job_number>
      <JB_name>rxJob_01m7z0k3</JB_name>
      <state>qw</state>
      <queue_name></queue_name>
      <slots>1</slots>
      <tasks>3-7:1</tasks>
      <full_job_name>rxJob_01m7z0k3v6cqzbzydnv2ch017p-1</full_job_name>
      <binding>NONE</binding>
    </job_list>
    <job_list state="pending">
      <JB_job_number>2</JB_job_number>
      <JB_name>fluid &amp; heat</JB_name>
      <state>hqw</state>
      <slots>1</slots>
      <full_job_name>fluid &amp; heat</full_job_name>
    </job_list>
    <job_list state="pending">
      <JB_job_number>5</JB_job_number>
      <JB_name>rxJob_d-1</JB_name>
      <state>hqw</state>
      <tasks>1,2</tasks>
      <full_job_name>rxJob_d-1</full_job_name>
      <predecessor_jobs_req>rxJob_b-1</predecessor_jobs_req>
      <predecessor_jobs>3</predecessor_jobs>
    </job_list>
    <job_list state="pending">
      <JB_job_number>6</JB_job_number>
      <JB_name>rxJob_e-1</JB_name>
      <state>Eqw</state>
      <tasks>1,2</tasks>
    </job_list>
  </job_info>
</job_info>
)";

TEST(GridEngineQueue, IsReadAsARealCellPrintsIt) {
  auto entries = grid_engine_dialect().read_queue({0, qstat_text, ""});
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 4U);
  EXPECT_EQ((*entries)[0].state, ElementState::alive);
  EXPECT_THAT((*entries)[0].elements, ElementsAre(Pair(0, 1))) << "its numbers begin with 1";
  EXPECT_EQ((*entries)[1].name, our_name) << "the short name is cut";
  EXPECT_EQ((*entries)[1].state, ElementState::waiting);
  EXPECT_THAT((*entries)[1].elements, ElementsAre(Pair(2, 7)));
  EXPECT_FALSE((*entries)[2].blocked);
  EXPECT_THAT((*entries)[2].reason, HasSubstr("waiting for another job"));
  EXPECT_TRUE((*entries)[3].blocked);
  EXPECT_EQ((*entries)[3].id, "6");
}

TEST(GridEngineQueue, WhatIsCutOffOrSomethingElseIsAnErrorThatShowsIt) {
  for (std::size_t length : {std::size_t{0}, std::size_t{30}, qstat_text.size() / 2, qstat_text.size() - 3}) {
    auto cut = grid_engine_dialect().read_queue({0, qstat_text.substr(0, length), ""});
    ASSERT_FALSE(cut.ok()) << length;
    EXPECT_EQ(cut.error().code, ErrorCode::corrupt);
  }
  auto garbage = grid_engine_dialect().read_queue({0, "Segmentation fault", ""});
  ASSERT_FALSE(garbage.ok());
  EXPECT_THAT(garbage.error().message, HasSubstr("Segmentation fault"));
  std::string bad = qstat_text;
  bad.replace(bad.find("3-7:1"), 5, "7-3:1");
  EXPECT_FALSE(grid_engine_dialect().read_queue({0, bad, ""}).ok());
}

TEST(GridEngineQueue, AMasterThatIsDownIsNoAnswer) {
  auto down = grid_engine_dialect().read_queue(
      {1, "", "error: commlib error: got select error (Connection refused)\n"});
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code, ErrorCode::engine_unavailable);
  EXPECT_THAT(down.error().message, HasSubstr("Connection refused"));
}

TEST(GridEngineQueue, TaskListsAreReadInEveryForm) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
  ASSERT_TRUE(read_tasks("1,3,5-7:1,10-14:2", runs));
  EXPECT_THAT(runs, ElementsAre(Pair(0, 1), Pair(2, 3), Pair(4, 7), Pair(9, 10), Pair(11, 12), Pair(13, 14)));
  for (const char* bad : {"", "0", "1-", "-3", "a", "3-1", "1:0", "1-2:x", "1,,2", "1 2", "99999999999"}) {
    EXPECT_FALSE(read_tasks(bad, runs)) << bad;
  }
}

/// qacct's record of one element, with a few of its lines.
std::string record(const std::string& name, int task, const std::string& failed, int exit_status) {
  return "==============================================================\n"
         "qname        all.q               \n"
         "jobname      " +
         name + "\njobnumber    4                   \ntaskid       " + std::to_string(task) +
         "                   \n"
         "end_time     Sat Nov 21 13:59:19 2026\n"
         "failed       " +
         failed + "\nexit_status  " + std::to_string(exit_status) +
         "                 \n"
         "category     -l h_rt=20,s_rt=10\n";
}

TEST(GridEngineHistory, TheLastRunOfAnElementComesLast) {
  const std::string text = record(our_name, 2, "25  : rescheduling", 99) + record("other", 1, "0    ", 0) +
                           record(our_name, 2, "100 : assumedly after job", 137);
  auto entries = grid_engine_dialect().read_history({0, text, ""});
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_THAT((*entries)[0].reason, HasSubstr("put back"));
  EXPECT_THAT((*entries)[1].reason, HasSubstr("(failed 100, assumedly after job, exit 137)"));
  EXPECT_THAT((*entries)[1].elements, ElementsAre(Pair(1, 2)));
  EXPECT_EQ((*entries)[1].state, ElementState::ended);
  EXPECT_GT((*entries)[1].ended_s, 1'795'000'000);
}

TEST(GridEngineHistory, NothingFoundIsAnAnswerAndGarbageIsNone) {
  auto none = grid_engine_dialect().read_history({1, "", "error: job name rxJob_x-1 not found\n"});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
  EXPECT_FALSE(grid_engine_dialect().read_history({1, "", "Permission denied"}).ok());
  EXPECT_FALSE(grid_engine_dialect().read_history({0, record(our_name, 1, "often", 0), ""}).ok());
}

TEST(GridEngineHistory, SeveralNamesAreAskedForByWhatTheyHaveInCommon) {
  const auto& dialect = grid_engine_dialect();
  EXPECT_EQ(dialect.history({our_name}, "ada").argv.back(), our_name);
  EXPECT_EQ(dialect.history({"rxJob_01ab-1", "rxJob_01ax-1"}, "ada").argv.back(), "rxJob_01a*");
}

Result<std::string> script_of(const ArrayRequest& request) {
  auto placeholders = grid_engine_dialect().placeholders(request);
  if (!placeholders) return std::move(placeholders).error();
  return scheduler::fill_template({std::string(grid_engine_dialect().default_template()), "built in"},
                                  *placeholders);
}

ArrayRequest request_with(std::map<std::string, std::string> options) {
  ArrayRequest request;
  request.name = our_name;
  request.job = "rxJob_01m7z0k3v6cqzbzydnv2ch017p";
  request.share_dir = "/share/our place";
  request.command = "/usr/bin/errand";
  request.output = "/share/our place/printed.1";
  request.elements = 4;
  request.options = std::move(options);
  return request;
}

TEST(GridEngineScript, TheTimeIsSaidWithAWarningBefore) {
  EXPECT_THAT(*script_of(request_with({{"time", "2:00:00"}})), HasSubstr("#$ -l h_rt=7200,s_rt=7140\n"));
  EXPECT_THAT(*script_of(request_with({{"time", "2:00:00"}})), HasSubstr("--grace 55 "));
  EXPECT_THAT(*script_of(request_with({{"time", "1"}})), HasSubstr("#$ -l h_rt=60,s_rt=40\n"));
  EXPECT_THAT(*script_of(request_with({})), HasSubstr("--grace 0 "));
  EXPECT_FALSE(script_of(request_with({{"time", "soon"}})).ok());
}

TEST(GridEngineScript, SeveralCoresNeedAParallelEnvironment) {
  ArrayRequest request = request_with({{"cpus_per_task", "4"}});
  request.workers = 2;
  EXPECT_THAT(*script_of(request), HasSubstr("#$ -pe smp 8\n"));
  request.options["pe"] = "threads";
  EXPECT_THAT(*script_of(request), HasSubstr("#$ -pe threads 8\n"));
  EXPECT_EQ(script_of(request_with({}))->find("-pe"), std::string::npos);
}

TEST(GridEngineScript, NodesAndHoldAreSaidInItsWords) {
  EXPECT_THAT(*script_of(request_with({{"nodes", "n1,n2"}})), HasSubstr("#$ -l \"hostname=n1|n2\"\n"));
  EXPECT_THAT(*script_of(request_with({{"hold", "true"}})), HasSubstr("#$ -h\n"));
  EXPECT_FALSE(script_of(request_with({{"nodes", "n1|n2"}})).ok());
}

TEST(GridEngineScript, NoValueCanAddALineOrACommand) {
  for (const char* evil : {"a\nrm -rf /", "a\"b", "a\\", "a;b", "$(x)", "a#b"}) {
    EXPECT_FALSE(script_of(request_with({{"queue", evil}})).ok()) << evil;
  }
  EXPECT_FALSE(script_of(request_with({{"extra", "-x\n#$ -y"}})).ok());
  EXPECT_FALSE(script_of(request_with({{"throttle", "2; rm"}})).ok());
  ArrayRequest odd = request_with({});
  odd.output = "/share/a,b/printed.1";
  EXPECT_FALSE(script_of(odd).ok()) << "qsub takes it for two paths";
}

TEST(GridEngineAnswers, ARefusalLeavesNothingAndALostAnswerIsDoubt) {
  const auto& dialect = grid_engine_dialect();
  EXPECT_EQ(*dialect.read_submitted({0, "Your site says hello\n17.1-4:1\n", ""}), "17");
  auto refused = dialect.read_submitted(
      {1, "", "Unable to run job: Job was rejected because job requests unknown queue \"x\"\nExiting.\n"});
  EXPECT_EQ(refused.error().code, ErrorCode::engine_refused);
  auto lost = dialect.read_submitted(
      {1, "",
       "Unable to run job: failed receiving gdi request response for mid=1 (got syncron message "
       "receive timeout error).\nExiting.\n"});
  EXPECT_EQ(lost.error().code, ErrorCode::engine_unavailable);
  EXPECT_TRUE(lost.error().transient);
  EXPECT_EQ(dialect.read_submitted({0, "", ""}).error().code, ErrorCode::engine_unavailable);
}

TEST(GridEngineAnswers, TheSitesLargestArrayIsKept) {
  const auto& dialect = grid_engine_dialect();
  EXPECT_EQ(
      dialect.read_limits({0, "max_aj_instances             2000\nmax_aj_tasks                 75\n", ""})
          ->array_elements,
      75U);
  EXPECT_GT(dialect.read_limits({0, "max_aj_tasks                 0\n", ""})->array_elements, 1000U);
  EXPECT_FALSE(dialect.read_limits({0, "max_aj_tasks many\n", ""}).ok());
  EXPECT_FALSE(dialect.read_limits({0, "", ""}).ok());
  EXPECT_FALSE(dialect.read_limits({1, "", "error: commlib error"}).ok());
}

}  // namespace
}  // namespace errand::engine::grid_engine
