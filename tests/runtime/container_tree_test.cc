// SPDX-License-Identifier: Apache-2.0
// A container's tree from outside: by a descriptor of its root.
#include "runtime/container_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Tree : public testing::Sandbox {
 protected:
  /// A stopped container with a volume at /data.
  ContainerSpec with_volume() {
    ContainerSpec spec = shell("true");
    MountSpec mount;
    mount.source = directory("volume");
    mount.target = "/data";
    spec.mounts.push_back(mount);
    return spec;
  }
  static std::string content(const ContainerTree& tree, const std::string& path) {
    return read_all(open_in_root(tree.root(), path, O_RDONLY).get());
  }
  static void write(const ContainerTree& tree, const std::string& path, const std::string& text) {
    write_all(open_in_root(tree.root(), path, O_WRONLY | O_CREAT, 0644).get(), text);
  }
};

TEST_F(Tree, OfAStoppedContainerIsWritableAndHasItsVolumes) {
  const ContainerSpec spec = with_volume();
  {
    const ContainerTree tree = mount_stopped_tree(spec);
    write(tree, "/in-root", "root");
    write(tree, "/data/in-volume", "volume");
  }
  EXPECT_EQ(read_file(std::filesystem::path(spec.root.upper) / "in-root"), "root");
  EXPECT_EQ(read_file(std::filesystem::path(spec.mounts.front().source) / "in-volume"), "volume");
}

TEST_F(Tree, OfARunningContainerIsWhatItsProgramsSee) {
  ContainerSpec spec = with_volume();
  spec.process.arguments[2] = "while :; do sleep 1; done";
  Running running = start(spec);
  {
    const auto tree = open_running_tree(running.identity);
    ASSERT_TRUE(tree);
    write(*tree, "/data/in-volume", "volume");
    EXPECT_EQ(content(*tree, "/proc/sys/kernel/ostype"), "Linux\n");
  }
  stop(running);
  EXPECT_EQ(read_file(std::filesystem::path(spec.mounts.front().source) / "in-volume"), "volume");
}

TEST_F(Tree, OfAnotherProcessWithItsPidIsNone) {
  Running running = start(shell("while :; do sleep 1; done"));
  ProcessIdentity other = running.identity;
  ++other.start_time;
  EXPECT_FALSE(open_running_tree(other));
  stop(running);
  EXPECT_FALSE(open_running_tree(running.identity));
}

TEST_F(Tree, AVolumeThatIsGoneIsNamed) {
  ContainerSpec spec = with_volume();
  spec.mounts.front().source += "-gone";
  try {
    mount_stopped_tree(spec);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("volume-gone"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace stack::runtime
