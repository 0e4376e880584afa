// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>

#include "faults/fault_fixture.h"

/// Files of a job that are cut short or have flipped bits: the right answer or an error that names the
/// file, and never a value that the task did not return.
namespace errand::faults {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::uint64_t large_bytes = 200'000;

class BadBytes : public Faults {
 protected:
  /// A job of four values in the values file, and console text; its files are kept for restore().
  void make_job() {
    context.cores = 1;
    std::vector<std::uint64_t> sizes = {large_bytes, 10, large_bytes + 1, 11};
    auto job = exec(context, big_value_job, each(sizes));
    ASSERT_TRUE(job.ok()) << job.error().message;
    ASSERT_EQ(ended(*job).status, JobStatus::finished);
    keep(*job);
    job_ = JobRef(*job);
    sizes_ = sizes;
  }
  void keep(const JobRef& job) {
    end_agents(SIGTERM);
    fs::create_directory(path("kept"));
    for (const auto& entry : fs::directory_iterator(directory(job))) copy(entry.path(), path("kept"));
  }
  static void copy(const fs::path& from, const fs::path& into) {
    const fs::path to = into / from.filename();
    if (from.filename() == "program") {
      fs::create_hard_link(from, to);
    } else {
      fs::copy_file(from, to);
    }
  }
  void restore() const {
    end_agents(SIGTERM);
    fs::remove_all(directory(job_));
    fs::create_directory(directory(job_));
    fs::permissions(directory(job_), fs::perms::owner_all);
    for (const auto& entry : fs::directory_iterator(path("kept"))) copy(entry.path(), directory(job_));
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path("kept"))) {
      if (entry.path().filename() != "program") names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// A value that is shown is the value.
  void expect_no_made_up_value() const {
    auto outcomes = get_partial_results<Buffer>(job_);
    if (!outcomes) {
      EXPECT_FALSE(outcomes.error().message.empty());
      return;
    }
    for (const auto& outcome : *outcomes) {
      ASSERT_LT(outcome.task, sizes_.size());
      if (!outcome.succeeded()) continue;
      EXPECT_TRUE(outcome.value().text() == tasks::big_value(sizes_[outcome.task]).text())
          << "task " << outcome.task;
    }
  }
  /// The results are right, or an error that names the file.
  void expect_results_or_error(const std::string& file) const {
    auto results = get_job_results<Buffer>(job_);
    if (results) {
      ASSERT_EQ(results->size(), sizes_.size());
      for (std::size_t task = 0; task < sizes_.size(); ++task) {
        EXPECT_TRUE((*results)[task].text() == tasks::big_value(sizes_[task]).text()) << "task " << task;
      }
    } else if (results.error().code == ErrorCode::corrupt) {
      EXPECT_THAT(results.error().message, ::testing::AnyOf(HasSubstr(file), HasSubstr(job_.id())));
    } else {
      EXPECT_FALSE(results.error().message.empty());
    }
  }
  void ask_everything(const std::string& file) const {
    StatusReport report = status(job_);
    EXPECT_FALSE(report.reason.empty());
    if (report.status == JobStatus::undetermined) {
      EXPECT_THAT(report.reason, HasSubstr(file));
    }
    expect_no_made_up_value();
    expect_results_or_error(file);
    (void)get_job_output(job_);
    std::string text;
    (void)inspect_job(job_, [&text](std::string_view piece) { text += piece; });
    EXPECT_TRUE(get_jobs(context).ok());
    (void)get_job_info(job_);
    WaitOptions options;
    options.timeout = milliseconds(20'000);
    auto waited = wait_for_job(job_, options);
    ASSERT_TRUE(waited.ok()) << waited.error().message << ": " << status(job_).reason;
    if (waited->status == JobStatus::finished) expect_results_or_error(file);
    expect_no_made_up_value();
  }

  JobRef job_;
  std::vector<std::uint64_t> sizes_;
};

TEST_F(BadBytes, AFlippedBitAnywhereInAnyFileOfAJob) {
  make_job();
  for (const std::string& file : files()) {
    const std::string bytes = read_file(path("kept/" + file));
    std::vector<std::size_t> positions = {0, 8, 17, 30, bytes.size() / 2, bytes.size() - 1};
    for (std::size_t position : positions) {
      if (position >= bytes.size()) continue;
      SCOPED_TRACE(file + ": bit flipped at " + std::to_string(position));
      restore();
      std::string damaged = bytes;
      damaged[position] = static_cast<char>(damaged[position] ^ 0x10);
      write_file(directory(job_) + "/" + file, damaged);
      ask_everything(file);
      fs::remove(directory(job_) + "/seal");  // the answer may not rest on it
      ask_everything(file);
      if (HasFailure()) return;
    }
  }
}

TEST_F(BadBytes, ATruncationAnywhereOfAnyFileOfAJob) {
  make_job();
  for (const std::string& file : files()) {
    const std::string bytes = read_file(path("kept/" + file));
    for (std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1}) {
      if (size >= bytes.size()) continue;
      SCOPED_TRACE(file + ": cut to " + std::to_string(size));
      restore();
      write_file(directory(job_) + "/" + file, bytes.substr(0, size));
      ask_everything(file);
      fs::remove(directory(job_) + "/seal");
      ask_everything(file);
      if (HasFailure()) return;
    }
  }
}

TEST_F(BadBytes, AnyMissingFileOfAJob) {
  make_job();
  for (const std::string& file : files()) {
    SCOPED_TRACE(file + " removed");
    restore();
    fs::remove(directory(job_) + "/" + file);
    ask_everything(file);
    if (HasFailure()) return;
  }
}

TEST_F(BadBytes, ADamagedJobFileIsNamedByEveryVerbAndForceRemovesTheJob) {
  make_job();
  std::string bytes = read_file(path("kept/job"));
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  fs::remove(directory(job_) + "/seal");
  write_file(directory(job_) + "/job", bytes);
  const std::string file = "jobs/" + job_.id() + "/job";
  StatusReport report = status(job_);
  EXPECT_EQ(report.status, JobStatus::undetermined);
  EXPECT_THAT(report.reason, HasSubstr(file));
  EXPECT_EQ(errand({"status", "--check", job_.id()}).exit_code, 5);
  EXPECT_THAT(errand({"results", job_.id()}).err, HasSubstr(file));
  auto cleaned = cleanup_jobs({job_});
  ASSERT_TRUE(cleaned.ok());
  EXPECT_EQ(cleaned->removed.size(), 0U);
  cleaned = cleanup_jobs({job_}, {true, {}});
  ASSERT_TRUE(cleaned.ok());
  EXPECT_EQ(cleaned->removed.size(), 1U) << ::testing::PrintToString(cleaned->warnings);
  EXPECT_FALSE(fs::exists(directory(job_)));
}

TEST_F(BadBytes, ADamagedVerdictOrRequestOfACanceledJob) {
  auto job = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running > 0; }));
  auto canceled = job->cancel();
  ASSERT_TRUE(canceled.ok() && canceled->canceled);
  keep(*job);
  job_ = JobRef(*job);
  for (const std::string& file : files()) {
    const std::string bytes = read_file(path("kept/" + file));
    for (std::size_t position : {std::size_t{0}, std::size_t{20}, bytes.size() - 9}) {
      SCOPED_TRACE(file + ": bit flipped at " + std::to_string(position));
      restore();
      std::string damaged = bytes;
      damaged[position] = static_cast<char>(damaged[position] ^ 0x10);
      write_file(directory(job_) + "/" + file, damaged);
      StatusReport report = status(job_);
      EXPECT_NE(report.status, JobStatus::finished) << report.reason;
      EXPECT_NE(report.status, JobStatus::running) << report.reason;
      EXPECT_FALSE(get_job_results<std::int64_t>(job_).ok());
      EXPECT_TRUE(get_jobs(context).ok());
    }
  }
}

TEST_F(BadBytes, ABadMarkerIsAClearError) {
  make_job();
  const std::string marker = read_file(share() + "/errand-share");
  for (const std::string& bad : {std::string(), std::string("errand-share\n"), std::string(5000, 'x'),
                                 std::string("errand-share 99.0 abc\n")}) {
    write_file(share() + "/errand-share", bad);
    CommandResult told = errand({"jobs"});
    EXPECT_EQ(told.exit_code, 5) << told.out;
    EXPECT_THAT(told.err, HasSubstr(share()));
    told = errand({"exec", "--", "/bin/true"});
    EXPECT_EQ(told.exit_code, 5) << told.out;
  }
  EXPECT_THAT(errand({"jobs"}).err, HasSubstr("99"));
  write_file(share() + "/errand-share", marker);
  EXPECT_EQ(errand({"status", "--check", job_.id()}).exit_code, 0);
}

}  // namespace
}  // namespace errand::faults
