// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include "faults/fault_fixture.h"
#include "share/job_directory.h"
#include "share/task_source.h"

/// Agents: several at once, none, an older one, and clocks that are wrong.
namespace errand::faults {
namespace {

namespace fs = std::filesystem;

class AgentFaults : public Faults {
 protected:
  ~AgentFaults() override { ::unsetenv("ERRAND_AGENT_IDLE"); }
  [[nodiscard]] std::string info_file() const {
    std::string found;
    for (const auto& world : fs::directory_iterator(share() + "/agents")) found = world.path() / "info";
    return found;
  }
  /// All agents of this place, also those that did not come to write their name down.
  [[nodiscard]] std::vector<pid_t> agent_processes() const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      pid_t pid = std::atoi(entry.path().filename().c_str());
      std::string words = pid > 0 ? read_file(entry.path().string() + "/cmdline") : "";
      bool agent = words.find("--errand-agent") != words.npos && words.find(share()) != words.npos;
      if (agent && is_running(pid)) found.push_back(pid);
    }
    return found;
  }
};

TEST_F(AgentFaults, OfTwoStartedAtOnceOneServes) {
  auto job = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  for (int round = 0; round < 10; ++round) {
    end_agents(SIGKILL);
    std::vector<pid_t> started;
    for (int i = 0; i < 4; ++i) {
      started.push_back(start_command({command(), "--errand-agent", share()}, path("agents")));
    }
    auto next = exec(context, value_job, each(numbers(10)));
    EXPECT_EQ(ended(*next).status, JobStatus::finished);
    expect_values(*next, 10);
    for (pid_t pid : started) ::waitpid(pid, nullptr, 0);
    ASSERT_TRUE(eventually([&] { return agent_processes().size() == 1; })) << agent_processes().size();
    EXPECT_EQ(agents(), agent_processes());
    expect_two_readers_agree(*next);
  }
}

TEST_F(AgentFaults, AFetchedJobIsUnlinkedWithAndWithoutAnAgent) {
  ResultOptions options;
  options.auto_cleanup = true;
  for (bool with_agent : {true, false}) {
    auto job = exec(context, value_job, each(numbers(10)));
    EXPECT_EQ(ended(*job).status, JobStatus::finished);
    if (!with_agent) end_agents(SIGKILL);
    auto results = job->results(options);
    ASSERT_TRUE(results.ok()) << results.error().message;
    EXPECT_FALSE(fs::exists(directory(*job)));
    EXPECT_TRUE(eventually([&] { return fs::is_empty(share() + "/trash"); }));
    EXPECT_EQ(status(*job).status, JobStatus::missing);
  }
}

TEST_F(AgentFaults, AnAgentThatStartsUnlinksWhatIsInTheTrash) {
  auto job = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  end_agents(SIGKILL);
  fs::rename(directory(*job), share() + "/trash/" + job->id() + ".left");
  EXPECT_EQ(ended(*exec(context, value_job, each(numbers(1)))).status, JobStatus::finished);
  EXPECT_TRUE(eventually([&] { return fs::is_empty(share() + "/trash"); }));
}

TEST_F(AgentFaults, AJobWhoseWholePlaceIsDeletedIsLetGo) {
  ::setenv("ERRAND_AGENT_IDLE", "0.2", 1);
  context.cores = 1;
  auto job = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running == 1; }));
  const std::string id = place_id();
  std::error_code busy;
  ASSERT_TRUE(eventually([&] {
    fs::remove_all(share(), busy);
    return !fs::exists(share());
  }));
  // Whoever takes its tasks now cannot record them.
  for (pid_t worker : family_of(id).workers) ::kill(worker, SIGKILL);
  EXPECT_TRUE(eventually([&] { return agent_processes().empty(); }));
}

TEST_F(AgentFaults, ClientsThatStartAtOnceShareOneAgent) {
  std::vector<pid_t> clients;
  for (int i = 0; i < 12; ++i)
    clients.push_back(start_command({test_program("victim"), "tiny"}, path("ids")));
  for (pid_t pid : clients) ::waitpid(pid, nullptr, 0);
  auto jobs = get_jobs(context);
  ASSERT_TRUE(jobs.ok()) << jobs.error().message;
  ASSERT_EQ(jobs->size(), 12U);
  for (const JobSummary& job : *jobs) {
    EXPECT_EQ(ended(JobRef(job.id, job.place)).status, JobStatus::finished);
    expect_values(JobRef(job.id, job.place), 1000);
  }
  EXPECT_EQ(agent_processes().size(), 1U);
}

