// SPDX-License-Identifier: Apache-2.0
#include "share/task_source.h"

#include <stdexcept>

#include "unit/share/share_fixture.h"

namespace errand::share {
namespace {

using TaskSourceTest = ShareTest;

std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(TaskSourceTest, FindsEveryTaskInAnyOrder) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  JobFileBuilder builder(manifest);
  builder.arguments(Codec::msgpack, "shared");
  for (int i = 0; i < 10'000; ++i) builder.task("task " + std::to_string(i));
  builder.close();
  ASSERT_TRUE(publish_job(*place, manifest, builder.take()).ok());
  auto source = TaskSource::open(*files, job_path(manifest.id));
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->total(), 10'000U);
  EXPECT_TRUE((*source)->closed());
  EXPECT_EQ(as_text((*source)->arguments()), "shared");
  for (std::uint64_t task : {0U, 1U, 1U, 4095U, 4096U, 9'999U, 5U, 5'000U, 4'999U}) {
    auto own = (*source)->task(task);
    ASSERT_TRUE(own.ok());
    EXPECT_EQ(as_text(*own), "task " + std::to_string(task));
  }
  EXPECT_FALSE((*source)->task(10'000).ok());
}

TEST_F(TaskSourceTest, TheOutlineIsReadFromTheEndsOfTheFile) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  JobFileBuilder builder(manifest);
  for (int i = 0; i < 10'000; ++i) builder.task("task " + std::to_string(i));
  builder.close();
  std::string bytes = builder.take();
  std::string path = job_path(manifest.id);
  ASSERT_TRUE(files->make_directory(path).ok());
  auto outline_of = [&](const std::string& content) {
    EXPECT_TRUE(files->publish(path + "/job", content, false, true).ok());
    return read_outline(*files, path);
  };
  auto outline = outline_of(bytes);
  ASSERT_TRUE(outline);
  EXPECT_EQ(outline->total, 10'000U);
  EXPECT_EQ(outline->manifest.id, manifest.id);
  for (std::size_t cut : {bytes.size() - 1, bytes.size() / 2, std::size_t{20}, std::size_t{0}}) {
    EXPECT_FALSE(outline_of(bytes.substr(0, cut))) << cut;
  }
  bytes[bytes.size() - 2] ^= 1;
  EXPECT_FALSE(outline_of(bytes));
}

TEST_F(TaskSourceTest, AGrowingJobHasNoOutlineWhateverItsLastTaskLooksLike) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  manifest.growing = true;
  JobFileBuilder builder(manifest);
  auto other = JobFileBuilder::continuing(77);
  other.close();
  builder.task("0123" + other.take());
  ASSERT_TRUE(publish_job(*place, manifest, builder.take()).ok());
  EXPECT_FALSE(read_outline(*files, job_path(manifest.id)));
}

TEST_F(TaskSourceTest, AJobWrittenInPiecesIsTheSame) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  JobFileBuilder whole(manifest);
  JobFileBuilder pieces(manifest);
  auto written = publish_job(*place, manifest, [&](system::File& file) -> Result<void> {
    for (int i = 0; i < 10'000; ++i) {
      whole.task("task " + std::to_string(i));
      pieces.task("task " + std::to_string(i));
      if (pieces.ready() > 0) {
        if (auto put = pieces.write_to(file); !put) return put;
      }
    }
    whole.close();
    pieces.close();
    return pieces.write_to(file);
  });
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*files->read_all(job_path(manifest.id) + "/job", 1 << 20), whole.take());
}

TEST_F(TaskSourceTest, AWriterThatThrowsLeavesNothingBehind) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  auto throws = [&](system::File& file) -> Result<void> {
    JobFileBuilder builder(manifest);
    EXPECT_TRUE(builder.write_to(file).ok());
    throw std::runtime_error("cannot be encoded");
  };
  EXPECT_THROW((void)publish_job(*place, manifest, throws), std::runtime_error);
  EXPECT_TRUE(files->list("staging")->empty());
  EXPECT_TRUE(place->job_ids()->empty());
  EXPECT_TRUE(place->active_ids()->empty());
}

TEST_F(TaskSourceTest, AGrowingJobIsReadAsFarAsItIsWhole) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  manifest.growing = true;
  JobFileBuilder builder(manifest);
  builder.task("zero");
  auto file = publish_job(*place, manifest, builder.take());
  ASSERT_TRUE(file.ok());
  auto source = TaskSource::open(*files, job_path(manifest.id));
  ASSERT_TRUE(source.ok()) << source.error().message;
  auto more = JobFileBuilder::continuing(1);
  more.task("one");
  more.close();
  std::string bytes = more.take();
  auto append = [&](std::string_view part) {
    return (*file)->append(std::as_bytes(std::span(part.data(), part.size()))).ok();
  };
  ASSERT_TRUE(append(std::string_view(bytes).substr(0, 30)));
  ASSERT_TRUE((*source)->refresh().ok());
  EXPECT_EQ((*source)->total(), 1U);
  EXPECT_FALSE((*source)->closed());
  ASSERT_TRUE(append(std::string_view(bytes).substr(30)));
  ASSERT_TRUE((*source)->refresh().ok());
  EXPECT_EQ((*source)->total(), 2U);
  EXPECT_TRUE((*source)->closed());
  EXPECT_EQ(as_text(*(*source)->task(1)), "one");
  EXPECT_EQ(as_text(*(*source)->task(0)), "zero");
}

TEST_F(TaskSourceTest, AGrowingJobIsFollowedToTheFileThatReplacesATornOne) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  manifest.growing = true;
  JobFileBuilder builder(manifest);
  builder.arguments(Codec::raw, "shared");
  builder.task("zero");
  const std::string whole = builder.take();
  ASSERT_TRUE(publish_job(*place, manifest, whole + "half a rec").ok());
  const std::string path = job_path(manifest.id) + "/job";
  auto source = TaskSource::open(*files, job_path(manifest.id));
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->total(), 1U);
  auto more = JobFileBuilder::continuing(1);
  more.task("one");
  ASSERT_TRUE(files->publish(path, whole + more.take(), true, true).ok());
  ASSERT_TRUE((*source)->refresh().ok());
  EXPECT_EQ((*source)->total(), 2U);
  EXPECT_EQ(as_text(*(*source)->task(1)), "one");
  EXPECT_EQ(as_text((*source)->arguments()), "shared");
}

TEST_F(TaskSourceTest, AnyDamageToAClosedJobIsAnErrorThatNamesTheFile) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  JobFileBuilder builder(manifest);
  for (int i = 0; i < 3; ++i) builder.task("abc");
  builder.close();
  std::string bytes = builder.take();
  std::string path = job_path(manifest.id);
  ASSERT_TRUE(files->make_directory(path).ok());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x04);
    ASSERT_TRUE(files->publish(path + "/job", damaged, false, true).ok());
    auto source = TaskSource::open(*files, path);
    if (source) {
      EXPECT_EQ((*source)->total(), 3U) << "only padding may be altered unnoticed, byte " << i;
    } else {
      EXPECT_NE(source.error().message.find("at"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace errand::share
