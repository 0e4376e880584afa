// SPDX-License-Identifier: Apache-2.0
#include "client/request.h"

#include <unistd.h>

#include "system/processes.h"
#include "system/try.h"

namespace errand::client {

share::Request make_request(const share::JobDirectory& job, share::Request::Kind kind) {
  static const std::string host = system::system_processes().self().host;
  share::Request request;
  request.kind = kind;
  request.time_ns = job.place().clock().now_ns();
  request.user = std::to_string(geteuid());
  request.host = host;
  return request;
}

Result<engine::Engine*> engine_of(share::JobDirectory& job) {
  TRY(const share::Manifest* manifest, job.manifest());
  return engine::find_engine(manifest->context.engine);
}

}  // namespace errand::client
