// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/scheduler/script.h"
#include "engine/slurm/slurm.h"

namespace errand::engine::slurm {
namespace {

using scheduler::Answer;
using scheduler::ArrayRequest;
using scheduler::ElementState;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using Runs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
const std::string our_name = "rxJob_01m7z0k3v6cqzbzydnv2ch017p-1";

Answer printed(std::string out) {
  return {0, std::move(out), ""};
}

// As squeue of Slurm 22.05 printed it.
TEST(SlurmQueue, ElementsAreReadWithTheirStates) {
  auto entries = slurm_dialect().read_queue(printed("1|3-19%3|PENDING|N/A|" + our_name +
                                                    "|JobArrayTaskLimit\n"
                                                    "1|0|RUNNING|1795266158|" +
                                                    our_name + "|None\n1|1,2|CANCELLED|1795262559|" +
                                                    our_name + "|None\n"));
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].state, ElementState::waiting);
  EXPECT_EQ((*entries)[0].elements, (Runs{{3, 20}}));
  EXPECT_EQ((*entries)[0].name, our_name);
  EXPECT_EQ((*entries)[1].state, ElementState::alive);
  EXPECT_EQ((*entries)[1].ended_s, 0) << "the end of a running job is a forecast";
  EXPECT_EQ((*entries)[2].elements, (Runs{{1, 2}, {2, 3}}));
  EXPECT_EQ((*entries)[2].ended_s, 1795262559);
}

TEST(SlurmQueue, OtherPeoplesNamesAndPlainJobsArePassedOver) {
  auto entries = slurm_dialect().read_queue(
      printed("7|N/A|RUNNING|1795266158|a|b|c|None\n8|0-3|RUNNING|N/A|simulation|None\n"));
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  EXPECT_TRUE(entries->empty());
}

TEST(SlurmQueue, AnEmptyQueueIsAnAnswer) {
  auto entries = slurm_dialect().read_queue(printed(""));
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(entries->empty());
}

TEST(SlurmQueue, ReasonsMayHoldSeparators) {
  auto entries = slurm_dialect().read_queue(
      printed("9|0|PENDING|N/A|" + our_name + "|ReqNodeNotAvail, UnavailableNodes:n1|n2\n"));
  ASSERT_TRUE(entries.ok());
  EXPECT_THAT(entries->at(0).reason, HasSubstr("n1|n2"));
}

TEST(SlurmQueue, GarbageIsAnErrorThatShowsIt) {
  for (const char* text : {"JOBID PARTITION NAME", "1|0|RUNNING", "\xff\xfe", "x|0|RUNNING|N/A|rxJob_a|None",
                           "1|zero|RUNNING|N/A|rxJob_a|None", "1|5-2|RUNNING|N/A|rxJob_a|None"}) {
    auto entries = slurm_dialect().read_queue(printed(std::string(text) + "\n"));
    ASSERT_FALSE(entries.ok()) << text;
    EXPECT_EQ(entries.error().code, ErrorCode::corrupt);
  }
  auto shown = slurm_dialect().read_queue(printed("Auftrag unbekannt\n"));
  EXPECT_THAT(shown.error().message, HasSubstr("Auftrag unbekannt"));
}

TEST(SlurmQueue, AControllerThatIsDownIsSilence) {
  Answer answer{1, "", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"};
  auto entries = slurm_dialect().read_queue(answer);
  ASSERT_FALSE(entries.ok());
  EXPECT_EQ(entries.error().code, ErrorCode::engine_unavailable);
  EXPECT_THAT(entries.error().message, HasSubstr("connect failure"));
}

TEST(SlurmSubmit, TheIdIsInTheLastLine) {
  EXPECT_EQ(*slurm_dialect().read_submitted(printed("123\n")), "123");
  EXPECT_EQ(*slurm_dialect().read_submitted(printed("123;cluster2\n")), "123");
  EXPECT_EQ(*slurm_dialect().read_submitted(printed("welcome to the cluster\n42\n")), "42");
}

TEST(SlurmSubmit, ARefusalIsCertainATimeoutIsNot) {
  auto refused = slurm_dialect().read_submitted(
      {1, "",
       "sbatch: error: invalid partition specified: nowhere\nsbatch: error: Batch job submission failed"});
  EXPECT_EQ(refused.error().code, ErrorCode::engine_refused);
  EXPECT_THAT(refused.error().message, HasSubstr("nowhere"));
  auto doubtful = slurm_dialect().read_submitted(
      {1, "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n"});
  EXPECT_EQ(doubtful.error().code, ErrorCode::engine_unavailable);
  EXPECT_TRUE(doubtful.error().transient);
  EXPECT_EQ(slurm_dialect().read_submitted(printed("job submitted, good luck\n")).error().code,
            ErrorCode::engine_unavailable)
      << "what said so with exit code 0 may have the job";
}

TEST(SlurmLimits, AreReadFromTheConfiguration) {
  auto limits = slurm_dialect().read_limits(
      printed("Configuration data as of 2024-01-01\nAccountingStorageType   = accounting_storage/none\n"
              "MaxArraySize            = 1001\nMaxJobCount             = 10000\n"));
  ASSERT_TRUE(limits.ok());
  EXPECT_EQ(limits->array_elements, 1001U);
  EXPECT_FALSE(limits->history);
  auto small = slurm_dialect().read_limits(printed("MaxArraySize = 1001\nMaxJobCount = 100\n"));
  EXPECT_EQ(small->array_elements, 50U);
  EXPECT_FALSE(slurm_dialect().read_limits({1, "", "scontrol: error: nothing"}).ok());
}

TEST(SlurmHistory, EndedElementsAreFoundInTheAccounting) {
  auto entries = slurm_dialect().read_history(printed(
      "12_0|COMPLETED|1795262559|" + our_name + "\n12_[1-3]|CANCELLED by 0|Unknown|" + our_name + "\n"));
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].state, ElementState::ended);
  EXPECT_EQ((*entries)[1].elements, (Runs{{1, 4}}));
}

