// SPDX-License-Identifier: Apache-2.0
#include "launchpad/shipment.h"

#include "system/try.h"

namespace errand::launchpad {

Result<void> Shipment::add(const std::string& file, std::uint64_t start, std::string_view bytes) {
  do {
    const std::string_view part = bytes.substr(0, piece_limit);
    pieces_.push_back({file, start, std::string(part)});
    waiting_ += part.size();
    start += part.size();
    bytes.remove_prefix(part.size());
    if (waiting_ >= batch_bytes || pieces_.size() == batch_pieces) TRY_VOID(finish());
  } while (!bytes.empty());
  return {};
}

Result<void> Shipment::finish() {
  if (pieces_.empty()) return {};
  TRY(const bool stored, depot_.store(job_, pieces_));
  pieces_.clear();
  waiting_ = 0;
  return stored ? Result<void>() : Result<void>(not_ours());
}

Result<bool> Shipment::finish_and_release(const std::string& version) {
  if (pieces_.empty()) return depot_.release(job_, version);
  TRY(const Depot::Farewell said, depot_.store_last(job_, pieces_, version));
  pieces_.clear();
  waiting_ = 0;
  return said.stored ? Result<bool>(said.released) : Result<bool>(not_ours());
}

Error Shipment::not_ours() const {
  return {ErrorCode::job_missing, "the job " + job_.id + " is not ours any more", false, "", 0};
}

}  // namespace errand::launchpad
