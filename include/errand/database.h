// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "errand/error.h"

/// A database made ready to be a place (docs/database.md): what `errand database init` does.
namespace errand {

struct DatabaseSetup {
  /// Which database, and as whom: a URI or any other connection string of a superuser, or of a role that may
  /// create roles and, in this database, schemas.
  std::string connection;
  /// The pool has at least so many worker roles afterwards: errand_w1 ... A launchpad that runs every job as
  /// its own user needs none.
  int workers = 0;
  /// Roles that may submit jobs afterwards. They have to exist.
  std::vector<std::string> users;
};

/// What was done, or would be.
struct DatabaseSetupReport {
  std::string database;            ///< postgresql://user@host:port/database; empty for a preview of nothing
  int schema_before = 0;           ///< the last step it had seen; 0: it had no place
  int schema = 0;                  ///< and has seen now
  std::vector<std::string> done;   ///< a sentence each; empty: everything was there
  std::string sql;                 ///< all of it, as psql would take it
  std::vector<std::string> hba;    ///< lines for pg_hba.conf, before all others, that the launchpad needs
  std::vector<std::string> ident;  ///< lines for pg_ident.conf
  bool access_is_known = false;  ///< whether the server's rules could be read: hba and ident hold what lacks
};

/// Makes the schema errand, or brings it up to what this errand knows, each step in a transaction of its own;
/// harmless when there is nothing to do; two at once take turns.
/// Errors: version_mismatch (a newer errand made it), exists (a schema or a role of that name that errand did
/// not make), place_unwritable (no right to do it), invalid_argument (no such user); each says
/// what to do. Then nothing of the step that failed was done.
[[nodiscard]] Result<DatabaseSetupReport> init_database(const DatabaseSetup& setup);

/// The same without doing it. With an empty connection: for a server that has nothing of errand's.
[[nodiscard]] Result<DatabaseSetupReport> preview_database(const DatabaseSetup& setup);

}  // namespace errand
