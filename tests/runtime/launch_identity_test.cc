// SPDX-License-Identifier: Apache-2.0
// Who the program is: user, groups, capabilities.
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Identity : public testing::Sandbox {
 protected:
  std::string id_of(const std::string& user) {
    ContainerSpec spec = shell("id -u; id -g; id -G; echo $HOME");
    spec.process.user = user;
    return output_of(spec);
  }
  std::string refusal_of(const std::string& user) {
    ContainerSpec spec = shell("true");
    spec.process.user = user;
    return failure_of(spec).what();
  }
  std::string capabilities_of(ContainerSpec spec) {
    spec.process.arguments[2] = "grep ^Cap /proc/self/status | tr '\\t' ' '";
    return output_of(spec);
  }
};

TEST_F(Identity, RootIsTheDefault) {
  EXPECT_EQ(id_of(""), "0\n0\n0 60\n/root\n");
}

TEST_F(Identity, ANameIsLookedUpInTheImage) {
  EXPECT_EQ(id_of("web"), "1000\n1001\n1001 50 60\n/srv/web\n");
}

TEST_F(Identity, NumbersNeedNoEntry) {
  EXPECT_EQ(id_of("4000:5000"), "4000\n5000\n5000\n/\n");
}

TEST_F(Identity, AGroupCanBeGivenByName) {
  EXPECT_EQ(id_of("web:staff"), "1000\n50\n50\n/srv/web\n");
}

TEST_F(Identity, UnknownNamesAreRefused) {
  EXPECT_EQ(refusal_of("ghost"), "unable to find user ghost: no matching entries in passwd file");
  EXPECT_EQ(refusal_of("web:ghosts"),
            "unable to find group ghosts: no matching entries in group file");
}

TEST_F(Identity, RootHasTheGivenCapabilitiesAndNoInheritableOnes) {
  EXPECT_EQ(capabilities_of(shell("")),
            "CapInh: 0000000000000000\n"
            "CapPrm: 00000000a80425fb\n"
            "CapEff: 00000000a80425fb\n"
            "CapBnd: 00000000a80425fb\n"
            "CapAmb: 0000000000000000\n");
}

TEST_F(Identity, AnotherUserHasNoneButTheBoundingSet) {
  ContainerSpec spec = shell("");
  spec.process.user = "web";
  EXPECT_EQ(capabilities_of(spec),
            "CapInh: 0000000000000000\n"
            "CapPrm: 0000000000000000\n"
            "CapEff: 0000000000000000\n"
            "CapBnd: 00000000a80425fb\n"
            "CapAmb: 0000000000000000\n");
}

TEST_F(Identity, AllCanBeDropped) {
  ContainerSpec spec = shell("");
  spec.security.capabilities.clear();
  const std::string text = capabilities_of(spec);
  EXPECT_NE(text.find("CapEff: 0000000000000000\nCapBnd: 0000000000000000"), std::string::npos)
      << text;
}

TEST_F(Identity, TheOutputPipesBelongToTheUser) {
  ContainerSpec spec = shell("echo again > /dev/stdout");
  spec.process.user = "web";
  EXPECT_EQ(output_of(spec), "again\n");
}

TEST_F(Identity, AHugePasswdIsRefused) {
  std::filesystem::resize_file(image() / "etc/passwd", 2U << 20);
  EXPECT_EQ(refusal_of("web"), "reading /etc/passwd of the image: File too large");
}

TEST_F(Identity, APasswdThatIsNoFileIsRefused) {
  std::filesystem::remove(image() / "etc/passwd");
  std::filesystem::create_directory(image() / "etc/passwd");
  EXPECT_EQ(refusal_of("web"), "reading /etc/passwd of the image: Invalid argument");
}

}  // namespace
}  // namespace stack::runtime
