// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "launchpad/depot.h"
#include "share/names.h"
#include "system/files.h"
#include "system/try.h"

namespace errand::launchpad {

/// The depot over any Files: one owner's tree. Fails on demand, before or after it has stored.
class FilesDepot final : public Depot {
 public:
  explicit FilesDepot(std::shared_ptr<system::Files> files) : files_(std::move(files)) {}

  int fail_at = -1;            ///< this call to store() fails, as a session that is lost ...
  bool stored_anyway = false;  ///< ... behind the commit
  bool gone = false;
  int version = 1;
  int released = 0;
  int last_stored = 0;              ///< how often store_last was called
  std::vector<std::string> stored;  ///< file names in the order they arrived

  Result<std::optional<Listing>> look(const JobKey& job) override {
    if (gone) return std::optional<Listing>();
    Listing listing;
    listing.version = std::to_string(version);
    TRY(auto names, files_->list(share::job_path(job.id)));
    for (const std::string& name : names) {
      TRY(auto info, files_->info(share::job_path(job.id) + "/" + name));
      listing.sizes[name] = info.size;
    }
    return std::optional<Listing>(std::move(listing));
  }

  Result<std::string> read(const std::string&, const std::string& directory, const std::string& file,
                           std::uint64_t start, std::uint64_t length) override {
    auto opened = files_->open_read(directory + "/" + file);
    if (!opened) return std::string();
    std::string bytes(length, '\0');
    TRY(std::size_t got, (*opened)->read_at(start, std::as_writable_bytes(std::span(bytes))));
    bytes.resize(got);
    return bytes;
  }

  Result<bool> store(const JobKey& job, std::span<const Piece> pieces) override {
    const bool fails = calls_++ == fail_at;
    const Error lost{ErrorCode::place_unreadable, "the session is lost", true, "", 0};
    if (fails && !stored_anyway) return lost;
    if (gone) return false;
    for (const Piece& piece : pieces) TRY_VOID(put(job, piece));
    return fails ? Result<bool>(lost) : Result<bool>(true);
  }

  Result<Farewell> store_last(const JobKey& job, std::span<const Piece> pieces,
                              const std::string& seen) override {
    ++last_stored;
    TRY(const bool put, store(job, pieces));
    TRY(const bool let_go, put ? release(job, seen) : Result<bool>(false));
    return Farewell{put, let_go};
  }

  Result<void> remove(const JobKey& job, const std::string& file) override {
    return files_->remove(share::job_path(job.id) + "/" + file);
  }
  Result<void> punch(const JobKey&, const std::string&, std::uint64_t, std::uint64_t) override { return {}; }

  Result<bool> release(const JobKey&, const std::string& seen) override {
    if (seen != std::to_string(version)) return false;
    ++released;
    return true;
  }

 private:
  Result<void> put(const JobKey& job, const Piece& piece) {
    const std::string path = share::job_path(job.id) + "/" + piece.file;
    stored.push_back(piece.file);
    if (piece.start == 0) return files_->publish(path, piece.bytes, false, true);
    TRY(auto file, files_->open_append(path));
    TRY(auto info, file->info());
    if (info.size != piece.start) return Error{ErrorCode::corrupt, "a gap in " + path, false, "", 0};
    return file->append(std::as_bytes(std::span(piece.bytes)));
  }

  std::shared_ptr<system::Files> files_;
  int calls_ = 0;
};

}  // namespace errand::launchpad
