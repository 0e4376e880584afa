// SPDX-License-Identifier: Apache-2.0
#include "launchpad/arrival.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "share/names.h"
#include "share/progress_page.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

using Kind = share::JobFileName::Kind;
constexpr std::uint64_t read_step = std::uint64_t{4} << 20;
constexpr std::size_t hash_length = 32;

bool comes_along(Kind kind) {
  return kind == Kind::job || kind == Kind::claim || kind == Kind::log || kind == Kind::progress ||
         kind == Kind::request || kind == Kind::verdict || kind == Kind::seal;
}

/// A page of an earlier worker. Its process is none of this host's, whatever number it had.
std::string without_process(std::string page) {
  if (page.size() < sizeof(share::ProgressPage)) return page;
  constexpr std::size_t boot = offsetof(share::ProgressPage, boot);
  std::memset(page.data() + boot, 0, sizeof(share::ProgressPage::boot));
  return page;
}

class Landing {
 public:
  Landing(Depot& depot, share::Place& scratch, const HostTerms& terms, const Arrival& arrival)
      : depot_(depot), files_(scratch.files()), place_(scratch), terms_(terms), job_(arrival.job) {
    for (const Piece& piece : arrival.pieces) contents_[piece.file] += piece.bytes;
    staged_ = share::staging_path(job_.id);
  }

  Result<Landed> run() {
    (void)files_.remove_tree(staged_);
    TRY_VOID(files_.make_directory(staged_));
    for (auto& [name, known] : contents_) TRY_VOID(take(name, std::move(known)));
    if (landed_.original.id.empty() && !contents_.contains("verdict")) {
      return Error{ErrorCode::corrupt, "the job " + job_.id + " has no job file", false, "", 0};
    }
    if (!landed_.original.program_hash.empty()) TRY_VOID(bring_program());
    TRY_VOID(place_.ring(job_.id));
    TRY_VOID(files_.rename(staged_, share::job_path(job_.id)));
    return landed_;
  }

  void undo() {
    (void)files_.remove_tree(staged_);
    place_.clear_active(job_.id);
  }

 private:
  Result<void> take(const std::string& file, std::string known) {
    auto name = share::parse_job_file_name(file);
    if (!name || !comes_along(name->kind)) return {};
    if (name->kind == Kind::claim && name->chunk == 0) {
      landed_.generation = std::max(landed_.generation, name->generation);
    }
    if (name->kind == Kind::request) landed_.requests = std::max(landed_.requests, name->number);
    std::uint64_t size = known.size();
    if (name->kind == Kind::progress) known = without_process(std::move(known));
    if (name->kind == Kind::job) {
      TRY(known, take_head(std::move(known)));
    }
    TRY(auto written, files_.create(staged_ + "/" + file));
    TRY_VOID(written->append(bytes_of(known)));
    if (size >= Arrival::read_ahead) {
      TRY(size, copy(*written, share::job_path(job_.id), file, size));
    }
    if (name->kind == Kind::job) landed_.job_size = size;
    return {};
  }

  /// The first piece of the job file, rewritten.
  Result<std::string> take_head(std::string known) {
    TRY(HostHead head, rewrite_head(known, job_.id, terms_));
    landed_.shift = static_cast<std::int64_t>(head.bytes.size()) - static_cast<std::int64_t>(head.replaces);
    landed_.original = std::move(head.original);
    return head.bytes + known.substr(head.replaces);
  }

  Result<void> bring_program() {
    const std::string& hash = landed_.original.program_hash;
    const bool is_hash =
        hash.size() == hash_length && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hash) return Error{ErrorCode::corrupt, "the job " + job_.id + " names no program", false, "", 0};
    const std::string kept = std::string(share::programs_directory) + "/" + hash;
    if (!files_.info(kept)) TRY_VOID(fetch_program(hash, kept));
    return files_.link(kept, staged_ + "/program");
  }

  /// Through a file of its own, so that the snapshot has its name when it is whole.
  Result<void> fetch_program(const std::string& hash, const std::string& kept) {
    const std::string raw = staged_ + "/.program";
    TRY(auto file, files_.create(raw));
    TRY(const std::uint64_t size, copy(*file, std::string(share::programs_directory), hash, 0));
    if (size == 0) {
      return Error{ErrorCode::corrupt, "the program of " + job_.id + " is not in the database", false, "", 0};
    }
    TRY_VOID(files_.import_file(files_.absolute(raw), kept, true));
    return files_.remove(raw);
  }

  /// From `size` on; gives the size of the original.
  Result<std::uint64_t> copy(system::File& into, const std::string& directory, const std::string& name,
                             std::uint64_t size) {
    for (;;) {
      TRY(std::string bytes, depot_.read(job_.owner, directory, name, size, read_step));
      if (bytes.empty()) return size;
      TRY_VOID(into.append(bytes_of(bytes)));
      size += bytes.size();
    }
  }

  Depot& depot_;
  system::Files& files_;
  share::Place& place_;
  const HostTerms& terms_;
  const JobKey& job_;
  std::map<std::string, std::string> contents_;
  std::string staged_;
  Landed landed_;
};

}  // namespace

std::string job_file(const std::string& id, const std::string& name) {
  return share::job_path(id) + "/" + name;
}

Result<Landed> materialize(Depot& depot, share::Place& scratch, const HostTerms& terms,
                           const Arrival& arrival) {
  Landing landing(depot, scratch, terms, arrival);
  auto landed = landing.run();
  if (!landed) landing.undo();
  return landed;
}

}  // namespace errand::launchpad