ArrayRequest request_with(std::map<std::string, std::string> options) {
  ArrayRequest request;
  request.name = our_name;
  request.job = our_name.substr(0, 32);
  request.share_dir = "/share/our place";
  request.command = "/opt/errand/bin/errand";
  request.output = "/share/our place/jobs/" + request.job + "/printed.1";
  request.elements = 4;
  request.options = std::move(options);
  return request;
}

Result<std::string> script_of(const ArrayRequest& request) {
  auto placeholders = slurm_dialect().placeholders(request);
  if (!placeholders) return std::move(placeholders).error();
  return scheduler::fill_template({std::string(slurm_dialect().default_template()), "built in"},
                                  *placeholders);
}

TEST(SlurmScript, OptionsBecomeDirectives) {
  auto script = script_of(request_with({{"partition", "long"}, {"memory", "4G"}, {"throttle", "2"}}));
  ASSERT_TRUE(script.ok()) << script.error().message;
  EXPECT_THAT(*script, HasSubstr("#SBATCH --partition=long\n"));
  EXPECT_THAT(*script, HasSubstr("#SBATCH --mem=4G\n"));
  EXPECT_THAT(*script, HasSubstr("#SBATCH --array=0-3%2\n"));
  EXPECT_THAT(*script, HasSubstr("'/share/our place'"));
  EXPECT_THAT(*script, HasSubstr("\"/share/our place/jobs/"));
}

TEST(SlurmScript, WorkersGetTheirCores) {
  ArrayRequest request = request_with({{"cpus_per_task", "4"}});
  request.workers = 2;
  EXPECT_THAT(*script_of(request), HasSubstr("#SBATCH --cpus-per-task=8\n"));
}

TEST(SlurmScript, NoValueCanAddALineOrACommand) {
  for (const char* evil : {"a\nrm -rf /", "a\"b", "a\\", "a\r"}) {
    EXPECT_FALSE(script_of(request_with({{"partition", evil}})).ok()) << evil;
    EXPECT_FALSE(script_of(request_with({{"extra", "--x\n#SBATCH --y"}})).ok());
  }
  EXPECT_FALSE(script_of(request_with({{"throttle", "2; rm"}})).ok());
  EXPECT_FALSE(script_of(request_with({{"cpus_per_task", "many"}})).ok());
  auto quoted = script_of(request_with({{"comment", "$(rm -rf ~) `x`"}}));
  EXPECT_THAT(*quoted, HasSubstr("#SBATCH --comment=\"$(rm -rf ~) `x`\"\n")) << "a comment to the shell";
}

TEST(SlurmScript, ATemplateWithAnUnknownPlaceholderIsRefused) {
  auto placeholders = slurm_dialect().placeholders(request_with({}));
  auto unknown = scheduler::fill_template({"#!/bin/sh\n{{colour}}\n", "/site/slurm.template"}, *placeholders);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("colour"));
  EXPECT_THAT(unknown.error().message, HasSubstr("/site/slurm.template"));
  EXPECT_THAT(unknown.error().hint, HasSubstr("share_dir"));
  EXPECT_FALSE(scheduler::fill_template({"{{name", "x"}, *placeholders).ok());
}

TEST(SlurmCommands, DoNotDependOnTheUsersSettings) {
  auto queue = slurm_dialect().queue("1000");
  EXPECT_THAT(queue.without, Contains("SQUEUE_"));
  EXPECT_THAT(queue.argv, Contains("--user=1000"));
  EXPECT_THAT(slurm_dialect().cancel(our_name, "1000").argv, Contains("--name=" + our_name));
  EXPECT_THAT(slurm_dialect().submit({}, "#!/bin/sh\n").without, Not(Contains("SLURM_")));
  EXPECT_THAT(slurm_dialect().submit({}, "#!/bin/sh\n").without, Contains("CUDA_VISIBLE_DEVICES"));
}

}  // namespace
}  // namespace errand::engine::slurm
