// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <fstream>
#include <thread>

#include "database/connection.h"
#include "database/target.h"
#include "measure.h"

/// What the server and its tables cost without errand: floors of jobs in a database.
namespace bench {

namespace database = errand::database;

constexpr std::size_t piece_of_value = std::size_t{512} << 10;
constexpr int tasks_of_block = 10'000;
constexpr std::size_t bytes_of_task = 32;

inline std::string uri_of(const std::string& role) {
  std::ifstream file(std::string(getenv("ERRAND_DATABASE")) + "/" + role + ".uri");
  std::string uri;
  if (!std::getline(file, uri)) give_up("ERRAND_DATABASE names no folder of tests/database/place-up");
  return uri;
}

inline std::unique_ptr<database::Connection> connect(const std::string& role) {
  return must(database::Connection::open(must(database::parse_connection_string(uri_of(role)))));
}

/// Tables of its own beside errand's: what is measured is the server. The client is alice, as for errand.
class BareTables {
 public:
  BareTables() : administrator_(connect("administrator")), client_(connect("alice")) {
    must(administrator_->run_script(
        "drop table if exists errand_bench_bare, errand_bench_outcome, errand_bench_payload, "
        "errand_bench_job; "
        "create table errand_bench_bare (id bigint, start bigint, data bytea, primary key (id, start)); "
        "create table errand_bench_job (id bigint primary key, state text not null default 'pending'); "
        "create index errand_bench_pending on errand_bench_job (id) where state = 'pending'; "
        "create table errand_bench_payload (job bigint references errand_bench_job on delete cascade, data "
        "bytea); "
        "create table errand_bench_outcome (job bigint references errand_bench_job on delete cascade, first "
        "bigint, "
        "data bytea, primary key (job, first)); "
        "alter table errand_bench_bare alter data set storage external; "
        "alter table errand_bench_outcome alter data set storage external; "
        "grant all on errand_bench_bare, errand_bench_job, errand_bench_payload, errand_bench_outcome to "
        "public"));
  }
  ~BareTables() {
    (void)administrator_->run_script(
        "drop table errand_bench_bare, errand_bench_outcome, errand_bench_payload, errand_bench_job");
  }

  /// A row and a notification there, a row and a notification back, by two sessions.
  double round_trip(int rounds) {
    auto server = connect("administrator");
    must(server->run_script("listen errand_bench_there"));
    must(client_->run_script("listen errand_bench_back"));
    std::thread answering([&] {
      for (int i = 0; i < rounds; ++i) {
        wait_for_notification(*server);
        put(*server, -1 - i, 0, "42", "errand_bench_back");
      }
    });
    std::vector<double> seconds;
    for (int i = 0; i < rounds; ++i) {
      seconds.push_back(seconds_of([&] {
        put(*client_, 1 + i, 0, "41", "errand_bench_there");
        wait_for_notification(*client_);
        must(client_->run("select data from errand_bench_bare where id = $1",
                          database::Parameters().number(-1 - i)));
      }));
    }
    answering.join();
    return median(seconds);
  }

  /// A job by the plainest tables: two rows and a notification submit it; it is claimed; its outcome, its
  /// state and a notification are written back; the outcome is read. Each of the four is one statement of its
  /// own.
  double table_protocol(int rounds) {
    auto server = connect("administrator");
    must(server->run_script("listen errand_bench_submit"));
    std::thread serving([&] {
      for (int i = 0; i < rounds; ++i) {
        wait_for_notification(*server);
        serve_one(*server);
      }
    });
    std::vector<double> seconds;
    for (int i = 0; i < rounds; ++i) {
      seconds.push_back(seconds_of([&] { run_one(first_of_protocol + i); }));
    }
    serving.join();
    must(administrator_->run_script("delete from errand_bench_job"));
    return median(seconds);
  }

