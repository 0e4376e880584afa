// SPDX-License-Identifier: Apache-2.0
#include "cli/output_stream.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace errand::cli {

void OutputStream::remember_failure() {
  if (os_error_ == 0) os_error_ = errno != 0 ? errno : EIO;
}

void OutputStream::write(std::string_view text) {
  if (file_ == nullptr || broken() || text.empty()) return;
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) remember_failure();
}

void OutputStream::flush() {
  if (file_ == nullptr || broken()) return;
  if (std::fflush(file_) != 0) remember_failure();
}

Result<void> OutputStream::close() {
  flush();
  // A network file system may report a full disk only now.
  if (std::FILE* file = std::exchange(file_, nullptr); file != nullptr && std::fclose(file) != 0) {
    remember_failure();
  }
  if (!broken()) return {};
  bool full = os_error_ == ENOSPC || os_error_ == EDQUOT;
  return Error{full ? ErrorCode::no_space : ErrorCode::system,
               std::string("cannot write the standard output: ") + std::strerror(os_error_), false,
               full ? "nothing was removed; make room and ask again" : "", os_error_};
}

}  // namespace errand::cli
