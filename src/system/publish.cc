// SPDX-License-Identifier: Apache-2.0
#include "system/files.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::system {
namespace {

Result<void> write_new(Files& files, const std::string& path, std::string_view content, bool durable) {
  TRY(const auto file, files.create(path));
  TRY_VOID(file->append(std::as_bytes(std::span(content))));
  return durable ? file->sync() : Result<void>();
}

Result<void> give_name(Files& files, const std::string& from, const std::string& to, bool replace) {
  if (replace) return files.rename(from, to);
  TRY_VOID(files.link(from, to));
  (void)files.remove(from);  // the content has its name: a second one left behind is harmless
  return {};
}

}  // namespace

Result<void> Files::publish(const std::string& path, std::string_view content, bool durable, bool replace) {
  const std::string temporary = temporary_beside(path);
  auto outcome = write_new(*this, temporary, content, durable);
  if (outcome) outcome = give_name(*this, temporary, path, replace);
  if (!outcome) {
    (void)remove(temporary);
    return outcome;
  }
  return durable ? sync_directory(parent_of(path)) : outcome;
}

std::shared_ptr<void> Files::read_ahead(const std::vector<std::string>&) {
  return nullptr;
}

std::vector<Result<std::string>> Files::read_each(const std::vector<std::string>& paths,
                                                  std::uint64_t limit) {
  std::vector<Result<std::string>> contents;
  contents.reserve(paths.size());
  for (const std::string& path : paths) contents.push_back(read_all(path, limit));
  return contents;
}

std::vector<Result<void>> Files::rename_each(const std::vector<std::pair<std::string, std::string>>& names,
                                             const Epitaph& epitaph) {
  std::vector<Result<void>> renamed;
  renamed.reserve(names.size());
  std::string lines;
  for (const auto& [from, to] : names) {
    renamed.push_back(rename(from, to));
    if (renamed.back()) lines += from.substr(from.rfind('/') + 1) + epitaph.words;
  }
  if (lines.empty()) return renamed;
  if (auto file = open_append(epitaph.file)) (void)(*file)->append(std::as_bytes(std::span(lines)));
  return renamed;
}

}  // namespace errand::system
