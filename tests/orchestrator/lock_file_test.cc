// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lock_file.h"

#include <gtest/gtest.h>

#include "../base/temporary_directory.h"
#include "base/error.h"
#include "base/files.h"
#include "spec/load.h"

namespace stack::orchestrator {
namespace {

/// As `stack lock` reads a stack file, in a folder of its own.
spec::Project written(const std::string& text, const std::string& name = "shop") {
  const TemporaryDirectory directory;
  write_file_atomically(directory.path() / "stack.yaml", text, Durability::survives_crash);
  spec::LoadRequest request;
  request.project_name = name;
  request.current_directory = directory.path();
  request.purpose = spec::Purpose::show;
  request.stages.interpolate = request.stages.check_consistency = false;
  request.stages.resolve_paths = request.stages.read_env_files = false;
  auto result = spec::load(request);
  EXPECT_TRUE(result.project) << result.diagnostics.to_text();
  return result.project ? std::move(*result.project) : spec::Project{};
}

constexpr const char* shop_text = R"(
services:
  web:
    image: web:${TAG:-1}
    environment: {PASSWORD: "${PASSWORD}"}
    volumes: ["./html:/html", data:/data]
volumes: {data: {}}
)";

std::string changes(const LockFile& lock, const std::string& text) {
  std::string all;
  for (const auto& change : changes_since(lock, written(text)))
    all += change.path + ": " + change.before + " -> " + change.after + "\n";
  return all;
}

image::Image image_of(const std::string& id) {
  image::Image image;
  image.id = id;
  return image;
}

TEST(LockFile, HoldsNothingThatOnlyOneMachineKnows) {
  const std::string model = locked_model(written(shop_text));
  EXPECT_EQ(model, locked_model(written(shop_text, "other")));
  EXPECT_NE(model.find("${TAG:-1}"), std::string::npos) << model;
  EXPECT_NE(model.find("./html"), std::string::npos) << model;
  EXPECT_EQ(model.find("/tmp"), std::string::npos) << model;
}

TEST(LockFile, IsReadAsItWasWritten) {
  const LockFile lock{locked_model(written(shop_text)),
                      {{"web", {"web:1", "sha256:a", {"r/web@sha256:b"}}}}};
  const LockFile read = parse_lock_file(to_text(lock), "stack.lock");
  EXPECT_EQ(read.images, lock.images);
  EXPECT_EQ(changes(read, shop_text), "");
}

TEST(LockFile, TellsWhatDiffersByField) {
  const LockFile lock{locked_model(written(shop_text)), {}};
  std::string text = shop_text;
  text.replace(text.find("/html\""), 6, "/www\"");
  EXPECT_NE(changes(lock, text).find("services.web.volumes"), std::string::npos)
      << changes(lock, text);
}

TEST(LockFile, ThatIsNoneIsRefusedByName) {
  for (const char* text : {"", "{", "[]", "{}", R"({"kind": "lock", "format": 2})",
                           R"({"kind": "lock", "format": 1, "model": {}, "images": {"a": 1}})"}) {
    try {
      parse_lock_file(text, "/x/stack.lock");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("/x/stack.lock")) << error.what();
    }
  }
}

TEST(LockFile, SaysWhatIsToBeDoneAboutEachImage) {
  spec::Project project;
  for (const char* name : {"absent", "built", "other", "same", "unlocked"})
    project.services[name].image = std::string(name) + ":1";
  LockFile lock;
  for (const char* name : {"absent", "built", "other", "same"})
    lock.images[name] = {std::string(name) + ":1", "sha256:a", {}};
  lock.images["absent"].digests = {"r/absent@sha256:d"};
  const auto checks = check_images(
      lock, project, {{"other:1", image_of("sha256:b")}, {"same:1", image_of("sha256:a")}});
  ASSERT_EQ(checks.size(), 5U);
  EXPECT_EQ(checks[0].verdict, ImageCheck::Verdict::absent);
  EXPECT_EQ(checks[0].source, "r/absent@sha256:d");
  EXPECT_EQ(checks[1].verdict, ImageCheck::Verdict::built);
  EXPECT_EQ(checks[2].verdict, ImageCheck::Verdict::other);
  EXPECT_EQ(checks[2].found, "sha256:b");
  EXPECT_EQ(checks[3].verdict, ImageCheck::Verdict::same);
  EXPECT_EQ(checks[4].verdict, ImageCheck::Verdict::unlocked);
}

}  // namespace
}  // namespace stack::orchestrator
