// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "errand/error.h"
#include "errand/job.h"
#include "journal/value_reader.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"

namespace errand::client {

/// Hands outcomes of a job to a visitor: values where they lie, mapped and checked, failures decoded.
/// Not thread-safe.
class OutcomeDelivery {
 public:
  explicit OutcomeDelivery(share::JobDirectory& job) : job_(job) {}

  /// Requires index.has(task). The visitor may keep the bytes by their owner. Errors: the visitor's;
  /// corrupt (file and offset); job_missing (the job was removed meanwhile).
  Result<void> deliver(const share::OutcomeIndex& index, std::uint64_t task, detail::OutcomeVisitor& visitor);

 private:
  Result<void> deliver_stored(const share::OutcomeIndex::Found& found, detail::OutcomeVisitor& visitor);
  Result<journal::ValueReader*> reader_of(const share::WorkerKey& worker);
  const std::shared_ptr<const void>& owner_of(const Buffer& log);

  share::JobDirectory& job_;
  std::map<share::WorkerKey, std::unique_ptr<journal::ValueReader>> readers_;
  const std::byte* owned_ = nullptr;  ///< where the log that owner_ keeps begins
  std::size_t owned_size_ = 0;
  std::shared_ptr<const void> owner_;
};

}  // namespace errand::client
