// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/open_place.h"
#include "client/outcome_delivery.h"
#include "errand/job.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"

namespace errand::client {

/// Hands out the outcomes of a job as they become durable, each once. Not thread-safe.
class ArrivingOutcomes {
 public:
  /// How many tasks there are so far, and whether that is all.
  struct Extent {
    std::uint64_t total = 0;
    bool closed = false;
  };
  using AskExtent = std::function<Extent()>;

  /// Errors: job_missing, place_unreadable.
  static Result<std::unique_ptr<ArrivingOutcomes>> open(const std::shared_ptr<share::Place>& place,
                                                        const std::string& id, AskExtent extent);

  /// See detail::TaskAppender::next. Errors: also job_canceled, job_failed (it ended with tasks undone).
  Result<bool> next(detail::OutcomeVisitor& visitor, std::optional<std::chrono::milliseconds> timeout);

  /// Every task has one and it was handed out.
  [[nodiscard]] bool is_done() const { return done_; }

 private:
  ArrivingOutcomes(std::unique_ptr<share::JobDirectory> job, DirectoryWatch watch, AskExtent extent)
      : job_(std::move(job)),
        watch_(std::move(watch)),
        extent_(std::move(extent)),
        index_(*job_),
        delivery_(*job_) {}
  Result<bool> hand_out(detail::OutcomeVisitor& visitor);
  /// An error if no outcome will come any more.
  Result<void> check_alive(const Extent& extent);
  Result<void> wait_for_news(std::chrono::milliseconds pause);

  std::unique_ptr<share::JobDirectory> job_;
  DirectoryWatch watch_;
  AskExtent extent_;
  share::OutcomeIndex index_;
  OutcomeDelivery delivery_;
  std::vector<std::uint64_t> arrived_;  ///< recorded, not handed out
  std::vector<bool> handed_out_;
  std::uint64_t handed_count_ = 0;
  bool done_ = false;
  std::chrono::steady_clock::time_point checked_ = std::chrono::steady_clock::now();
};

}  // namespace errand::client
