// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "faults/fault_fixture.h"

namespace errand::faults {

/// Rounds of jobs of many shapes, submitted by clients that live as short as the campaign likes, on
/// workers, supervisors and agents that are killed at random times.
class Campaign : public Faults {
 protected:
  /// Rounds until the time is over, at least `rounds`; the same seed gives the same kills, though not
  /// the same moments.
  void run(std::uint64_t seed, std::chrono::seconds time, int rounds);

 private:
  void round(const std::vector<std::string>& shapes);
  void kill_something();
  void kill_one_of(const std::vector<pid_t>& pids);
  void kill_all();
  void start_client(const std::string& shape);
  void clients_end();
  /// What a verb says at once of a job whose client, agent and workers may all be dead.
  void expect_a_possible_status(const JobSummary& job);
  void expect_right_end(const JobSummary& job);
  void close_if_its_client_died(const JobRef& job);
  std::size_t draw(std::size_t below) { return random_() % below; }

  std::mt19937_64 random_;
  std::set<pid_t> clients_;
  std::string trace_;
  int rounds_ = 0;
  int kills_ = 0;
};

}  // namespace errand::faults
