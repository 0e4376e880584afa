// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>

#include "system/files.h"

namespace errand::system {
namespace {

ErrorCode code_of(int number, bool writing) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::exists;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case EACCES:
    case EPERM:
      return writing ? ErrorCode::place_unwritable : ErrorCode::place_unreadable;
    case EROFS:
      return ErrorCode::place_unwritable;
    case ELOOP:
      return ErrorCode::corrupt;
    case EOPNOTSUPP:
    case ENOSYS:
      return ErrorCode::not_supported;
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    default:
      return ErrorCode::system;
  }
}

// What may be different at the next call although nobody did anything about it.
bool is_transient(int number) {
  switch (number) {
    case EAGAIN:
    case EINTR:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOLCK:
    case EBUSY:
    case ESTALE:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos || slash == 0) return path;
  return path.substr(0, slash);
}

std::string hint_for(int number, ErrorCode code, const std::string& path) {
  if (code == ErrorCode::no_space) return "free space in " + directory_of(path);
  if (code == ErrorCode::place_unwritable) {
    return "choose another share directory with --share-dir or ERRAND_SHARE_DIR";
  }
  if (code == ErrorCode::place_unreadable) return "look at the permissions of " + path + " and its parents";
  if (number == EMFILE) return "raise the limit of open files (ulimit -n)";
  return {};
}

}  // namespace

Error os_error(int number, std::string_view doing, const std::string& path, bool writing) {
  char text[128];
  Error error;
  error.code = code_of(number, writing);
  error.message.append(doing).append(" ").append(path).append(": ");
  error.message += number == ELOOP ? "is a symbolic link" : strerror_r(number, text, sizeof text);
  error.transient = is_transient(number);
  error.hint = hint_for(number, error.code, path);
  error.os_error = number;
  return error;
}

}  // namespace errand::system
