// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include "faults/fault_fixture.h"

/// Things planted in a place: links, other owners, names that lead elsewhere.
namespace errand::faults {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class Planted : public Faults {
 protected:
  JobRef make_job(int count = 5) {
    auto job = exec(context, value_job, each(numbers(count)));
    EXPECT_TRUE(job.ok());
    EXPECT_EQ(ended(*job).status, JobStatus::finished);
    return *job;
  }
  CleanupReport force_cleanup(const JobRef& job) {
    auto cleaned = cleanup_jobs({job}, {true, {}});
    EXPECT_TRUE(cleaned.ok());
    return cleaned ? *cleaned : CleanupReport{};
  }
};

TEST_F(Planted, LinksInAJobDirectoryAreRemovedAndTheirTargetsStay) {
  JobRef job = make_job();
  fs::create_symlink(path("outside/precious"), directory(job) + "/values.0.1.9");
  fs::create_symlink(path("outside/precious"), directory(job) + "/stranger");
  fs::create_directory_symlink(path("outside"), directory(job) + "/console.0.1.9");
  fs::create_directory_symlink("../../../outside", directory(job) + "/folder");
  fs::create_directory(directory(job) + "/deep");
  fs::create_directory_symlink(path("outside/below"), directory(job) + "/deep/link");
  EXPECT_EQ(status(job).status, JobStatus::finished);
  expect_values(job, 5);
  EXPECT_EQ(force_cleanup(job).removed.size(), 1U);
  EXPECT_FALSE(fs::exists(directory(job)));
  EXPECT_TRUE(fs::is_empty(share() + "/trash"));
  EXPECT_EQ(read_file(path("outside/below/precious")), "precious");
}

TEST_F(Planted, AFileOfAJobThatIsALinkIsNotFollowed) {
  for (const char* file : {"job", "log.0.1.1"}) {
    SCOPED_TRACE(file);
    JobRef job = make_job();
    end_agents(SIGTERM);
    const fs::path original = directory(job) + "/" + file;
    fs::remove(directory(job) + "/seal");
    fs::rename(original, path("outside") + "/moved-" + file);
    fs::create_symlink(path("outside") + "/moved-" + file, original);
    StatusReport report = status(job);
    EXPECT_NE(report.status, JobStatus::finished) << report.reason;
    EXPECT_FALSE(get_job_results<std::int64_t>(job).ok());
    ASSERT_TRUE(fs::exists(path("outside") + "/moved-" + file));
    end_agents(SIGTERM);
    fs::rename(path("outside") + "/moved-" + file, original);
    EXPECT_EQ(ended(job).status, JobStatus::finished) << "nothing was done to it meanwhile";
    expect_values(job, 5);
  }
}

TEST_F(Planted, AJobThatIsALinkIsNotFollowedAndCleanupRemovesTheLinkAlone) {
  JobRef job = make_job();
  end_agents(SIGTERM);
  fs::rename(directory(job), path("outside/job"));
  fs::create_directory_symlink(path("outside/job"), directory(job));
  StatusReport report = status(job);
  EXPECT_THAT(report.status, AnyOf(JobStatus::missing, JobStatus::undetermined)) << report.reason;
  EXPECT_FALSE(get_job_results<std::int64_t>(job).ok());
  EXPECT_TRUE(get_jobs(context).ok());
  EXPECT_FALSE(cancel_job(job).ok() && cancel_job(job)->canceled);
  (void)force_cleanup(job);
  EXPECT_TRUE(fs::exists(path("outside/job/job")));
  EXPECT_TRUE(fs::exists(path("outside/job/log.0.1.1")));
}

TEST_F(Planted, FoldersOfThePlaceThatAreLinksLeadNowhere) {
  JobRef job = make_job();
  end_agents(SIGTERM);
  for (const char* folder : {"trash", "staging", "active", "programs"}) {
    SCOPED_TRACE(folder);
    fs::rename(share() + "/" + folder, path(std::string("moved-") + folder));
    fs::create_directory(path(std::string("outside/") + folder));
    write_file(path(std::string("outside/") + folder + "/kept"), "kept");
    fs::create_directory_symlink(path(std::string("outside/") + folder), share() + "/" + folder);
    (void)force_cleanup(job);
    auto submitted = exec(context, value_job, 1);
    EXPECT_TRUE(submitted.ok() || !submitted.error().message.empty());
    end_agents(SIGTERM);
    EXPECT_EQ(std::distance(fs::directory_iterator(path(std::string("outside/") + folder)), {}), 1)
        << "nothing was put there, nothing was taken";
    fs::remove(share() + "/" + folder);
    fs::rename(path(std::string("moved-") + folder), share() + "/" + folder);
  }
}

TEST_F(Planted, AForeignOwnersJobIsReadByWhoTrustsThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a second user";
  JobRef job = make_job();
  end_agents(SIGTERM);
  ASSERT_EQ(::chown((directory(job) + "/job").c_str(), 65534, 65534), 0);
  ASSERT_FALSE(get_partial_results<std::int64_t>(job).ok());
  ComputeContext trusting = get_compute_context();
  trusting.trusted_owners = {"65534"};
  ComputeContext before = set_compute_context(trusting);
  auto results = get_partial_results<std::int64_t>(job);
  EXPECT_TRUE(results.ok()) << results.error().message;
  set_compute_context(before);
  EXPECT_FALSE(get_partial_results<std::int64_t>(job).ok()) << "trust ends with the context";
}

TEST_F(Planted, AJobOfAForeignOwnerIsNeitherReadNorRunNorRemoved) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a second user";
  JobRef job = make_job();
  end_agents(SIGTERM);
  for (const auto& entry : fs::directory_iterator(directory(job))) {
    if (entry.path().filename() == "program") continue;
    ASSERT_EQ(::chown(entry.path().c_str(), 65534, 65534), 0);
  }
  auto results = get_job_results<std::int64_t>(job);
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::foreign_owner) << results.error().message;
  fs::remove(directory(job) + "/seal");
  StatusReport report = status(job);
  EXPECT_EQ(report.status, JobStatus::undetermined) << report.reason;
  EXPECT_THAT(report.reason, AnyOf(HasSubstr("owner"), HasSubstr("belongs to"), HasSubstr("65534")));
  fs::remove(directory(job) + "/log.0.1.1");
  auto again = exec(context, value_job, 1);  // an agent is up, and rung
  write_file(share() + "/active/" + job.id(), ".");
  EXPECT_EQ(ended(*again).status, JobStatus::finished);
  EXPECT_FALSE(fs::exists(directory(job) + "/claim.0.2")) << "nobody runs what another user wrote";
  ASSERT_EQ(::chown(directory(job).c_str(), 65534, 65534), 0);
  EXPECT_EQ(force_cleanup(job).removed.size(), 0U);
  EXPECT_TRUE(fs::exists(directory(job) + "/job"));
}

