// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/connection.h"
#include "launchpad/arrival.h"
#include "launchpad/depot.h"

namespace errand::launchpad {

/// The depot of a database, through the launchpad's session and under its lease. Each call is one statement:
/// it happens wholly or not at all, and only while the lease is the one in the job's row.
class SqlDepot final : public Depot {
 public:
  /// Without a session every call fails; `connection` has to outlive its use.
  void use(database::Connection* connection, std::int64_t lease) {
    connection_ = connection;
    lease_ = lease;
  }

  Result<std::optional<Listing>> look(const JobKey& job) override;
  Result<std::string> read(const std::string& owner, const std::string& directory, const std::string& file,
                           std::uint64_t start, std::uint64_t length) override;
  Result<bool> store(const JobKey& job, std::span<const Piece> pieces) override;
  Result<Farewell> store_last(const JobKey& job, std::span<const Piece> pieces,
                              const std::string& version) override;
  Result<void> remove(const JobKey& job, const std::string& file) override;
  Result<void> punch(const JobKey& job, const std::string& file, std::uint64_t begin,
                     std::uint64_t end) override;
  Result<bool> release(const JobKey& job, const std::string& version) override;

  /// Whose jobs to claim, and how many at most.
  struct Wanted {
    std::vector<std::string> owners;  ///< empty: anybody's
    std::vector<std::string> but_of;  ///< never these owners'
    std::size_t most = 1;
    /// Also those whose launchpad is gone, and those that are claimed by us without our knowing: the answer
    /// to a claim may have been lost. Then `held` are the jobs that we know of.
    bool of_the_dead = false;
    std::vector<std::string> held = {};
    std::vector<std::string> unwanted = {};  ///< never these, by path
  };
  /// Claims jobs, oldest first, and reads them. Two launchpads never get the same one, and neither waits. A
  /// server that crashes in the same second may forget the claim: then the job is claimed again, by anybody.
  Result<std::vector<Arrival>> claim(const Wanted& wanted);
  /// The job is nobody's again, and still to be run; whoever may run it is told.
  Result<void> give_back(const JobKey& job);

 private:
  Result<database::Rows> put(const JobKey& job, std::span<const Piece> pieces, const std::string& version);
  Result<database::Rows> run(std::string_view statement, const database::Parameters& parameters);

  database::Connection* connection_ = nullptr;
  std::int64_t lease_ = 0;
};

}  // namespace errand::launchpad
