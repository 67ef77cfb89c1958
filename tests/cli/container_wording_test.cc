// SPDX-License-Identifier: Apache-2.0
#include "cli/container_wording.h"

#include <gmock/gmock.h>

namespace stack::cli {
namespace {

using ::testing::ElementsAre;

TEST(ContainerWording, KnowsWhatWasMountedTheLongWay) {
  Options options;
  options.long_mounts = {"type=volume,dst=/data/", R"(type=bind,src=/a,"target=/with,comma")",
                         "type=tmpfs,destination=/tmp"};
  EXPECT_THAT(wording_of(options).mounts, ElementsAre("/data", "/tmp", "/with,comma"));
}

}  // namespace
}  // namespace stack::cli
