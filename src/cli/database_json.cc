// SPDX-License-Identifier: Apache-2.0
#include "cli/job_json.h"

namespace errand::cli {

Json to_json(const DatabaseSetupReport& report) {
  return {{"database", report.database}, {"schema_before", report.schema_before},
          {"schema", report.schema},     {"done", report.done},
          {"sql", report.sql},           {"hba", report.hba},
          {"ident", report.ident},       {"access_is_known", report.access_is_known}};
}

}  // namespace errand::cli
