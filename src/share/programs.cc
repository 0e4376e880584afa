// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>

#include "share/names.h"
#include "share/place.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr int most_link_tries = 16;
constexpr std::int64_t unused_patience_ns = 600 * 1'000'000'000LL;
constexpr std::size_t hash_length = 32;

std::string program_path(const std::string& hash) {
  return std::string(programs_directory) + "/" + hash;
}

/// A file's identity as a name: the same answer means the same content, short of tricks with the clock.
std::string stat_name(const system::FileInfo& info) {
  return std::string(programs_by_stat_directory) + "/" + std::to_string(info.device) + "-" +
         std::to_string(info.inode) + "-" + std::to_string(info.size) + "-" +
         std::to_string(info.modified_ns) + "-" + std::to_string(info.changed_ns);
}

Result<std::string> content_hash(system::Files& files, const std::string& path) {
  TRY(auto file, files.open_read(path));
  TRY(system::FileInfo info, file->info());
  TRY(Buffer bytes, file->view(0, info.size));
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  std::array<char, hash_length + 1> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return std::string(text.data());
}

std::string scratch_name(const Place& place) {
  return std::string(programs_directory) + "/." + make_job_id(place.clock().now_ns());
}

/// Half a program on a full disk would keep it full: nobody knows its name.
Result<void> import(system::Files& files, const std::string& outside, const std::string& scratch) {
  auto imported = files.import_file(outside, scratch, true);
  if (!imported) (void)files.remove(scratch);
  return imported;
}

/// What this process has snapshots of, by place and stat_name: as it saw them last.
class SeenPrograms {
 public:
  std::string find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    auto seen = hashes_.find(key);
    return seen == hashes_.end() ? std::string() : seen->second;
  }
  std::string keep(const std::string& key, std::string hash) {
    const std::lock_guard lock(mutex_);
    return hashes_[key] = std::move(hash);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> hashes_;
};

SeenPrograms& seen_programs() {
  static auto* seen = new SeenPrograms;  // never destroyed: threads may submit while the process ends
  return *seen;
}

}  // namespace

Result<std::string> snapshot_program(Place& place, const std::string& outside, bool look) {
  system::Files& files = place.files();
  TRY(system::FileInfo info, system::outside_file_info(outside));
  const std::string known = stat_name(info);
  const std::string key = place.id() + known;
  if (std::string seen = look ? std::string() : seen_programs().find(key); !seen.empty()) return seen;
  if (auto hash = files.read_all(known, hash_length); hash && files.info(program_path(*hash)))
    return seen_programs().keep(key, *std::move(hash));
  std::string scratch = scratch_name(place);
  TRY_VOID(import(files, outside, scratch));
  Result<std::string> hash = content_hash(files, scratch);
  Result<void> named = hash ? files.rename(scratch, program_path(*hash)) : Result<void>(hash.error());
  if (!named) {
    (void)files.remove(scratch);
    return std::move(named).error();
  }
  TRY_VOID(files.sync_directory(std::string(programs_directory)));
  (void)files.publish(known, *hash, false, true);
  return seen_programs().keep(key, *std::move(hash));
}

Result<void> link_program(Place& place, const std::string& hash, const std::string& to) {
  system::Files& files = place.files();
  Result<void> linked = files.link(program_path(hash), to);
  // Several first submissions at once each put their copy in the name's place. Who has just looked the name
  // up then links a file without a name, and is told that there is none.
  for (int tries = 1; !linked && linked.error().code == ErrorCode::not_found && tries < most_link_tries;
       ++tries) {
    linked = files.link(program_path(hash), to);
  }
  if (linked || linked.error().os_error != EMLINK) return linked;
  // The snapshot has as many links as the file system allows: a fresh copy takes its name over, the old
  // one lives on under its jobs' names.
  std::string scratch = scratch_name(place);
  TRY_VOID(import(files, files.absolute(program_path(hash)), scratch));
  TRY_VOID(files.rename(scratch, program_path(hash)));
  return files.link(program_path(hash), to);
}

void release_unused_programs(Place& place) {
  system::Files& files = place.files();
  auto names = files.list(std::string(programs_directory));
  if (!names) return;
  for (const std::string& name : *names) {
    std::string path = std::string(programs_directory) + "/" + name;
    auto info = files.info(path);
    // A link made or removed moves changed_ns.
    if (info && info->kind == system::FileInfo::Kind::file && info->links == 1 &&
        place.file_time_ns() - info->changed_ns > unused_patience_ns) {
      (void)files.remove(path);
    }
  }
  auto known = files.list(std::string(programs_by_stat_directory));
  if (!known) return;
  for (const std::string& name : *known) {
    std::string path = std::string(programs_by_stat_directory) + "/" + name;
    auto hash = files.read_all(path, hash_length);
    if (!hash || !files.info(program_path(*hash))) (void)files.remove(path);
  }
}

}  // namespace errand::share