  /// Seconds for that many tasks' outcomes, ten thousand in a row, written one after another and read by the
  /// client.
  double outcomes(int tasks) {
    auto server = connect("administrator");
    const std::string block(tasks_of_block * bytes_of_task, 'x');
    must(client_->run("insert into errand_bench_job values ($1)",
                      database::Parameters().number(job_of_outcomes)));
    const double seconds = seconds_of([&] {
      for (int first = 0; first < tasks; first += tasks_of_block) {
        database::Parameters values;
        values.number(job_of_outcomes).number(first).bytes(std::as_bytes(std::span(block)));
        must(server->run("insert into errand_bench_outcome values ($1, $2, $3)", values));
      }
      std::size_t read = 0;
      must(client_->stream("select data from errand_bench_outcome where job = $1 order by first",
                           database::Parameters().number(job_of_outcomes), [&](const database::Rows& row) {
                             read += row.text(0, 0).size() / bytes_of_task;
                             return errand::Result<void>();
                           }));
      if (read < static_cast<std::size_t>(tasks)) give_up("outcomes are missing");
    });
    must(client_->run("delete from errand_bench_job where id = $1",
                      database::Parameters().number(job_of_outcomes)));
    return seconds;
  }

  double write(const std::string& bytes) {
    return seconds_of([&] {
      must(client_->run_script("begin"));
      for (std::size_t at = 0; at < bytes.size(); at += piece_of_value)
        put(*client_, 0, static_cast<std::int64_t>(at), std::string_view(bytes).substr(at, piece_of_value),
            "errand_bench");
      must(client_->run_script("commit"));
    });
  }
  double read(std::size_t expected) {
    std::size_t size = 0;
    return seconds_of([&] {
      must(client_->stream("select data from errand_bench_bare where id = $1 order by start",
                           database::Parameters().number(0), [&](const database::Rows& row) {
                             size += row.text(0, 0).size();
                             return errand::Result<void>();
                           }));
      if (size != expected) give_up("bytes are missing");
    });
  }

 private:
  static constexpr std::int64_t first_of_protocol = 1;
  static constexpr std::int64_t job_of_outcomes = 1'000'000'000;

  void run_one(std::int64_t id) {
    const std::string channel = "errand_bench_done_" + std::to_string(id);
    must(client_->run_script("listen " + channel));
    database::Parameters submitted;
    submitted.number(id).bytes(std::as_bytes(std::span(std::string_view("41"))));
    must(client_->run(
        "with job as (insert into errand_bench_job values ($1) returning id) insert into "
        "errand_bench_payload select id, $2 from job returning pg_notify('errand_bench_submit', '')",
        submitted));
    wait_for_notification(*client_);
    auto outcome = must(client_->run("select data from errand_bench_outcome where job = $1",
                                     database::Parameters().number(id)));
    if (outcome.count() != 1) give_up("an outcome is missing");
    must(client_->run_script("unlisten " + channel));
  }
  static void serve_one(database::Connection& server) {
    auto claimed = must(server.run(
        "with next as (select id from errand_bench_job where state = 'pending' order by id limit 1 for "
        "update skip "
        "locked), job as (update errand_bench_job set state = 'claimed' where id = (select id from next) "
        "returning "
        "id) select job.id, data from job join errand_bench_payload on errand_bench_payload.job = job.id",
        {}));
    if (claimed.count() != 1) give_up("no job was claimed");
    const std::int64_t id = claimed.number(0, 0);
    const std::string channel = "errand_bench_done_" + std::to_string(id);
    database::Parameters done;
    done.number(id).bytes(std::as_bytes(std::span(std::string_view("42")))).text(channel);
    must(server.run(
        "with outcome as (insert into errand_bench_outcome values ($1, 0, $2)) update errand_bench_job "
        "set state = 'done' where id = $1 returning pg_notify($3, '')",
        done));
  }

  static void put(database::Connection& connection, std::int64_t id, std::int64_t start,
                  std::string_view bytes, std::string_view channel) {
    database::Parameters parameters;
    parameters.number(id).number(start).bytes(std::as_bytes(std::span(bytes))).text(channel);
    must(connection.run("insert into errand_bench_bare values ($1, $2, $3) returning pg_notify($4, '')",
                        parameters));
  }
  static void wait_for_notification(database::Connection& connection) {
    while (must(connection.notifications()).empty()) {
      pollfd readable{connection.descriptor(), POLLIN, 0};
      poll(&readable, 1, 10'000);
    }
  }
  std::unique_ptr<database::Connection> administrator_;
  std::unique_ptr<database::Connection> client_;
};

}  // namespace bench
