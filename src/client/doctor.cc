// SPDX-License-Identifier: Apache-2.0
#include "errand/doctor.h"

#include <algorithm>

#include "client/findings.h"
#include "database/target.h"

namespace errand {

std::string_view to_string(Finding::Verdict verdict) noexcept {
  switch (verdict) {
    case Finding::Verdict::good:
      return "good";
    case Finding::Verdict::notable:
      return "notable";
    case Finding::Verdict::wrong:
      break;
  }
  return "wrong";
}

std::vector<Finding> examine(const ComputeContext& context) {
  client::Findings findings;
  const std::string place = resolve_share_dir(context);
  if (database::is_database_place(place)) {
    client::examine_database(place, findings);
    return findings.take();
  }
  client::examine_directory(place, findings);
  if (context.engine == "local") client::examine_machine(findings);
  client::examine_schedulers(context, findings);
  return findings.take();
}

bool anything_wrong(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.verdict == Finding::Verdict::wrong; });
}

}  // namespace errand
