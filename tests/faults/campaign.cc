// SPDX-License-Identifier: Apache-2.0
#include "faults/campaign.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

namespace errand::faults {
namespace {

using ::testing::AnyOf;

const std::vector<std::string> all_shapes = {"one", "tiny", "many", "long", "failing", "growing", "programs"};
constexpr int most_kills = 5;
constexpr std::size_t most_pause_ms = 120;

/// Which tasks of a job of that function fail, as victim.cc and functions.h have it.
std::vector<std::size_t> failing_tasks(const JobSummary& job) {
  std::vector<std::size_t> failing;
  if (job.function != "throws_at") return failing;
  for (std::size_t task = 0; task < job.progress.total; task += 10) failing.push_back(task);
  return failing;
}

}  // namespace

void Campaign::run(std::uint64_t seed, std::chrono::seconds time, int rounds) {
  random_.seed(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto end = std::chrono::steady_clock::now() + time;
  for (int i = 0; i < rounds || std::chrono::steady_clock::now() < end; ++i) {
    std::vector<std::string> shapes;
    for (int k = 0; k < 3; ++k) shapes.push_back(all_shapes[draw(all_shapes.size())]);
    trace_ = "round " + std::to_string(i) + ":";
    round(shapes);
    ++rounds_;
    if (HasFailure()) return;
  }
  EXPECT_GT(kills_, rounds_) << "the campaign hit hardly anything";
  RecordProperty("rounds", rounds_);
  RecordProperty("kills", kills_);
  std::printf("%d rounds, %d processes killed\n", rounds_, kills_);
}

void Campaign::round(const std::vector<std::string>& shapes) {
  for (const std::string& shape : shapes) start_client(shape);
  const std::size_t kills = 1 + draw(most_kills);
  for (std::size_t i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(milliseconds(draw(most_pause_ms)));
    kill_something();
  }
  clients_end();
  SCOPED_TRACE(trace_);
  auto jobs = get_jobs(context);
  if (!jobs && place_id().empty()) return;  // the first client died before it had made the place
  ASSERT_TRUE(jobs.ok()) << jobs.error().message;
  // Clients that died before they had published: no job, and nothing that a verb shows as one.
  std::erase_if(*jobs, [](const JobSummary& job) { return !job.status; });
  for (const JobSummary& job : *jobs) expect_a_possible_status(job);
  for (const JobSummary& job : *jobs) expect_right_end(job);
  expect_only_idle_ones();
  std::vector<JobRef> all;
  for (const JobSummary& job : *jobs) all.emplace_back(job.id, job.place);
  auto cleaned = cleanup_jobs(all, {true, {}});
  ASSERT_TRUE(cleaned.ok()) << cleaned.error().message;
  EXPECT_EQ(cleaned->removed.size(), all.size()) << ::testing::PrintToString(cleaned->warnings);
}

void Campaign::start_client(const std::string& shape) {
  trace_ += " " + shape;
  clients_.insert(start_command({test_program("victim"), shape}, path("clients")));
}

void Campaign::clients_end() {
  for (pid_t client : clients_) ::waitpid(client, nullptr, 0);
  clients_.clear();
}

void Campaign::kill_something() {
  Family family = family_of(place_id());
  switch (draw(7)) {
    case 0:
      trace_ += " -client";
      return kill_one_of({clients_.begin(), clients_.end()});
    case 1:
      trace_ += " -agent";
      return kill_one_of(agents());
    case 2:
      trace_ += " -worker";
      return kill_one_of(family.workers);
    case 3:
      trace_ += " -supervisor";
      return kill_one_of(family.supervisors);
    case 4:
      trace_ += " -warm parent";
      return kill_one_of(family.warm_parents);
    case 5:
      trace_ += " -agent and supervisor";
      kill_one_of(agents());
      return kill_one_of(family.supervisors);
    default:
      trace_ += " -all";
      return kill_all();
  }
}

void Campaign::kill_one_of(const std::vector<pid_t>& pids) {
  if (pids.empty()) return;
  kills_ += ::kill(pids[draw(pids.size())], SIGKILL) == 0 ? 1 : 0;
}

void Campaign::kill_all() {
  for (pid_t client : clients_) ::kill(client, SIGKILL);
  for (pid_t agent : agents()) ::kill(agent, SIGKILL);
  for (const auto& [pid, process] : marked_processes(place_id())) kills_ += ::kill(pid, SIGKILL) == 0 ? 1 : 0;
}

void Campaign::expect_a_possible_status(const JobSummary& job) {
  StatusReport report = status(JobRef(job.id, job.place));
  EXPECT_THAT(report.status, AnyOf(JobStatus::queued, JobStatus::running, JobStatus::finished))
      << job.function << ": " << to_string(report.status) << ": " << report.reason;
}

/// A client that was killed left its growing job open: the next one closes it.
void Campaign::close_if_its_client_died(const JobRef& job) {
  auto info = get_job_info(job);
  ASSERT_TRUE(info.ok()) << info.error().message;
  auto again = reopen_growing_job(job, value_job);
  if (!again) return;
  ASSERT_TRUE(again->close().ok());
}

void Campaign::expect_right_end(const JobSummary& job) {
  JobRef ref(job.id, job.place);
  SCOPED_TRACE(job.function + " " + job.id);
  if (job.function == "value") close_if_its_client_died(ref);
  StatusReport report = ended(ref);
  ASSERT_EQ(report.status, JobStatus::finished) << to_string(report.status) << ": " << report.reason;
  std::vector<std::size_t> failing = failing_tasks(job);
  EXPECT_EQ(report.progress.failed, failing.size());
  EXPECT_EQ(report.progress.succeeded + report.progress.failed, report.progress.total);
  if (job.function.find("/bin/sh") == std::string::npos) {
    expect_values(ref, report.progress.total, failing);
  } else {
    auto results = get_job_results<ProgramResult>(ref);
    ASSERT_TRUE(results.ok()) << results.error().message;
    EXPECT_EQ(results->size(), 12U);
    EXPECT_TRUE(results->all_succeeded());
  }
  expect_two_readers_agree(ref);
}

}  // namespace errand::faults
