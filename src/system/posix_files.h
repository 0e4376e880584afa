// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "system/descriptor.h"
#include "system/files.h"

namespace errand::system {

/// The tree below an open directory.
class PosixFiles final : public Files {
 public:
  /// `path` names it for messages and for absolute(); `network` as is_network() says.
  PosixFiles(Descriptor root, std::string path, bool network)
      : root_(std::move(root)), path_(std::move(path)), network_(network) {}

  Result<std::unique_ptr<File>> open_read(const std::string& path) override;
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open_append(const std::string& path) override;
  Result<std::string> read_all(const std::string& path, std::uint64_t limit) override;
  Result<FileInfo> info(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_tree(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<Watch>> watch() override;
  Result<void> import_file(const std::string& outside, const std::string& path, bool executable) override;
  void become_scratch() override;
  [[nodiscard]] bool is_network() const override { return network_; }
  [[nodiscard]] std::string absolute(const std::string& path) const override;

 private:
  [[nodiscard]] Error failure(std::string_view doing, const std::string& path, bool writing) const;
  Result<std::unique_ptr<File>> open_file(const std::string& path, int flags, std::string_view doing);
  Result<Descriptor> open_path(const std::string& path, int flags, std::string_view doing) const;
  Result<void> fill_import(const std::string& outside, const std::string& temporary, bool executable);
  [[nodiscard]] bool share_with_group(int descriptor, std::uint32_t group, std::uint32_t mode) const;
  [[nodiscard]] bool is_same_file(const std::string& one, const std::string& other);

  Descriptor root_;
  std::string path_;
  bool network_;
  bool scratch_ = false;
  std::optional<std::uint32_t> group_ = {};  ///< what is made here is shared with
};

/// Watches directories below the open directory `root`, whose absolute path is `path`; keeps its own
/// descriptor. `by_looking`: never asks the operating system to tell.
[[nodiscard]] Result<std::unique_ptr<Watch>> open_watch(int root, const std::string& path, bool by_looking);

/// True for file systems that several machines share: by the magic number of statfs.
[[nodiscard]] bool is_network_magic(long magic) noexcept;

}  // namespace errand::system