TEST_F(AgentFaults, AnIdleAgentEndsAndTheNextVerbStartsAnother) {
  ::setenv("ERRAND_AGENT_IDLE", "0.2", 1);
  auto job = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  ASSERT_TRUE(eventually([&] { return agent_processes().empty(); }));
  EXPECT_TRUE(eventually([&] { return marked_processes(place_id()).empty(); })) << listing();
  EXPECT_EQ(status(*job).status, JobStatus::finished);
  EXPECT_TRUE(agent_processes().empty()) << "nobody needs one for a job that has ended";
  auto next = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*next).status, JobStatus::finished);
  expect_values(*next, 10);
}

TEST_F(AgentFaults, SubmissionsInTheMomentAnAgentEndsAreNotForgotten) {
  ::setenv("ERRAND_AGENT_IDLE", "0.02", 1);
  for (int i = 0; i < 60; ++i) {
    auto job = exec(context, value_job, 3);
    ASSERT_TRUE(job.ok()) << job.error().message;
    // Nobody looks at it again: the agent has to find it, or the submitter to have started one.
    ASSERT_TRUE(eventually([&] { return fs::exists(directory(*job) + "/seal"); })) << "submission " << i;
    std::this_thread::sleep_for(milliseconds(15 + i % 10));
  }
}

TEST_F(AgentFaults, AnIdleOlderAgentHandsOver) {
  auto job = exec(context, value_job, 1);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  ASSERT_EQ(agents().size(), 1U);
  pid_t older = agents().front();
  write_file(info_file(), std::to_string(older) + " 0.0.1 1.0\n");
  CommandResult submitted = errand({"exec", "--wait", "--", "/bin/echo", "done"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  EXPECT_TRUE(eventually([older] { return !is_running(older); }));
  submitted = errand({"exec", "--wait", "--", "/bin/echo", "done"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  ASSERT_EQ(agents().size(), 1U);
  EXPECT_NE(agents().front(), older);
}

TEST_F(AgentFaults, ABusyOlderAgentRunsWhatItHas) {
  auto job = exec(context, sleep_job, each(numbers(2)), 1500);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running == 2; }));
  pid_t older = agents().front();
  write_file(info_file(), std::to_string(older) + " 0.0.1 1.0\n");
  CommandResult submitted = errand({"exec", "--", "/bin/echo", "done"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  EXPECT_TRUE(is_running(older));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto outcomes = job->partial_results();
  ASSERT_TRUE(outcomes.ok() && outcomes->size() == 2U);
  EXPECT_EQ((*outcomes)[0].attempt, 0U);
  EXPECT_TRUE(eventually([older] { return !is_running(older); }));
  EXPECT_EQ(ended(find_job("last").value_or(JobRef(*job))).status, JobStatus::finished);
}

TEST_F(AgentFaults, AJobOfTheFutureOrThePastRunsAndIsListed) {
  auto first = exec(context, value_job, each(numbers(3)));
  EXPECT_EQ(ended(*first).status, JobStatus::finished);
  auto place = share::Place::open(share(), false);
  ASSERT_TRUE(place.ok());
  auto source = share::JobDirectory::open(*place, first->id());
  ASSERT_TRUE(source.ok());
  auto manifest = (*source)->manifest();
  ASSERT_TRUE(manifest.ok());
  constexpr std::int64_t hour_ns = 3600 * 1'000'000'000LL;
  const std::int64_t now = (*manifest)->created_ns;
  for (std::int64_t created : {now + 1000 * hour_ns, now - 100'000 * hour_ns, std::int64_t{1}}) {
    SCOPED_TRACE(created);
    share::Manifest other = **manifest;
    other.created_ns = created;
    other.id = share::make_job_id(created);
    share::JobFileBuilder builder(other);
    auto tasks = (*source)->tasks();
    ASSERT_TRUE(tasks.ok());
    auto text = [](std::span<const std::byte> bytes) {
      return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    builder.arguments((*tasks)->arguments_codec(), text((*tasks)->arguments()));
    for (std::uint64_t task = 0; task < 3; ++task) {
      auto own = (*tasks)->task(task);
      ASSERT_TRUE(own.ok());
      builder.task(text(*own));
    }
    builder.close();
    auto published = share::publish_job(**place, other, builder.take());
    ASSERT_TRUE(published.ok()) << published.error().message;
    JobRef job(other.id, share());
    EXPECT_EQ(ended(job).status, JobStatus::finished);
    expect_values(job, 3);
    JobsOptions around;
    around.start_ns = created;
    around.end_ns = created;
    auto listed = get_jobs(context, around);
    ASSERT_TRUE(listed.ok()) << listed.error().message;
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ((*listed)[0].id, other.id);
    EXPECT_EQ((*listed)[0].created_ns, created);
    auto cleaned = cleanup_jobs({job}, {true, {}});
    ASSERT_TRUE(cleaned.ok());
    EXPECT_EQ(cleaned->removed.size(), 1U);
  }
}

}  // namespace
}  // namespace errand::faults
