// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "launchpad/arrival.h"
#include "launchpad/depot.h"
#include "launchpad/host_terms.h"
#include "launchpad/shipment.h"
#include "share/names.h"
#include "share/place.h"

namespace errand::launchpad {

/// One claimed job: its directory in the database and its copy in the scratch place, kept alike. Knows files
/// and nothing about tasks. What lies in the scratch place was written by code of strangers: it is taken for
/// what its name says and not trusted any further. Not thread-safe.
///
/// Errors of every call: job_missing (the job was removed from the database, or is another launchpad's); the
/// depot's. What a failed call has brought over is in doubt, and is looked up before the next one.
class Mirror {
 public:
  static Result<std::unique_ptr<Mirror>> arrive(Depot& depot, std::shared_ptr<share::Place> scratch,
                                                const HostTerms& terms, const Arrival& arrival);

  [[nodiscard]] const JobKey& job() const { return job_; }
  /// The directory in the scratch place.
  [[nodiscard]] std::string path() const { return share::job_path(job_.id); }

  /// A file of the scratch directory has changed; ship() looks at it.
  void changed(std::string_view name);
  /// All of them may have.
  void changed_all() { look_at_all_ = true; }
  /// Something waits that somebody may be waiting for: outcomes, or the end.
  [[nodiscard]] bool urgent() const { return urgent_; }
  [[nodiscard]] bool pending() const { return look_at_all_ || !changed_.empty(); }

  /// Brings what is new in the scratch directory into the database. No reader ever sees a reference to bytes
  /// that are not there: claims first, then values and console text, then the logs that refer to them (whole
  /// records only), verdict and seal last.
  Result<void> ship(std::int64_t now_ns);
  /// Workers store their progress without waking anybody: ships the pages that differ.
  Result<void> ship_progress();
  /// Brings new requests and appended tasks into the scratch directory, and rings the agent.
  Result<void> fetch();
  /// What is in the database says where to go on.
  Result<void> resync();
  void doubt() { in_doubt_ = true; }

  /// True if the agent has settled the job: its mark in the scratch place is gone.
  [[nodiscard]] bool settled_here() const;
  /// Ships the rest and lets the database's mark go. False: the job was rung meanwhile and stays ours.
  Result<bool> settle(std::int64_t now_ns);
  /// The job is nobody's any more in the database: asks its agent to end what runs of it.
  void abandon();
  /// Its workers were ended by us: nothing that they held counts as lost with them.
  void clear_tasks_in_hand() { hands_cleared_ = true; }
  void remove_here();

 private:
  Mirror(Depot& depot, std::shared_ptr<share::Place> scratch, HostTerms terms, JobKey job)
      : depot_(depot), place_(std::move(scratch)), terms_(std::move(terms)), job_(std::move(job)) {}

  [[nodiscard]] bool is_ours(const share::JobFileName& name) const;
  Result<std::set<std::string>> take_changed();
  Result<std::unique_ptr<system::File>> open(const std::string& name);
  Result<std::map<std::string, std::string>> read_tails(const std::set<std::string>& names);
  Result<void> ship_changes(std::int64_t now_ns, bool last);
  Result<bool> ship_round(const std::set<std::string>& names, std::int64_t now_ns, bool last);
  Result<void> ship_whole(Shipment& shipment, const std::string& name);
  Result<void> ship_bytes(Shipment& shipment, const std::string& name, bool has_holes);
  Result<void> ship_page(Shipment& shipment, const std::string& name);
  Result<void> ship_seal(Shipment& shipment);
  Result<void> punch_holes(const std::string& name, system::File& file, std::uint64_t size);
  Result<void> remove_canceled();
  Result<void> append_tasks(std::uint64_t size);

  Depot& depot_;
  std::shared_ptr<share::Place> place_;
  HostTerms terms_;
  JobKey job_;
  Landed landed_;
  std::string version_;
  std::map<std::string, std::uint64_t> shipped_;     ///< bytes of a file that the database has
  std::map<std::string, std::string> whole_;         ///< what was shipped of files that are replaced
  std::map<std::string, std::uint64_t> punched_at_;  ///< size of a console file when holes were looked for
  std::set<std::string, std::less<>> changed_;
  std::map<std::string, int> refusals_;  ///< how often a file could not be opened
  std::int64_t progress_ns_ = 0;
  bool look_at_all_ = true;
  bool urgent_ = false;
  bool in_doubt_ = false;
  bool released_ = false;
  bool hands_cleared_ = false;
};

}  // namespace errand::launchpad
