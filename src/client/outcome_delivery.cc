// SPDX-License-Identifier: Apache-2.0
#include "client/outcome_delivery.h"

#include "client/find_job.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {

Result<void> OutcomeDelivery::deliver(const share::OutcomeIndex& index, std::uint64_t task,
                                      detail::OutcomeVisitor& visitor) {
  auto found = index.find(task);
  if (!found) return {};
  const journal::OutcomeHead& outcome = found->outcome;
  if (outcome.cause != FailureCause::none) {
    visitor.failure(journal::decode_failure(outcome));
    return {};
  }
  if (outcome.stored) return deliver_stored(*found, visitor);
  return visitor.value(task, outcome.attempt,
                       EncodedView{outcome.codec, outcome.inline_bytes, owner_of(*found->log)});
}

Result<void> OutcomeDelivery::deliver_stored(const share::OutcomeIndex::Found& found,
                                             detail::OutcomeVisitor& visitor) {
  TRY(journal::ValueReader * reader, reader_of(found.worker));
  TRY(std::vector<Buffer> buffers, reader->read(found.outcome));
  if (buffers.empty()) buffers.emplace_back();
  std::shared_ptr<const void> owner = std::make_shared<const Buffer>(buffers.front());
  return visitor.value(found.outcome.task, found.outcome.attempt,
                       EncodedView{found.outcome.codec, buffers.front().bytes(), owner,
                                   std::span<const Buffer>(buffers).subspan(1)});
}

Result<journal::ValueReader*> OutcomeDelivery::reader_of(const share::WorkerKey& worker) {
  auto& reader = readers_[worker];
  if (!reader) {
    std::string path = job_.path() + "/" + values_name(worker);
    auto file = job_.place().files().open_read(path);
    if (!file && file.error().code == ErrorCode::not_found) {
      if (!job_.refresh()) return job_missing(job_.place(), job_.id());
      return Error{ErrorCode::corrupt,
                   job_.place().files().absolute(path) + " is missing: its values are lost", false,
                   "retry_job does not help; submit the job again", 0};
    }
    if (!file) return std::move(file).error();
    reader = std::make_unique<journal::ValueReader>(*std::move(file), job_.place().files().absolute(path));
  }
  return reader.get();
}

/// Neighbouring tasks mostly lie in one log: its owner is made once, not for each value.
const std::shared_ptr<const void>& OutcomeDelivery::owner_of(const Buffer& log) {
  if (!owner_ || owned_ != log.data() || owned_size_ != log.size()) {
    owner_ = std::make_shared<const Buffer>(log);
    owned_ = log.data();
    owned_size_ = log.size();
  }
  return owner_;
}

}  // namespace errand::client
