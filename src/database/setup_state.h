// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace errand::database {

/// What a database and its server have of errand, as far as setting it up has to know.
struct SetupState {
  struct Role {
    std::string name;
    bool is_ours = false;       ///< its comment says that errand made it
    std::string about;          ///< the comment
    bool has_settings = false;  ///< alter role ... set
  };
  struct User {
    std::string name;
    bool exists = false;
    bool is_powerful = false;  ///< superuser, createrole, ...: lend() would refuse it
    bool may_submit = false;   ///< a member of errand_user
    bool may_be_lent = false;  ///< errand_lender may grant it
  };

  int server_version = 150000;
  std::string database;
  std::string user;
  bool is_superuser = false;
  bool may_create = false;  ///< roles, and schemas in this database
  bool has_schema = false;
  bool schema_is_ours = false;
  int schema_step = 0;            ///< the last that it has seen
  std::vector<Role> roles;        ///< whose names begin with errand_
  std::vector<std::string> pool;  ///< errand.worker
  std::vector<User> users;        ///< those that were asked for

  [[nodiscard]] const Role* role(const std::string& name) const;
};

/// Reads it; changes nothing. Errors: place_unwritable (no right to read what errand made), and as
/// Connection::run.
[[nodiscard]] Result<SetupState> read_setup_state(Connection& connection,
                                                  const std::vector<std::string>& users);

}  // namespace errand::database
