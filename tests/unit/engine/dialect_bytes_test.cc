// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "engine/grid_engine/grid_engine.h"
#include "engine/lsf/lsf.h"
#include "engine/slurm/slurm.h"

/// Answers that were cut off or damaged give an error or what is left, never a crash and never something that
/// nobody asked about: every cut and every odd byte in the place of every byte.
namespace errand::engine {
namespace {

using scheduler::Answer;
using scheduler::Dialect;
using Entries = Result<std::vector<scheduler::QueueEntry>>;

const std::string qstat_bytes =
    "<?xml version='1.0'?>\n<job_info xmlns:xsd=\"x\">\n<queue_info>\n<job_list state=\"running\">\n"
    "<JB_job_number>1</JB_job_number>\n<JB_name>rxJob_a-1</JB_name>\n<state>r</state>\n"
    "<tasks>1-3:2,7</tasks>\n<predecessor_jobs>3</predecessor_jobs>\n</job_list>\n</queue_info>\n</"
    "job_info>\n";
const std::string qacct_bytes =
    "====\njobname      rxJob_a-1\njobnumber    4\ntaskid       2\nend_time     Sat Nov 21 13:59:19 2026\n"
    "failed       100 : assumedly after job\nexit_status  137 (Killed)\n";
const std::string bjobs_bytes =
    "{\"COMMAND\":\"bjobs\",\"JOBS\":1,\"RECORDS\":[{\"JOBID\":\"101[2]\",\"JOBINDEX\":\"2\",\"STAT\":"
    "\"EXIT\","
    "\"JOB_NAME\":\"rxJob_a-1[2]\",\"EXIT_CODE\":\"1\",\"EXIT_REASON\":\"TERM_OWNER: x\","
    "\"FINISH_TIME\":\"Dec 28 19:56 L\"}]}";
const std::string bjobs_wide_bytes =
    "JOBID   USER    STAT  QUEUE      FROM_HOST   EXEC_HOST   JOB_NAME   SUBMIT_TIME\n"
    "3926[2] user1   RUN   priority   hostF       hostC       rxJob_a-1[2] Oct 22 13:51\n";
const std::string bhist_bytes =
    "Job <101[1]>, Job Name <rxJob_a-1[1]>, User <user1>\nThu Mar 13 17:32:06: Exited with exit code 1.\n";
const std::string squeue_bytes = "12|0-3,7|PENDING|1795269568|rxJob_a-1|Resources\n";
const std::string sacct_bytes = "12_0|CANCELLED by 1000|1795269568|rxJob_a-1\n";

void expect_sound(const Entries& entries, const std::string& text) {
  if (!entries) return;
  for (const scheduler::QueueEntry& entry : *entries) {
    EXPECT_TRUE(entry.name.starts_with("rxJob_")) << text;
    for (auto [first, last] : entry.elements) EXPECT_LT(first, last) << text;
  }
}

void damage(const std::string& whole, const std::function<Entries(const Answer&)>& read) {
  ASSERT_TRUE(read({0, whole, ""}).ok());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const std::string cut = whole.substr(0, i);
    expect_sound(read({0, cut, ""}), cut);
    for (const char odd : {'\0', '\n', '<', '>', '[', '9', '"', '\xff', ' '}) {
      std::string bad = whole;
      bad[i] = odd;
      expect_sound(read({0, bad, ""}), bad);
    }
  }
}

TEST(DamagedAnswers, OfGridEngine) {
  const Dialect& dialect = grid_engine::grid_engine_dialect();
  damage(qstat_bytes, [&](const Answer& answer) { return dialect.read_queue(answer); });
  damage(qacct_bytes, [&](const Answer& answer) { return dialect.read_history(answer); });
}

TEST(DamagedAnswers, OfLsf) {
  const Dialect& dialect = lsf::lsf_dialect();
  damage(bjobs_bytes, [&](const Answer& answer) { return dialect.read_queue(answer); });
  damage(bjobs_wide_bytes, [&](const Answer& answer) { return dialect.read_queue(answer); });
  damage(bhist_bytes, [&](const Answer& answer) { return dialect.read_history(answer); });
}

TEST(DamagedAnswers, OfSlurm) {
  const Dialect& dialect = slurm::slurm_dialect();
  damage(squeue_bytes, [&](const Answer& answer) { return dialect.read_queue(answer); });
  damage(sacct_bytes, [&](const Answer& answer) { return dialect.read_history(answer); });
}

}  // namespace
}  // namespace errand::engine