TEST_F(Planted, NamesThatLeadElsewhereAreRefusedByEveryVerb) {
  JobRef job = make_job();
  const std::string digits = job.id().substr(6);
  const std::vector<std::string> names = {"../outside",
                                          "..",
                                          "../../outside/precious",
                                          "jobs/" + job.id(),
                                          job.id() + "/..",
                                          job.id() + "/job",
                                          "/etc",
                                          ".",
                                          "rxJob_../../../x",
                                          job.id() + "\n",
                                          "rxJob_" + digits + "0",
                                          "*",
                                          "%2e%2e%2f",
                                          "\xff\xfe\xfd\xfc",
                                          "",
                                          "rxJob_" + std::string(5000, 'a'),
                                          "rxJob_uuuuuuuuuuuuuuuuuuuuuuuuuu",
                                          "-----",
                                          "$(touch x)",
                                          "`id`"};
  for (const std::string& name : names) {
    SCOPED_TRACE(::testing::PrintToString(name.substr(0, 60)));
    for (const char* verb : {"status", "results", "output", "cancel", "retry", "info", "inspect", "wait"}) {
      int code = errand({verb, "--", name}).exit_code;
      bool cancel_of_nothing = std::string(verb) == "cancel" && code == 0;
      EXPECT_TRUE(code == 2 || code == 3 || cancel_of_nothing) << verb << ": " << code;
    }
    EXPECT_NE(errand({"cleanup", "--force", "--", name}).exit_code, 141);
  }
  expect_values(job, 5);
}

}  // namespace
}  // namespace errand::faults
