// SPDX-License-Identifier: Apache-2.0
#include "share/job_directory.h"
#include "system/try.h"

namespace errand::share {
namespace {

/// Removes what was staged unless it was published: also when the content's writer, who encodes the user's
/// values, throws.
class Staged {
 public:
  Staged(Place& place, const std::string& id) : place_(place), id_(id) {}
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;
  ~Staged() {
    if (published) return;
    (void)place_.files().remove_tree(staging_path(id_));
    place_.clear_active(id_);
  }
  bool published = false;

 private:
  Place& place_;
  const std::string& id_;
};

Result<std::unique_ptr<system::File>> stage(Place& place, const Manifest& manifest, const JobContent& write,
                                            const std::string& staged) {
  system::Files& files = place.files();
  TRY_VOID(files.make_directory(staged));
  TRY(auto file, files.create(staged + "/job"));
  TRY_VOID(write(*file));
  // Before the fsyncs: a journaling file system then needs one commit for the file and both names.
  if (!manifest.program_hash.empty()) {
    TRY_VOID(link_program(place, manifest.program_hash, staged + "/program"));
  }
  TRY_VOID(file->sync());
  // Marked active before it is visible: an unsettled job without the mark could be overlooked.
  TRY_VOID(place.ring(manifest.id));
  TRY_VOID(files.rename(staged, job_path(manifest.id)));
  return file;
}

/// Behind the rename, so that the agent is at work while we wait for the disk. A power cut before the first
/// leaves a directory without a job file, which is no job; the caller has not been told of it either.
Result<void> sync_names(system::Files& files, const std::string& id) {
  TRY_VOID(files.sync_directory(job_path(id)));
  return files.sync_directory(std::string(jobs_directory));
}

}  // namespace

Result<std::unique_ptr<system::File>> publish_job(Place& place, const Manifest& manifest,
                                                  std::string_view content) {
  return publish_job(place, manifest, [content](system::File& file) {
    return file.append(std::as_bytes(std::span(content.data(), content.size())));
  });
}

Result<std::unique_ptr<system::File>> publish_job(Place& place, const Manifest& manifest,
                                                  const JobContent& write) {
  Staged staged(place, manifest.id);
  auto file = stage(place, manifest, write, staging_path(manifest.id));
  staged.published = file.ok();
  if (!file) return file;
  if (auto synced = sync_names(place.files(), manifest.id); !synced) {
    (void)place.remove_job(manifest.id, "its submission could not be made durable");
    return std::move(synced).error();
  }
  return file;
}

}  // namespace errand::share
