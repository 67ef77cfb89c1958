// SPDX-License-Identifier: Apache-2.0
#include "runtime/capabilities.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/container_spec.h"

namespace stack::runtime {
namespace {

std::string listed(const std::set<std::string>& names) {
  return join(std::vector<std::string>(names.begin(), names.end()), " ");
}

TEST(Capabilities, TheDefaultSetIsDockersFourteen) {
  EXPECT_EQ(listed(default_capabilities()),
            "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW "
            "SETFCAP SETGID SETPCAP SETUID SYS_CHROOT");
  EXPECT_EQ(capability_bits(default_capabilities()), 0xa80425fbU);
}

TEST(Capabilities, NamesAreTakenInAnyCaseWithOrWithoutPrefix) {
  const auto set = effective_capabilities({"sys_admin", "CAP_NET_ADMIN"}, {"all"}, false);
  EXPECT_EQ(listed(set), "NET_ADMIN SYS_ADMIN");
}

TEST(Capabilities, DroppingComesBeforeAdding) {
  EXPECT_EQ(listed(effective_capabilities({"CHOWN"}, {"ALL", "CHOWN"}, false)), "CHOWN");
}

TEST(Capabilities, AllMeansWhatThisMachineHas) {
  EXPECT_EQ(capability_bits(effective_capabilities({"ALL"}, {"ALL"}, false)), own_bounding_set());
}

TEST(Capabilities, AllOfThemAreAllButThoseDropped) {
  auto expected = capability_names(own_bounding_set());
  expected.erase("CHOWN");
  EXPECT_EQ(effective_capabilities({"ALL"}, {"CAP_CHOWN"}, false), expected);
  EXPECT_EQ(effective_capabilities({"CHOWN", "all"}, {"chown"}, false), expected);
}

TEST(Capabilities, AnUnknownNameIsRefusedWithAHint) {
  try {
    effective_capabilities({"SYS_ADMIM"}, {}, false);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown capability \"SYS_ADMIM\"");
    EXPECT_EQ(error.hint(), "did you mean SYS_ADMIN?");
  }
}

TEST(Capabilities, BitsAndNamesAreInverse) {
  EXPECT_EQ(capability_bits(capability_names(0x1ffffffffffU)), 0x1ffffffffffU);
  EXPECT_EQ(listed(capability_names(1U << 21 | 1U)), "CHOWN SYS_ADMIN");
}

}  // namespace
}  // namespace stack::runtime
